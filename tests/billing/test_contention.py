"""Six processes spend under the same ceilings at once; none is ever crossed, nobody waits for ever, nothing is lost."""

import pytest

from billing import ceilings
from billing.invariants import ceilings_are_kept, violations
from billing.models import Budget, Hold

Scope = Budget.Scope


@pytest.mark.django_db(transaction=True)
def test_six_processes_never_cross_any_of_many_ceilings(nursery, team, activity, settings):
    settings.MONTHLY_SPENDING_LIMIT_MICROUSD = 800
    ceilings.set_limit(team, Scope.WORKSPACE, 900)
    ceilings.set_limit(team, Scope.PROVIDER, 500, subject="exa")
    ceilings.set_limit(team, Scope.LEAD, 250)
    budgets = [activity(cap).pk for cap in (300, 400, 2_000)]
    spenders = [nursery.start("tests.billing.spending_jobs.spend", budgets, seed) for seed in range(6)]
    looks = 0
    while not all(spender.is_gone for spender in spenders):
        assert list(ceilings_are_kept()) == []
        looks += 1
    won = [spender.finish() for spender in spenders]
    assert list(violations()) == []
    assert looks
    assert Hold.objects.count() == sum(won)
    assert {budget.scope for budget in Budget.objects.all()} == set(Scope)
    whole = Budget.objects.get(scope=Scope.INSTALLATION)
    assert whole.cap_microusd == 800
    # The tightest of them is used up: everybody was refused in the end, nobody by mistake.
    assert 800 - 40 < whole.committed_microusd <= 800
