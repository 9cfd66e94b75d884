"""Browsers that nobody came with for long are forgotten, every day."""

from typing import ClassVar

from django.db import migrations

NAME = "forget browsers"


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.update_or_create(
        name=NAME, defaults={"func": "accounts.browsers.prune", "schedule_type": "D", "repeats": -1}
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0013_sealed_letters"), ("django_q", "0018_task_success_index")]

    operations: ClassVar = [migrations.RunPython(schedule, unschedule)]
