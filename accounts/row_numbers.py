"""Numbers of rows as addresses and forms name them, where anything may stand."""

# With more digits it would be no number of a row: those are kept in 64 bits.
_MOST_DIGITS = 18


def row_number(text: str) -> int | None:
    """Return the number that a text is; None for what is none, such as signs, spaces and digits of other scripts."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
