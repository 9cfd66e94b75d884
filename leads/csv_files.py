"""CSV files that spreadsheets open rightly: in UTF-8 with Excel's mark, and no cell starts a formula.

CSV has no types, so a text that a spreadsheet might take for a formula gets an apostrophe before it, as OWASP advises;
a phone number such as +49 89 123 gets one too, because a spreadsheet would add it up (importers of phone numbers and
our own import skip the apostrophe). The same holds behind a semicolon, a tab or a line break within a text: where the
list separator is a semicolon, a spreadsheet starts a new cell there, whatever the quotes.
https://owasp.org/www-community/attacks/CSV_Injection
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

CONTENT_TYPE = "text/csv; charset=utf-8"

# Signs that begin a formula somewhere, also full-width ones, and white space that spreadsheets skip before them.
_FORMULA = re.compile(
    r"""^(?=[\s\x00\ufeff]*[=+\-@|%＝＋－＠]|[\t\r\n\x00])|(?<=[;\t\r\n])(?=[\s\x00\ufeff"]*[=+\-@＝＋－＠])"""
)


def lines(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """Yield the lines of a CSV file, the header first, for writing and for streaming."""
    writer = csv.writer(_Echo())
    yield b"\xef\xbb\xbf" + writer.writerow(columns)
    for row in rows:
        yield writer.writerow(map(_cell, row))


def inert(text: str) -> str:
    """Return `text` so that no spreadsheet takes it, or a part of it, for a formula."""
    return _FORMULA.sub("'", text)


def _cell(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return inert(value) if isinstance(value, str) else value


class _Echo:
    """A file that hands back what is written to it, for csv.writer."""

    def write(self, text: str) -> bytes:
        return text.encode("utf-8", "replace")
