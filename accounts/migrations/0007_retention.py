"""How long a workspace keeps what it collected about people."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_audit")]
    operations = [
        migrations.AddField(
            "workspace",
            "retention_months",
            models.PositiveSmallIntegerField(default=24, help_text="how long what was collected about people is kept"),
        ),
        migrations.AddConstraint(
            "workspace",
            models.CheckConstraint(
                condition=models.Q(("retention_months__gte", 1), ("retention_months__lte", 120)),
                name="people_are_kept_for_a_time",
            ),
        ),
    ]
