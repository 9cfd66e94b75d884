"""Old notifications are deleted every day."""

from typing import ClassVar

from django.db import migrations

NAME = "prune notifications"


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.update_or_create(
        name=NAME, defaults={"func": "accounts.notification_pruning.prune", "schedule_type": "D", "repeats": -1}
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0002_notifications"), ("django_q", "0018_task_success_index")]

    operations: ClassVar = [migrations.RunPython(schedule, unschedule)]
