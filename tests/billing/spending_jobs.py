"""What the processes of the tests of contention do."""

import random
from collections.abc import Sequence

from billing import ledger


def spend(budgets: Sequence[int], seed: int) -> int:
    """Take what is to be had, for random leads at random providers; return how many holds that were.

    Some calls cost ten times what was set aside.
    """
    chance = random.Random(seed)
    won = 0
    for _ in range(30):
        amount = chance.randint(1, 40)
        whom = {"provider": chance.choice(["exa", "openai"]), "lead_ref": chance.choice([None, 1, 2, 3])}
        try:
            hold = ledger.reserve(chance.choice(budgets), amount, operation="call", **whom)
        except ledger.OverCap:
            continue
        won += 1
        fate = chance.random()
        if fate < 0.2:
            ledger.release(hold)
        elif fate < 0.9:
            ledger.settle(hold, amount * (10 if fate < 0.3 else 1))
    return won
