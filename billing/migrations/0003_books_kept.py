"""The books cannot be emptied whole either: PostgreSQL's TRUNCATE passes the triggers of rows by."""

from django.db import migrations

# TRUNCATE of another table with CASCADE comes past this trigger, too. SQLite has no such statement.
KEEP = """CREATE TRIGGER entry_is_not_truncated BEFORE TRUNCATE ON billing_entry
FOR EACH STATEMENT EXECUTE FUNCTION billing_entry_is_append_only()"""
LET_GO = "DROP TRIGGER entry_is_not_truncated ON billing_entry"


def keep(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(KEEP)


def let_go(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(LET_GO)


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_ledger")]

    operations = [migrations.RunPython(keep, let_go)]
