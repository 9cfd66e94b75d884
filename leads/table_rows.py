"""What is read out of a table: rows, rows that cannot be read, and why a whole file cannot be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class UnreadableFile(Exception):
    """Reading failed, perhaps in the middle (damaged, cut off, no permission); the message says what to do."""


class NotATable(UnreadableFile):
    """The file is none that can be imported: another file or another format is needed; the message says which."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line (1 is the first of the file), its values by column name, and its text as it stands there."""

    line: int
    values: Mapping[str, Any]
    raw: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read, and why."""

    line: int
    reason: str
    raw: str
