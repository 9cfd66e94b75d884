"""A run's log: its lines by level, stage and words, warnings and errors first, page by page, and as a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from hunts.models import Run, RunEvent, Stage
from leads import csv_files

PAGE_LINES = 100
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


def lines(run: Run, wanted: Wanted) -> QuerySet[RunEvent]:
    """Return the lines that are wanted: errors, then warnings, then the others, the newest first."""
    order = Case(
        *(When(level=level, then=Value(place)) for place, level in enumerate(LEVELS)),
        default=Value(len(LEVELS)),
        output_field=IntegerField(),
    )
    found = _about(run, wanted)
    if wanted.level:
        found = found.filter(level=wanted.level)
    return found.annotate(order=order).order_by("order", "-pk")


def page(run: Run, wanted: Wanted, after: str = "", *, size: int = PAGE_LINES) -> Page:
    """Return the lines that follow the cursor `after`; one that makes no sense is the beginning."""
    found = lines(run, wanted)
    if cursor := _cursor(after):
        order, last = cursor
        found = found.filter(Q(order__gt=order) | Q(order=order, pk__lt=last))
    shown = list(found.select_related("candidate__lead")[: size + 1])
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
        found = found.filter(Q(message__icontains=word) | Q(candidate__lead__handle__icontains=word))
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
    found = (
        lines(run, wanted)
        .order_by("pk")
        .values_list("created_at", "level", "stage", "candidate__lead__handle", "message")
    )
    for at, level, stage, handle, message in found.iterator(chunk_size=1_000):
        one_line = " ".join(message.split())
        yield at.astimezone(UTC).isoformat(timespec="seconds"), level, stage or RUN, handle or "", one_line
