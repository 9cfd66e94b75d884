"""A schedule that was deleted is kept for a while, so that it can be brought back."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("hunts", "0011_notices")]

    operations: ClassVar = [
        migrations.AddField(model_name="schedule", name="deleted_at", field=models.DateTimeField(null=True)),
        migrations.RemoveIndex(model_name="schedule", name="schedule_by_next"),
        migrations.AddIndex(
            model_name="schedule",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True), ("paused_at__isnull", True)),
                fields=["next_at"],
                name="schedule_by_next",
            ),
        ),
    ]
