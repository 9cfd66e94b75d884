"""The books are written once: nobody changes or deletes an entry, and money outlives what it was spent on."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from billing import ledger
from billing.invariants import violations
from billing.models import AppendOnly, Budget, Entry, Hold
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
