"""A company list as a CSV file, which an import reads again as it was."""

from collections.abc import Iterator
from typing import Any

from integrations.capabilities import Range
from leads import csv_files
from leads.models import Company, CompanyList

CHUNK = 1_000
COLUMNS = (
    "name", "domain", "website", "one_liner", "description", "location", "country", "employees", "founded_year",
    "phone", "source",
)  # fmt: skip


def csv_file(companies: CompanyList) -> Iterator[bytes]:
    """Yield the lines of the file, in the order in which the companies were imported."""
    return csv_files.lines(COLUMNS, _rows(companies))


def _rows(companies: CompanyList) -> Iterator[list[Any]]:
    rows = Company.objects.filter(list=companies).order_by("pk")
    for company in rows.iterator(chunk_size=CHUNK):
        values = {"employees": _range(company.employees)}
        yield [values[name] if name in values else getattr(company, name) for name in COLUMNS]


def _range(found: Range) -> str:
    """Return a range as imports read it. The dash is not the one of which spreadsheets make a date of 1-10."""
    if found.min is not None and found.max is not None:
        return str(found.min) if found.min == found.max else f"{found.min}–{found.max}"
    return f"{found.min}+" if found.min is not None else f"≤{found.max}" if found.max is not None else ""
