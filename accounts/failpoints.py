"""Places where tests kill the process, to show that a crash there loses nothing and pays nothing twice.

It stands on the lowest floor because every floor above has such places. In production it does nothing: CRASH_AT is
obeyed with DEBUG alone, and a system check refuses the two apart (config/checks.py).
"""

import os
import signal
from collections import Counter

from django.conf import settings

# How often each place was passed, counted only while CRASH_AT is set.
passed: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Die of SIGKILL where CRASH_AT is `name:n` and this process comes by for the n-th time; else do nothing."""
    if not settings.CRASH_AT or not settings.DEBUG:
        return
    passed[name] += 1
    place = f"{name}:{passed[name]}"
    if place == settings.CRASH_AT:
        os.kill(os.getpid(), signal.SIGKILL)
