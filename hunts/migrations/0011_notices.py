"""Notifications are sent every minute, besides the nudge that follows what happened."""

from typing import ClassVar

from django.db import migrations

NAME = "send notifications"


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.update_or_create(
        name=NAME,
        defaults={"func": "hunts.notice_tasks.sweep", "schedule_type": "I", "minutes": 1, "repeats": -1},
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("hunts", "0010_engine"),
        ("accounts", "0002_notifications"),
        ("django_q", "0018_task_success_index"),
    ]

    operations: ClassVar = [migrations.RunPython(schedule, unschedule)]
