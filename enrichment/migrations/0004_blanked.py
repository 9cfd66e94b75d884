"""Texts say when a person was taken out of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrichment", "0003_prune_every_day")]
    operations = [
        migrations.AddField(
            "snapshot",
            "blanked_at",
            models.DateTimeField(
                help_text="when a person was taken out: the hash is that of the text before, and stays its name",
                null=True,
            ),
        ),
    ]
