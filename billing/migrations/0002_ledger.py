"""Ceilings of a month, and the append-only books, opened with what was spent and held before them."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

NO_LIMIT = 10**18
RECONCILE = "reconcile holds of unknown fate"

SCOPES = [
    ("activity", "one run, conversation or research"),
    ("workspace", "the workspace in a month"),
    ("provider", "one provider in a month"),
    ("lead", "one lead in a month"),
    ("installation", "the whole installation in a month"),
]
ACCOUNTS = [
    ("funding", "funding"),
    ("available", "available"),
    ("held", "held"),
    ("cost", "provider cost"),
    ("unknown", "spent, fate unknown"),
    ("overdraw", "overdraw"),
]
STATUSES = [
    ("held", "held"),
    ("settled", "settled"),
    ("released", "released"),
    ("spent_unknown", "spent, fate unknown"),
]

SEAL = {
    "sqlite": [
        """CREATE TRIGGER entry_is_not_changed BEFORE UPDATE ON billing_entry
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
        """CREATE TRIGGER entry_is_not_deleted BEFORE DELETE ON billing_entry
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    ],
    "postgresql": [
        """CREATE FUNCTION billing_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        """CREATE TRIGGER entry_is_append_only BEFORE UPDATE OR DELETE ON billing_entry
        FOR EACH ROW EXECUTE FUNCTION billing_entry_is_append_only()""",
    ],
}
UNSEAL = {
    "sqlite": ["DROP TRIGGER entry_is_not_changed", "DROP TRIGGER entry_is_not_deleted"],
    "postgresql": [
        "DROP TRIGGER entry_is_append_only ON billing_entry",
        "DROP FUNCTION billing_entry_is_append_only",
    ],
}


def seal(apps, schema_editor):
    """From now on the database itself refuses to change or delete an entry."""
    for statement in SEAL[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def unseal(apps, schema_editor):
    for statement in UNSEAL[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def open_the_books(apps, schema_editor):
    """Post what earlier holds did, and count them against the ceilings of their months."""
    Budget, Hold, Entry = (apps.get_model("billing", name) for name in ("Budget", "Hold", "Entry"))
    for budget in Budget.objects.iterator(chunk_size=2000):
        holds = list(Hold.objects.filter(budget=budget).order_by("pk"))
        charged = sum(hold.settled_microusd for hold in holds if hold.status == "settled")
        overdraw = charged - budget.spent_microusd
        entries = [_entry(Entry, budget, None, "funding", "available", budget.cap_microusd)]
        for hold in holds:
            hold.workspace_id = budget.workspace_id
            hold.period = hold.created_at.date().replace(day=1)
            if hold.status == "settled":
                beyond_its_hold = hold.settled_microusd - hold.amount_microusd
                hold.overdraw_microusd = max(min(beyond_its_hold, overdraw), 0)
                overdraw -= hold.overdraw_microusd
            entries += _moves(Entry, budget, hold)
        Hold.objects.bulk_update(holds, ["workspace", "period", "overdraw_microusd"], batch_size=500)
        Entry.objects.bulk_create([entry for entry in entries if entry.amount_microusd], batch_size=500)
    _open_ceilings(Budget, Hold)
    if schema_editor.connection.vendor == "postgresql":
        # The foreign keys of these rows are checked now, because the tables are altered next.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _entry(Entry, budget, hold, credit, debit, amount):
    return Entry(budget=budget, hold=hold, credit=credit, debit=debit, amount_microusd=amount)


def _moves(Entry, budget, hold):
    amount = hold.amount_microusd
    moves = [("available", "held", amount)]
    if hold.status == "released":
        moves.append(("held", "available", amount))
    elif hold.status == "settled":
        charged = hold.settled_microusd - hold.overdraw_microusd
        moves += [
            ("held", "cost", min(charged, amount)),
            ("held", "available", max(amount - charged, 0)),
            ("available", "cost", max(charged - amount, 0)),
            ("funding", "overdraw", hold.overdraw_microusd),
        ]
    return [_entry(Entry, budget, hold, *move) for move in moves]


def _open_ceilings(Budget, Hold):
    """Make the ceilings of past holds' months, without limits."""
    sums = (
        Hold.objects.order_by()
        .values("workspace", "period", "provider")
        .annotate(
            spent=models.Sum(F("settled_microusd") - F("overdraw_microusd"), default=0, filter=~Q(status="held")),
            held=models.Sum("amount_microusd", default=0, filter=Q(status="held")),
        )
    )
    found = {}
    for row in sums:
        for key in (
            ("installation", None, row["period"], ""),
            ("workspace", row["workspace"], row["period"], ""),
            ("provider", row["workspace"], row["period"], row["provider"]),
        ):
            spent, held = found.get(key, (0, 0))
            found[key] = (spent + row["spent"], held + row["held"])
    Budget.objects.bulk_create(
        Budget(
            scope=scope,
            workspace_id=workspace,
            period=period,
            subject=subject,
            cap_microusd=NO_LIMIT,
            spent_microusd=spent,
            reserved_microusd=held,
        )
        for (scope, workspace, period, subject), (spent, held) in found.items()
    )


def close_the_books(apps, schema_editor):
    """Ceilings are no budgets of a run: without the books nobody would read them."""
    apps.get_model("billing", "Budget").objects.exclude(scope="activity").delete()
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.update_or_create(
        name=RECONCILE, defaults={"func": "billing.tasks.reconcile", "schedule_type": "H", "repeats": -1}
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=RECONCILE).delete()


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("billing", "0001_initial"),
        ("django_q", "0018_task_success_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.AddField("budget", "scope", models.CharField(choices=SCOPES, default="activity", max_length=12)),
        migrations.AddField("budget", "period", models.DateField(help_text="the first day of the month", null=True)),
        migrations.AddField(
            "budget",
            "subject",
            models.CharField(blank=True, help_text="the provider's slug or the lead's number", max_length=40),
        ),
        migrations.AddField(
            "budget",
            "started_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("budget", "excess_microusd", models.BigIntegerField(default=0)),
        migrations.AlterField(
            "budget",
            "workspace",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="budgets",
                to="accounts.workspace",
            ),
        ),
        migrations.RemoveConstraint("budget", "budget_is_not_negative"),
        migrations.RemoveConstraint("budget", "budget_keeps_its_cap"),
        migrations.AddConstraint(
            "budget",
            models.CheckConstraint(
                condition=Q(
                    cap_microusd__gte=0, excess_microusd__gte=0, reserved_microusd__gte=0, spent_microusd__gte=0
                ),
                name="budget_is_not_negative",
            ),
        ),
        migrations.AddConstraint(
            "budget",
            models.CheckConstraint(
                condition=Q(spent_microusd__lte=F("cap_microusd") + F("excess_microusd") - F("reserved_microusd")),
                name="budget_keeps_its_cap",
            ),
        ),
        migrations.AddConstraint(
            "budget", models.CheckConstraint(condition=Q(cap_microusd__lte=NO_LIMIT), name="budget_cap_is_sane")
        ),
        migrations.AddConstraint(
            "budget",
            models.CheckConstraint(
                condition=Q(scope="activity", period__isnull=True) | (~Q(scope="activity") & Q(period__isnull=False)),
                name="budget_of_a_month_has_one",
            ),
        ),
        migrations.AddConstraint(
            "budget",
            models.CheckConstraint(
                condition=Q(scope="installation", workspace__isnull=True)
                | (~Q(scope="installation") & Q(workspace__isnull=False)),
                name="budget_has_its_workspace",
            ),
        ),
        migrations.AddConstraint(
            "budget",
            models.UniqueConstraint(
                condition=~Q(scope="activity"),
                fields=("workspace", "period", "scope", "subject"),
                name="one_ceiling_a_month",
            ),
        ),
        migrations.AddConstraint(
            "budget",
            models.UniqueConstraint(
                condition=Q(scope="installation"), fields=("period",), name="one_installation_ceiling_a_month"
            ),
        ),
        migrations.AlterField(
            "hold",
            "budget",
            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="billing.budget"),
        ),
        migrations.AlterField("hold", "status", models.CharField(choices=STATUSES, default="held", max_length=13)),
        migrations.AddField(
            "hold",
            "workspace",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="holds",
                to="accounts.workspace",
            ),
        ),
        migrations.AddField("hold", "period", models.DateField(null=True)),
        migrations.AddField(
            "hold",
            "lead_ref",
            models.BigIntegerField(help_text="the number of the lead that it was made for", null=True),
        ),
        migrations.AddField("hold", "overdraw_microusd", models.BigIntegerField(default=0)),
        migrations.AddField("hold", "refunded_microusd", models.BigIntegerField(default=0)),
        migrations.AddField("hold", "note", models.CharField(blank=True, max_length=300)),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("debit", models.CharField(choices=ACCOUNTS, max_length=9)),
                ("credit", models.CharField(choices=ACCOUNTS, max_length=9)),
                ("amount_microusd", models.BigIntegerField()),
                ("refund_key", models.CharField(max_length=80, null=True, unique=True)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "budget",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="billing.budget"
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.hold",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "entries",
                "constraints": [
                    models.CheckConstraint(condition=Q(amount_microusd__gt=0), name="entry_moves_something"),
                    models.CheckConstraint(condition=~Q(debit=F("credit")), name="entry_has_two_sides"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SpendingLimit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scope", models.CharField(choices=SCOPES, max_length=12)),
                ("subject", models.CharField(blank=True, help_text="the provider's slug", max_length=40)),
                ("limit_microusd", models.BigIntegerField()),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "set_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="spending_limits",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "scope", "subject"), name="one_limit_a_scope"),
                    models.CheckConstraint(
                        condition=Q(limit_microusd__gte=0, limit_microusd__lt=NO_LIMIT), name="limit_is_sane"
                    ),
                    models.CheckConstraint(
                        condition=Q(scope__in=("workspace", "provider", "lead")), name="limit_has_a_scope"
                    ),
                ],
            },
        ),
        migrations.RunPython(open_the_books, close_the_books),
        migrations.AlterField(
            "hold",
            "workspace",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="accounts.workspace"
            ),
        ),
        migrations.AlterField(
            "hold",
            "period",
            models.DateField(help_text="the first day of the month whose ceilings it counts against"),
        ),
        migrations.AddConstraint(
            "hold",
            models.CheckConstraint(
                condition=Q(status="held", settled_microusd__isnull=True)
                | (~Q(status="held") & Q(settled_microusd__gte=0)),
                name="hold_is_settled_when_closed",
            ),
        ),
        migrations.AddConstraint(
            "hold",
            models.CheckConstraint(
                condition=Q(overdraw_microusd__gte=0, refunded_microusd__gte=0), name="hold_owes_nothing"
            ),
        ),
        migrations.AddConstraint(
            "hold",
            models.CheckConstraint(
                condition=Q(refunded_microusd__lte=F("settled_microusd") - F("overdraw_microusd")),
                name="refund_within_its_charge",
            ),
        ),
        migrations.AddIndex("hold", models.Index(fields=["workspace", "period"], name="hold_by_month")),
        migrations.AddIndex(
            "hold", models.Index(condition=Q(status="held"), fields=["created_at"], name="hold_still_held")
        ),
        migrations.RunPython(seal, unseal),
        migrations.RunPython(schedule, unschedule),
    ]
