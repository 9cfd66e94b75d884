"""Deep research, and the sweep of it that runs every minute."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


NAME = "sweep researches"


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.update_or_create(
        name=NAME, defaults={"func": "hunts.research_tasks.sweep", "schedule_type": "I", "minutes": 1, "repeats": -1}
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("billing", "0001_initial"),
        ("enrichment", "0003_prune_every_day"),
        ("django_q", "0018_task_success_index"),
        ("hunts", "0003_chat_and_plans"),
        ("leads", "0003_facts_and_forms"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Research",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("running", "running"),
                            ("succeeded", "succeeded"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                (
                    "problem",
                    models.CharField(blank=True, help_text="why it failed or waits, and what to do", max_length=500),
                ),
                ("topics", models.JSONField(default=list, help_text="what pages are chosen by")),
                (
                    "pages",
                    models.JSONField(help_text="address, title and hash of what was read; null before", null=True),
                ),
                (
                    "site_problem",
                    models.CharField(blank=True, help_text="why the site could not be read in full", max_length=500),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("fence", models.PositiveIntegerField(default=0)),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(default=0, help_text="since the last step that succeeded"),
                ),
                ("lease_expires_at", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField(null=True)),
                (
                    "budget",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="research", to="billing.budget"
                    ),
                ),
                (
                    "hunt",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="researches",
                        to="hunts.hunt",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="researches", to="leads.lead"
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="researches", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "researches",
            },
        ),
        migrations.CreateModel(
            name="ResearchQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("key", models.CharField(max_length=40)),
                ("text", models.CharField(max_length=700)),
                ("looks_for", models.JSONField(default=dict, help_text="phrases with their weights")),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "not answered yet"), ("answered", "answered"), ("nothing", "nothing found")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("answered_by", models.CharField(blank=True, help_text="passages or provider/model", max_length=100)),
                ("prompt_version", models.CharField(blank=True, max_length=40)),
                ("note", models.CharField(blank=True, help_text="why no model answered", max_length=500)),
                (
                    "left_out",
                    models.PositiveSmallIntegerField(default=0, help_text="sentences whose quote stands on no page"),
                ),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "research",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="questions", to="hunts.research"
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "text",
                    models.CharField(
                        blank=True, help_text="a model's sentence; empty: the quote speaks", max_length=1000
                    ),
                ),
                ("quote", models.TextField()),
                ("url", models.TextField()),
                ("start", models.PositiveIntegerField(help_text="offset of the quote in the snapshot, in characters")),
                ("end", models.PositiveIntegerField()),
                ("fetched_at", models.DateTimeField(null=True)),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="statements",
                        to="hunts.researchquestion",
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="statements", to="enrichment.snapshot"
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.AddIndex(
            model_name="research",
            index=models.Index(
                models.F("lead"), models.OrderBy(models.F("id"), descending=True), name="research_by_age"
            ),
        ),
        migrations.AddIndex(
            model_name="research",
            index=models.Index(fields=["status", "lease_expires_at"], name="research_to_claim"),
        ),
        migrations.AddConstraint(
            model_name="research",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ("queued", "running"))),
                fields=("lead",),
                name="one_live_research_a_lead",
            ),
        ),
        migrations.AddConstraint(
            model_name="researchquestion",
            constraint=models.UniqueConstraint(fields=("research", "position"), name="one_question_a_position"),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(fields=("question", "position"), name="one_statement_a_position"),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("quote", ""), _negated=True), ("end__gt", models.F("start"))),
                name="a_statement_has_its_proof",
            ),
        ),
        migrations.RunPython(schedule, unschedule),
    ]
