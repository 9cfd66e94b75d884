"""XLSX workbooks: the first sheet as rows, after a look at how large it would unpack."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import IO

import python_calamine
from django.utils.translation import gettext as _

from leads.csv_records import unique
from leads.table_rows import BadRow, NotATable, Row, UnreadableFile

LARGEST_FILE = 50_000_000  # bytes
LARGEST_UNPACKED = 300_000_000
# The reader lays a sheet out in full, from its first used cell to its last, so one cell far away would fill the memory.
MOST_CELLS = 5_000_000
CHUNK = 1_000_000
_OVERLAP = 64
_CELL = re.compile(rb"""\sr\s*=\s*["']\$?([A-Za-z]{1,3})?\$?(\d{1,7})["']""")


def workbook_rows(stream: io.BufferedIOBase) -> Iterator[Row | BadRow]:
    """Yield the rows of the first sheet; its first row that is not blank is the header."""
    content = stream.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise NotATable(_too_large())
    _check_size(content)
    try:
        sheet = python_calamine.CalamineWorkbook.from_object(io.BytesIO(content)).get_sheet_by_index(0)
        rows = iter(sheet.iter_rows())
    except (python_calamine.CalamineError, IndexError) as error:
        raise NotATable(_("The file is not a workbook that can be read: %s") % error) from error
    columns: list[str] = []
    for line, cells in enumerate(rows, start=sheet.start[0] + 1 if sheet.start else 1):
        if not any(str(cell).strip() for cell in cells):
            continue
        if columns:
            yield Row(line, dict(zip(columns, cells, strict=False)), " | ".join(map(str, cells)))
        else:
            columns = unique(cells)


def _too_large() -> str:
    return _("The workbook is too large. Save its table as CSV and import that.")


def _check_size(content: bytes) -> None:
    """Unpack the workbook once, holding none of it. What its index says of sizes may be a lie; see zip bombs."""
    unpacked = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
                raise NotATable(_too_large())
            if "[Content_Types].xml" not in archive.namelist():
                raise NotATable(
                    _("The file is a ZIP archive, but not an XLSX workbook. Unpack it and import what is in it.")
                )
            for entry in archive.infolist():
                with archive.open(entry) as part:
                    unpacked += _measure(part, is_sheet="sheet" in entry.filename.lower())
                if unpacked > LARGEST_UNPACKED:
                    raise NotATable(_too_large())
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        # RuntimeError is an encrypted entry, NotImplementedError an unknown compression.
        raise UnreadableFile(_("The workbook is damaged or encrypted: %s") % error) from error


def _measure(part: IO[bytes], *, is_sheet: bool) -> int:
    """Return the size of one part of the archive. Raises NotATable where a sheet is too wide and long."""
    size, column, row = 0, 1, 1
    tail = b""
    while chunk := part.read(CHUNK):
        size += len(chunk)
        if size > LARGEST_UNPACKED:
            break
        if is_sheet:
            for letters, digits in _CELL.findall(tail + chunk):
                column, row = max(column, _column(letters)), max(row, int(digits))
            if column * row > MOST_CELLS:
                raise NotATable(_too_large())
            tail = chunk[-_OVERLAP:]
    return size


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
