"""Which candidates the workspace knew before, and how often a run's searches named a company again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hunts", "0006_presets"), ("leads", "0005_merging")]

    operations = [
        migrations.AddField(
            model_name="candidate",
            name="is_known",
            field=models.BooleanField(default=False, help_text="the workspace had the lead before this run found it"),
        ),
        migrations.AddField(
            model_name="run",
            name="repeats",
            field=models.PositiveIntegerField(
                default=0, help_text="answers of its searches that named a company again"
            ),
        ),
        migrations.AddIndex(
            model_name="candidate",
            index=models.Index(
                condition=models.Q(("identity__isnull", False)), fields=["identity"], name="candidate_by_identity"
            ),
        ),
    ]
