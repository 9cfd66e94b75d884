"""A workspace's ceiling knows whether its leads have ceilings, too."""

from django.db import migrations, models
from django.db.models import Exists, OuterRef


def learn(apps, schema_editor):
    limits = apps.get_model("billing", "SpendingLimit").objects.filter(workspace=OuterRef("workspace"), scope="lead")
    ceilings = apps.get_model("billing", "Budget").objects.filter(Exists(limits), scope="workspace")
    ceilings.update(limits_leads=True)


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_books_kept")]

    operations = [
        migrations.AddField(
            model_name="budget",
            name="limits_leads",
            field=models.BooleanField(default=False, help_text="single leads have ceilings, too"),
        ),
        migrations.RunPython(learn, migrations.RunPython.noop),
    ]
