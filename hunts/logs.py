"""A run's log: its lines by level, stage and words, warnings and errors first, page by page, and as a file."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.wall import as_system
from hunts.models import Run, RunEvent, Stage
from leads import csv_files

PAGE_LINES = 50
LONGEST_SEARCH = 200
MOST_COUNTED = 1_000  # of a level, where words are looked for

LEVELS: tuple[str, ...] = (RunEvent.Level.ERROR, RunEvent.Level.WARNING, RunEvent.Level.INFO)
# What a line can be about, as the address names it; `run` has no stage of its own.
RUN, DISCOVER = "run", "discover"
STAGES: dict[str, Any] = {RUN: _("the run itself"), DISCOVER: _("discover"), **dict(Stage.choices)}

COLUMNS = ("time", "level", "stage", "lead", "message")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines somebody wants to see; '' is all. What makes no sense is left out by `wanted`."""

    level: str = ""
    stage: str = ""
    text: str = ""

    @property
    def is_all(self) -> bool:
        return not (self.level or self.stage or self.text)


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, and the cursor of the next ones ('' after the last)."""

    lines: list[RunEvent]
    following: str


def wanted(params: Mapping[str, Any]) -> Wanted:
    """Return what an address asks for: `level`, `stage` and the words `q`."""
    level, stage, text = (str(params.get(name) or "") for name in ("level", "stage", "q"))
    return Wanted(
        level if level in LEVELS else "",
        stage if stage in STAGES else "",
        # PostgreSQL has no text with NUL in it, so no line has one either.
        " ".join(text.replace("\x00", "").split())[:LONGEST_SEARCH],
    )


def lines(run: Run, wanted: Wanted, after: str = "", *, most: int) -> QuerySet[RunEvent]:
    """Return up to `most` lines that follow the cursor `after`: errors, warnings, then the others, the newest first.

    Each level is looked for along the index by itself: a big run has several lines for each of thousands of companies,
    and to sort them all takes longer than to show some.
    """
    found = _about(run, wanted)
    if wanted.level:
        found = found.filter(level=wanted.level)
    keys = _first_of_each(found, most, _cursor(after))
    return _in_order([pk for _level, pk in _looked_up(keys)] if wanted.text else keys)[:most]


def _looked_up(keys: Any) -> list[tuple[str, int]]:
    """Return level and key of the lines of a run that a query finds by their words, the newest first.

    As the system, because PostgreSQL asks of each line that a tenant reads whose run it is of, which is all one run:
    that takes twice as long as to look through the words. What is found is read as the tenant.
    """
    with as_system():
        return list(RunEvent.objects.filter(pk__in=keys).order_by("-pk").values_list("level", "pk"))


def _in_order(keys: Any) -> QuerySet[RunEvent]:
    order = Case(
        *(When(level=level, then=Value(place)) for place, level in enumerate(LEVELS)), output_field=IntegerField()
    )
    shown = RunEvent.objects.filter(pk__in=keys).annotate(order=order).order_by("order", "-pk")
    return shown.select_related("candidate__lead").only(*_SHOWN)


# Of companies no more than what a line links to.
_SHOWN = ("run", "candidate__lead__name", "level", "stage", "message", "created_at")


def page(run: Run, wanted: Wanted, after: str = "", *, size: int = PAGE_LINES) -> Page:
    """Return the lines that follow the cursor `after`; one that makes no sense is the beginning."""
    return _page(list(lines(run, wanted, after, most=size + 1)), size)


def look(run: Run, wanted: Wanted, after: str = "", *, size: int = PAGE_LINES) -> tuple[Page, dict[str, int]]:
    """Return the lines that follow the cursor `after`, and how many there are of each level: see `page`, `counts`.

    The first page of a search is taken from the lines that are counted, so that they are looked through once.
    """
    if after or not wanted.text:
        return page(run, wanted, after, size=size), counts(run, wanted)
    keys: dict[str, list[int]] = {level: [] for level in LEVELS}
    for level, pk in _looked_up(_first_of_each(_about(run, wanted), MOST_COUNTED)):
        keys[level].append(pk)
    chosen = [pk for level in LEVELS if wanted.level in ("", level) for pk in keys[level][: size + 1]]
    shown = list(_in_order(chosen)[: size + 1])
    return _page(shown, size), {level: len(found) for level, found in keys.items()}


def _page(shown: list[RunEvent], size: int) -> Page:
    following = ""
    if len(shown) > size:
        shown = shown[:size]
        following = f"{LEVELS.index(shown[-1].level)}-{shown[-1].pk}"
    return Page(shown, following)


def counts(run: Run, wanted: Wanted) -> dict[str, int]:
    """Return how many lines of each level there are, as the stage and the words narrow them down.

    Words are counted up to MOST_COUNTED lines of a level: to look for them in all of them takes long.
    """
    found = _about(run, wanted)
    if wanted.text:
        return dict.fromkeys(LEVELS, 0) | Counter(
            level for level, _pk in _looked_up(_first_of_each(found, MOST_COUNTED))
        )
    return dict.fromkeys(LEVELS, 0) | dict(found.order_by().values_list("level").annotate(count=Count("pk")))


def _first_of_each(found: QuerySet[RunEvent], most: int, after: tuple[int, int] | None = None) -> Any:
    """Return a query for the keys of the newest lines of each level, `most` of each; `after` is a cursor."""
    place_after, last = after or (0, None)
    limbs = []
    for place, level in list(enumerate(LEVELS))[place_after:]:
        of_level = found.filter(level=level)
        if last is not None and place == place_after:
            of_level = of_level.filter(pk__lt=last)
        first = of_level.order_by("-pk").values("pk")[:most]
        # SQLite takes no limit in a limb of a union, but in a query within it.
        limbs.append(RunEvent.objects.filter(pk__in=first).order_by().values("pk"))
    return RunEvent.objects.none().union(*limbs, all=True) if limbs else RunEvent.objects.none()


def _about(run: Run, wanted: Wanted) -> QuerySet[RunEvent]:
    found = run.events.all()
    if wanted.stage:
        found = found.filter(stage="" if wanted.stage == RUN else wanted.stage)
    for word in wanted.text.split()[:8]:
        told = Q(message__icontains=word)
        if "." in word:  # as a domain has; a line names its company, and not its domain
            told |= Q(candidate__in=run.candidates.filter(lead__handle__icontains=word).values("pk"))
        found = found.filter(told)
    return found


def _cursor(after: str) -> tuple[int, int] | None:
    order, _dash, last = after.partition("-")
    if not (order.isascii() and order.isdigit() and last.isascii() and last.isdigit() and len(after) < 24):
        return None
    return int(order), min(int(last), 2**63 - 1)


def csv_file(run: Run, wanted: Wanted) -> Iterator[bytes]:
    """Return the wanted lines as a CSV file, oldest first."""
    return csv_files.lines(COLUMNS, _rows(run, wanted))


def text_file(run: Run, wanted: Wanted) -> Iterator[bytes]:
    """Yield the wanted lines as plain text, oldest first."""
    for time, level, stage, _lead, message in _rows(run, wanted):
        yield f"{time}  {level:<7}  {stage:<9}  {message}\n".encode("utf-8", "replace")


FILES = {"csv": (csv_file, csv_files.CONTENT_TYPE), "txt": (text_file, "text/plain; charset=utf-8")}


def _rows(run: Run, wanted: Wanted) -> Iterator[tuple[str, str, str, str, str]]:
    found = _about(run, wanted)
    if wanted.level:
        found = found.filter(level=wanted.level)
    columns = found.order_by("pk").values_list("created_at", "level", "stage", "candidate__lead__handle", "message")
    for at, level, stage, handle, message in columns.iterator(chunk_size=1_000):
        one_line = " ".join(message.split())
        yield at.astimezone(UTC).isoformat(timespec="seconds"), level, stage or RUN, handle or "", one_line
