"""Pages of 100,000 leads: an index of letters for searches, and the order of the leads of one status.

Like the index of company lists it is kept in step by the database itself, so that every way of writing is indexed.
"""

from django.db import migrations, models

TEXT = "upper(name || ' ' || handle || ' ' || description || ' ' || location)"
COLUMNS = ("name", "handle", "description", "location")
OLD, NEW = (", ".join(f"{row}.{column}" for column in ("id", *COLUMNS)) for row in ("old", "new"))
INTO = "INSERT INTO leads_lead_letters"
FORGET = f"{INTO}(leads_lead_letters, rowid, name, handle, description, location) VALUES ('delete', {OLD})"
LEARN = f"{INTO}(rowid, name, handle, description, location) VALUES ({NEW})"

SQLITE = [
    """
    CREATE VIRTUAL TABLE leads_lead_letters USING fts5(
        name, handle, description, location, content='leads_lead', content_rowid='id', tokenize='trigram'
    )
    """,
    "INSERT INTO leads_lead_letters(leads_lead_letters) VALUES ('rebuild')",
    f"CREATE TRIGGER leads_lead_lettered AFTER INSERT ON leads_lead BEGIN {LEARN}; END",
    f"CREATE TRIGGER leads_lead_unlettered AFTER DELETE ON leads_lead BEGIN {FORGET}; END",
    f"CREATE TRIGGER leads_lead_relettered AFTER UPDATE OF name, handle, description, location ON leads_lead "
    f"BEGIN {FORGET}; {LEARN}; END",
]
SQLITE_BACK = [
    "DROP TRIGGER leads_lead_relettered",
    "DROP TRIGGER leads_lead_unlettered",
    "DROP TRIGGER leads_lead_lettered",
    "DROP TABLE leads_lead_letters",
]

# With the workspace in it, so that a word which others have often is not looked for among theirs.
POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS btree_gin",
    f"CREATE INDEX leads_lead_letters ON leads_lead USING gin (workspace_id, ({TEXT}) gin_trgm_ops)",
]
POSTGRESQL_BACK = ["DROP INDEX leads_lead_letters"]


def index(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def unindex(apps, schema_editor):
    for statement in SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRESQL_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("leads", "0007_people")]

    operations = [
        migrations.RunPython(index, unindex),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                "workspace",
                "status",
                models.F("score").desc(),
                models.F("id").desc(),
                condition=models.Q(merged_into__isnull=True),
                name="lead_by_status",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                fields=["workspace", "status", "tier"],
                condition=models.Q(merged_into__isnull=True),
                name="lead_counts",
            ),
        ),
    ]
