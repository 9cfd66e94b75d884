"""Leads can be one company: merges that can be undone, other handles of a lead, and names in one form."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import leads.names

BATCH = 2_000
CLUES = [
    ("redirect", "its site leads to the other's"),
    ("home_page", "the same home page"),
    ("name", "the same name"),
    ("country", "the same country"),
    ("phone", "the same phone number"),
    ("address", "the same postal address"),
    ("email_domain", "e-mail addresses at one domain"),
    ("profile", "the same page on a social network"),
    ("person", "a person said so"),
]


def name_keys(apps, schema_editor):
    """Work out the keys of the names that are there already."""
    Lead = apps.get_model("leads", "Lead")
    rows = Lead.objects.only("pk", "name").order_by("pk")
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        for lead in batch:
            lead.name_key = leads.names.name_key(lead.name)
        Lead.objects.bulk_update(batch, ["name_key"], batch_size=400)
        last = batch[-1].pk


def key(to, name, **options):
    on_delete = django.db.models.deletion.SET_NULL if options.get("null") else django.db.models.deletion.CASCADE
    return models.ForeignKey(on_delete=on_delete, related_name=name, to=to, **options)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("leads", "0004_verdicts_used_again"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LeadAlias",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("platform", models.CharField(max_length=12)),
                ("handle", models.CharField(max_length=253)),
                ("kind", models.CharField(choices=CLUES, max_length=12)),
                ("detail", models.CharField(blank=True, help_text="where that was seen", max_length=1000)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("lead", key("leads.lead", "aliases")),
                ("workspace", key("accounts.workspace", "lead_aliases")),
            ],
            options={"verbose_name_plural": "lead aliases"},
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("evidence", models.JSONField(default=list, help_text="kind and detail of each thing that says so")),
                ("taken", models.JSONField(default=dict)),
                ("merged_at", models.DateTimeField(auto_now_add=True)),
                ("undone_at", models.DateTimeField(null=True)),
                ("kept", key("leads.lead", "merges")),
                ("merged", key("leads.lead", "merges_away")),
                (
                    "merged_by",
                    key(settings.AUTH_USER_MODEL, "+", null=True, help_text="empty: a run found out"),
                ),
                ("undone_by", key(settings.AUTH_USER_MODEL, "+", null=True)),
                ("workspace", key("accounts.workspace", "merges")),
            ],
        ),
        migrations.AddField(
            model_name="lead",
            name="merged_into",
            field=key("leads.lead", "merged_leads", null=True, db_index=False, help_text="never itself a merged one"),
        ),
        migrations.AddField(
            model_name="lead",
            name="name_key",
            field=leads.names.NameKeyField(
                blank=True, editable=False, help_text="its name without legal form, case …", max_length=200
            ),
        ),
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(condition=models.Q(("kind", "profile")), fields=["value"], name="fact_by_profile"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["workspace", "name_key"], name="lead_by_name_key"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)), fields=["merged_into"], name="lead_by_kept"
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(("merged_into", models.F("pk")), _negated=True), name="no_lead_inside_itself"
            ),
        ),
        migrations.AddConstraint(
            model_name="leadalias",
            constraint=models.UniqueConstraint(fields=("workspace", "platform", "handle"), name="one_alias_a_handle"),
        ),
        migrations.AddConstraint(
            model_name="merge",
            constraint=models.CheckConstraint(
                condition=models.Q(("kept", models.F("merged")), _negated=True), name="no_lead_merged_into_itself"
            ),
        ),
        migrations.AddConstraint(
            model_name="merge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at__isnull", True)), fields=("merged",), name="merged_into_one_at_a_time"
            ),
        ),
        migrations.RunPython(name_keys, migrations.RunPython.noop, elidable=True),
    ]
