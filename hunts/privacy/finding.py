"""What is known of one person: every row that tells of them, where it is from and since when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.audit_models import AuditEntry, AuditPruning
from enrichment.models import Snapshot
from hunts.privacy.reach import Reach
from hunts.privacy.registry import LOOKED_AT, PERSONAL, Held
from integrations.lexicon import persons
from integrations.lexicon.persons import mentions
from leads.merge_models import LeadAlias
from leads.models import Contact, Lead
from leads.wanted import PersonWatch, Wanted

AROUND = 80  # characters shown on each side of where somebody is named
MOST_PLACES = 20  # of one row
OWN_ADDRESSES = ("email", "phone", "linkedin_url")  # of a contact


@dataclass(frozen=True, slots=True)
class Item:
    """One row that tells of the person. `told` has the words by column; `is_theirs`: the row is about nobody else.

    `stays` says why erasing leaves it as it is, and until when.
    """

    table: str
    pk: Any
    workspace_id: int | None
    whose: str
    is_theirs: bool
    told: dict[str, list[str]]
    source: str
    first_collected_at: datetime | None
    last_seen_at: datetime | None
    stays: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "id": self.pk,
            "workspace": self.workspace_id,
            "what": self.whose,
            "about_nobody_else": self.is_theirs,
            "told": self.told,
            "source": self.source,
            "first_collected_at": self.first_collected_at and self.first_collected_at.isoformat(),
            "last_seen_at": self.last_seen_at and self.last_seen_at.isoformat(),
            "stays": self.stays,
        }


def found(wanted: Wanted, reach: Reach) -> Iterator[Item]:
    """Yield what is known of a person, table by table."""
    for label in LOOKED_AT:
        for batch in reach.batches(label):
            yield from found_in(batch, wanted, reach)


def found_in(batch: Iterable[Model], wanted: Wanted, reach: Reach) -> Iterator[Item]:
    """Yield what some rows tell of a person."""
    for row in batch:
        watch = watch_of(row, wanted, reach)
        if watch is not None:
            yield _item(row, watch)


def watch_of(row: Model, wanted: Wanted, reach: Reach) -> PersonWatch | None:
    """Return what the person is known by in a row, None where it does not tell of them."""
    texts = told_by(row)
    for company in reach.company_of(row):
        watch = wanted.at(company)
        if any(watch.is_in(text) for text in texts):
            return watch
    return None


def is_theirs(row: Model, held: Held, watch: PersonWatch) -> bool:
    """Return whether a row is about the person alone."""
    if isinstance(row, Lead) and row.platform == Lead.Platform.WEB:
        # A company keeps its lead, whoever its name names; whose own name is its address is the company.
        return watch.is_in(row.handle)
    if isinstance(row, Lead | LeadAlias) and row.platform != Lead.Platform.WEB:
        return _is_creator(row, watch)
    if isinstance(row, Contact):
        return is_their_contact({column: getattr(row, column) for column in held.own}, watch)
    return any(watch.is_in(text) for column in held.own for text in texts_of(row, column))


def is_their_contact(told: Mapping[str, str], watch: PersonWatch) -> bool:
    """Return whether a contact is the person, and not somebody or some desk that is found by an address of theirs."""
    if not any(watch.is_in(one) for one in told.values()):
        return False
    if persons.name_forms(told["name"]):
        return watch.is_called(told["name"])
    return not told["email"] or watch.is_in(told["email"])


def _is_creator(row: Lead | LeadAlias, watch: PersonWatch) -> bool:
    """Return whether a creator's lead is the person's: by its handle or name, or by an address of theirs on it."""
    key = persons.profile_key(f"{row.platform}/{row.handle}")
    if (key and watch.has("profile", key)) or watch.is_in(row.handle):
        return True
    if isinstance(row, LeadAlias):
        return False
    told = [text for column in PERSONAL["leads.Lead"].columns for text in texts_of(row, column)]
    return watch.is_in(row.name) or any(watch.by_address.is_in(text) for text in told)


def told_by(row: Model) -> list[str]:
    """Return all words of a row that may tell of anybody."""
    return [text for column in PERSONAL[row._meta.label].columns for text in texts_of(row, column)]


def texts_of(row: Model, column: str) -> list[str]:
    """Return the words of a column, of JSON those at any depth."""
    if isinstance(row, Snapshot):
        return [row.text]
    value = getattr(row, column)
    if isinstance(value, bytes | memoryview):
        return [bytes(value).decode("utf-8", "replace")]
    if column == "handle" and isinstance(row, Lead | LeadAlias) and row.platform != Lead.Platform.WEB:
        return [value, f"https://{row.platform}.com/{value}"]
    return list(persons.strings_of(value))


def _item(row: Model, watch: PersonWatch) -> Item:
    held = PERSONAL[row._meta.label]
    theirs = is_theirs(row, held, watch)
    told = {column: _excerpts(texts_of(row, column), watch, whole=theirs) for column in held.columns}
    return Item(
        table=row._meta.label,
        pk=row.pk,
        workspace_id=row.of_workspace,  # type: ignore[attr-defined]
        whose=held.whose,
        is_theirs=theirs,
        told={"text" if column == "compressed" else column: words for column, words in told.items() if words},
        source=_source(row, held),
        first_collected_at=_at(row, held.since),
        last_seen_at=_at(row, held.seen or held.since),
        stays=_why_it_stays(row),
    )


def _why_it_stays(row: Model) -> str:
    if not isinstance(row, AuditEntry):
        return ""
    if not settings.AUDIT_DAYS:
        return _("The audit log is never written again, and kept for ever.")
    days = max(settings.AUDIT_DAYS, AuditPruning.LEAST_DAYS + 1)
    until = date_format(row.at + timedelta(days=days), "DATE_FORMAT")
    return _("The audit log is never written again. This entry goes on %(day)s.") % {"day": until}


def _excerpts(texts: list[str], watch: PersonWatch, *, whole: bool) -> list[str]:
    """Return all words of a row that is the person's, and of others those around each place that names them."""
    if whole:
        return [text for text in texts if text]
    return [
        text[max(one.start - AROUND, 0) : one.end + AROUND]
        for text in texts
        if watch.is_in(text)
        for one in mentions(text, watch)
    ][:MOST_PLACES]


def _source(row: Model, held: Held) -> str:
    if isinstance(row, Snapshot):
        return ", ".join(row.pages.values_list("final_url", flat=True)[:3])
    return next((str(value) for path in held.source if (value := _along(row, path))), "")


def _at(row: Model, path: str) -> datetime | None:
    value = _along(row, path)
    return value if isinstance(value, date) else None  # type: ignore[return-value]


def _along(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name, None)
    return row
