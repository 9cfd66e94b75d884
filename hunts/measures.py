"""The figures that runs are compared by, each with its sentence and what to do where it is off."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext_noop

from hunts import amounts
from hunts.figure_models import RunFigures

LEAST_COMPANIES = 10  # below, one company more or less moves every share too far
LEAST_LEADS = 8
SCORE_DEVIATION = 20.0  # of the scores within a run, in points

Off = Literal["low", "high"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure of one run, and of how many companies it was made."""

    value: float
    size: int


Reader = Callable[[RunFigures], Sample | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that runs are compared by.

    `read` takes it from a run, None where the run is too small for it. `chance` is how far a run of some size is off by
    chance alone where the first value is the true one, as one standard deviation; `least` is the smallest spread that
    counts. `sentence` and `advice` are said in the reader's language; only directions with an advice are warned of.
    """

    name: str
    sentence: str  # with %(now)s and %(usual)s
    advice: Mapping[Off, str]
    read: Reader
    chance: Callable[[float, int], float]
    least: Callable[[float], float]
    shown: Callable[[float], str]
    log: str = ""  # the query of the log's tab that shows the lines to read; "" where the log says nothing of it


def _share(part: Callable[[RunFigures], int], whole: Callable[[RunFigures], int], least: int) -> Reader:
    def read(figures: RunFigures) -> Sample | None:
        size = whole(figures)
        return Sample(part(figures) / size, size) if size >= least else None

    return read


def _mean_score(figures: RunFigures) -> Sample | None:
    if figures.mean_score is None or figures.scored < LEAST_COMPANIES:
        return None
    return Sample(figures.mean_score, figures.scored)


def _cost(figures: RunFigures) -> Sample | None:
    cost = figures.cost_per_lead_microusd
    return Sample(cost, figures.qualified) if cost and figures.qualified >= LEAST_LEADS else None


def _pace(figures: RunFigures) -> Sample | None:
    if figures.seconds is None or figures.screened < LEAST_COMPANIES:
        return None
    return Sample(figures.seconds / figures.screened, figures.screened)


def _chance_of_share(usual: float, size: int) -> float:
    """One more hit and one more miss keep a share of 0 or 1 from looking certain."""
    likely = (usual * size + 1) / (size + 2)
    return math.sqrt(likely * (1 - likely) / size)


def _chance_of_sum(usual: float, size: int) -> float:
    return usual / math.sqrt(size)


def _least_share(usual: float) -> float:
    return max(0.1 * usual, 0.015)


MEASURES = (
    Measure(
        name="prescreen_yield",
        sentence=gettext_noop("Prescreen yield %(now)s, your 30-day average is %(usual)s."),
        advice={
            "low": gettext_noop(
                "Look in the log at what prescreen turned away: the words of the search may have become too wide."
            )
        },
        read=_share(lambda one: max(one.prescreened - one.cached, 0), lambda one: one.screened, LEAST_COMPANIES),
        chance=_chance_of_share,
        least=_least_share,
        shown=amounts.percent,
        log="stage=prescreen",
    ),
    Measure(
        name="qualified_yield",
        sentence=gettext_noop("%(now)s of the judged companies qualified, your 30-day average is %(usual)s."),
        advice={
            "low": gettext_noop(
                "See on its page which criterion is met least; make that a nice-to-have, or search more narrowly."
            )
        },
        read=_share(lambda one: one.qualified, lambda one: one.judged, LEAST_COMPANIES),
        chance=_chance_of_share,
        least=_least_share,
        shown=amounts.percent,
        log="stage=qualify",
    ),
    Measure(
        name="mean_score",
        sentence=gettext_noop("The mean score is %(now)s, your 30-day average is %(usual)s."),
        advice={
            "low": gettext_noop(
                "See on its page which criterion is met least: the search may find other companies now."
            ),
            "high": gettext_noop(
                "Read a few proofs before you write to anybody: the criteria may have become too easy."
            ),
        },
        read=_mean_score,
        chance=lambda _usual, size: SCORE_DEVIATION / math.sqrt(size),
        least=lambda _usual: 4.0,
        shown=amounts.score,
        log="stage=score",
    ),
    Measure(
        name="tier_a",
        sentence=gettext_noop("%(now)s of the scored companies are in tier A, your 30-day average is %(usual)s."),
        advice={
            "low": gettext_noop("Open some of tier B and see which criterion keeps them from tier A."),
            "high": gettext_noop("Read a few proofs of tier A before you write to anybody."),
        },
        read=_share(lambda one: one.tier_a, lambda one: one.scored, LEAST_COMPANIES),
        chance=_chance_of_share,
        least=_least_share,
        shown=amounts.percent,
        log="stage=score",
    ),
    Measure(
        name="cost_per_lead",
        sentence=gettext_noop("A qualified lead cost %(now)s, your 30-day average is %(usual)s."),
        advice={
            "high": gettext_noop(
                "See which provider it was spent on; a narrower search or a cheaper model costs less a lead."
            )
        },
        read=_cost,
        chance=_chance_of_sum,
        least=lambda usual: 0.15 * usual,
        shown=amounts.dollars,
    ),
    Measure(
        name="pace",
        sentence=gettext_noop("A company took %(now)s seconds, your 30-day average is %(usual)s."),
        advice={"high": gettext_noop("A service was slow or at its limit: the warnings in the log say which.")},
        read=_pace,
        chance=_chance_of_sum,
        least=lambda usual: max(0.25 * usual, 0.25),
        shown=amounts.seconds,
        log="level=warning",
    ),
    Measure(
        name="failed",
        sentence=gettext_noop("%(now)s of the companies failed, your 30-day average is %(usual)s."),
        advice={
            "high": gettext_noop(
                "The errors in the log say why. Retry what failed: what is done already is used again."
            )
        },
        read=_share(lambda one: min(one.failed, one.screened), lambda one: one.screened, LEAST_COMPANIES),
        chance=_chance_of_share,
        least=_least_share,
        shown=amounts.percent,
        log="level=error",
    ),
    Measure(
        name="without_contact",
        sentence=gettext_noop("%(now)s of the qualified leads have no e-mail, your 30-day average is %(usual)s."),
        advice={"high": gettext_noop("See in the log where the search for contacts ended; it may have met a limit.")},
        read=_share(lambda one: one.qualified - one.with_contact, lambda one: one.qualified, LEAST_LEADS),
        chance=_chance_of_share,
        least=_least_share,
        shown=amounts.percent,
        log="stage=enrich",
    ),
)
