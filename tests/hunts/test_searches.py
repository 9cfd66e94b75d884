"""Which questions a profile becomes, how many companies each is asked for, and what is made of the answers."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from asgiref.sync import async_to_sync

from hunts import searches
from hunts.brief import read_brief
from hunts.icp import Icp
from hunts.searches import LEAST_SHARE, LONGEST_QUERY, MOST_QUERIES, MOST_SHARE
from hunts.stages import discover
from integrations.capabilities import FoundCompany, Range, SearchQuery
from integrations.errors import CapReached, RequestRejected, Unavailable
from integrations.lexicon.words import words

MACHINISTS = read_brief("Contract manufacturers of precision machined parts in Germany or Austria, 20-500 employees")
BRIEFS = [
    "Contract manufacturers of precision machined parts in Germany or Austria with 20-500 employees, no distributors",
    "Sous-traitants en usinage (décolletage, fraisage, tournage) en Auvergne-Rhône-Alpes",
    "Sheet-metal and metal-forming companies exhibiting at Global Industrie",
    "物流软件公司",
    "Proizvođači hrane u Srbiji",
    "Healthcare IT companies in Europe",
    "Zyxwvut qwrtpsdf",
    "AI legal tech startups in France founded after 2018",
]


def texts(plan: searches.Plan, why: str = "") -> list[str]:
    return [one.query.text for one in plan if not why or one.why == why]


# ── the plan ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("brief", BRIEFS)
@pytest.mark.parametrize("limit", [5, 50, 1_000])
@pytest.mark.parametrize("source", ["exa", "sandbox", "directory"])
def test_every_plan_is_valid_and_made_the_same_again(brief, limit, source):
    icp = read_brief(brief)
    plan = searches.plan(icp, source=source, limit=limit)
    assert plan == searches.plan(icp, source=source, limit=limit)
    assert 1 <= len(plan) <= MOST_QUERIES
    assert not plan[0].is_spare
    for one in plan:
        assert one.query.text == " ".join(one.query.text.split()) != ""
        assert len(one.query.text) <= LONGEST_QUERY
        assert one.share == limit if source != "exa" else LEAST_SHARE <= one.share <= MOST_SHARE
    said = [(frozenset(words(one.query.text)), one.query.countries, one.query.industries) for one in plan]
    assert len(set(said)) == len(said)


def test_the_first_question_says_the_whole_profile():
    [whole, *_] = texts(searches.plan(MACHINISTS, source="exa", limit=50))
    assert whole == "Company: contract manufacturing, machining. Based in Germany or Austria. 20-500 employees"


def test_it_asks_in_sentences_and_in_plain_words():
    plan = searches.plan(MACHINISTS, source="exa", limit=50)
    assert {one.form for one in plan} == {"neural", "keyword"}
    [in_words] = [one.query.text for one in plan if one.why == "words"]
    assert in_words == "contract manufacturing machining cnc machining precision machining Germany Austria"


@pytest.mark.parametrize(
    ("brief", "language", "said"),
    [
        ("Food producers in Serbia", "sr", "Firma: prehrambena industrija. Sedište: Srbija"),
        ("Machining companies in Germany", "de", "Unternehmen: Zerspanung. Sitz: Deutschland"),
        ("Logistics software companies in China", "zh", "公司：物流软件. 位于中国"),
        ("Machining companies in Bosnia and Herzegovina", "sr", "Firma: mašinska obrada. Sedište: Bosna i Hercegovina"),
    ],
    ids=["Serbia", "Germany", "China", "Bosnia"],
)
def test_it_asks_in_the_language_that_is_spoken_there(brief, language, said):
    native = [one for one in searches.plan(read_brief(brief), source="exa", limit=50) if one.why == "native"]
    assert [(one.language, one.query.text) for one in native if one.form == "neural"] == [(language, said)]


def test_a_brief_in_the_language_spoken_there_is_not_asked_twice():
    icp = read_brief("Sous-traitants en usinage en France")
    assert texts(searches.plan(icp, source="exa", limit=500), "native") == []


def test_what_belongs_to_no_language_is_said_in_all_and_what_cannot_be_said_is_left_out():
    icp = replace(read_brief("Machining companies in Serbia"), keywords=("ISO 9001", "CNC", "clever gadgets"))
    [native, *_] = texts(searches.plan(icp, source="exa", limit=50), "native")
    assert "ISO 9001" in native
    assert "gadgets" not in native


def test_trades_of_which_either_will_do_are_also_asked_for_one_by_one():
    either = read_brief("Drug discovery and biotech companies in the US")
    assert texts(searches.plan(either, source="exa", limit=100), "trade") == [
        "Company: drug discovery. Based in United States",
        "Company: biotech. Based in United States",
    ]
    both = read_brief("AI legal tech startups in France")
    assert texts(searches.plan(both, source="exa", limit=100), "trade") == []


def test_a_few_countries_are_also_asked_for_one_by_one_so_that_the_vendors_filter_applies():
    plan = searches.plan(MACHINISTS, source="exa", limit=200)
    assert [one.query.countries for one in plan if one.why == "country"] == [("DE",), ("AT",)]


def test_a_fair_is_asked_for_by_name():
    icp = read_brief("Sheet-metal companies exhibiting at Global Industrie")
    assert "Companies that exhibit at Global Industrie: sheet metal" in texts(
        searches.plan(icp, source="exa", limit=100)
    )


def test_a_profile_that_names_no_trade_is_asked_as_it_was_written():
    icp = Icp(brief="those   friends of ours", countries=("DE",))
    assert texts(searches.plan(icp, source="exa", limit=50)) == ["those friends of ours"]


def test_a_profile_that_says_nothing_asks_nothing():
    assert searches.plan(Icp(), source="exa", limit=50) == ()


@pytest.mark.parametrize(("limit", "most"), [(5, 2), (20, 3), (50, 4), (1_000, 10)])
def test_a_paid_source_is_asked_as_much_as_the_limit_is_worth(limit, most):
    plan = searches.plan(MACHINISTS, source="exa", limit=limit)
    assert len(plan) <= most
    assert sum(one.share for one in plan) >= min(limit, MOST_SHARE * len(plan))


def test_the_price_of_a_plan_is_that_of_all_its_questions():
    plan = searches.plan(MACHINISTS, source="exa", limit=50)
    assert searches.worst_case_microusd(plan, lambda share: share * 10) == sum(one.share for one in plan) * 10
    assert searches.worst_case_microusd(plan, lambda share: None) is None
    assert searches.worst_case_microusd((), lambda share: 1) == 0


def test_a_directory_is_asked_for_the_whole_first():
    [whole, *parts] = searches.plan(MACHINISTS, source="directory", limit=50)
    assert whole.query == MACHINISTS.query()
    assert parts and all(part.is_spare for part in parts)
    # Facts of its rows are never given up.
    assert {(part.query.countries, part.query.employees) for part in parts} == {(("DE", "AT"), Range(20, 500))}


# ── the answers ──────────────────────────────────────────────────────────────────────────────────────────


def company(domain: str) -> FoundCompany:
    return FoundCompany(name=domain or "?", domain=domain)


class Found:
    """A searcher that answers each question by its text: with domains, or by raising."""

    def __init__(self, **answers: Sequence[str] | Exception) -> None:
        self.answers = answers
        self.asked: list[tuple[str, int, int]] = []

    async def search(self, query: SearchQuery, *, limit: int, offset: int = 0) -> list[FoundCompany]:
        self.asked.append((query.text, limit, offset))
        answer = self.answers.get(query.text, ())
        if isinstance(answer, Exception):
            raise answer
        return [company(domain) for domain in answer[offset : offset + limit]]


def planned(*names: str, share: int = 10, spare: Sequence[str] = ()) -> searches.Plan:
    return tuple(
        searches.Planned(SearchQuery(name), "neural", "whole", "en", share, is_spare=name in spare) for name in names
    )


def discovered(plan: searches.Plan, searcher: Found, limit: int = 10) -> discover.Discovery:
    return async_to_sync(discover.run)(plan, searcher, limit=limit)


def test_companies_are_merged_by_their_best_place_in_any_answer():
    found = discovered(planned("one", "two"), Found(one=["a.example", "b.example"], two=["b.example", "c.example"]))
    assert [one.domain for one in found] == ["a.example", "b.example", "c.example"]
    assert [(one.found, one.new) for one in found.asked] == [(2, 2), (2, 1)]
    assert [one.relevance for one in found] == sorted((one.relevance for one in found), reverse=True)


def test_no_more_than_the_limit_and_none_without_a_domain():
    found = discovered(planned("one"), Found(one=["", "a.example", "a.example", "b.example", "c.example"]), limit=2)
    assert [one.domain for one in found] == ["a.example", "b.example"]
    assert found.asked[0].found == 3


def test_a_share_above_a_page_is_asked_page_by_page():
    searcher = Found(one=[f"{n}.example" for n in range(250)])
    assert len(discovered(planned("one", share=220), searcher, limit=500)) == 220
    assert searcher.asked == [("one", 100, 0), ("one", 100, 100), ("one", 20, 200)]


def test_a_spare_question_is_asked_only_while_there_are_too_few():
    plan = planned("one", "two", "three", spare=["two", "three"])
    searcher = Found(one=["a.example"], two=["b.example"], three=["c.example"])
    found = discovered(plan, searcher, limit=2)
    assert [text for text, _, _ in searcher.asked] == ["one", "two"]
    assert [one.was_asked for one in found.asked] == [True, True, False]


def test_a_question_that_fails_is_told_and_the_others_count():
    plan = planned("one", "two")
    found = discovered(plan, Found(one=Unavailable("It is busy."), two=["a.example"]))
    assert [one.domain for one in found] == ["a.example"]
    assert [one.problem for one in found.asked] == ["It is busy.", ""]


def test_when_none_is_answered_the_run_learns_why():
    with pytest.raises(RequestRejected, match="no"):
        discovered(planned("one", "two"), Found(one=RequestRejected("no"), two=Unavailable("busy")))


def test_money_that_runs_out_stops_it_after_what_is_under_way():
    searcher = Found(one=CapReached("spent"), two=["a.example"])
    with pytest.raises(CapReached):
        discovered(planned("one", "two"), searcher)
    assert [text for text, _, _ in searcher.asked] == ["one", "two"]


def test_what_was_asked_is_kept_as_json():
    found = discovered(planned("one"), Found(one=["a.example"]))
    assert found.plan_json == [
        {
            "text": "one", "form": "neural", "why": "whole", "language": "en", "countries": [], "share": 10,
            "found": 1, "new": 1, "problem": "", "was_asked": True,
        }
    ]  # fmt: skip
