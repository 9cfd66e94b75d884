"""The audit log, append-only by the database itself, as the ledger is."""

from django.conf import settings
from django.db import migrations, models

import django.db.models.deletion

SEAL = {
    "sqlite": [
        """CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON accounts_auditentry
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
        """CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON accounts_auditentry
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    ],
    "postgresql": [
        """CREATE FUNCTION accounts_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        """CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON accounts_auditentry
        FOR EACH ROW EXECUTE FUNCTION accounts_audit_is_append_only()""",
        # TRUNCATE passes the triggers of rows by. SQLite has no such statement.
        """CREATE TRIGGER audit_is_not_truncated BEFORE TRUNCATE ON accounts_auditentry
        FOR EACH STATEMENT EXECUTE FUNCTION accounts_audit_is_append_only()""",
    ],
}
UNSEAL = {
    "sqlite": ["DROP TRIGGER audit_is_not_changed", "DROP TRIGGER audit_is_not_deleted"],
    "postgresql": [
        "DROP TRIGGER audit_is_append_only ON accounts_auditentry",
        "DROP TRIGGER audit_is_not_truncated ON accounts_auditentry",
        "DROP FUNCTION accounts_audit_is_append_only",
    ],
}


def seal(apps, schema_editor):
    """From now on the database itself refuses to change or delete an entry."""
    for statement in SEAL[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def unseal(apps, schema_editor):
    for statement in UNSEAL[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def _number_of(model):
    """A reference whose number stays when the row is gone."""
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=model,
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_tokens")]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("verb", models.CharField(max_length=40)),
                (
                    "object_type",
                    models.CharField(blank=True, help_text="the label of its model, such as hunts.run", max_length=60),
                ),
                ("object_id", models.CharField(blank=True, max_length=40)),
                ("words", models.CharField(blank=True, max_length=200)),
                (
                    "ip",
                    models.CharField(blank=True, help_text="the network that it was done from", max_length=43),
                ),
                ("request_id", models.CharField(blank=True, max_length=32)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("actor", _number_of(settings.AUTH_USER_MODEL)),
                ("workspace", _number_of("accounts.workspace")),
            ],
            options={"verbose_name_plural": "audit entries"},
        ),
        migrations.AddIndex("auditentry", models.Index("workspace", models.F("id").desc(), name="audit_of_workspace")),
        migrations.AddIndex(
            "auditentry", models.Index("workspace", "actor", models.F("id").desc(), name="audit_of_person")
        ),
        migrations.AddIndex(
            "auditentry", models.Index("workspace", "verb", models.F("id").desc(), name="audit_of_verb")
        ),
        migrations.AddIndex("auditentry", models.Index("workspace", "at", name="audit_of_day")),
        migrations.RunPython(seal, unseal),
    ]
