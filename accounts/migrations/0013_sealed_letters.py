"""Codes are sent by the queue too: sealed until then, and not once nobody waits for them any more."""

from datetime import timedelta

from django.db import migrations, models


def fill(apps, schema_editor):
    """Give the links that wait the end that new ones have."""
    waiting = apps.get_model("accounts", "Letter").objects.filter(
        kind="password_reset", status__in=["waiting", "sending"]
    )
    waiting.update(expires_at=models.F("created_at") + timedelta(hours=12))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_sealed")]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="sealed",
            field=models.TextField(blank=True, default="", help_text="the text of a code's letter"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="letter",
            name="expires_at",
            field=models.DateTimeField(help_text="from when on nobody waits for it", null=True),
        ),
        migrations.AlterField(
            model_name="letter",
            name="kind",
            field=models.CharField(
                choices=[
                    ("notice", "notice"),
                    ("password_reset", "a link to set a new password"),
                    ("code", "a code or link that proves an address"),
                ],
                default="notice",
                max_length=20,
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
