"""Leads as files: CSV and XLSX that Instantly, Smartlead and CRMs import without mapping.

No cell can start a formula: in XLSX every text is written as text, and for CSV see `leads.csv_files`.
"""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO, Any

import xlsxwriter
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from leads import csv_files, family
from leads.models import Contact, Evidence, Lead

CHUNK = 500
# What Excel takes in one cell.
LONGEST_CELL = 32_767
MOST_ROWS = 1_048_575

COLUMNS = (
    "email", "first_name", "last_name", "company", "title", "website", "linkedin_url", "phone", "country", "location",
    "tier", "score", "status", "reason", "quote", "quote_url", "snapshot_sha256", "checked_at", "judged_by",
    "scoring_config", "contact_source_url", "site_problem", "cost_usd",
)  # fmt: skip

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


class ExportFailed(Exception):
    """The file was not written; what stood there before still stands. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many leads a file got."""

    path: Path
    rows: int


def export(leads: QuerySet[Lead], path: Path) -> Written:
    """Write `leads` to `path`, a .csv or .xlsx file; the file appears whole or not at all. Raises ExportFailed."""
    write = {".csv": write_csv, ".xlsx": write_xlsx}.get(path.suffix.lower())
    if write is None:
        raise ExportFailed(_("An export is a .csv or an .xlsx file, not %s.") % path.name)
    try:
        with _replacing(path) as stream:
            rows = write(stream, leads)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise ExportFailed(
            _("%(path)s could not be written: %(why)s. Free some space or choose another folder; nothing was lost.")
            % {"path": path, "why": getattr(error, "strerror", None) or error}
        ) from error
    return Written(path, rows)


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside `path` that takes its place when all went well, and is removed when not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(name).chmod(0o644)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def write_csv(stream: IO[bytes], leads: QuerySet[Lead]) -> int:
    """Write `leads` as CSV in UTF-8, with the mark that Excel needs to see that; return how many rows."""
    rows = 0
    for line in csv_files.lines(COLUMNS, rows_of(leads)):
        stream.write(line)
        rows += 1
    return rows - 1


def write_xlsx(stream: IO[bytes], leads: QuerySet[Lead]) -> int:
    """Write `leads` as XLSX, row by row in constant memory; return how many rows.

    Raises ExportFailed where there are more than a sheet can hold, and OSError.
    """
    with tempfile.TemporaryDirectory(prefix="export") as folder:
        book = xlsxwriter.Workbook(stream, {"constant_memory": True, "tmpdir": folder})
        sheet = book.add_worksheet("Leads")
        heading, dollars = book.add_format({"bold": True}), book.add_format({"num_format": "0.000000"})
        for column, name in enumerate(COLUMNS):
            sheet.write_string(0, column, name, heading)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(COLUMNS) - 1, 18)
        count = 0
        for count, values in enumerate(rows_of(leads), start=1):
            if count > MOST_ROWS:
                raise ExportFailed(_("An XLSX sheet holds %s leads at most. Export these as CSV.") % f"{MOST_ROWS:,}")
            _write_row(sheet, count, values, dollars)
        sheet.autofilter(0, 0, count, len(COLUMNS) - 1)
        book.close()
    return count


def _write_row(sheet: Worksheet, row: int, values: Sequence[Any], dollars: Format) -> None:
    for column, value in enumerate(values):
        if isinstance(value, Decimal):
            sheet.write_number(row, column, float(value), dollars)
        elif isinstance(value, int | float):
            sheet.write_number(row, column, value)
        elif value:
            # As text, whatever it looks like: `write` would make formulas and links of some.
            sheet.write_string(row, column, _NOT_IN_XML.sub(" ", value)[:LONGEST_CELL])


# What is read of a lead and of what belongs to it, as plain values: model instances take five times as long.
_LEAD = (
    "pk", "assessment_id", "name", "website", "phone", "country", "location", "tier", "score", "status", "best_quote",
    "site_problem", "cost_microusd", "assessment__judged_by", "assessment__scoring_config__number",
)  # fmt: skip
_CONTACT = ("lead_id", "email", "name", "title", "linkedin_url", "phone", "source_url")
_PROOF = ("assessment_id", "text", "quote", "url", "snapshot_sha256", "fetched_at")
_NO_CONTACT = dict.fromkeys(_CONTACT, "")
_NO_PROOF = dict.fromkeys(_PROOF, "")


def rows_of(leads: QuerySet[Lead]) -> Iterator[list[Any]]:
    """Yield one row a lead, in the order of COLUMNS, a chunk of leads and their proofs at a time."""
    found = leads.values_list(*_LEAD).iterator(chunk_size=CHUNK)
    while chunk := [dict(zip(_LEAD, values, strict=True)) for values in islice(found, CHUNK)]:
        members = family.members(lead["pk"] for lead in chunk)
        contacts = _first_contacts([lead["pk"] for lead in chunk], members)
        costs: Counter[int] = Counter()
        for member in members:
            costs[member.kept_id] += member.cost_microusd
        proofs = _best_proofs({lead["assessment_id"]: lead["best_quote"] for lead in chunk if lead["best_quote"]})
        for lead in chunk:
            lead["cost_microusd"] += costs[lead["pk"]]
            values = _values(lead, contacts.get(lead["pk"], _NO_CONTACT), proofs.get(lead["assessment_id"], _NO_PROOF))
            yield [values[name] for name in COLUMNS]


def _first_contacts(leads: Sequence[int], members: Sequence[family.Member]) -> dict[int, dict[str, Any]]:
    """Return for each lead whom to write to first: of its own contacts, or else of those merged into it."""
    merged = {member.lead_id: member.kept_id for member in members}
    rows = Contact.objects.filter(lead__in=[*leads, *merged]).order_by("-rank", "-pk").values_list(*_CONTACT)
    found = [dict(zip(_CONTACT, row, strict=True)) for row in rows]
    borrowed = {merged[row["lead_id"]]: row for row in found if row["lead_id"] in merged}
    return borrowed | {row["lead_id"]: row for row in found if row["lead_id"] not in merged}


def _best_proofs(quotes: Mapping[int | None, str]) -> dict[int, dict[str, Any]]:
    """Return for each assessment the evidence that the lead's table shows as its best quote."""
    asked = [assessment for assessment in quotes if assessment is not None]
    rows = Evidence.objects.filter(assessment__in=asked).exclude(quote="").order_by("-position").values_list(*_PROOF)
    return {row[0]: dict(zip(_PROOF, row, strict=True)) for row in rows if row[2] == quotes[row[0]]}


def _values(lead: Mapping[str, Any], contact: Mapping[str, Any], proof: Mapping[str, Any]) -> dict[str, Any]:
    first, _space, last = contact["name"].partition(" ")
    return {
        "email": contact["email"],
        "first_name": first,
        "last_name": last,
        "company": lead["name"],
        "title": contact["title"],
        "website": lead["website"],
        "linkedin_url": contact["linkedin_url"],
        "phone": contact["phone"] or lead["phone"],
        "country": lead["country"],
        "location": lead["location"],
        "tier": lead["tier"],
        "score": float(lead["score"]),
        "status": lead["status"],
        "reason": proof["text"],
        "quote": proof["quote"],
        "quote_url": proof["url"],
        "snapshot_sha256": proof["snapshot_sha256"],
        "checked_at": proof["fetched_at"].isoformat(timespec="seconds") if proof["fetched_at"] else "",
        "judged_by": lead["assessment__judged_by"] or "",
        "scoring_config": lead["assessment__scoring_config__number"] or "",
        "contact_source_url": contact["source_url"],
        "site_problem": lead["site_problem"],
        "cost_usd": Decimal(lead["cost_microusd"]).scaleb(-6),
    }
