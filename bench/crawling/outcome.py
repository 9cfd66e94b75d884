"""What came out of a crawl: counted against what is known of the pages, never judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.crawling.measured import Measured
from bench.crawling.pages import PATHS, page
from bench.crawling.web import is_shell


@dataclass(frozen=True, slots=True)
class Outcome:
    """One crawler over one set of sites. Shares are of 1; CPU and recall are over all pages that it was to read.

    `first_site_seconds` is when all pages of any one site were there, None where that never was.
    """

    name: str
    sites_a_minute: float
    cpu_ms_a_page: float
    recall: float
    boilerplate: float
    first_site_seconds: float | None
    peak_mb: float
    pages: int
    foreign_share: float


def outcome_of(name: str, sites: Sequence[int], measured: Measured) -> Outcome:
    """Count what of the known content and of the known boilerplate of `sites` came out."""
    texts = {(row["site"], row["path"]): row["text"] for row in measured.pages}
    content = found = boilerplate = told = 0
    for site in sites:
        for path in PATHS:
            known, text = page(site, path, is_shell=is_shell(site)), texts.get((site, path), "")
            content, boilerplate = content + len(known.content), boilerplate + len(known.boilerplate)
            found += sum(mark in text for mark in known.content)
            told += sum(mark in text for mark in known.boilerplate)
    return Outcome(
        name=name,
        sites_a_minute=len(sites) / measured.seconds * 60,
        cpu_ms_a_page=measured.cpu_seconds / (len(sites) * len(PATHS)) * 1000,
        recall=found / content,
        boilerplate=told / boilerplate,
        first_site_seconds=_first_site(measured),
        peak_mb=measured.peak_mb,
        pages=sum(bool(text) for text in texts.values()),
        foreign_share=measured.foreign_share,
    )


def _first_site(measured: Measured) -> float | None:
    times: dict[int, dict[str, float]] = {}
    for row in measured.pages:
        if row["text"]:
            times.setdefault(row["site"], {})[row["path"]] = row["at"]
    return min((max(site.values()) for site in times.values() if set(PATHS) <= set(site)), default=None)


def growth(measured: Measured) -> float | None:
    """Return the most memory in use over the last quarter of the pages, as a multiple of that over the second.

    None where memory was not looked at in both, as in a run of a few seconds.
    """
    times = sorted(row["at"] for row in measured.pages)
    quarter, half, last = (times[len(times) * part // 4] for part in (1, 2, 3))
    early = max((used for at, used in measured.memory if quarter <= at <= half), default=None)
    late = max((used for at, used in measured.memory if at >= last), default=None)
    return None if early is None or late is None else late / early
