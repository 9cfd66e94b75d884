"""A hunt on the terminal: be the worker of a run and show how far it is."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from asgiref.sync import async_to_sync, sync_to_async
from django.utils.translation import gettext as _
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hunts import pipeline, reports
from hunts.models import Candidate, Run

LOOK_EVERY_SECONDS = 0.25
TIER_STYLES = {"A": "bold green", "B": "green", "C": "yellow", "D": "dim"}


def work_with_progress(run: Run, console: Console) -> None:
    """Work on `run` until it is over or stopped, with a live display; Ctrl+C pauses the run and loses nothing."""
    with _interruptible() as interrupted:
        async_to_sync(_work_and_show)(run, console, interrupted)
    if interrupted.is_set():
        pipeline.pause(run, note=_("Interrupted. Resume the run to go on."))
    run.refresh_from_db()


@contextmanager
def _interruptible() -> Iterator["_Interruption"]:
    """Turn Ctrl+C and SIGTERM into a flag, so that a transaction under way ends first."""
    flag = _Interruption()
    before = {name: signal.signal(name, lambda *_args: flag.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield flag
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


class _Interruption:
    """A flag that a signal handler may set."""

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def is_set(self) -> bool:
        return self._is_set


async def _work_and_show(run: Run, console: Console, interrupted: _Interruption) -> None:
    worker = asyncio.create_task(pipeline.work_on(run.pk))
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        while not worker.done() and not interrupted.is_set():
            live.update(await sync_to_async(_display)(run))
            await asyncio.wait([worker], timeout=LOOK_EVERY_SECONDS)
    if not worker.done():
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    else:
        worker.result()


def _display(run: Run) -> RenderableType:
    """Return what is going on: a bar, the funnel, and the companies that were finished last."""
    now = reports.progress(Run.objects.get(pk=run.pk))
    funnel = "  →  ".join(f"{step.label} [bold]{step.count}[/bold]" for step in now.funnel)
    eta = _("about %(seconds)s s left") % {"seconds": now.eta_seconds} if now.eta_seconds is not None else ""
    last = run.candidates.filter(status__in=Candidate.OVER).select_related("lead").order_by("-finished_at")[:6]
    lines = [
        Text.from_markup(
            f"  [{TIER_STYLES.get(one.tier, 'dim')}]{one.tier or '–'}[/] {escape(one.lead.name)}: {escape(one.reason)}"
        )
        for one in last
    ]
    return Group(
        Text.from_markup(funnel), ProgressBar(total=max(now.found, 1), completed=now.over, width=60), Text(eta), *lines
    )


def results_table(candidates: list[Candidate]) -> Table:
    """Return the ranked table: tier, score, company, best quote, contact, cost."""
    table = Table(box=None, header_style="bold", pad_edge=False, expand=True)
    table.add_column(_("Tier"), width=4)
    table.add_column(_("Score"), justify="right", width=5)
    table.add_column(_("Company"), ratio=3)
    table.add_column(_("Best quote"), ratio=6)
    table.add_column(_("Contact"), ratio=4)
    table.add_column(_("Cost"), justify="right", width=9)
    for candidate in candidates:
        lead = candidate.lead
        contact = " · ".join(filter(None, (lead.contact_name, lead.contact_email)))
        table.add_row(
            Text(candidate.tier, style=TIER_STYLES.get(candidate.tier, "")),
            "–" if candidate.score is None else f"{candidate.score:.0f}",
            Text.assemble(
                (lead.name, "bold"), "\n", (lead.handle, "dim"), (_("  cached") if candidate.is_cached else "", "cyan")
            ),
            Text(_shortened(lead.best_quote), style="italic" if lead.best_quote else "dim"),
            Text(contact or lead.site_problem or "–"),
            f"${candidate.cost_microusd / 1_000_000:.6f}"[:9],
        )
    return table


def _shortened(quote: str) -> str:
    text = " ".join(quote.split())
    return f"“{text[:157]}…”" if len(text) > 160 else f"“{text}”" if text else "–"
