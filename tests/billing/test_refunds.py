"""Refunds beyond what one operator may give back alone: asked for by one, decided once by another, paid once."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import post
from accounts.audit_models import AuditEntry
from accounts.letter_models import Letter
from accounts.models import User
from billing import ledger, refund_mail, refunds
from billing.invariants import violations
from billing.models import Budget, Entry, Hold
from billing.refund_models import RefundRequest
from billing.refunds import NotDecided, Outcome
from tests.conftest import signed_in
from tests.factories import UserFactory
from tests.harness.proof import proved

pytestmark = pytest.mark.django_db

JOBS = "tests.billing.refund_jobs"
LIST = "admin:billing_refundrequest_changelist"
HOLDS = "admin:billing_hold_changelist"
Status = RefundRequest.Status


@pytest.fixture(autouse=True)
def five_dollars_alone(settings):
    settings.REFUND_ALONE_MICROUSD = 5_000_000


def operator(*, second_step: bool = True, **values) -> User:
    user = UserFactory(is_staff=True, **values)
    if second_step:
        Authenticator.objects.create(user=user, type="totp", data={})
    names = ("view_hold", "change_hold", "view_refundrequest")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


@pytest.fixture
def asker(db) -> User:
    return operator(email="asker@staff.example")


@pytest.fixture
def other(db) -> User:
    return operator(email="other@staff.example")


@pytest.fixture
def charged(activity):
    """Make a charge of so much."""

    def make(microusd: int = 8_000_000, **more) -> Hold:
        pk = ledger.reserve(activity(**more).pk, microusd, provider="openai", operation="complete")
        ledger.settle(pk, microusd)
        return Hold.objects.get(pk=pk)

    return make


@pytest.fixture
def asked(charged, asker) -> RefundRequest:
    """A refund of 8 dollars that waits for another operator."""
    assert refunds.refund(charged().pk, None, key="page", by=asker, reason="never worked") is Outcome.WAITS
    return RefundRequest.objects.get()


def spent(hold: Hold) -> int:
    return Budget.objects.get(pk=hold.budget_id).spent_microusd


def paid(hold: Hold) -> list[int]:
    return list(Entry.objects.filter(hold=hold, refund_key__isnull=False).values_list("amount_microusd", flat=True))


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))


def test_what_one_operator_may_give_back_is_paid_at_once(charged, asker):
    hold = charged()
    assert refunds.refund(hold.pk, 5_000_000, key="k", by=asker, reason="r") is Outcome.PAID
    assert refunds.refund(hold.pk, 5_000_000, key="k", by=asker, reason="r") is Outcome.DONE_BEFORE
    assert spent(hold) == 3_000_000
    assert not RefundRequest.objects.exists()


def test_beyond_that_it_waits_and_another_operator_pays_it_by_approving(asked, asker, other):
    assert (spent(asked.hold), asked.amount_microusd, asked.reason) == (8_000_000, 8_000_000, "never worked")
    refunds.approve(asked.pk, by=other)
    asked.refresh_from_db()
    assert (asked.status, asked.decided_by, asked.entry.amount_microusd) == (Status.PAID, other, 8_000_000)
    assert asked.entry.by == other
    assert spent(asked.hold) == 0
    assert verbs() == ["refund.asked", "money.refunded", "refund.approved"]
    assert list(violations()) == []


@pytest.mark.parametrize("how", ["approve", "decline"])
def test_nobody_decides_what_they_asked_for(asked, asker, how):
    with pytest.raises(NotDecided, match="Another operator"):
        getattr(refunds, how)(asked.pk, by=asker)
    assert spent(asked.hold) == 8_000_000


@pytest.mark.parametrize("status", [Status.PAID, Status.DECLINED])
def test_nor_does_the_database_let_them(asked, asker, status):
    entry = Entry.objects.filter(hold=asked.hold).last() if status == Status.PAID else None
    for by in (asker, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            RefundRequest.objects.update(status=status, decided_by=by, decided_at=timezone.now(), entry=entry)


def test_the_database_knows_no_payment_without_its_entry(asked, other):
    with pytest.raises(IntegrityError), transaction.atomic():
        RefundRequest.objects.update(status=Status.PAID, decided_by=other, decided_at=timezone.now())


def test_who_is_no_operator_decides_nothing(asked, settings):
    settings.ADMIN_NEEDS_SECOND_STEP = True
    without_second_step, customer = operator(second_step=False), UserFactory()
    Authenticator.objects.create(user=customer, type="totp", data={})
    for user in (without_second_step, customer):
        with pytest.raises(NotDecided, match="second step"):
            refunds.approve(asked.pk, by=user)
    Authenticator.objects.create(user=without_second_step, type="totp", data={})
    refunds.approve(asked.pk, by=without_second_step)
    assert spent(asked.hold) == 0


def test_a_request_is_decided_once(asked, asker, other):
    refunds.decline(asked.pk, by=other, answer="it worked")
    for how, by in (("approve", other), ("decline", other), ("cancel", asker)):
        with pytest.raises(NotDecided, match="decided already"):
            getattr(refunds, how)(asked.pk, by=by)
    asked.refresh_from_db()
    assert (asked.status, asked.answer, spent(asked.hold)) == (Status.DECLINED, "it worked", 8_000_000)
    assert verbs() == ["refund.asked", "refund.declined"]


def test_who_asked_takes_it_back_and_nobody_else_does(asked, asker, other):
    with pytest.raises(NotDecided, match="Only who asked"):
        refunds.cancel(asked.pk, by=other)
    refunds.cancel(asked.pk, by=asker)
    assert verbs() == ["refund.asked", "refund.cancelled"]


def test_a_request_that_waited_for_too_long_is_not_paid(asked, other):
    RefundRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotDecided, match="too long"):
        refunds.approve(asked.pk, by=other)
    assert spent(asked.hold) == 8_000_000


def test_a_page_that_is_sent_twice_asks_once(asked, asker):
    assert refunds.refund(asked.hold_id, None, key="page", by=asker, reason="again") is Outcome.WAITS
    assert RefundRequest.objects.count() == 1


@pytest.mark.parametrize("amount", [None, 4_000_000])
def test_a_page_that_is_sent_again_when_one_operator_may_do_it_alone_goes_on_waiting(
    charged, asker, other, settings, amount
):
    hold = charged(4_000_000)
    settings.REFUND_ALONE_MICROUSD = 3_000_000
    assert refunds.refund(hold.pk, amount, key="page", by=asker, reason="r") is Outcome.WAITS
    settings.REFUND_ALONE_MICROUSD = 50_000_000  # as when the day is over, in which others were paid
    assert refunds.refund(hold.pk, amount, key="page", by=asker, reason="r") is Outcome.WAITS
    assert paid(hold) == []
    refunds.approve(RefundRequest.objects.get().pk, by=other)
    assert refunds.refund(hold.pk, amount, key="page", by=asker, reason="r") is Outcome.DONE_BEFORE
    assert paid(hold) == [4_000_000]


def test_the_day_after_a_page_that_is_sent_again_is_not_paid_twice(charged, asker, other, monkeypatch):
    refunds.refund(charged(4_000_000).pk, None, key="small", by=asker, reason="r")
    hold = charged(8_000_000)
    assert refunds.refund(hold.pk, 4_000_000, key="page", by=asker, reason="r") is Outcome.WAITS
    request = RefundRequest.objects.get()
    later = timezone.now() + timedelta(hours=25)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert refunds.may_alone(hold.workspace_id, 4_000_000)
    assert refunds.refund(hold.pk, 4_000_000, key="page", by=asker, reason="r") is Outcome.WAITS
    refunds.approve(request.pk, by=other)
    assert paid(hold) == [4_000_000]


@pytest.mark.parametrize("how", ["decline", "cancel"])
def test_a_page_that_is_sent_again_does_not_pass_a_decision_by(asked, asker, other, settings, how):
    getattr(refunds, how)(asked.pk, by=other if how == "decline" else asker)
    settings.REFUND_ALONE_MICROUSD = 50_000_000
    assert refunds.refund(asked.hold_id, None, key="page", by=asker, reason="r") is Outcome.DONE_BEFORE
    assert (spent(asked.hold), paid(asked.hold)) == (8_000_000, [])


def test_a_page_that_is_sent_again_for_another_amount_or_charge_is_refused(asked, charged, asker, settings):
    settings.REFUND_ALONE_MICROUSD = 50_000_000
    for hold_id, amount in ((asked.hold_id, 1), (charged().pk, None)):
        with pytest.raises(ledger.RefundRefused, match="another refund"):
            refunds.refund(hold_id, amount, key="page", by=asker, reason="r")
    assert not Entry.objects.filter(refund_key__isnull=False).exists()


def test_giving_back_passes_no_decision_by_either(activity, asker, other, settings):
    pk = ledger.reserve(activity().pk, 6_000_000, provider="exa", operation="search")
    Hold.objects.update(created_at=timezone.now() - timedelta(days=1))
    assert refunds.give_back(pk, key="k", by=asker, reason="bill 11") is Outcome.WAITS
    settings.REFUND_ALONE_MICROUSD = 50_000_000
    assert refunds.give_back(pk, key="k", by=asker, reason="bill 11") is Outcome.WAITS
    refunds.decline(RefundRequest.objects.get().pk, by=other)
    assert refunds.give_back(pk, key="k", by=asker, reason="bill 11") is Outcome.DONE_BEFORE
    assert Hold.objects.get(pk=pk).status == Hold.Status.HELD


def test_small_refunds_of_a_day_count_together_over_charges_runs_and_operators(charged, asker, other, settings):
    first, second = charged(3_000_000), charged(3_000_000)
    assert refunds.refund(first.pk, None, key="1", by=asker, reason="r") is Outcome.PAID
    assert refunds.refund(second.pk, 2_000_000, key="2", by=other, reason="r") is Outcome.PAID
    assert refunds.refund(second.pk, 1, key="3", by=asker, reason="r") is Outcome.WAITS
    refunds.approve(RefundRequest.objects.get().pk, by=other)
    assert refunds.alone_lately(first.workspace_id) == 5_000_000  # what two gave back is not counted


def test_other_workspaces_and_yesterday_do_not_count(charged, asker, stranger, monkeypatch):
    refunds.refund(charged().pk, 5_000_000, key="1", by=asker, reason="r")
    elsewhere = charged(workspace=stranger.workspaces.get())
    assert refunds.refund(elsewhere.pk, 5_000_000, key="2", by=asker, reason="r") is Outcome.PAID
    monkeypatch.setattr(refunds, "WITHIN", timedelta())
    assert refunds.refund(charged().pk, 5_000_000, key="3", by=asker, reason="r") is Outcome.PAID


def test_giving_back_what_was_not_billed_is_held_to_the_same_limit(activity, asker, other):
    pk = ledger.reserve(activity().pk, 6_000_000, provider="exa", operation="search")
    Hold.objects.update(created_at=timezone.now() - timedelta(days=1))
    assert refunds.give_back(pk, key="k", by=asker, reason="bill 11") is Outcome.WAITS
    refunds.approve(RefundRequest.objects.get().pk, by=other)
    hold = Hold.objects.get(pk=pk)
    assert hold.status == Hold.Status.RELEASED
    assert RefundRequest.objects.get().entry.credit == Entry.Account.HELD
    assert list(violations()) == []


def test_what_was_refunded_meanwhile_is_not_paid_and_the_request_goes_on_waiting(asked, asker, other):
    refunds.refund(asked.hold_id, 1_000_000, key="else", by=asker, reason="r")
    with pytest.raises(ledger.RefundRefused, match="more than what remains"):
        refunds.approve(asked.pk, by=other)
    asked.refresh_from_db()
    assert asked.is_waiting
    assert spent(asked.hold) == 7_000_000


def test_the_other_operators_are_written_to_once_also_where_the_mail_server_is_away(asked, asker, other, settings):
    operator(is_active=False)
    UserFactory(is_staff=True)  # without a right to money
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert [refund_mail.tell_operators(asked.pk) for _ in range(2)] == [1, 0]
    post.send_due()
    settings.EMAIL_BACKEND = backend
    Letter.objects.update(not_before=timezone.now())
    post.send_due()
    assert [message.to for message in mail.outbox] == [[other.email]]
    assert "$8.00" in mail.outbox[0].subject
    assert reverse("admin:billing_refundrequest_change", args=[asked.pk]) in mail.outbox[0].body


# --- at once ---------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hows", [("approve", "approve"), ("approve", "decline"), ("approve", "cancel")])
def test_two_who_decide_at_once_decide_once_and_pay_at_most_once(nursery, asked, asker, other, hows):
    third = operator()
    deciders = [asker if how == "cancel" else one for how, one in zip(hows, (other, third), strict=True)]
    children = [
        nursery.start(f"{JOBS}.decide", how, asked.pk, by.pk)
        for _turn in range(3)
        for how, by in zip(hows, deciders, strict=True)
    ]
    assert sum(child.finish() for child in children) == 1
    asked.refresh_from_db()
    is_paid = asked.status == Status.PAID
    assert paid(asked.hold) == ([8_000_000] if is_paid else [])
    assert spent(asked.hold) == (0 if is_paid else 8_000_000)
    assert list(violations()) == []


@pytest.mark.django_db(transaction=True)
def test_small_refunds_at_once_do_not_pass_the_limit_together(nursery, charged, asker, other, settings):
    holds = [charged(3_000_000) for _ in range(6)]
    settings_of_all = {"REFUND_ALONE_MICROUSD": 5_000_000}
    children = [
        nursery.start(f"{JOBS}.refund", hold.pk, 2_000_000, f"k{hold.pk}", by.pk, **settings_of_all)
        for hold, by in zip(holds, [asker, other] * 3, strict=True)
    ]
    assert sorted(child.finish() for child in children) == ["PAID"] * 2 + ["WAITS"] * 4
    assert refunds.alone_lately(holds[0].workspace_id) == 4_000_000
    assert list(violations()) == []


@pytest.mark.django_db(transaction=True)
def test_a_page_that_is_sent_five_times_at_once_asks_or_pays_once(nursery, charged, asker):
    hold = charged()
    for amount, rows in ((2_000_000, Entry.objects.exclude(refund_key=None)), (6_000_000, RefundRequest.objects)):
        sent = [
            nursery.start(f"{JOBS}.refund", hold.pk, amount, f"k{amount}", asker.pk, REFUND_ALONE_MICROUSD=5_000_000)
            for _ in range(5)
        ]
        [child.finish() for child in sent]
        assert rows.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_approval_that_is_killed_half_way_has_paid_nothing_and_can_be_given_again(nursery, asked, other):
    killed = nursery.start(f"{JOBS}.decide", "approve", asked.pk, other.pk, CRASH_AT="refunds.paid:1", DEBUG=True)
    assert killed.was_killed
    assert (paid(asked.hold), spent(asked.hold)) == ([], 8_000_000)
    refunds.approve(asked.pk, by=other)
    assert (paid(asked.hold), spent(asked.hold)) == ([8_000_000], 0)
    assert list(violations()) == []


# --- in the console --------------------------------------------------------------------------------


def console(user: User) -> Client:
    return proved(signed_in(user))


def act(client: Client, action: str, *requests: RefundRequest, **said: str) -> str:
    data = {"action": action, "_selected_action": [one.pk for one in requests], **said}
    return client.post(reverse(LIST), data, follow=True).text


def test_the_console_leaves_a_request_and_another_operator_approves_it_there(charged, asker, other):
    hold = charged()
    data = {"action": "refund", "_selected_action": [hold.pk], "key": "page-1", "reason": "never worked"}
    assert "waits for another one" in console(asker).post(reverse(HOLDS), data, follow=True).text
    waiting = RefundRequest.objects.get()
    assert "you asked for it yourself" in act(console(asker), "approve", waiting)
    assert spent(hold) == 8_000_000
    approver = console(other)
    assert "$8.00" in approver.get(reverse(LIST)).text
    assert "done." in act(approver, "approve", waiting)
    act(approver, "approve", waiting)
    assert "No refund is here" in approver.get(reverse(LIST)).text
    assert (paid(hold), spent(hold)) == ([8_000_000], 0)


def test_declining_and_taking_back_in_the_console(asked, asker, other):
    assert "Only who asked" in act(console(other), "cancel", asked)
    assert "done." in act(console(other), "decline", asked, answer="it worked")
    asked.refresh_from_db()
    assert (asked.status, asked.answer) == (Status.DECLINED, "it worked")


def test_an_empty_list_says_where_refunds_begin(other):
    page = console(other).get(reverse(LIST)).text
    assert "No refund is here" in page
    assert reverse(HOLDS) in page


def test_requests_are_filtered_by_what_became_of_them(asked, asker, other):
    client = console(other)

    def shown(state: str) -> bool:
        return f'value="{asked.pk}"' in client.get(reverse(LIST), {"state": state} if state else {}).text

    assert [shown(state) for state in ("", "all", "expired", "declined")] == [True, True, False, False]
    RefundRequest.objects.update(expires_at=timezone.now())
    assert [shown(state) for state in ("", "all", "expired", "declined")] == [False, True, True, False]


@pytest.mark.parametrize("page", [LIST, HOLDS])
def test_money_is_moved_only_by_who_has_just_proved_who_they_are(asked, other, page):
    client = signed_in(other)
    row, action = (asked, "approve") if page == LIST else (asked.hold, "refund")
    data = {"action": action, "_selected_action": [row.pk], "key": "p", "reason": "r", "dollars": "1"}
    answer = client.post(reverse(page), data)
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert spent(asked.hold) == 8_000_000


def test_what_was_sent_is_done_after_the_proof(asked, other):
    client = Client(enforce_csrf_checks=True)
    client.force_login(other)

    def token(page: str) -> str:
        return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(page).text)[1]

    data = {"action": "approve", "_selected_action": [asked.pk], "csrfmiddlewaretoken": token(reverse(LIST))}
    away = client.post(reverse(LIST), data).headers["Location"]
    proof = {"password": "a-good-password", "csrfmiddlewaretoken": token(away), "next": reverse(LIST)}
    assert "done." in client.post("/accounts/reauthenticate/", proof, follow=True).text
    assert spent(asked.hold) == 0


def test_who_may_only_look_decides_nothing(asked):
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_refundrequest"))
    act(console(user), "approve", asked)
    asked.refresh_from_db()
    assert asked.is_waiting
