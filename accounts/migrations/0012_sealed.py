"""The audit log cannot be written over either: SQLite's REPLACE takes the row that is in the way without a trigger.

https://www.sqlite.org/lang_conflict.html (“delete triggers fire if and only if recursive triggers are enabled”)
"""

from django.db import migrations

SEAL = """CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON accounts_auditentry
WHEN EXISTS (SELECT 1 FROM accounts_auditentry WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"""


def seal(apps, schema_editor):
    # PostgreSQL's ON CONFLICT DO UPDATE is an UPDATE, which its trigger refuses.
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(SEAL)


def unseal(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER audit_is_not_replaced")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_letter_stamp")]

    operations = [migrations.RunPython(seal, unseal)]
