"""JSON that every database takes, made of whatever a service said.

PostgreSQL refuses NUL and halves of surrogate pairs in a text, both databases NaN and Infinity, and Python writes no
number of some thousand digits. An answer that cannot be stored could not be settled either: it would be paid for again.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

Json = Any

# Far deeper than any form of ours, far less deep than what is too much for Python or PostgreSQL.
DEEPEST = 64
_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")


def storable(value: Json, *, depth: int = 0) -> Json:
    """Return `value` as it comes back from the database: NUL left out, halves of pairs replaced by U+FFFD.

    Numbers that are none or larger than a double holds are `None`, and so is what is nested deeper than DEEPEST.
    Raises TypeError for what is not JSON, which is a mistake of ours.
    """
    if isinstance(value, str):
        return storable_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if _is_sensible(value) else None
    if not isinstance(value, Mapping | list | tuple):
        raise TypeError(f"a {type(value).__name__} is not JSON")
    if depth == DEEPEST:
        return None
    if isinstance(value, Mapping):
        return {storable_text(name): storable(inner, depth=depth + 1) for name, inner in value.items()}
    return [storable(inner, depth=depth + 1) for inner in value]


def storable_text(text: str) -> str:
    """Return `text` without NUL, and with U+FFFD for each half of a surrogate pair."""
    return _HALF_OF_A_PAIR.sub("\ufffd", text.replace("\0", ""))


def _is_sensible(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer beyond what a double holds
        return False
