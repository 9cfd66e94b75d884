"""The figures of each run, also of those that ended before; summaries are made of them for each reader."""

from collections import defaultdict
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Avg, Count, F, Max, Q, Sum

STAGES = ("dedupe", "prescreen", "crawl", "qualify", "enrich", "score", "deliver")
OVER = ("succeeded", "failed", "cancelled")
BATCH = 500
QUALIFIED = Q(status="qualified")
COUNTS = {
    "found": Count("pk"),
    "known": Count("pk", filter=Q(is_known=True)),
    "cached": Count("pk", filter=Q(is_cached=True)),
    "screened": Count(
        "pk", filter=Q(is_cached=False) & (Q(stage__in=STAGES[2:]) | Q(stage="prescreen", status="rejected"))
    ),
    "prescreened": Count("pk", filter=Q(stage__in=STAGES[2:])),
    "judged": Count("pk", filter=Q(stage__in=STAGES[4:])),
    "scored": Count("pk", filter=Q(score__isnull=False)),
    "qualified": Count("pk", filter=QUALIFIED),
    "qualified_new": Count("pk", filter=QUALIFIED & Q(is_known=False, is_cached=False)),
    "with_contact": Count("pk", filter=QUALIFIED & ~Q(lead__contact_email="")),
    "failed": Count("pk", filter=Q(status="failed")),
    "left": Count("pk", filter=~Q(status__in=("qualified", "rejected", "failed"))),
    **{f"tier_{tier.lower()}": Count("pk", filter=Q(tier=tier)) for tier in "ABCD"},
    "mean_score": Avg("score"),
    # Most runs had one judge; of several any will do.
    "judge": Max("assessment__judged_by"),
}


def keep_figures_of_old_runs(apps, schema_editor):
    """Three queries for each 500 runs. How long a run was paused is not known any more, so its time is not told."""
    run_model = apps.get_model("hunts", "Run")
    last = 0
    while runs := list(run_model.objects.filter(status__in=OVER, pk__gt=last).order_by("pk").values(*COLUMNS)[:BATCH]):
        last = runs[-1]["pk"]
        _keep(apps, runs)


COLUMNS = (
    *("pk", "hunt_id", "workspace_id", "source", "status", "is_sample"),
    *("created_at", "finished_at", "budget__spent_microusd"),
)


def _keep(apps, runs):
    figures_model, spend_model = apps.get_model("hunts", "RunFigures"), apps.get_model("hunts", "RunSpend")
    counts, spends = _counts(apps, runs), _spends(apps, runs)
    kept = figures_model.objects.bulk_create(
        [
            figures_model(
                run_id=run["pk"],
                **{name: run[name] for name in ("hunt_id", "workspace_id", "source", "status", "is_sample")},
                ended_at=run["finished_at"] or run["created_at"],
                spent_microusd=run["budget__spent_microusd"],
                **counts.get(run["pk"], {}),
            )
            for run in runs
        ]
    )
    spend_model.objects.bulk_create(
        spend_model(figures=figures, provider=provider, spent_microusd=cost)
        for figures in kept
        for provider, cost in spends[str(figures.run_id)]
    )


def _counts(apps, runs):
    candidates = apps.get_model("hunts", "Candidate").objects.filter(run__in=[run["pk"] for run in runs])
    rows = {row.pop("run"): row for row in candidates.values("run").annotate(**COUNTS).order_by()}
    for row in rows.values():
        row["judge"] = row["judge"] or ""
        row["mean_score"] = None if row["mean_score"] is None else float(row["mean_score"])
    return rows


def _spends(apps, runs):
    calls = apps.get_model("integrations", "ProviderCall").objects.filter(
        run_ref__in=[str(run["pk"]) for run in runs], cost_microusd__gt=0
    )
    spends = defaultdict(list)
    for run_ref, provider, cost in calls.values_list("run_ref", "provider").annotate(Sum("cost_microusd")).order_by():
        spends[run_ref].append((provider, cost))
    return spends


ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
NUMBERS = (
    *("found", "known", "cached", "screened", "prescreened", "judged", "scored", "qualified"),
    *("with_contact", "failed", "left", "tier_a", "tier_b", "tier_c", "tier_d"),
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("hunts", "0008_filter_history"),
        ("accounts", "0001_initial"),
        ("billing", "0001_initial"),
        ("integrations", "0002_connections_and_shared_documents"),
        ("leads", "0004_verdicts_used_again"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="RunFigures",
            fields=[
                ("id", ID),
                ("source", models.CharField(max_length=12)),
                (
                    "judge",
                    models.CharField(blank=True, help_text="who judged most of it: provider/model", max_length=100),
                ),
                ("status", models.CharField(max_length=10)),
                ("is_sample", models.BooleanField(default=False)),
                ("ended_at", models.DateTimeField()),
                ("seconds", models.FloatField(null=True)),
                *((name, models.PositiveIntegerField(default=0)) for name in NUMBERS),
                (
                    "qualified_new",
                    models.PositiveIntegerField(default=0, help_text="of companies that were not known before"),
                ),
                ("mean_score", models.FloatField(null=True)),
                ("spent_microusd", models.BigIntegerField(default=0)),
                (
                    "hunt",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="hunts.hunt"
                    ),
                ),
                (
                    "run",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="figures",
                        to="hunts.run",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["workspace", "ended_at"], name="figures_by_end")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(
                            known__lte=F("found"), judged__lte=F("found"), left__lte=F("found"), failed__lte=F("found")
                        ),
                        name="figures_are_of_what_was_found",
                    ),
                    models.CheckConstraint(
                        condition=Q(with_contact__lte=F("qualified"), qualified_new__lte=F("qualified")),
                        name="figures_are_of_what_qualified",
                    ),
                    models.CheckConstraint(condition=Q(spent_microusd__gte=0), name="figures_spend_is_not_negative"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunSpend",
            fields=[
                ("id", ID.clone()),
                ("provider", models.CharField(max_length=40)),
                ("spent_microusd", models.BigIntegerField()),
                (
                    "figures",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="spends", to="hunts.runfigures"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["figures", "provider"], name="one_spend_a_provider"),
                    models.CheckConstraint(condition=Q(spent_microusd__gte=0), name="spend_is_not_negative"),
                ],
            },
        ),
        migrations.RunPython(keep_figures_of_old_runs, migrations.RunPython.noop),
        migrations.RemoveField(model_name="run", name="summary"),
    ]
