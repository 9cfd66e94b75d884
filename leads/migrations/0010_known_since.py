"""Since when people are known whom the workspaces had before that was remembered, and which key hashed whom."""

from itertools import islice

from django.db import migrations, models

from leads.collecting import contact_keys

BATCH = 200


def _of_contact(row):
    known = {"email": row.email, "name": row.name, "phone": row.phone, "profile": row.linkedin_url}
    return contact_keys(row.lead.handle, **known)


def _of_profile(row):
    return contact_keys("", profile=row.value)


def remember(apps, schema_editor):
    """Write down what rows say; whoever is remembered as younger was so by mistake, unless collected anew."""
    contacts = apps.get_model("leads", "Contact").objects.select_related("lead")
    profiles = apps.get_model("leads", "Fact").objects.filter(kind="profile").select_related("lead")
    for rows, keys_of in ((contacts, _of_contact), (profiles, _of_profile)):
        every = rows.order_by("pk").iterator(chunk_size=BATCH)
        while batch := list(islice(every, BATCH)):
            _remember(apps.get_model("leads", "Collection"), batch, keys_of)


def _remember(collection, batch, keys_of):
    since = {}
    for row in batch:
        for digest in keys_of(row):
            key = (row.lead.workspace_id, digest)
            since[key] = min(row.first_collected_at, since.get(key, row.first_collected_at))
    there = {
        (row.workspace_id, row.digest): row
        for row in collection.objects.filter(
            workspace__in={workspace for workspace, _digest in since},
            digest__in={digest for _workspace, digest in since},
        )
    }
    new = [
        collection(workspace_id=workspace, digest=digest, first_collected_at=at)
        for (workspace, digest), at in since.items()
        if (workspace, digest) not in there
    ]
    collection.objects.bulk_create(new)
    older = [
        row for key, row in there.items() if key in since and since[key] < row.first_collected_at and not row.is_again
    ]
    for row in older:
        row.first_collected_at = since[row.workspace_id, row.digest]
    collection.objects.bulk_update(older, ["first_collected_at"])


class Migration(migrations.Migration):
    dependencies = [("leads", "0009_letters")]

    operations = [
        migrations.AddField(
            model_name="suppression",
            name="made_by",
            field=models.CharField(
                blank=True, help_text="which key; '' in rows of before that was noted", max_length=12
            ),
        ),
        migrations.RunPython(remember, migrations.RunPython.noop, elidable=True),
    ]
