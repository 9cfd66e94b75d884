"""How long to wait before something that failed is tried again."""

import secrets
from datetime import timedelta

_CHANCE = secrets.SystemRandom()
_LONGEST_SECONDS = 600.0


def before_next_try(tries: int, asked_for: float | None = None) -> timedelta:
    """Return the wait after `tries` tries: twice as long each time, at most ten minutes; never less than `asked_for`.

    `asked_for` is what a service asked for, in seconds. Chance lengthens the wait by up to a half, so that all that
    failed at once does not come back at once.
    """
    seconds = asked_for or min(2.0**tries, _LONGEST_SECONDS)
    return timedelta(seconds=seconds * _CHANCE.uniform(1.0, 1.5))
