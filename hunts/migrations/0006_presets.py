"""Presets and their schedules, and the look every minute at which of them are due."""

import datetime

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

NAME = "run what is scheduled"


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.update_or_create(
        name=NAME, defaults={"func": "hunts.schedules.fire_due", "schedule_type": "I", "minutes": 1, "repeats": -1}
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("django_q", "0018_task_success_index"),
        ("hunts", "0005_retries"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="preset_version",
            field=models.PositiveIntegerField(default=0, help_text="of the preset that was opened to change it"),
        ),
        migrations.AddField(
            model_name="run",
            name="known",
            field=models.CharField(
                choices=[
                    ("reuse", "Show them too; what was judged is used again"),
                    ("leave_out", "Leave them out: only new companies"),
                ],
                default="reuse",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="trigger",
            field=models.CharField(
                choices=[("person", "a person"), ("schedule", "a schedule"), ("api", "the API")],
                default="person",
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="Preset",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                (
                    "is_shared",
                    models.BooleanField(
                        default=False, help_text="with the workspace; otherwise only its maker sees it"
                    ),
                ),
                (
                    "known",
                    models.CharField(
                        choices=[
                            ("reuse", "Show them too; what was judged is used again"),
                            ("leave_out", "Leave them out: only new companies"),
                        ],
                        default="reuse",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now_add=True)),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "hunt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="presets", to="hunts.hunt"
                    ),
                ),
                (
                    "made_by",
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="presets", to="accounts.workspace"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="conversation",
            name="preset",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="conversations", to="hunts.preset"
            ),
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "frequency",
                    models.CharField(
                        choices=[("daily", "Every day"), ("weekly", "Every week"), ("monthly", "Every month")],
                        max_length=8,
                    ),
                ),
                ("weekday", models.PositiveSmallIntegerField(help_text="0 is Monday; only of a weekly one", null=True)),
                (
                    "day",
                    models.PositiveSmallIntegerField(
                        help_text="1-31, or the month's last; only of a monthly one", null=True
                    ),
                ),
                ("at", models.TimeField(default=datetime.time(9, 0), help_text="by the clocks of the time zone")),
                ("time_zone", models.CharField(default="UTC", help_text="a name of the IANA database", max_length=64)),
                (
                    "known",
                    models.CharField(
                        choices=[
                            ("reuse", "Show them too; what was judged is used again"),
                            ("leave_out", "Leave them out: only new companies"),
                        ],
                        default="leave_out",
                        max_length=10,
                    ),
                ),
                ("max_spend_microusd", models.BigIntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("paused_at", models.DateTimeField(null=True)),
                (
                    "pause_reason",
                    models.CharField(blank=True, help_text="empty where a person paused it", max_length=500),
                ),
                (
                    "counted_from",
                    models.DateTimeField(auto_now_add=True, help_text="failures before this are forgiven"),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "preset",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="schedule", to="hunts.preset"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Firing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[("started", "started"), ("skipped", "skipped"), ("failed", "not started")],
                        max_length=8,
                    ),
                ),
                ("note", models.CharField(blank=True, help_text="why not, or why late", max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "run",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="firing", to="hunts.run"
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="firings", to="hunts.schedule"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="run",
            name="schedule",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="runs", to="hunts.schedule"
            ),
        ),
        migrations.AddConstraint(
            model_name="preset",
            constraint=models.UniqueConstraint(
                models.F("workspace"),
                django.db.models.functions.text.Lower("name"),
                condition=models.Q(("deleted_at__isnull", True), ("is_shared", True)),
                name="one_shared_preset_a_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="preset",
            constraint=models.UniqueConstraint(
                models.F("workspace"),
                models.F("made_by"),
                django.db.models.functions.text.Lower("name"),
                condition=models.Q(("deleted_at__isnull", True), ("is_shared", False)),
                name="one_private_preset_a_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="preset",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)), fields=("hunt",), name="one_preset_a_hunt"
            ),
        ),
        migrations.AddConstraint(
            model_name="preset",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="a_preset_has_a_name"
            ),
        ),
        migrations.AddIndex(
            model_name="schedule",
            index=models.Index(
                condition=models.Q(("paused_at__isnull", True)), fields=["next_at"], name="schedule_by_next"
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("day__isnull", True), ("frequency", "daily"), ("weekday__isnull", True)),
                    models.Q(
                        ("day__isnull", True),
                        ("frequency", "weekly"),
                        ("weekday__isnull", False),
                        ("weekday__range", (0, 6)),
                    ),
                    models.Q(
                        ("day__isnull", False),
                        ("day__range", (1, 31)),
                        ("frequency", "monthly"),
                        ("weekday__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="schedule_has_its_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("max_spend_microusd__gte", 0)), name="schedule_spends_nothing_negative"
            ),
        ),
        migrations.AddIndex(
            model_name="firing",
            index=models.Index(
                models.F("schedule"), models.OrderBy(models.F("id"), descending=True), name="firing_by_age"
            ),
        ),
        migrations.AddConstraint(
            model_name="firing",
            constraint=models.UniqueConstraint(fields=("schedule", "due_at"), name="one_firing_a_due_time"),
        ),
        migrations.RunPython(schedule, unschedule),
    ]
