"""Imports companies from a file into a list: good rows are kept, bad ones go to a rejects file with the reason."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from accounts import quotas
from accounts.models import User, Workspace
from accounts.quotas import QuotaReached
from leads import suppression
from leads.company_rows import Unusable, columns_for, company_of
from leads.models import Company, CompanyList
from leads.rejects import Rejects
from leads.table_files import read_table
from leads.table_rows import BadRow, NotATable, Row, UnreadableFile

BATCH = 1_000
UPDATED = (
    "name",
    "website",
    "one_liner",
    "description",
    "location",
    "country",
    "employees_min",
    "employees_max",
    "founded_year",
    "phone",
    "source",
)


class ImportFailed(Exception):
    """The import came to nothing or broke off; the message says what to do and what is kept."""


class NotImportable(ImportFailed):
    """Another file or another option is needed: there is no such file, it is no table, its columns are not ours."""


class NoRoom(QuotaReached, NotImportable):
    """The workspace has as many lists, or companies on them, as it may. What was imported before is kept."""


@dataclass(slots=True)
class ImportReport:
    """What became of a file's rows. `imported` are new companies, `updated` ones that the list had already.

    `duplicates` are further rows about a domain that came before in the file: they only filled its blanks.
    `columns` says which column of the file was taken for which field.
    """

    list: CompanyList
    read: int = 0
    imported: int = 0
    updated: int = 0
    duplicates: int = 0
    rejected: int = 0
    rejects_path: Path | None = None
    seconds: float = 0.0
    columns: dict[str, str] = field(default_factory=dict)


def import_companies(
    path: Path,
    *,
    workspace: Workspace | None = None,
    by: User | None = None,
    list_name: str = "",
    rejects_path: Path | None = None,
    on_progress: Callable[[ImportReport], None] | None = None,
) -> ImportReport:
    """Import `path` into the list `list_name` (by default the file's name) of `workspace`, or of the installation.

    One that is new is said to be uploaded `by` somebody; a list of that name that was deleted stays deleted.
    A company that the list has already is updated by what the file knows of it; nothing is blanked. Memory grows by
    about 100 bytes a company (its domain), whatever the file's size. `on_progress` is called after each batch.
    Raises ImportFailed.
    """
    began = time.monotonic()
    name = (list_name or path.name.removesuffix(".gz").rpartition(".")[0] or path.name)[:200]
    report = ImportReport(CompanyList(workspace=workspace, name=name, uploaded_by=by))
    rejects_path = rejects_path or settings.VAR_DIR / "imports" / f"{path.name}-rejects.csv"
    if rejects_path.resolve() == path.resolve():
        raise NotImportable(_("The rejects file cannot be the file that is imported. Choose another name for it."))
    with Rejects(rejects_path) as rejects:
        try:
            _import(read_table(path), report, rejects, on_progress)
        except NoRoom as full:
            full.args = (_broken_off(str(full), report),)
            raise
        except NotATable as error:
            raise NotImportable(str(error)) from error
        except UnreadableFile as error:
            raise ImportFailed(_broken_off(str(error), report)) from error
        except (OSError, OperationalError) as error:  # the disk may be full, or the database busy
            raise ImportFailed(_broken_off(_unwritable(error), report)) from error
    report.seconds = time.monotonic() - began
    return report


def _import(
    rows: Iterator[Row | BadRow],
    report: ImportReport,
    rejects: Rejects,
    on_progress: Callable[[ImportReport], None] | None,
) -> None:
    batch = _Batch(report)
    try:
        for company in _companies(_mapped(rows, report), report, rejects):
            batch.add(company)
            if batch.is_full:
                batch.save()
                if on_progress:
                    on_progress(report)
    finally:  # what was good before a place that cannot be read is kept
        batch.save()
    if not report.list.pk:
        if not _is_mapped(report.columns):
            raise NotATable(_columns_needed([]))
        raise UnreadableFile(_("No row of the file could be imported. The reasons are in %s.") % report.rejects_path)


def _mapped(rows: Iterator[Row | BadRow], report: ImportReport) -> Iterator[Row | BadRow]:
    """Yield the rows. Raises NotATable where the header of a table has not what a company needs."""
    first = next((row for row in rows), None)
    if first is None:
        raise NotATable(_("The file has no rows."))
    is_jsonl = first.raw.startswith("{")  # where each row names its own columns
    if isinstance(first, Row):
        report.columns = columns_for(first.values)
        if not is_jsonl and not _is_mapped(report.columns):
            raise NotATable(_columns_needed(first.values))
    yield from chain([first], rows)


def _is_mapped(columns: Mapping[str, str]) -> bool:
    return "name" in columns and bool({"domain", "website"} & set(columns))


def _columns_needed(found: Iterable[str]) -> str:
    names = ", ".join(map(str, found))[:500] or _("none that is understood")
    return _("The file needs a column for the company's name and one for its website or domain. It has: %s.") % names


def _companies(rows: Iterator[Row | BadRow], report: ImportReport, rejects: Rejects) -> Iterator[Company]:
    """Yield the companies of usable rows; the other rows are set aside."""
    for row in rows:
        report.read += 1
        if isinstance(row, BadRow):
            _reject(row.line, row.reason, row.raw, report, rejects)
            continue
        columns = columns_for(row.values)
        if not columns.keys() <= report.columns.keys():
            report.columns = columns | report.columns
        try:
            yield company_of(row.values, columns)
        except Unusable as unusable:
            _reject(row.line, str(unusable), row.raw, report, rejects)


def _reject(line: int, reason: str, raw: str, report: ImportReport, rejects: Rejects) -> None:
    rejects.add(line, reason, raw)
    report.rejected += 1
    report.rejects_path = rejects.path


def _unwritable(error: OSError | OperationalError) -> str:
    return _(
        "What was read could not be written: %s. Free some space, see that the folder and the database can be written, "
        "and import the file again."
    ) % " ".join(str(error).split())


def _broken_off(why: str, report: ImportReport) -> str:
    kept = report.imported + report.updated
    if not kept:
        return why
    return _("%(why)s %(count)s companies before that place were imported.") % {"why": why, "count": kept}


_TOLD = ("name", "website", "one_liner", "description", "location", "phone", "source")


class _Batch:
    """Companies on their way into the list, each domain once."""

    def __init__(self, report: ImportReport) -> None:
        self._report = report
        self._seen: set[str] = set()
        self._new: dict[str, Company] = {}
        self._again: dict[str, Company] = {}

    @property
    def is_full(self) -> bool:
        return len(self._new) + len(self._again) >= BATCH

    def add(self, company: Company) -> None:
        """Take a company. A later row about the same domain fills the blanks of the first."""
        if company.domain not in self._seen:
            self._seen.add(company.domain)
            self._new[company.domain] = company
            return
        self._report.duplicates += 1
        first = self._new.get(company.domain) or self._again.setdefault(company.domain, company)
        fill(first, company)

    def save(self) -> None:
        """Write what was taken, in one transaction."""
        if not self._new and not self._again:
            return
        with transaction.atomic():
            companies = self._report.list = self._list()
            self._leave_out(companies)
            domains = [*self._new, *self._again]
            known = {row.domain: row for row in Company.objects.filter(list=companies, domain__in=domains)}
            _see_that_they_fit(companies, len(domains) - len(known))
            for domain, company in self._new.items():
                company.list = companies
                if domain in known:
                    fill(company, known[domain])
            Company.objects.bulk_create(
                [*self._new.values(), *(self._filled(domain, known) for domain in self._again)],
                update_conflicts=True,
                unique_fields=["list", "domain"],
                update_fields=list(UPDATED),
            )
        updated = len(known.keys() & self._new.keys())
        self._report.updated += updated
        self._report.imported += len(self._new) - updated
        self._new, self._again = {}, {}

    def _leave_out(self, companies: CompanyList) -> None:
        """Put marks in place of whoever must not be kept; one whose domain is their name is left out."""
        rows = [*self._new.values(), *self._again.values()]
        told: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            told[row.domain] += [getattr(row, name) for name in (*_TOLD, "domain")]
        watch_of = suppression.watches(companies.workspace_id, told)
        for row in rows:
            if suppression.names_any(watch_of(row.domain), row.domain):
                self._new.pop(row.domain, None)
                self._again.pop(row.domain, None)
            suppression.blank_columns(watch_of(row.domain), row, _TOLD)

    def _filled(self, domain: str, known: Mapping[str, Company]) -> Company:
        """Return the company of an earlier batch with its blanks filled, to be written over its own row."""
        company = known.get(domain) or self._again[domain]
        fill(company, self._again[domain])
        company.pk, company.list = None, self._report.list
        return company

    def _list(self) -> CompanyList:
        wanted = self._report.list
        if wanted.pk:
            return wanted
        if wanted.workspace is not None:
            _see_that_there_is_room_for_a_list(wanted.workspace, wanted.name)
        return CompanyList.objects.kept().get_or_create(
            workspace=wanted.workspace, name=wanted.name, defaults={"uploaded_by": wanted.uploaded_by}
        )[0]


def _see_that_there_is_room_for_a_list(workspace: Workspace, name: str) -> None:
    """Hold a place for a list that is new. Raises NoRoom."""
    mine = CompanyList.objects.visible_to(workspace)
    if not mine.filter(name=name).exists():
        quotas.hold_place(workspace.pk, "lists", lambda _of: mine.count(), error=NoRoom)


def _see_that_they_fit(companies: CompanyList, more: int) -> None:
    """Hold places for so many new companies on a workspace's list. Raises NoRoom."""
    if companies.workspace_id is not None:
        ours = Company.objects.filter(list__workspace=companies.workspace_id, list__deleted_at__isnull=True)
        quotas.hold_place(companies.workspace_id, "companies", lambda _of: ours.count(), more=more, error=NoRoom)


def fill(company: Company, other: Company) -> None:
    """Fill the blanks of `company` from `other`; a range of employees is taken whole or not at all."""
    if not company.employees:
        company.employees_min, company.employees_max = other.employees_min, other.employees_max
    for name in UPDATED:
        if not name.startswith("employees") and not getattr(company, name):
            setattr(company, name, getattr(other, name))
