"""Leads that a person keeps apart, and the domains of contacts' addresses, so that they can be looked for."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower, StrIndex, Substr

BATCH = 2_000


def pairs_of_undone_merges(apps, schema_editor):
    """What a person has parted again was said to be two by that."""
    DistinctPair, Merge = apps.get_model("leads", "DistinctPair"), apps.get_model("leads", "Merge")
    undone = Merge.objects.filter(undone_at__isnull=False).order_by("pk")
    pairs = (
        DistinctPair(
            workspace_id=merge.workspace_id,
            first_id=min(merge.kept_id, merge.merged_id),
            second_id=max(merge.kept_id, merge.merged_id),
            said_by_id=merge.undone_by_id,
        )
        for merge in undone.iterator(chunk_size=BATCH)
    )
    DistinctPair.objects.bulk_create(pairs, batch_size=BATCH, ignore_conflicts=True)


def key(to, name, **options):
    on_delete = django.db.models.deletion.SET_NULL if options.get("null") else django.db.models.deletion.CASCADE
    return models.ForeignKey(on_delete=on_delete, related_name=name, to=to, **options)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("leads", "0005_merging"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DistinctPair",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("said_at", models.DateTimeField(auto_now_add=True)),
                ("first", key("leads.lead", "distinct_as_first")),
                ("second", key("leads.lead", "distinct_as_second")),
                ("said_by", key(settings.AUTH_USER_MODEL, "+", null=True)),
                ("workspace", key("accounts.workspace", "distinct_pairs")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("first__lt", models.F("second"))), name="the_older_lead_is_first"
                    ),
                    models.UniqueConstraint(fields=("first", "second"), name="one_pair_said_once"),
                ],
            },
        ),
        migrations.AddField(
            model_name="contact",
            name="email_domain",
            field=models.GeneratedField(
                db_persist=True,
                expression=Lower(Substr("email", StrIndex("email", models.Value("@")) + 1)),
                help_text="what stands behind the @",
                output_field=models.CharField(max_length=254),
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["email_domain"], name="contact_by_email_domain"),
        ),
        migrations.RunPython(pairs_of_undone_merges, migrations.RunPython.noop, elidable=True),
    ]
