"""How long the audit log is kept, and that nothing but that takes anything out of it."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django_q.models import Schedule

from accounts import audit_pruning
from accounts.append_only import AppendOnly
from accounts.audit_models import AuditEntry, AuditPruning
from config.checks import audit_log_is_kept_for_a_while

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(workspace):
    """Write an entry of so many days ago, which nothing of ours can."""

    def make(days: int) -> int:
        at = timezone.now() - timedelta(days=days)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO accounts_auditentry"
                " (workspace_id, verb, object_type, object_id, words, ip, request_id, at)"
                " VALUES (%s, 'run.started', '', '', '', '', '', %s)",
                [workspace.pk, connection.ops.adapt_datetimefield_value(at)],
            )
        return AuditEntry.objects.latest("pk").pk

    return make


def left() -> list[int]:
    return list(AuditEntry.objects.order_by("pk").values_list("pk", flat=True))


def delete(pk: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_auditentry WHERE id = %s", [pk])


def test_entries_go_when_their_time_is_up_and_no_sooner(entry, settings):
    settings.AUDIT_DAYS = 730
    old, young, new = entry(740), entry(729), entry(0)
    assert audit_pruning.prune() == 1
    assert left() == [young, new]
    assert audit_pruning.prune() == 0
    assert old not in left()


def test_zero_keeps_them_for_ever(entry, settings):
    settings.AUDIT_DAYS = 0
    old = entry(9_000)
    assert audit_pruning.prune() == 0
    assert left() == [old]


def test_many_go_in_batches(entry, settings, monkeypatch):
    monkeypatch.setattr(audit_pruning, "BATCH", 3)
    for _n in range(7):
        entry(1_000)
    assert audit_pruning.prune() == 7


def test_the_database_lets_no_old_entry_go_before_it_is_pruned(entry):
    old = entry(1_000)
    with pytest.raises(DatabaseError, match="append-only"):
        delete(old)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=old).prune()
    with pytest.raises(AppendOnly):
        AuditEntry.objects.filter(pk=old).delete()
    assert left() == [old]


def test_it_lets_no_entry_of_the_last_three_months_go_whatever_is_asked(entry, settings):
    AuditPruning.objects.create(before=timezone.now() + timedelta(days=1))
    young, old = entry(89), entry(91)
    with pytest.raises(DatabaseError, match="append-only"):
        delete(young)
    delete(old)
    settings.AUDIT_DAYS = 1
    assert audit_pruning.prune() == 0
    assert left() == [young]


def test_nor_does_it_let_an_old_one_be_changed(entry):
    AuditPruning.objects.create(before=timezone.now())
    entry(1_000)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_auditentry SET verb = ''")


def test_what_was_pruned_up_to_when_is_kept(entry, settings):
    settings.AUDIT_DAYS = 730
    entry(740)
    audit_pruning.prune()
    before = AuditPruning.objects.get().before
    assert timedelta(days=730) <= timezone.now() - before < timedelta(days=732)


def test_the_queue_does_it_every_day(queue_schedules):
    assert queue_schedules["accounts.audit_pruning.prune"].schedule_type == Schedule.DAILY


@pytest.mark.parametrize(("days", "is_fine"), [(0, True), (90, True), (730, True), (89, False), (-1, False)])
def test_a_time_that_is_too_short_is_told_at_the_start(settings, days, is_fine):
    settings.AUDIT_DAYS = days
    assert (audit_log_is_kept_for_a_while(None) == []) is is_fine
