"""Lookups of people by the queue, and what they found."""

import django.db.models.deletion
import hunts.privacy.lookup_models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_sealed"),
        ("hunts", "0014_erasure"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Lookup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("wanted", models.JSONField(default=dict, help_text="the person; empty when it is over")),
                (
                    "step",
                    models.PositiveSmallIntegerField(default=0, help_text="how many tables are done in this round"),
                ),
                (
                    "problem",
                    models.CharField(blank=True, help_text="why it could not go on, and what to do", max_length=300),
                ),
                ("fence", models.PositiveIntegerField(default=0)),
                ("lease_expires_at", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "waiting for a worker"),
                            ("running", "looking"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, help_text="since it last got on")),
                ("count", models.PositiveIntegerField(default=0, help_text="places that were found")),
                (
                    "expires_at",
                    models.DateTimeField(
                        db_index=True, default=hunts.privacy.lookup_models.kept_until, help_text="when it is deleted"
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lookups", to="accounts.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FoundPlace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("told", models.JSONField()),
                (
                    "lookup",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="places", to="hunts.lookup"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="lookup",
            index=models.Index(
                models.F("workspace"), models.OrderBy(models.F("id"), descending=True), name="lookup_by_age"
            ),
        ),
        migrations.AddIndex(
            model_name="lookup",
            index=models.Index(
                condition=models.Q(("status__in", ["done", "failed"]), _negated=True),
                fields=["not_before"],
                name="lookup_to_claim",
            ),
        ),
    ]
