"""Who may be the person of a lookup, and requests to erase somebody from what all read."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_sealed"),
        ("hunts", "0015_lookup"),
    ]

    operations = [
        migrations.AddField(
            model_name="foundplace",
            name="perhaps",
            field=models.CharField(blank=True, help_text="whose it is, where that may be the person", max_length=200),
        ),
        migrations.AddField(
            model_name="lookup",
            name="perhaps",
            field=models.JSONField(default=list, help_text="who may be the person by another spelling of the name"),
        ),
        migrations.CreateModel(
            name="SharedRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("wanted", models.JSONField(default=dict, help_text="the person; empty when it is done")),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("told_at", models.DateTimeField(help_text="when operators were written to", null=True)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "answer",
                    models.ForeignKey(
                        help_text="in the whole installation",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="answered",
                        to="hunts.erasure",
                    ),
                ),
                (
                    "erasure",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="shared_request", to="hunts.erasure"
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shared_requests",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("done_at__isnull", True), ("wanted", {}), _connector="OR"),
                        name="a_request_forgets_whom",
                    )
                ],
            },
        ),
    ]
