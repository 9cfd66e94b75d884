"""How fast, how well and at what cost we read the web, side by side with crawl4ai and scrapy in one run.

`python -m bench.crawl [--sites 100] [--quick]`. The peers live in .venv-bench (`make .venv-bench/.done`); where it is
not there, or a crawler fails, its lines are left out and that is said. Needs Linux, and a Chromium for most of it.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.crawling.contestants import ROOT, Contest, contest, has_peers
from bench.crawling.measured import Measured
from bench.crawling.outcome import Outcome, growth, outcome_of
from bench.crawling.pages import PATHS
from bench.crawling.web import is_shell, latency
from integrations.egress.browser import find_executable

SITES, QUICK_SITES = 100, 40
LONG_RUN_SITES = 500  # 2,000 pages
SITES_AT_ONCE = 40
FLAT = 1.15  # memory late in a long run, as a multiple of memory early in it
SHARE_OF_LIMIT = 0.9
MUCH = 0.05  # of all cores, by what is no part of the benchmark
TIMES_PLAIN, TIMES_TUNED, CPU_SHARE = 8.0, 6.0, 1 / 6
PLAIN, TUNED, MANY = "crawl4ai, five sites at a time", "crawl4ai, tuned", "crawl4ai, arun_many as it comes"
HTTP, SCRAPY = "crawl4ai, HTTP strategy", "scrapy"
OURS, OURS_STATIC = "ours", "ours, static sites, no browser"

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """What was measured until now."""

    console: Console
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def add(self, name: str, sites: Sequence[int], measured: Measured) -> None:
        """Take in one crawler's outcome, or say why there is none."""
        if not self._is_sound(name, measured):
            return
        self.outcomes[name] = outcome = outcome_of(name, sites, measured)
        self.console.print(f"{name}: {outcome.sites_a_minute:.0f} sites a minute", highlight=False)

    def add_long_run(self, name: str, measured: Measured, most_mb: float) -> None:
        """Take in what memory did over many pages."""
        if not self._is_sound(name, measured):
            return
        peak, grown, pages = measured.peak_mb, growth(measured), f"{name}, {len(measured.pages):,} pages"
        self.lines.append(line(f"{pages}: memory", peak, "MB", most_mb, is_met=peak <= most_mb))
        if grown is not None:
            self.lines.append(line(f"{pages}: growth", grown, "late/early", FLAT, is_met=grown <= FLAT))

    def _is_sound(self, name: str, measured: Measured) -> bool:
        if measured.error:
            self.console.print(f"{name} failed, so it has no numbers: {measured.error}", markup=False)
        return not measured.error


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=0, help=f"{SITES} unless told otherwise")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SITES} sites, ours only, without the long runs")
    options = parser.parse_args(arguments)
    sites = range(options.sites or (QUICK_SITES if options.quick else SITES))
    board = Scoreboard(Console(width=140))
    with tempfile.TemporaryDirectory() as name, contest(max(2 * len(sites), LONG_RUN_SITES), Path(name)) as web:
        _run_ours(web, sites, board)
        if not options.quick:
            _run_long(web, board)
            _run_peers(web, sites, board)
    board.console.print(_table(list(board.outcomes.values())))
    if any(one.foreign_share > MUCH for one in board.outcomes.values()):
        board.console.print(
            "Other work took CPU meanwhile (last column), so sites a minute are lower than they could be."
        )
    print(json.dumps([*_against_peers(board.outcomes), *board.lines]))
    return 0


def _run_ours(web: Contest, sites: Sequence[int], board: Scoreboard) -> None:
    static = [site for site in range(2 * len(sites)) if not is_shell(site)][: len(sites)]
    board.add(OURS_STATIC, static, web.ours(static, browser=False))
    board.lines.extend(_static_lines(board.outcomes))
    if not find_executable():
        board.console.print("There is no Chromium on this machine, so what needs one is not measured.")
        return
    board.console.print(f"Chromium: {find_executable()}", highlight=False)
    board.add(OURS, sites, web.ours(sites, browser=True))
    if OURS not in board.outcomes:
        return
    board.lines.extend(_quality_lines(board, sites))
    shells = [site for site in sites if is_shell(site)]
    if shells:
        board.lines.extend(_limit_lines(board, len(sites), len(shells), web.browser_alone(shells)))


def _static_lines(outcomes: Mapping[str, Outcome]) -> Iterator[Line]:
    if (static := outcomes.get(OURS_STATIC)) is not None:
        cpu, memory = static.cpu_ms_a_page, static.peak_mb
        yield line("crawl: CPU a static page", cpu, "ms", 2.0, is_met=cpu <= 2.0)
        yield line("crawl: memory without a browser", memory, "MB", 150, is_met=memory <= 150)


def _quality_lines(board: Scoreboard, sites: Sequence[int]) -> Iterator[Line]:
    whole = board.outcomes[OURS]
    yield line("crawl: recall of the text", whole.recall, "share", 1.0, is_met=whole.recall == 1)
    yield line("crawl: boilerplate in the text", whole.boilerplate, "share", 0.0, is_met=whole.boilerplate == 0)
    yield line("crawl: memory with the browser", whole.peak_mb, "MB", 650, is_met=whole.peak_mb <= 650)
    if (first := whole.first_site_seconds) is not None:
        yield line("crawl: first site read", first, "s", 1.0, is_met=first <= 1)
        alone = min(sum(latency(site, path) for path in ("/robots.txt", *PATHS)) for site in sites[:SITES_AT_ONCE])
        board.console.print(
            f"The first site was read after {first:.2f} s. One request at a time, as politeness asks, the quickest of "
            f"the first {SITES_AT_ONCE} sites takes {alone:.2f} s to answer its robots.txt and {len(PATHS)} pages.",
            highlight=False,
        )


def _limit_lines(board: Scoreboard, sites: int, shells: int, alone: Measured) -> Iterator[Line]:
    """Give the share of the sites a minute that would be possible if nothing but rendering took time."""
    if alone.error or len(alone.pages) < shells * len(PATHS):
        board.console.print(f"The browser alone failed, so there is no limit: {alone.error}", markup=False)
        return
    pages_a_second = len(alone.pages) / alone.seconds
    possible = sites / alone.seconds * 60
    board.console.print(
        f"The browser alone renders {pages_a_second:.1f} pages a second on {os.cpu_count()} cores, for "
        f"{alone.cpu_seconds / len(alone.pages) * 1000:.0f} ms of CPU each: at most {possible:.0f} sites a minute.",
        highlight=False,
    )
    share = board.outcomes[OURS].sites_a_minute / possible
    name = "crawl: share of what rendering alone allows"
    yield line(name, share, "share", SHARE_OF_LIMIT, is_met=share >= SHARE_OF_LIMIT)


def _run_long(web: Contest, board: Scoreboard) -> None:
    """Measure memory over 2,000 pages, without a browser and with one."""
    everything = range(LONG_RUN_SITES)
    static = [site for site in everything if not is_shell(site)]
    twice = web.ours(static, browser=False, repeat=2, keeps_text=False)
    board.add_long_run("crawl without a browser", twice, 150)
    if find_executable():
        board.add_long_run("crawl with a browser", web.ours(everything, browser=True, keeps_text=False), 650)


def _run_peers(web: Contest, sites: Sequence[int], board: Scoreboard) -> None:
    if not has_peers():
        board.console.print("The peers are not installed (make .venv-bench/.done does it), so they are left out.")
        return
    modes = {PLAIN: "plain", MANY: "many", TUNED: "tuned"} if find_executable() else {}
    for name, mode in {**modes, HTTP: "http"}.items():
        board.add(name, sites, web.peer("crawl4ai_peer", sites, mode=mode))
    board.add(SCRAPY, sites, web.peer("scrapy_peer", sites))


def _against_peers(outcomes: Mapping[str, Outcome]) -> Iterator[Line]:
    if (ours := outcomes.get(OURS)) is None:
        return
    for name, target in ((PLAIN, TIMES_PLAIN), (TUNED, TIMES_TUNED)):
        if (peer := outcomes.get(name)) is not None:
            mine, theirs = ours.sites_a_minute, peer.sites_a_minute
            ratio = mine / theirs
            yield line(
                f"crawl: sites a minute, {name}",
                mine,
                "sites/min",
                target,
                is_met=ratio >= target,
                against=(theirs, name, ratio),
            )
    in_a_browser = [outcomes[name] for name in (PLAIN, MANY, TUNED) if name in outcomes]
    if in_a_browser:
        best = min(in_a_browser, key=lambda peer: peer.cpu_ms_a_page)
        mine, theirs = ours.cpu_ms_a_page, best.cpu_ms_a_page
        ratio = mine / theirs
        is_met = ratio <= CPU_SHARE
        yield line(
            "crawl: CPU a page", mine, "ms", round(CPU_SHARE, 3), is_met=is_met, against=(theirs, best.name, ratio)
        )


def line(
    name: str,
    mine: float,
    unit: str,
    target: float,
    *,
    is_met: bool,
    against: tuple[float | None, str, float | None] = (None, "–", None),
) -> Line:
    """Return one line of the scoreboard; `against` is a peer's number, its name, and ours as a multiple of it."""
    theirs, peer_name, ratio = against
    return {
        "name": name,
        "ours": round(mine, 3),
        "peer": None if theirs is None else round(theirs, 3),
        "peer_name": peer_name,
        "unit": unit,
        "ratio": None if ratio is None else round(ratio, 3),
        "target": target,
        "met": is_met,
    }


def _table(outcomes: Sequence[Outcome]) -> Table:
    heads = (
        "crawler",
        "sites/min",
        "CPU ms/page",
        "recall",
        "boilerplate",
        "first site s",
        "peak MB",
        "pages",
        "other load",
    )
    table = Table(*heads, box=None)
    for one in outcomes:
        table.add_row(
            one.name,
            f"{one.sites_a_minute:.0f}",
            f"{one.cpu_ms_a_page:.1f}",
            f"{one.recall:.3f}",
            f"{one.boilerplate:.3f}",
            "–" if one.first_site_seconds is None else f"{one.first_site_seconds:.2f}",
            f"{one.peak_mb:.0f}",
            str(one.pages),
            f"{one.foreign_share:.0%}",
        )
    return table


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
