"""The lines of a page on which something stands, found in one pass over all of its text."""

import re
from collections.abc import Iterator


def lines_with(sign: re.Pattern[str], text: str) -> Iterator[tuple[int, str]]:
    """Yield (index, line) of each line of `text` that `sign`, which spans no line break, is found on."""
    index, counted, until = 0, 0, -1
    for found in sign.finditer(text):
        if found.start() < until:
            continue  # on the line before it
        index += text.count("\n", counted, found.start())
        counted, start = found.start(), text.rfind("\n", 0, found.start()) + 1
        until = text.find("\n", found.start())
        until = len(text) if until < 0 else until
        yield index, text[start:until]
