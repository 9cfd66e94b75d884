"""Prescreen: rules that spare a crawl and a judgement. They only reject what is certain, and say why.

What is known at this point is what the searcher told: names, addresses, and the record of a directory.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

from hunts.icp import Icp
from hunts.work import Tools, Verdict, Work, passed, rejected
from integrations.capabilities import Criterion, Opinion
from integrations.judging.reading import Reading, read
from integrations.judging.trade import judge_trade
from integrations.lexicon import places
from integrations.lexicon.domains import host_of, registrable_domain, stated_domain
from integrations.lexicon.words import words

_DATA = Path(__file__).parent / "data" / "not_companies.toml"
# From here on a record speaks of little else. Below, the company's own pages are asked.
CERTAIN = 0.8
_TRADES = ("industry", "keyword")


async def run(work: Work, tools: Tools) -> Verdict:
    if reason := next(filter(None, (rule(work) for rule in RULES)), ""):
        return rejected(reason)
    return passed("fits the places and sizes asked for, as far as is known")


def not_a_company(work: Work) -> str:
    """Reject networks, directories, marketplaces, news and authorities, unless authorities are asked for.

    The network itself is a company: Substack at substack.com may be looked for, somebody's page there is not.
    """
    if "".join(words(work.name)) == "".join(words(work.handle.partition(".")[0])):
        return ""
    host = host_of(work.website) or work.handle
    for ending in (work.handle, *_endings(host)):
        if found := _not_companies().get(ending):
            kind, reason = found
            return "" if kind == "government" and "government" in work.icp.industries else reason
    return ""


def is_no_company(host: str) -> bool:
    """True where `host` is many companies' common one: a network, a directory, a marketplace."""
    return any(ending in _not_companies() for ending in (registrable_domain(host), *_endings(host)))


@cache
def _not_companies() -> Mapping[str, tuple[str, str]]:
    tables = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    return {host: (kind, table["reason"]) for kind, table in tables.items() for host in table["hosts"].split()}


def _endings(host: str) -> Iterator[str]:
    """Yield what a host ends in, each with its dot: `.gov.uk`, `.uk`."""
    labels = host.split(".")
    yield from ("." + ".".join(labels[at:]) for at in range(1, len(labels)))


def named_as_bad(work: Work) -> str:
    """Reject what the profile names: companies that are no customers, and domains."""
    for given in (*work.icp.bad_examples, *work.icp.excluded):
        is_domain = "." in given and " " not in given.strip() and stated_domain(given) == work.handle
        if is_domain or (given in work.icp.bad_examples and _is_name(given, work.name)):
            return f"You named it as one to leave out: {given}."
    return ""


def _is_name(given: str, name: str) -> bool:
    return bool(words(given)) and words(given) == words(name)


def blocked_word(work: Work) -> str:
    """Reject a company whose name says what is to be left out, and nothing that is wanted."""
    name = words(work.name)
    for phrase in work.icp.excluded:
        if _stands_in(words(phrase), name) and not _is_wanted(work.name, work.icp):
            return f"Its name says “{phrase}”, which is to be left out."
    return ""


def _stands_in(wanted: list[str], forms: list[str]) -> bool:
    return bool(wanted) and any(forms[at : at + len(wanted)] == wanted for at in range(len(forms) - len(wanted) + 1))


def _is_wanted(name: str, icp: Icp) -> bool:
    return any(_stands_in(words(keyword), words(name)) for keyword in icp.keywords)


def wrong_place(work: Work) -> str:
    """Reject where the country is known and a must says another."""
    icp = work.icp
    if not (work.country and icp.countries and _is_must(icp, "country", "region")):
        return ""
    grouped = {code for name in icp.regions if (place := places.lookup(name)) for code in place.countries}
    if work.country in grouped.union(icp.countries):
        return ""
    return f"In {places.country_name(work.country)}, which is not among the places asked for."


def wrong_size(work: Work) -> str:
    """Reject where the number of employees is known and a must says another."""
    asked = work.icp.employees
    if not (asked and work.employees and _is_must(work.icp, "employees")) or asked.overlaps(work.employees):
        return ""
    return "Its number of employees is outside the range asked for."


def _is_must(icp: Icp, *facets: str) -> bool:
    """Say whether a criterion of these kinds must be met: a wish, or one that somebody deleted, rejects nobody."""
    return any(criterion.kind == "must" and criterion.facet in facets for criterion in icp.criteria)


def excluded_trade(work: Work) -> str:
    """Reject a company whose record says that it does what is to be left out, and nothing that is wanted."""
    excluded = [criterion for criterion in work.icp.criteria if criterion.kind == "exclude"]
    for criterion in excluded:
        if said := _surely(work, criterion):
            return f"Its record says what is to be left out: “{said.quote[:200]}”"
    return ""


def competitor(work: Work) -> str:
    """Reject a company whose record says that it sells what the customer sells, and does nothing that is wanted."""
    if not work.icp.product:
        return ""
    said = _surely(work, Criterion("product", work.icp.product, "exclude", facet="industry"))
    return f"It seems to sell what you sell: “{said.quote[:200]}”" if said else ""


def _surely(work: Work, criterion: Criterion) -> Opinion | None:
    """Return the proof that the record is about `criterion`, where it is about nothing that must be."""
    if work.record is None:
        return None
    reading = read([work.record])
    said = judge_trade(criterion, reading)
    if said.answer != "yes" or said.confidence < CERTAIN or _does_what_is_wanted(work.icp, reading):
        return None
    return said


def _does_what_is_wanted(icp: Icp, reading: Reading) -> bool:
    wanted = (criterion for criterion in icp.criteria if criterion.kind != "exclude" and criterion.facet in _TRADES)
    return any(judge_trade(criterion, reading).answer != "no" for criterion in wanted)


RULES: tuple[Callable[[Work], str], ...] = (
    not_a_company,
    named_as_bad,
    blocked_word,
    wrong_place,
    wrong_size,
    excluded_trade,
    competitor,
)
