"""Inboxes, what people want to hear of, and the messages that have to be sent."""

import uuid
from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0001_initial")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(blank=True, help_text="the one that they chose or signed up in", max_length=10),
        ),
        migrations.AddField(
            model_name="user",
            name="time_zone",
            field=models.CharField(default="UTC", max_length=64),
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("run_completed", "A run is done"),
                            ("run_failed", "A run failed"),
                            ("needs_you", "Something waits for you"),
                            ("budget_warning", "A spending limit is nearly used up"),
                            ("digest", "Daily digest"),
                        ],
                        max_length=20,
                    ),
                ),
                ("key", models.CharField(max_length=120)),
                ("url", models.CharField(help_text="path of the page that it is about", max_length=300)),
                ("label", models.CharField(blank=True, help_text="name of what it is about", max_length=200)),
                ("parameters", models.JSONField(default=dict)),
                ("in_app", models.BooleanField(default=True, help_text="whether it stands in the inbox")),
                ("read_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to="accounts.workspace",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="NotificationDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(choices=[("email", "e-mail"), ("slack", "Slack")], max_length=8)),
                (
                    "uid",
                    models.UUIDField(
                        default=uuid.uuid4, help_text="the same in every try, for who gets it twice", unique=True
                    ),
                ),
                ("address", models.CharField(blank=True, help_text="where it was sent to", max_length=254)),
                (
                    "unless_seen",
                    models.BooleanField(default=False, help_text="not needed if the person was looking meanwhile"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("sending", "being sent"),
                            ("sent", "sent"),
                            ("dropped", "not needed any more"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("not_before", models.DateTimeField(default=django.utils.timezone.now)),
                ("claimed_by", models.CharField(blank=True, max_length=32)),
                ("fence", models.PositiveIntegerField(default=0)),
                ("lease_expires_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "notification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="accounts.notification",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "notification deliveries",
            },
        ),
        migrations.CreateModel(
            name="NotificationPreference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("run_completed", "A run is done"),
                            ("run_failed", "A run failed"),
                            ("needs_you", "Something waits for you"),
                            ("budget_warning", "A spending limit is nearly used up"),
                            ("digest", "Daily digest"),
                        ],
                        max_length=20,
                    ),
                ),
                ("in_app", models.BooleanField()),
                ("email", models.BooleanField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reader",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("wants_all", models.BooleanField(default=False, help_text="also of what others started")),
                (
                    "digest_hour",
                    models.PositiveSmallIntegerField(
                        help_text="0 to 23 in the person's zone; null: no digest", null=True
                    ),
                ),
                ("next_digest_at", models.DateTimeField(db_index=True, null=True)),
                ("looked_at", models.DateTimeField(help_text="when a page of theirs last asked for news", null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="readings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="readers", to="accounts.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SlackNews",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kinds", models.JSONField(default=list)),
                (
                    "workspace",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="slack_news", to="accounts.workspace"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                models.F("user"),
                models.F("workspace"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("in_app", True)),
                name="notification_inbox",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("in_app", True), ("read_at__isnull", True)),
                fields=["user", "workspace"],
                name="notification_unread",
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.UniqueConstraint(fields=("user", "key"), name="told_once_a_person"),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.UniqueConstraint(
                condition=models.Q(("user__isnull", True)), fields=("workspace", "key"), name="told_once_a_workspace"
            ),
        ),
        migrations.AddIndex(
            model_name="notificationdelivery",
            index=models.Index(
                condition=models.Q(("status", "waiting")), fields=["channel", "not_before"], name="delivery_to_claim"
            ),
        ),
        migrations.AddIndex(
            model_name="notificationdelivery",
            index=models.Index(
                condition=models.Q(("status", "sending")), fields=["lease_expires_at"], name="delivery_leases"
            ),
        ),
        migrations.AddIndex(
            model_name="notificationdelivery",
            index=models.Index(
                condition=models.Q(("status", "sending")), fields=["claimed_by"], name="delivery_by_sender"
            ),
        ),
        migrations.AddConstraint(
            model_name="notificationdelivery",
            constraint=models.UniqueConstraint(fields=("notification", "channel"), name="one_delivery_a_channel"),
        ),
        migrations.AddConstraint(
            model_name="notificationpreference",
            constraint=models.UniqueConstraint(fields=("user", "workspace", "kind"), name="one_preference_a_kind"),
        ),
        migrations.AddConstraint(
            model_name="reader",
            constraint=models.UniqueConstraint(fields=("user", "workspace"), name="one_reader_a_workspace"),
        ),
        migrations.AddConstraint(
            model_name="reader",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("digest_hour__isnull", True), ("next_digest_at__isnull", True)),
                    models.Q(
                        ("digest_hour__isnull", False), ("digest_hour__lte", 23), ("next_digest_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="a_digest_has_its_time",
            ),
        ),
    ]
