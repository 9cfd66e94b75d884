"""Invitations and letters about accounts are sent by the queue; browsers that people log in from are remembered."""

import uuid
from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Coalesce

STATUSES: list = [
    ("waiting", "waiting"),
    ("sending", "being sent"),
    ("sent", "sent"),
    ("dropped", "not needed any more"),
    ("failed", "failed"),
]
UID_HELP = "the same in every try, for who gets it twice"


def fill(apps, schema_editor):
    """Give old invitations what new ones have; the link of one that was not sent is known to nobody: it is sent anew."""
    invitations = apps.get_model("accounts", "Invitation").objects
    for pk in list(invitations.values_list("pk", flat=True)):
        invitations.filter(pk=pk).update(uid=uuid.uuid4())
    invitations.update(asked_at=Coalesce("sent_at", "created_at"), not_before=models.F("created_at"))
    invitations.filter(sent_at__isnull=True).update(status="failed")


def sending(*more):
    """Return the columns that every message has which leaves the house, between its number and `more`."""
    return [
        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
        ("uid", models.UUIDField(default=uuid.uuid4, help_text=UID_HELP, unique=True)),
        ("status", models.CharField(choices=STATUSES, default="waiting", max_length=8)),
        ("problem", models.CharField(blank=True, max_length=300)),
        ("attempts", models.PositiveSmallIntegerField(default=0)),
        ("not_before", models.DateTimeField(default=django.utils.timezone.now)),
        ("claimed_by", models.CharField(blank=True, max_length=32)),
        ("fence", models.PositiveIntegerField(default=0)),
        ("lease_expires_at", models.DateTimeField(null=True)),
        ("created_at", models.DateTimeField(auto_now_add=True)),
        ("sent_at", models.DateTimeField(null=True)),
        *more,
    ]


def person(related_name):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE, related_name=related_name, to=settings.AUTH_USER_MODEL
    )


def to_claim(name):
    """Return the indexes by which senders find what is theirs."""
    return [
        models.Index(fields=["not_before"], condition=Q(status="waiting"), name=f"{name}_to_claim"),
        models.Index(fields=["lease_expires_at"], condition=Q(status="sending"), name=f"{name}_leases"),
        models.Index(fields=["claimed_by"], condition=Q(status="sending"), name=f"{name}_by_sender"),
    ]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0008_support")]

    operations: ClassVar = [
        migrations.CreateModel(
            "Letter",
            sending(
                (
                    "kind",
                    models.CharField(
                        choices=[("notice", "notice"), ("password_reset", "a link to set a new password")],
                        default="notice",
                        max_length=20,
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                ("language", models.CharField(blank=True, max_length=10)),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField(blank=True)),
                ("user", person("letters")),
            ),
            options={"indexes": [*to_claim("letter"), models.Index(fields=["created_at"], name="letter_age")]},
        ),
        migrations.CreateModel(
            "KnownBrowser",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "browser",
                    models.CharField(
                        blank=True, help_text="its family and system, such as `Firefox, Windows`", max_length=60
                    ),
                ),
                ("network", models.CharField(blank=True, max_length=43)),
                ("first_at", models.DateTimeField(auto_now_add=True)),
                ("last_at", models.DateTimeField(auto_now=True)),
                ("user", person("known_browsers")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["user", "browser", "network"], name="one_browser_a_network")
                ]
            },
        ),
        migrations.AddField("invitation", "attempts", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("invitation", "claimed_by", models.CharField(blank=True, max_length=32)),
        migrations.AddField("invitation", "fence", models.PositiveIntegerField(default=0)),
        migrations.AddField("invitation", "lease_expires_at", models.DateTimeField(null=True)),
        migrations.AddField("invitation", "nonce", models.CharField(blank=True, max_length=43)),
        migrations.AddField(
            "invitation",
            "asked_at",
            models.DateTimeField(default=django.utils.timezone.now, help_text="when somebody last wanted it sent"),
        ),
        migrations.AddField("invitation", "not_before", models.DateTimeField(default=django.utils.timezone.now)),
        # What was sent before must not be sent again.
        migrations.AddField("invitation", "status", models.CharField(choices=STATUSES, default="sent", max_length=8)),
        migrations.AddField("invitation", "uid", models.UUIDField(null=True)),
        migrations.AlterField("invitation", "sent_at", models.DateTimeField(null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            "invitation", "status", models.CharField(choices=STATUSES, default="waiting", max_length=8)
        ),
        migrations.AlterField(
            "invitation", "uid", models.UUIDField(default=uuid.uuid4, help_text=UID_HELP, unique=True)
        ),
        *(migrations.AddIndex("invitation", index) for index in to_claim("invitation")),
    ]
