"""Retries from a stage, one live run a hunt, and deleting that can be undone."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Count, Max, Q

LIVE = ("queued", "running")
NOTE = "Paused: another run of this hunt is going on. Resume it when that one is over."
PURGE = "purge deleted hunts"


def pause_all_but_the_newest(apps, schema_editor):
    """Leave each hunt one live run, before the database begins to see to it."""
    run_model, budget_model = apps.get_model("hunts", "Run"), apps.get_model("billing", "Budget")
    live = run_model.objects.filter(status__in=LIVE)
    several = live.values("hunt_id", "is_sample").annotate(count=Count("pk"), newest=Max("pk")).filter(count__gt=1)
    for row in list(several):
        older = live.filter(hunt_id=row["hunt_id"], is_sample=row["is_sample"]).exclude(pk=row["newest"])
        budgets = list(older.values_list("budget_id", flat=True))
        older.update(status="paused", note=NOTE)
        budget_model.objects.filter(pk__in=budgets).update(is_open=False)


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.update_or_create(
        name=PURGE, defaults={"func": "hunts.deleting.purge", "schedule_type": "D", "repeats": -1}
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=PURGE).delete()


CEILINGS = [
    ("run", "this run"),
    ("workspace", "the workspace"),
    ("provider", "the provider"),
    ("lead", "one company"),
    ("global", "the installation"),
]
STAGES = [(name, name) for name in ("dedupe", "prescreen", "crawl", "qualify", "enrich", "score", "deliver")]
DELETED = "not shown since; can be brought back until it is purged"


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("hunts", "0004_research"),
        ("billing", "0001_initial"),
        ("django_q", "0018_task_success_index"),
    ]

    operations: ClassVar = [
        migrations.AddField("hunt", "deleted_at", models.DateTimeField(null=True, help_text=DELETED)),
        migrations.AddField("run", "deleted_at", models.DateTimeField(null=True, help_text=DELETED)),
        migrations.AddField(
            "run",
            "ceiling",
            models.CharField(blank=True, choices=CEILINGS, help_text="of spending, if at one", max_length=10),
        ),
        migrations.AddField(
            "run",
            "resumed_at",
            models.DateTimeField(null=True, help_text="when work on it began last: by a start, resume or retry"),
        ),
        migrations.AddField(
            "candidate",
            "generation",
            models.PositiveIntegerField(default=0, help_text="how often it was begun anew from an earlier stage"),
        ),
        migrations.AddField(
            "candidate",
            "anew_stage",
            models.CharField(
                blank=True,
                choices=STAGES,
                help_text="asks the world again instead of what is remembered",
                max_length=10,
            ),
        ),
        migrations.RunPython(pause_all_but_the_newest, migrations.RunPython.noop),
        migrations.AddConstraint(
            "run",
            models.UniqueConstraint(
                condition=Q(("status__in", ["queued", "running"])),
                fields=("hunt", "is_sample"),
                name="one_live_run_a_hunt",
            ),
        ),
        migrations.RunPython(schedule, unschedule),
    ]
