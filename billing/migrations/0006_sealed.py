"""The books cannot be written over either: SQLite's REPLACE takes the row that is in the way without a trigger.

In the way is one with the same number, and one with the same key of a refund.
https://www.sqlite.org/lang_conflict.html (“delete triggers fire if and only if recursive triggers are enabled”)
"""

from django.db import migrations

SEAL = """CREATE TRIGGER entry_is_not_replaced BEFORE INSERT ON billing_entry
WHEN EXISTS (SELECT 1 FROM billing_entry WHERE id = NEW.id OR refund_key = NEW.refund_key)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"""


def seal(apps, schema_editor):
    # PostgreSQL's ON CONFLICT DO UPDATE is an UPDATE, which its trigger refuses.
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(SEAL)


def unseal(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER entry_is_not_replaced")


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_refunds_by_two")]

    operations = [migrations.RunPython(seal, unseal)]
