"""The books are written once: nobody changes or deletes an entry, and money outlives what it was spent on."""

import gc
import tracemalloc

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F, ProtectedError

from accounts.append_only import AppendOnly
from billing import ceilings, ledger
from billing.invariants import violations
from billing.models import Budget, Entry, Hold
from tests.factories import CandidateFactory


@pytest.fixture
def entry(activity) -> Entry:
    hold = ledger.reserve(activity().pk, 10, provider="exa", operation="search")
    assert hold is not None
    ledger.settle(hold, 4)
    return Entry.objects.order_by("pk").last()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE billing_entry SET amount_microusd = 1", id="update"),
        pytest.param("UPDATE billing_entry SET note = 'x' WHERE id = %s", id="update-of-one"),
        pytest.param("DELETE FROM billing_entry WHERE id = %s", id="delete"),
    ],
)
def test_the_database_refuses_to_change_or_delete_an_entry(entry, statement):
    before = list(Entry.objects.order_by("pk").values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [entry.pk] if "%s" in statement else [])
    assert list(Entry.objects.order_by("pk").values()) == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has TRUNCATE")
@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE billing_entry",
        "TRUNCATE ONLY billing_entry RESTART IDENTITY",
        "TRUNCATE billing_hold CASCADE",
        "TRUNCATE accounts_workspace CASCADE",
    ],
)
def test_the_database_refuses_to_empty_the_books_whole(entry, statement):
    # PostgreSQL itself refuses first where other tables would be left pointing at nothing.
    refusal = "append-only|referenced in a foreign key"
    with pytest.raises(DatabaseError, match=refusal), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Entry.objects.filter(pk=entry.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_deleting_all_entries_at_once_is_refused_on_every_database(entry):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM billing_entry")
    assert Entry.objects.filter(pk=entry.pk).exists()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has REPLACE")
@pytest.mark.parametrize("column", ["id", "refund_key"])
def test_an_entry_is_not_written_over(entry, column):
    Entry.objects.bulk_create([
        Entry(budget=entry.budget, debit="available", credit="cost", amount_microusd=1, refund_key="k")
    ])  # fmt: skip
    before = Entry.objects.order_by("pk").values().last()
    row = {**before, "note": "forged", **({} if column == "id" else {"id": before["id"] + 1})}
    values = ", ".join(["%s"] * len(row))
    statement = f"INSERT OR REPLACE INTO billing_entry ({', '.join(row)}) VALUES ({values})"  # noqa: S608
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, list(row.values()))
    assert Entry.objects.order_by("pk").values().last() == before


def test_the_model_refuses_it_too(entry):
    for change in (
        entry.save,
        entry.delete,
        lambda: Entry.objects.update(amount_microusd=1),
        lambda: Entry.objects.all().delete(),
        lambda: Entry.objects.bulk_update([entry], ["note"]),
    ):
        with pytest.raises(AppendOnly):
            change()


def test_deleting_a_hunt_leaves_its_money_in_the_books(db):
    candidate = CandidateFactory()
    run = candidate.run
    hold = ledger.reserve(run.budget_id, 10, provider="exa", operation="search", lead_ref=candidate.lead_id)
    assert hold is not None
    ledger.settle(hold, 4)
    run.hunt.delete()
    assert Budget.objects.get(pk=run.budget_id).spent_microusd == 4
    assert Hold.objects.get().charged_microusd == 4
    assert list(violations()) == []


def test_a_workspace_with_books_cannot_be_deleted(entry, team):
    with pytest.raises(ProtectedError):
        team.delete()


def test_a_wrong_column_is_found(entry, activity):
    assert list(violations()) == []
    Budget.objects.filter(pk=entry.budget_id).update(spent_microusd=3)
    told = " ".join(violations())
    assert f"Budget {entry.budget_id} (activity) says 0 µ$ reserved and 3 µ$ spent, its holds 0 and 4." in told
    assert f"Budget {entry.budget_id} and the books differ" in told


def test_a_move_that_is_not_in_the_books_is_found(entry):
    Hold.objects.filter(pk=entry.hold_id).update(settled_microusd=5)
    assert any(f"Hold {entry.hold_id} (settled) and the books differ" in line for line in violations())


def test_a_refund_that_is_not_in_the_books_is_found(entry):
    Hold.objects.filter(pk=entry.hold_id).update(refunded_microusd=1)
    assert f"Hold {entry.hold_id}: 1 µ$ refunded, 0 µ$ in the books." in list(violations())


def test_holds_without_a_ceiling_of_their_month_are_found(entry):
    Budget.objects.filter(scope=Budget.Scope.PROVIDER).delete()
    assert [line for line in violations() if line.startswith("Holds of provider") and "exa have no budget." in line]


@pytest.mark.parametrize("scope", [Budget.Scope.INSTALLATION, Budget.Scope.WORKSPACE, Budget.Scope.LEAD])
def test_a_ceiling_of_a_month_that_differs_from_its_holds_is_found(team, activity, scope):
    ceilings.set_limit(team, Budget.Scope.LEAD, 100)
    for lead in (7, 8):
        ledger.reserve(activity().pk, 10, provider="exa", operation="search", lead_ref=lead)
    assert list(violations()) == []
    wrong = Budget.objects.filter(scope=scope).order_by("pk").first()
    held = 10 if scope == Budget.Scope.LEAD else 20
    Budget.objects.filter(pk=wrong.pk).update(reserved_microusd=1)
    (told,) = violations()
    assert told == f"Budget {wrong.pk} ({scope}) says 1 µ$ reserved and 0 µ$ spent, its holds {held} and 0."


def _memory_to_check_all() -> int:
    """Return the most memory that checking took, in bytes."""
    gc.collect()
    tracemalloc.start()
    assert list(violations()) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_ten_times_the_holds_take_no_more_memory_to_check(team, activity):
    _held(activity(), 100)
    few = _memory_to_check_all()
    _held(activity(), 1_000)
    assert _memory_to_check_all() < 1.5 * few


def _held(money: Budget, count: int) -> None:
    """Take `count` holds of 1 µ$ at once, each for another lead, with their entries and ceilings."""
    ledger.reserve(money.pk, 1, provider="exa", operation="search")
    first = Hold.objects.latest("pk")
    values = {"workspace_id": first.workspace_id, "period": first.period, "provider": "exa", "operation": "search"}
    made = Hold.objects.bulk_create(
        Hold(budget=money, amount_microusd=1, lead_ref=number, **values) for number in range(count)
    )
    Entry.objects.bulk_create(
        Entry(budget=money, hold=hold, credit="available", debit="held", amount_microusd=1) for hold in made
    )
    within = Budget.objects.filter(period=first.period) | Budget.objects.filter(pk=money.pk)
    Budget.objects.filter(pk__in=within.values("pk")).update(reserved_microusd=F("reserved_microusd") + count)
