"""Six processes spend under the same ceilings at once; none is ever crossed, nobody waits for ever, nothing is lost."""

import subprocess
from collections.abc import Sequence

import pytest

from billing import ceilings
from billing.invariants import ceilings_are_kept, violations
from billing.models import Budget, Hold
from tests.harness.processes import start_python

Scope = Budget.Scope

# Each takes what it can get for random leads at random providers, and some calls cost ten times what was set aside.
SPENDER = """
import random
from billing import ledger
budgets, seed = [int(pk) for pk in sys.argv[1].split(",")], int(sys.argv[2])
chance = random.Random(seed)
won = 0
for _ in range(30):
    amount = chance.randint(1, 40)
    try:
        hold = ledger.reserve(
            chance.choice(budgets), amount, provider=chance.choice(["exa", "openai"]), operation="call",
            lead_ref=chance.choice([None, 1, 2, 3]),
        )
    except ledger.OverCap:
        continue
    won += 1
    fate = chance.random()
    if fate < 0.2:
        ledger.release(hold)
    elif fate < 0.9:
        ledger.settle(hold, amount * (10 if fate < 0.3 else 1))
print(won)
"""


def is_over(spenders: Sequence[subprocess.Popen[str]]) -> bool:
    """Wait a moment for the first that is not done; True when all are."""
    for spender in spenders:
        try:
            spender.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            return False
    return True


@pytest.mark.django_db(transaction=True)
def test_six_processes_never_cross_any_of_many_ceilings(team, activity):
    ceilings.set_limit(team, Scope.WORKSPACE, 900)
    ceilings.set_limit(team, Scope.PROVIDER, 500, subject="exa")
    ceilings.set_limit(team, Scope.LEAD, 250)
    budgets = ",".join(str(activity(cap).pk) for cap in (300, 400, 2_000))
    spenders = [start_python(SPENDER, budgets, str(seed), MONTHLY_SPENDING_LIMIT="0.0008") for seed in range(6)]
    looks = 0
    while not is_over(spenders):
        assert list(ceilings_are_kept()) == []
        looks += 1
    outcomes = [spender.communicate() for spender in spenders]
    assert all(spender.returncode == 0 for spender in spenders), outcomes
    assert list(violations()) == []
    assert looks
    assert Hold.objects.count() == sum(int(out) for out, _err in outcomes)
    assert {budget.scope for budget in Budget.objects.all()} == set(Scope)
    whole = Budget.objects.get(scope=Scope.INSTALLATION)
    assert whole.cap_microusd == 800
    # The tightest of them is used up: everybody was refused in the end, nobody by mistake.
    assert 800 - 40 < whole.committed_microusd <= 800
