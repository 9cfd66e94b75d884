"""CSV as people's programs write it, streamed: one broken row costs that row only."""

import csv
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import IO

from django.utils.translation import gettext as _

from leads.table_rows import BadRow, Row

LONGEST_LINE = 1_000_000  # characters
MOST_LINES_A_ROW = 100  # a quoted cell may hold line breaks; a quote that is never closed must not eat the file
DELIMITERS = ",;\t|"
# A byte that is not in the encoding: decoded with surrogateescape (UTF-8), or with replace (the others).
UNDECODABLE = re.compile("[\udc80-\udcff\ufffd]")
UNDECODABLE_UTF8 = re.compile("[\udc80-\udcff]")

Line = tuple[int, str]


class Lines:
    """Numbered lines of a text that can be put back. What is longer than a line can be is cut into several."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._number = 0
        self._waiting: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        if self._waiting:
            return self._waiting.popleft()
        line = self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self._number += 1
        return self._number, line

    def put_back(self, lines: Iterable[Line]) -> None:
        self._waiting.extendleft(reversed(list(lines)))


def csv_rows(text: IO[str], undecodable: re.Pattern[str]) -> Iterator[Row | BadRow]:
    """Yield the rows under the header, which is the first line that is not blank."""
    lines = Lines(text)
    delimiter, columns = _header(lines)
    for line in lines:
        record = _record(line, lines, delimiter)
        if isinstance(record, BadRow):
            yield record
            continue
        raw, cells = record
        if undecodable.search(raw):
            yield BadRow(line[0], _("This row has characters that are not in the file's encoding."), raw)
        elif any(cell.strip() for cell in cells[len(columns) :]):
            reason = _("This row has %(cells)s cells, but the header has %(columns)s columns.")
            yield BadRow(line[0], reason % {"cells": len(cells), "columns": len(columns)}, raw)
        elif any(cell.strip() for cell in cells):
            yield Row(line[0], dict(zip(columns, cells, strict=False)), raw)


def unique(columns: Iterable[object]) -> list[str]:
    """Return column names, each once: a second "Web" is "Web (2)", so that its cells do not replace the first one's."""
    names: list[str] = []
    for column in map(str, columns):
        name = column.strip()
        names.append(f"{name} ({names.count(name) + 1})" if name in names else name)
    return names


def _header(lines: Lines) -> tuple[str, list[str]]:
    line = next(((number, line) for number, line in lines if line.strip()), (0, ""))
    if stated := re.match(r"sep=(.)\r?\n?$", line[1]):  # Excel's own first line
        delimiter = stated[1]
        line = next(lines, (0, ""))
    else:
        bare = re.sub(r'"[^"]*"', "", line[1])
        delimiter = max(DELIMITERS, key=bare.count)
    record = _record(line, lines, delimiter)
    return delimiter, unique([] if isinstance(record, BadRow) else record[1])


def _record(first: Line, lines: Lines, delimiter: str) -> tuple[str, list[str]] | BadRow:
    """Return the record that begins with the line `first` as its text and its cells; it may go on over more `lines`.

    Where the quotes do not fit, the lines after the first are put back and the first is read for itself.
    """
    taken = [first]
    try:
        cells = next(csv.reader(_going_on(taken, lines), delimiter=delimiter, strict=True), [])
    except csv.Error:
        lines.put_back(taken[1:])
    else:
        return "".join(line for _number, line in taken).rstrip("\r\n"), cells
    raw = first[1].rstrip("\r\n")
    try:
        return raw, next(csv.reader(_going_on([first], iter(())), delimiter=delimiter), [])
    except csv.Error:
        return BadRow(first[0], _("A quotation mark in this row is never closed, or a cell is too long."), raw)


def _going_on(taken: list[Line], lines: Iterator[Line]) -> Iterator[str]:
    """Yield the first line, then, as long as a quoted cell is open, the next ones."""
    yield taken[0][1]
    length = len(taken[0][1])
    for number, line in itertools.islice(lines, MOST_LINES_A_ROW - 1):
        taken.append((number, line))
        length += len(line)
        if length > LONGEST_LINE:
            break
        yield line
    raise csv.Error("the quoted cell does not end")
