"""Erasures of people, and their work once in a while."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


SCHEDULES = {
    "erase people": {"func": "hunts.privacy.tasks.sweep", "schedule_type": "I", "minutes": 5, "repeats": -1},
    "people are kept for a time": {"func": "hunts.privacy.tasks.grow_old", "schedule_type": "D", "repeats": -1},
}


def schedule(apps, schema_editor):
    for name, values in SCHEDULES.items():
        apps.get_model("django_q", "Schedule").objects.update_or_create(name=name, defaults=values)


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name__in=SCHEDULES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_retention"),
        ("hunts", "0013_new_qualified"),
        ("django_q", "0018_task_success_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("wanted", models.JSONField(default=dict, help_text="the person; empty when it is over")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("running", "erasing"),
                            ("settling", "erased; looking once more soon"),
                            ("done", "erased"),
                        ],
                        default="running",
                        max_length=10,
                    ),
                ),
                (
                    "step",
                    models.PositiveSmallIntegerField(default=0, help_text="how many tables are done in this round"),
                ),
                ("counts", models.JSONField(default=dict, help_text="rows that were deleted or changed, by table")),
                (
                    "problem",
                    models.CharField(blank=True, help_text="why it could not go on, and what to do", max_length=300),
                ),
                ("fence", models.PositiveIntegerField(default=0)),
                ("lease_expires_at", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
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
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="erasures",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("workspace"), models.OrderBy(models.F("id"), descending=True), name="erasure_by_age"
                    ),
                    models.Index(
                        condition=models.Q(("status", "done"), _negated=True),
                        fields=["not_before"],
                        name="erasure_to_claim",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "done"), _negated=True), ("wanted", {}), _connector="OR"
                        ),
                        name="an_erasure_forgets_whom",
                    )
                ],
            },
        ),
        migrations.RunPython(schedule, unschedule),
    ]
