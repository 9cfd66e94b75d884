"""A run's log: its lines by level, stage and words, warnings and errors first, page by page, and as a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from hunts.models import Run, RunEvent, Stage
from leads import csv_files

PAGE_LINES = 50
LONGEST_SEARCH = 200

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
    place_after, last = _cursor(after) or (0, None)
    found = _about(run, wanted)
    limbs = []
    for place, level in list(enumerate(LEVELS))[place_after:]:
        of_level = found.filter(level=level) if wanted.level in ("", level) else found.none()
        if last is not None and place == place_after:
            of_level = of_level.filter(pk__lt=last)
        first = of_level.order_by("-pk").values("pk")[:most]
        # SQLite takes no limit in a limb of a union, but in a query within it.
        limbs.append(RunEvent.objects.filter(pk__in=first).order_by().values("pk"))
    keys = RunEvent.objects.none().union(*limbs, all=True) if limbs else RunEvent.objects.none()
    order = Case(
        *(When(level=level, then=Value(place)) for place, level in enumerate(LEVELS)), output_field=IntegerField()
    )
    shown = RunEvent.objects.filter(pk__in=keys).annotate(order=order).order_by("order", "-pk")[:most]
    return shown.select_related("candidate__lead").only(*_SHOWN)


# Of companies no more than what a line links to.
_SHOWN = ("run", "candidate__lead__name", "level", "stage", "message", "created_at")


def page(run: Run, wanted: Wanted, after: str = "", *, size: int = PAGE_LINES) -> Page:
    """Return the lines that follow the cursor `after`; one that makes no sense is the beginning."""
    shown = list(lines(run, wanted, after, most=size + 1))
    following = ""
    if len(shown) > size:
        shown = shown[:size]
        following = f"{LEVELS.index(shown[-1].level)}-{shown[-1].pk}"
    return Page(shown, following)


def counts(run: Run, wanted: Wanted) -> dict[str, int]:
    """Return how many lines of each level there are, as the stage and the words narrow them down."""
    found = _about(run, wanted).values_list("level").annotate(count=Count("pk"))
    return dict.fromkeys(LEVELS, 0) | dict(found.order_by())


def _about(run: Run, wanted: Wanted) -> QuerySet[RunEvent]:
    found = run.events.all()
    if wanted.stage:
        found = found.filter(stage="" if wanted.stage == RUN else wanted.stage)
    for word in wanted.text.split()[:8]:
        about_it = run.candidates.filter(lead__handle__icontains=word)
        found = found.filter(Q(message__icontains=word) | Q(candidate__in=about_it.values("pk")))
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
