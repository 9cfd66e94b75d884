from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("hunts", "0009_baselines")]

    operations: ClassVar = [
        migrations.AddField(
            "candidate",
            "deaths",
            models.PositiveSmallIntegerField(default=0, help_text="workers that died at it, at this stage"),
        ),
        migrations.AddField(
            "run",
            "attempts",
            models.PositiveSmallIntegerField(default=0, help_text="workers that began in vain since one got on"),
        ),
        migrations.AddField(
            "run",
            "nudges",
            models.PositiveSmallIntegerField(default=0, help_text="messages in the queue or in a worker's hands"),
        ),
        migrations.AddField("run", "nudged_at", models.DateTimeField(null=True)),
    ]
