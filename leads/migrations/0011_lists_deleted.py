"""Who uploaded a list, and lists that are deleted and purged later: the name of one that is deleted is free."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_sealed"),
        ("leads", "0010_known_since"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="companylist",
            name="one_list_a_name",
        ),
        migrations.AddField(
            model_name="companylist",
            name="deleted_at",
            field=models.DateTimeField(
                help_text="not searched since; can be brought back until it is purged", null=True
            ),
        ),
        migrations.AddField(
            model_name="companylist",
            name="uploaded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="companylist",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)), fields=("workspace", "name"), name="one_list_a_name"
            ),
        ),
    ]
