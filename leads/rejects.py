"""The file of rows that could not be imported, with the reason of each."""

import csv
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from leads.csv_files import inert


class Rejects:
    """A CSV file, made with the first bad row: its line, the reason, and the row as it stands in the imported file.

    It can be opened in a spreadsheet: a row that would start a formula has an apostrophe before it. Bytes that are
    in no encoding are written as they were.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._stream: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def add(self, line: int, reason: str, raw: str) -> None:
        """Write one row. Raises OSError."""
        if self._stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("w", encoding="utf-8-sig", errors="surrogateescape", newline="")
            self._writer = csv.writer(self._stream)
            self._writer.writerow(["line", "reason", "row"])
        self._writer.writerow([line, reason, inert(raw)])
        self.count += 1
