"""Any order of moves under several ceilings keeps the books, and is charged as a plain sum says."""

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts.models import Workspace
from billing import ceilings, ledger
from billing.invariants import violations
from billing.models import Budget, Hold

Scope = Budget.Scope
PROVIDERS = st.sampled_from(["openai", "exa"])
LEADS = st.sampled_from([None, 1, 2])
AMOUNTS = st.integers(1, 700)


class Money(RuleBasedStateMachine):
    """Two runs of one workspace spend with two providers on two leads, while somebody moves the limits."""

    def __init__(self) -> None:
        super().__init__()
        self.workspace = Workspace.start("Acme")
        self.runs = [Budget.objects.create(workspace=self.workspace, cap_microusd=cap) for cap in (1_000, 400)]
        self.held: list[int] = []
        self.charged: list[int] = []
        self.closed: list[int] = []
        self.refunds: list[tuple[int, int, str]] = []

    def room(self, run: Budget, provider: str, lead: int | None) -> int:
        """Return what the tightest ceiling leaves, counted from the holds themselves."""
        caps = {
            Scope.ACTIVITY: Budget.objects.get(pk=run.pk).cap_microusd,
            Scope.WORKSPACE: ceilings.limit_of(self.workspace.pk, Scope.WORKSPACE),
            Scope.PROVIDER: ceilings.limit_of(self.workspace.pk, Scope.PROVIDER, provider),
            Scope.LEAD: ceilings.limit_of(self.workspace.pk, Scope.LEAD) if lead else None,
        }
        holds = list(Hold.objects.filter(workspace=self.workspace))
        fitting = {
            Scope.ACTIVITY: [one for one in holds if one.budget_id == run.pk],
            Scope.WORKSPACE: holds,
            Scope.PROVIDER: [one for one in holds if one.provider == provider],
            Scope.LEAD: [one for one in holds if one.lead_ref == lead],
        }
        used = {scope: sum(_counts(one) for one in those) for scope, those in fitting.items()}
        return min(cap - used[scope] for scope, cap in caps.items() if cap is not None)

    @rule(which=st.integers(0, 1), amount=AMOUNTS, provider=PROVIDERS, lead=LEADS)
    def reserve(self, which: int, amount: int, provider: str, lead: int | None) -> None:
        room = self.room(self.runs[which], provider, lead)
        try:
            hold = ledger.reserve(self.runs[which].pk, amount, provider=provider, operation="complete", lead_ref=lead)
        except ledger.OverCap:
            assert amount > room
        else:
            assert hold is not None and amount <= room
            self.held.append(hold)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), actual=st.integers(0, 3_000))
    def settle(self, data, actual: int) -> None:
        hold = self._take(data)
        room = max(self.room(hold.budget, hold.provider, hold.lead_ref), 0)
        expected = min(actual, hold.amount_microusd + room)
        assert ledger.settle(hold.pk, actual) == expected
        self.charged.append(hold.pk)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data) -> None:
        hold = self._take(data)
        assert ledger.release(hold.pk)
        self.closed.append(hold.pk)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def write_off(self, data) -> None:
        hold = self._take(data)
        assert ledger.write_off(hold.pk)
        self.charged.append(hold.pk)

    @precondition(lambda self: self.charged)
    @rule(data=st.data(), amount=AMOUNTS)
    def refund(self, data, amount: int) -> None:
        hold = Hold.objects.get(pk=data.draw(st.sampled_from(self.charged)))
        key = f"{hold.pk}-{len(self.refunds)}"
        try:
            assert ledger.refund(hold.pk, amount, key=key)
        except ledger.RefundRefused:
            assert amount > hold.charged_microusd
        else:
            assert amount <= hold.charged_microusd
            self.refunds.append((hold.pk, amount, key))

    @precondition(lambda self: self.refunds)
    @rule(data=st.data())
    def refund_again_with_the_same_key(self, data) -> None:
        hold, amount, key = data.draw(st.sampled_from(self.refunds))
        assert ledger.refund(hold, amount, key=key) is False

    @precondition(lambda self: self.closed)
    @rule(data=st.data())
    def close_again(self, data) -> None:
        hold = data.draw(st.sampled_from(self.closed))
        assert ledger.settle(hold, 500) == 0
        assert not ledger.release(hold)
        assert not ledger.write_off(hold)

    @rule(which=st.integers(0, 1), cap=st.integers(0, 2_000))
    def grant(self, which: int, cap: int) -> None:
        before = Budget.objects.get(pk=self.runs[which].pk).cap_microusd
        assert ledger.raise_cap(self.runs[which].pk, cap) == (cap > before)

    @rule(scope=st.sampled_from([Scope.WORKSPACE, Scope.LEAD]), limit=st.none() | st.integers(0, 1_500))
    def limit(self, scope: Scope, limit: int | None) -> None:
        ceilings.set_limit(self.workspace, scope, limit)

    @rule(provider=PROVIDERS, limit=st.none() | st.integers(0, 1_000))
    def limit_provider(self, provider: str, limit: int | None) -> None:
        ceilings.set_limit(self.workspace, Scope.PROVIDER, limit, subject=provider)

    @invariant()
    def books_are_right(self) -> None:
        assert list(violations()) == []

    def _take(self, data) -> Hold:
        pk = data.draw(st.sampled_from(self.held))
        self.held.remove(pk)
        return Hold.objects.get(pk=pk)


def _counts(hold: Hold) -> int:
    return hold.amount_microusd if hold.status == Hold.Status.HELD else hold.charged_microusd


class MoneyTest(TestCase):
    def test_any_order_of_moves_keeps_the_books(self) -> None:
        run_state_machine_as_test(
            Money, settings=hypothesis_settings(max_examples=12, stateful_step_count=25, deadline=None)
        )
