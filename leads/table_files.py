"""Tables in files: CSV, XLSX and JSONL, each also gzipped, told apart by what is in them and not by their names.

A row that cannot be read is a `BadRow` with the reason, and the rows after it are read all the same.
CSV and JSONL are streamed; XLSX is checked for how large it would unpack before it is opened.
"""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _

from leads.csv_records import UNDECODABLE, UNDECODABLE_UTF8, Lines, csv_rows
from leads.table_rows import BadRow, NotATable, Row, UnreadableFile
from leads.text_encoding import encoding_of
from leads.workbooks import workbook_rows

SAMPLE_BYTES = 4_000
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def read_table(path: Path) -> Iterator[Row | BadRow]:
    """Yield the rows of a file, top to bottom. Raises UnreadableFile, or NotATable where no row could be had at all."""
    try:
        with _unpacked(path) as stream:
            sample = stream.read(SAMPLE_BYTES)
        if sample.startswith(b"PK\x03\x04"):
            with _unpacked(path) as stream:
                yield from workbook_rows(stream)
            return
        with _unpacked(path) as stream:
            encoding = encoding_of(stream)
        _check_text(sample, encoding)
        with _unpacked(path) as stream:
            yield from _text_rows(stream, encoding)
    except FileNotFoundError:
        raise NotATable(_("There is no file %s.") % path) from None
    except IsADirectoryError:
        raise NotATable(_("%s is a folder. Name a file in it.") % path) from None
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(_("%(path)s cannot be read: %(why)s") % {"path": path, "why": error}) from error


def _unpacked(path: Path) -> gzip.GzipFile | io.BufferedReader:
    with path.open("rb") as stream:
        is_gzip = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if is_gzip else path.open("rb")


def _check_text(sample: bytes, encoding: str) -> None:
    if not sample.strip():
        raise NotATable(_("The file is empty."))
    if not encoding.startswith("utf-16") and len(_NOT_TEXT.findall(sample)) * 50 > len(sample):
        raise NotATable(_("The file is neither CSV nor XLSX nor JSON Lines. Save its table as one of these."))


def _text_rows(stream: gzip.GzipFile | io.BufferedReader, encoding: str) -> Iterator[Row | BadRow]:
    is_utf8 = encoding == "utf-8-sig"
    undecodable = UNDECODABLE_UTF8 if is_utf8 else UNDECODABLE
    text = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape" if is_utf8 else "replace", newline="")
    first = text.read(1)
    while first.isspace() or first == "\ufeff":
        first = text.read(1)
    text.seek(0)
    if first == "{":
        yield from _jsonl_rows(Lines(text), undecodable)
    elif first == "[":
        raise NotATable(_("The file is one JSON list. Save it as JSON Lines: one object a line."))
    else:
        yield from csv_rows(text, undecodable)


def _jsonl_rows(lines: Lines, undecodable: re.Pattern[str]) -> Iterator[Row | BadRow]:
    for number, line in lines:
        raw = line.strip("\ufeff \t\r\n")
        if not raw:
            continue
        if undecodable.search(raw):
            yield BadRow(number, _("This row has characters that are not in the file's encoding."), raw)
            continue
        try:
            values = json.loads(raw)
        except (ValueError, RecursionError):
            yield BadRow(number, _("This line is not JSON."), raw)
            continue
        if isinstance(values, dict):
            yield Row(number, values, raw)
        else:
            yield BadRow(number, _("This line is not a JSON object."), raw)
