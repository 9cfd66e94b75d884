"""Support's looks, and a way out of the audit log for entries that are old enough; both are looked after by the queue."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

SEAL = {
    "sqlite": [
        """CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON accounts_auditentry
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
        """CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON accounts_auditentry
        WHEN OLD.at >= strftime('%Y-%m-%d %H:%M:%S', 'now', '-90 days')
        OR NOT EXISTS (SELECT 1 FROM accounts_auditpruning WHERE before > OLD.at)
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    ],
    "postgresql": [
        """CREATE FUNCTION accounts_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        """CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON accounts_auditentry
        FOR EACH ROW EXECUTE FUNCTION accounts_audit_is_append_only()""",
        """CREATE FUNCTION accounts_audit_is_pruned_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.at < now() - interval '90 days'
            AND EXISTS (SELECT 1 FROM accounts_auditpruning WHERE before > OLD.at) THEN RETURN OLD; END IF;
            RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$""",
        """CREATE TRIGGER audit_is_pruned_only BEFORE DELETE ON accounts_auditentry
        FOR EACH ROW EXECUTE FUNCTION accounts_audit_is_pruned_only()""",
        # TRUNCATE passes the triggers of rows by. SQLite has no such statement.
        """CREATE TRIGGER audit_is_not_truncated BEFORE TRUNCATE ON accounts_auditentry
        FOR EACH STATEMENT EXECUTE FUNCTION accounts_audit_is_append_only()""",
    ],
}
UNSEAL = {
    "sqlite": ["DROP TRIGGER audit_is_not_changed", "DROP TRIGGER audit_is_not_deleted"],
    "postgresql": [
        "DROP TRIGGER audit_is_append_only ON accounts_auditentry",
        "DROP TRIGGER audit_is_pruned_only ON accounts_auditentry",
        "DROP TRIGGER audit_is_not_truncated ON accounts_auditentry",
        "DROP FUNCTION accounts_audit_is_pruned_only",
        "DROP FUNCTION accounts_audit_is_append_only",
    ],
}
# What 0006 made, and what is there again when this is undone.
STRICT = {
    "sqlite": [
        SEAL["sqlite"][0],
        """CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON accounts_auditentry
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    ],
    "postgresql": [
        SEAL["postgresql"][0],
        """CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON accounts_auditentry
        FOR EACH ROW EXECUTE FUNCTION accounts_audit_is_append_only()""",
        SEAL["postgresql"][-1],
    ],
}
UNSTRICT = {
    "sqlite": UNSEAL["sqlite"],
    "postgresql": [
        "DROP TRIGGER audit_is_append_only ON accounts_auditentry",
        "DROP TRIGGER audit_is_not_truncated ON accounts_auditentry",
        "DROP FUNCTION accounts_audit_is_append_only",
    ],
}
TASKS = {
    "prune the audit log": {"func": "accounts.audit_pruning.prune", "schedule_type": "D"},
    "end support's looks": {"func": "accounts.support.end_overdue", "schedule_type": "I", "minutes": 5},
}


def execute(schema_editor, *lists):
    for statement in [one for statements in lists for one in statements[schema_editor.connection.vendor]]:
        schema_editor.execute(statement)


def reseal(apps, schema_editor):
    """From now on the database lets old entries go, and still none else."""
    execute(schema_editor, UNSTRICT, SEAL)


def seal_strictly(apps, schema_editor):
    execute(schema_editor, UNSEAL, STRICT)


def schedule(apps, schema_editor):
    for name, values in TASKS.items():
        apps.get_model("django_q", "Schedule").objects.update_or_create(name=name, defaults={**values, "repeats": -1})


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name__in=TASKS).delete()


def _number_of_somebody():
    return models.ForeignKey(
        db_constraint=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_retention"), ("django_q", "0018_task_success_index")]

    operations = [
        migrations.CreateModel(
            name="AuditPruning",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("before", models.DateTimeField(unique=True)),
                ("pruned_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="SupportVisit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(help_text="a ticket, or words; the person's workspaces read it", max_length=140),
                ),
                ("began_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ends_at", models.DateTimeField(help_text="when it ends by itself")),
                ("ended_at", models.DateTimeField(null=True)),
                ("operator", _number_of_somebody()),
                ("person", _number_of_somebody()),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("ended_at__isnull", True)), fields=["ends_at"], name="visit_ends")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("operator",),
                        name="one_visit_an_operator",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("operator", models.F("person")), _negated=True),
                        name="visit_is_to_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="visit_has_a_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupportOpening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="openings",
                        to="accounts.supportvisit",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("visit", "workspace"), name="one_opening_a_workspace")],
            },
        ),
        migrations.RunPython(reseal, seal_strictly),
        migrations.RunPython(schedule, unschedule),
    ]
