"""What a run would do, cost and bring, before anybody presses start: told from our own rows, with no call outside."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from django.conf import settings
from django.utils.translation import gettext as _

from hunts import room
from hunts.filter_models import FilterHistory
from hunts.filters import filters_sha256
from hunts.icp import Icp
from hunts.matching import Matching, matching
from hunts.models import Candidate, Run, Source
from hunts.novelty import Novelty, history, novelty
from hunts.past import Basis, Measure, Past, past
from hunts.prices import ASKED_AT_MOST, Judging, Searching, judges_of, searching
from hunts.room import Room
from integrations.connections import Access, accesses

Found = Literal["counted", "last", "filters", "source", "limit"]


@dataclass(frozen=True, slots=True)
class Line:
    """What one provider is asked: how often, at which price each at most, and what that comes to, in micro-dollars.

    An amount is `None` where no price is known.
    """

    provider: str
    what: str
    calls: int
    calls_at_most: int
    each_microusd: int | None
    expected_microusd: int | None
    at_most_microusd: int | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run costs, in micro-dollars; `None` where a price is not known, and then it is refused.

    As a rule between `low` and `high`, `usual` in the middle: by past runs where enough of them tell, else by the price
    lists. More than `at_most` is impossible. `search` is the part of the search, `call` what one judgement may cost.
    """

    low: int | None
    usual: int | None
    high: int | None
    at_most: int | None
    search: int | None
    call: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate of a run for `limit` companies. Money is whole micro-dollars, `None` where a price is not known.

    About `companies` will be found (`found_by` says how that is known), `known` of them are leads already, `reused`
    need no judging, and the pages of `fetched` need no fetching. `seconds` is how long past runs of `measure` took for
    as many. `rooms` is what the ceilings of the month leave. `problem` is '' or why it cannot start as it is, and what
    to do; `warning` what to know of who judges.
    """

    source: str
    limit: int
    companies: int
    found_by: Found
    known: int
    reused: int
    fetched: int
    searcher: str
    judge: str
    lines: tuple[Line, ...]
    cost: Cost
    seconds: float | None
    measure: Measure
    novelty: Novelty
    rooms: tuple[Room, ...] = ()
    problem: str = ""
    warning: str = ""

    @property
    def to_judge(self) -> int:
        return max(self.companies - self.reused, 0)

    @property
    def is_free(self) -> bool:
        return self.cost.at_most == 0

    @property
    def cost_basis(self) -> Basis:
        """Which past runs tell the cost; '' where it is told from the price lists."""
        return self.measure.basis if self.measure.tells_cost else ""

    @property
    def first_call_microusd(self) -> int:
        """What the first paid call may cost: with less than that nothing can be done. 0 where no call is paid."""
        return next((line.each_microusd for line in self.lines if line.calls and line.each_microusd), 0)

    def judged_within(self, cap_microusd: int) -> int | None:
        """Return about how many companies are judged until a limit of so much is reached; `None` where it is not.

        A call is made where its price at most fits under the limit beside those of all calls under way, so a run stops
        while some of the limit is left: the more companies it works on at once, the more.
        """
        usual, search = self.cost.usual, self.cost.search
        if usual is None or search is None or not self.to_judge or not self.cost.call:
            return None
        room, each = cap_microusd - search, max((usual - search) / self.to_judge, 1)
        at_once = min(settings.WORKER_CONCURRENCY, self.to_judge)
        if room < at_once * self.cost.call:
            within = max(room, 0) // self.cost.call
        else:
            within = at_once + int((room - at_once * self.cost.call) / each)
        return None if within >= self.to_judge else 0 if room < 0 else self.reused + within

    def room_below(self, cap_microusd: int) -> Room | None:
        """Return the ceiling of the month that leaves less than the run may spend and might need."""
        might_need = cap_microusd if self.cost.at_most is None else min(cap_microusd, self.cost.at_most)
        return next((one for one in self.rooms if one.left_microusd < might_need), None)


def estimate(
    icp: Icp,
    *,
    source: str,
    limit: int,
    workspace_id: int,
    company_list_id: int | None = None,
    leaves_out_known: bool = False,
) -> Estimate:
    """Return what a run of `icp` over `source` would do for `limit` companies: a dozen queries, and no call outside.

    `leaves_out_known` is for a run that wants new companies only: on those that are known it spends nothing.
    """
    filters = filters_sha256(icp, source=source, company_list_id=company_list_id)
    models = accesses(workspace_id)
    runs = history(workspace_id, filters)
    before = past(workspace_id, source=source, filters_sha256=filters)
    match = matching(
        workspace_id,
        icp,
        source=source,
        limit=limit,
        company_list_id=company_list_id,
        last=runs[0] if runs else None,
        judge=judges_of(icp, models)[0].name,
    )
    if match is not None and leaves_out_known:
        match = replace(match, reused=match.known)
    found_by, companies = _expected(match, runs, before, limit)
    search = searching(icp, source=source, limit=limit)
    return _estimate(
        icp, source, models, search, before, workspace_id, limit, companies, found_by=found_by, match=match, runs=runs
    )


def cost_of_first(found: Estimate, icp: Icp, *, companies: int) -> Cost:
    """Return what the first `companies` of an estimated run cost by themselves, their own small search included."""
    search = searching(icp, source=found.source, limit=companies)
    cost = found.cost
    if search.total_microusd is None or cost.search is None:
        return Cost(None, None, None, None, None, cost.call)
    searched = search.total_microusd
    part = min(companies / found.companies, 1.0) if found.companies else 0.0
    low, usual, high = (
        searched + round(max(one - cost.search, 0) * part) for one in (cost.low or 0, cost.usual or 0, cost.high or 0)
    )
    return Cost(low, usual, high, searched + ASKED_AT_MOST * cost.call * companies, searched, cost.call)


def of_rest(run: Run, *, companies: int | None = None) -> Estimate:
    """Return what going on with `run` would do and cost: for its companies that are not over, or for so many of them.

    For pages that resume, retry or raise a limit. A run that has not searched yet is estimated as a whole.
    """
    if run.discovered_at is None:
        return estimate(
            run.icp,
            source=run.source,
            limit=run.limit,
            workspace_id=run.workspace_id,
            company_list_id=run.company_list_id,
        )
    left = run.candidates.exclude(status__in=Candidate.OVER).count() if companies is None else companies
    filters = filters_sha256(run.icp, source=run.source, company_list_id=run.company_list_id)
    before = past(run.workspace_id, source=run.source, filters_sha256=filters)
    search = Searching(str(Source(run.source).label), 0, 0, 0)
    return _estimate(run.icp, run.source, accesses(run.workspace_id), search, before, run.workspace_id, left, left)


def _estimate(
    icp: Icp,
    source: str,
    models: Sequence[Access],
    search: Searching,
    before: Past,
    workspace_id: int,
    limit: int,
    companies: int,
    *,
    found_by: Found = "counted",
    match: Matching | None = None,
    runs: Sequence[FilterHistory] = (),
) -> Estimate:
    judges = judges_of(icp, models)
    judge = next(one for one in judges if one.is_priced)
    reused = min(match.reused, companies) if match else 0
    fetched = min(match.fetched, companies - reused) if match else 0
    measure = before.measure(judge.name)
    cost = _cost(search, judges, judge, measure, to_judge=companies - reused, limit=limit)
    paid = {access.slug for access in models} | ({search.slug} if search.slug else set())
    return Estimate(
        source=source,
        limit=limit,
        companies=companies,
        found_by=found_by,
        known=min(match.known, companies) if match else 0,
        reused=reused,
        fetched=fetched,
        searcher=search.provider,
        judge=judge.label,
        lines=tuple(_lines(search, judges, judge, companies - reused, fetched, limit)),
        cost=cost,
        seconds=None if measure.seconds is None else measure.seconds * (companies - reused),
        measure=measure,
        novelty=novelty(runs, limit=limit, matching=match),
        rooms=_rooms(workspace_id, paid, cost),
        problem=_problem(search),
        warning=_warning(judges[0], judge) or (room.on_each_lead(workspace_id, cost.call) if cost.call else ""),
    )


def _expected(match: Matching | None, runs: Sequence[FilterHistory], before: Past, limit: int) -> tuple[Found, int]:
    """Return how many companies to expect, and how that is known."""
    if match is not None and match.is_counted:
        return "counted", len(match.handles)
    telling = next((row for row in runs if row.limit >= limit or row.found_all), None)
    if telling is not None:
        return "last", min(telling.total, limit)
    basis, share = before.found_share()
    return basis or "limit", round(share * limit)


def _cost(
    search: Searching, judges: Sequence[Judging], judge: Judging, measure: Measure, *, to_judge: int, limit: int
) -> Cost:
    """Return what it costs. At most: everything found is judged by the dearest model, for any may stand in, twice."""
    calls = [one.most_microusd for one in judges if one.most_microusd is not None]
    call = max(calls)
    if search.total_microusd is None:
        return Cost(None, None, None, None, None, call)
    searched = search.total_microusd
    at_most = searched + ASKED_AT_MOST * call * limit
    if measure.tells_cost:
        each = measure.low_microusd, measure.usual_microusd, measure.high_microusd
        # What a past run spent on its search is in what it spent on each company.
        low, usual, high = (min(max(round(one * to_judge), searched), at_most) for one in each)
    else:
        prices = judge.low_microusd, judge.usual_microusd, judge.most_microusd
        low, usual, high = (searched + to_judge * (one or 0) for one in prices)
    return Cost(low, usual, high, at_most, searched, call)


def _lines(
    search: Searching, judges: Sequence[Judging], judge: Judging, to_judge: int, fetched: int, limit: int
) -> list[Line]:
    """Return who is asked for what. Rules on our own machine are told of only where they are the judge."""
    told = [
        Line(
            search.provider,
            _("search"),
            search.calls,
            search.calls,
            search.each_microusd,
            search.total_microusd,
            search.total_microusd,
        ),
        Line(
            _("The companies' own sites"),
            _("read a site"),
            to_judge - fetched,
            limit,
            0,
            0,
            0,
            _("up to %(n)s pages each") % {"n": settings.PAGES_PER_SITE},
        ),
    ]
    if not search.calls:
        told = told[1:]
    asked = [one for one in judges if one.model or one is judge]
    return [*told, *(_judge_line(one, judge, to_judge, limit) for one in asked)]


def _judge_line(one: Judging, judge: Judging, to_judge: int, limit: int) -> Line:
    what = _("judge a company")
    if one.most_microusd is None:
        return Line(one.label, what, 0, 0, None, None, None, _("not asked: no price is known"))
    is_first = one is judge
    most = ASKED_AT_MOST * limit if one.model else limit
    note = "" if is_first else _("only where those before it cannot")
    usual = to_judge * (one.usual_microusd or 0) if is_first else 0
    return Line(
        one.label, what, to_judge if is_first else 0, most, one.most_microusd, usual, most * one.most_microusd, note
    )


def _rooms(workspace_id: int, paid: Collection[str], cost: Cost) -> tuple[Room, ...]:
    return () if cost.at_most == 0 else tuple(room.rooms(workspace_id, paid))


def _problem(search: Searching) -> str:
    """Return why the search cannot be made, and what to do."""
    if search.slug and not settings.PROVIDERS[search.slug]["api_key"]:
        return _("%(provider)s needs a key: set %(setting)s, or choose another source.") % {
            "provider": search.provider,
            "setting": f"{search.slug.upper()}_API_KEY",
        }
    if search.total_microusd is None:
        return _(
            "No price is known for %(provider)s, and what has no price is refused. Choose another source, or ask "
            "whoever runs this installation for a version that knows the price."
        ) % {"provider": search.provider}
    return ""


def _warning(first: Judging, judge: Judging) -> str:
    """Return why another judges than the one that is preferred, and what to do."""
    if first is judge:
        return ""
    return _(
        "No price is known for %(model)s, so it is not asked: %(judge)s judges instead. Choose a model with a price "
        "under Settings → Language models."
    ) % {"model": first.label, "judge": judge.label}
