"""Invitations, and workspaces that are deleted and purged later."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

NAME = "purge workspaces"


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.update_or_create(
        name=NAME, defaults={"func": "accounts.workspaces.purge", "schedule_type": "D", "repeats": -1}
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0003_notifications_pruned"), ("django_q", "0018_task_success_index")]

    operations: ClassVar = [
        migrations.AddField(
            "workspace",
            "deleted_at",
            models.DateTimeField(help_text="until it is purged, it can be read and brought back", null=True),
        ),
        migrations.AddField(
            "workspace",
            "deleted_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "workspace",
            "purged_at",
            models.DateTimeField(help_text="when its purge began: nothing brings it back after that", null=True),
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "owner"),
                            ("admin", "admin"),
                            ("member", "member"),
                            ("viewer", "viewer"),
                        ],
                        default="member",
                        max_length=10,
                    ),
                ),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(help_text="when the mail server last took it", null=True)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "accepted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "invited_by",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="accounts.workspace",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            "invitation",
            models.Index(
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
                fields=["email"],
                name="invitation_to_address",
            ),
        ),
        migrations.AddConstraint(
            "invitation",
            models.UniqueConstraint(
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
                fields=("workspace", "email"),
                name="one_open_invitation_an_address",
            ),
        ),
        migrations.AddConstraint(
            "invitation",
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True) | models.Q(revoked_at__isnull=True),
                name="invitation_has_one_end",
            ),
        ),
        migrations.RunPython(schedule, unschedule),
    ]
