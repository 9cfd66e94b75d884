import django.utils.timezone
from django.db import migrations, models
from django.db.models import F


def judged_when_created(apps, schema_editor):
    apps.get_model("leads", "Assessment").objects.update(judged_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("leads", "0003_facts_and_forms")]

    operations = [
        migrations.AddField(
            model_name="assessment",
            name="judge_note",
            field=models.CharField(blank=True, help_text="why another than the preferred judge judged", max_length=500),
        ),
        migrations.AddField(
            model_name="assessment",
            name="judged_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now, help_text="when; a copy with other weights keeps it"
            ),
        ),
        migrations.RunPython(judged_when_created, migrations.RunPython.noop, elidable=True),
    ]
