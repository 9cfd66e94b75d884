"""Whom nobody may keep, and since when people are known; both by keyed hashes."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


def known_since_they_were_found(apps, schema_editor):
    for name in ("Contact", "Fact"):
        apps.get_model("leads", name).objects.update(
            first_collected_at=models.F("found_at"),
            **({"last_seen_at": models.F("found_at")} if name == "Contact" else {}),
        )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_retention"),
        ("leads", "0006_distinct"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Collection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("first_collected_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("erased_at", models.DateTimeField(null=True)),
                ("is_again", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person", models.UUIDField(default=uuid.uuid4)),
                ("kind", models.CharField(max_length=8)),
                ("digest", models.CharField(max_length=64)),
                ("bucket", models.CharField(blank=True, max_length=64)),
                ("words", models.PositiveSmallIntegerField(default=0, help_text="of a name")),
                ("added_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AddField(
            model_name="contact",
            name="first_collected_at",
            field=models.DateTimeField(default=django.utils.timezone.now, help_text="by this workspace, of any lead"),
        ),
        migrations.AddField(
            model_name="contact",
            name="is_again",
            field=models.BooleanField(default=False, help_text="collected anew after it was erased for its age"),
        ),
        migrations.AddField(
            model_name="contact",
            name="last_seen_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="fact",
            name="first_collected_at",
            field=models.DateTimeField(default=django.utils.timezone.now, help_text="by this workspace, of any lead"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["first_collected_at"], name="contact_by_age"),
        ),
        migrations.AddField(
            model_name="collection",
            name="workspace",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="collections", to="accounts.workspace"
            ),
        ),
        migrations.AddField(
            model_name="suppression",
            name="added_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="suppression",
            name="workspace",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="suppressions",
                to="accounts.workspace",
            ),
        ),
        migrations.AddIndex(
            model_name="collection",
            index=models.Index(fields=["workspace", "erased_at"], name="collection_erased"),
        ),
        migrations.AddConstraint(
            model_name="collection",
            constraint=models.UniqueConstraint(fields=("workspace", "digest"), name="collected_once_a_workspace"),
        ),
        migrations.AddIndex(
            model_name="suppression",
            index=models.Index(fields=["workspace", "bucket"], name="suppression_to_ask"),
        ),
        migrations.AddConstraint(
            model_name="suppression",
            constraint=models.UniqueConstraint(fields=("workspace", "digest"), name="suppressed_once_a_workspace"),
        ),
        migrations.AddConstraint(
            model_name="suppression",
            constraint=models.UniqueConstraint(
                condition=models.Q(("workspace__isnull", True)), fields=("digest",), name="suppressed_once_by_all"
            ),
        ),
        migrations.RunPython(known_since_they_were_found, migrations.RunPython.noop),
    ]
