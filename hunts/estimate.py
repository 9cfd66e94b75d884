"""What a run would do, cost and bring, before anybody presses start: told from our own rows, with no call outside."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from django.conf import settings
from django.utils.translation import gettext as _

from hunts import company_lists, room, unpriced
from hunts.filter_models import FilterHistory
from hunts.filters import filters_sha256
from hunts.icp import Icp
from hunts.matching import Matching, matching
from hunts.models import Candidate, Hunt, Run, Source
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
    lists. More than `at_most` is impossible. `search` is the part of the search, `call` what one judgement may cost,
    `company` what one company may, whoever is asked and however often.
    """

    low: int | None
    usual: int | None
    high: int | None
    at_most: int | None
    search: int | None
    call: int
    company: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate of a run for `limit` companies. Money is whole micro-dollars, `None` where a price is not known.

    About `companies` will be found (`found_by` says how that is known), `known` of them are leads already, `reused`
    need no judging, and the pages of `fetched` need no fetching. `seconds` is how long past runs of `measure` took for
    as many. `rooms` is what the ceilings of the month leave. `problem` is '' or why it cannot start as it is, and what
    to do; `warning` what to know of who judges. With `leaves_out_known` all that are known count as reused: they are
    passed over.
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
    leaves_out_known: bool = False

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
        """Return the ceiling of the month that leaves less than the run may spend and might need.

        What all tenants together spent is nobody's to know, nor to find out by asking for other limits: of the ceiling
        that they share is told only what the start itself would show, that the first paid call does not fit.
        """
        might_need = cap_microusd if self.cost.at_most is None else min(cap_microusd, self.cost.at_most)
        first_call = min(might_need, self.first_call_microusd)
        needs = ((one, first_call if one.is_shared else might_need) for one in self.rooms)
        return next((one for one, needed in needs if one.left_microusd < needed), None)

    def judged_below(self, cap_microusd: int) -> int | None:
        """Return about how many companies are judged until a limit of so much, or a ceiling of the month, is reached.

        `None` where neither is; 0 under a ceiling of all tenants that is reached.
        """
        room = self.room_below(cap_microusd)
        if room is None:
            return self.judged_within(cap_microusd)
        return 0 if room.is_shared else self.judged_within(min(cap_microusd, room.left_microusd))


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
    there = [row for row in runs if row.run_id]
    before = past(workspace_id, source=source, filters_sha256=filters)
    match = matching(
        workspace_id,
        icp,
        source=source,
        limit=limit,
        company_list_id=company_list_id,
        # A sample says nothing of the companies behind it.
        last=_telling(there, limit) or (there[0] if there else None),
        judge=_first_asked(judges_of(icp, models)).name,
    )
    if match is not None and leaves_out_known:
        match = replace(match, reused=match.known)
    found_by, companies = _expected(match, runs, before, limit)
    search = searching(icp, source=source, limit=limit)
    known = _Known(workspace_id, icp, source, limit, models, search, before, companies, found_by, match, runs)
    return replace(_estimate(known), leaves_out_known=leaves_out_known)


def of_hunt(hunt: Hunt, *, limit: int | None = None, leaves_out_known: bool = False) -> Estimate:
    """Return what a run of a saved hunt would do, for as many companies as it says or `limit`: see `estimate`."""
    found = estimate(
        hunt.icp,
        source=hunt.source,
        limit=limit or hunt.limit,
        workspace_id=hunt.workspace_id,
        company_list_id=hunt.company_list_id,
        leaves_out_known=leaves_out_known,
    )
    gone = company_lists.problem_of(hunt.source, hunt.company_list_id)
    return replace(found, problem=gone) if gone else found


def cost_of_first(found: Estimate, icp: Icp, *, companies: int) -> Cost:
    """Return what the first `companies` of an estimated run cost by themselves, their own small search included."""
    search = searching(icp, source=found.source, limit=companies)
    cost = found.cost
    if search.total_microusd is None or cost.search is None:
        return Cost(None, None, None, None, None, cost.call, cost.company)
    searched = search.total_microusd
    part = min(companies / found.companies, 1.0) if found.companies else 0.0
    low, usual, high = (
        searched + round(max(one - cost.search, 0) * part) for one in (cost.low or 0, cost.usual or 0, cost.high or 0)
    )
    return Cost(low, usual, high, searched + cost.company * companies, searched, cost.call, cost.company)


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
    models = accesses(run.workspace_id)
    return _estimate(_Known(run.workspace_id, run.icp, run.source, left, models, search, before, left))


@dataclass(frozen=True, slots=True)
class _Known:
    """What an estimate is told from: what is asked for, who would be asked, and what earlier runs brought."""

    workspace_id: int
    icp: Icp
    source: str
    limit: int
    models: Sequence[Access]
    search: Searching
    before: Past
    companies: int
    found_by: Found = "counted"
    match: Matching | None = None
    runs: Sequence[FilterHistory] = ()


def _estimate(known: _Known) -> Estimate:
    search, limit, companies, match = known.search, known.limit, known.companies, known.match
    judges = judges_of(known.icp, known.models)
    judge = _first_asked(judges)
    reused = min(match.reused, companies) if match else 0
    fetched = min(match.fetched, companies - reused) if match else 0
    measure = known.before.measure(judge.name)
    cost = _cost(search, judges, judge, measure, to_judge=companies - reused, limit=limit)
    paid = {access.slug for access in known.models} | ({search.slug} if search.slug else set())
    on_each_lead = room.on_each_lead(known.workspace_id, cost.call) if cost.call else ""
    return Estimate(
        source=known.source,
        limit=limit,
        companies=companies,
        found_by=known.found_by,
        known=min(match.known, companies) if match else 0,
        reused=reused,
        fetched=fetched,
        searcher=search.provider,
        judge=judge.label,
        lines=tuple(_lines(search, judges, judge, companies - reused, fetched, limit)),
        cost=cost,
        seconds=None if measure.seconds is None else measure.seconds * (companies - reused),
        measure=measure,
        novelty=novelty(known.runs, limit=limit, matching=match),
        rooms=_rooms(known.workspace_id, paid, cost),
        problem=_problem(search) or _problem_of_judges(judges, judge),
        warning=_warning(judges[0], judge) or on_each_lead,
    )


def _expected(match: Matching | None, runs: Sequence[FilterHistory], before: Past, limit: int) -> tuple[Found, int]:
    """Return how many companies to expect, and how that is known."""
    if match is not None and match.is_counted:
        return "counted", len(match.handles)
    telling = _telling(runs, limit)
    if telling is not None:
        return "last", min(telling.total, limit)
    basis, share = before.found_share()
    return basis or "limit", round(share * limit)


def _telling(runs: Sequence[FilterHistory], limit: int) -> FilterHistory | None:
    """Return the last run that says something of one for `limit` companies: it asked for as many, or found all."""
    return next((row for row in runs if row.limit >= limit or row.found_all), None)


def _cost(
    search: Searching, judges: Sequence[Judging], judge: Judging, measure: Measure, *, to_judge: int, limit: int
) -> Cost:
    """Return what it costs. At most: of everything found each model is asked twice, and the next one stands in."""
    calls = [one.most_microusd for one in judges if one.most_microusd is not None]
    call, company = max(calls), ASKED_AT_MOST * sum(calls)
    if search.total_microusd is None:
        return Cost(None, None, None, None, None, call, company)
    searched = search.total_microusd
    at_most = searched + company * limit
    if measure.tells_cost:
        each = measure.low_microusd, measure.usual_microusd, measure.high_microusd
        # What a past run spent on its search is in what it spent on each company.
        low, usual, high = (min(max(round(one * to_judge), searched), at_most) for one in each)
    else:
        prices = judge.low_microusd, judge.usual_microusd, judge.most_microusd
        low, usual, high = (searched + to_judge * (one or 0) for one in prices)
    return Cost(low, usual, high, at_most, searched, call, company)


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


def _first_asked(judges: Sequence[Judging]) -> Judging:
    """Return the preferred one of those whose price is known: what has none is refused."""
    return next(one for one in judges if one.is_priced)


def _problem_of_judges(judges: Sequence[Judging], judge: Judging) -> str:
    """Return why a run would end before it begins: there are language models, and the price of none is known."""
    models = [one.label for one in judges if one.model]
    return unpriced.refusal(models) if models and not judge.model else ""


def _warning(first: Judging, judge: Judging) -> str:
    """Return why another model judges than the one that is preferred, and what to do."""
    if first is judge or not judge.model:
        return ""
    return _(
        "No price is known for %(model)s, so it is not asked: %(judge)s judges instead. Choose a model with a price "
        "under Settings → Language models."
    ) % {"model": first.label, "judge": judge.label}
