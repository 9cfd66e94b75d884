import time

import pytest

from hunts.brief import MAX_LENGTH, BriefUnreadable, read_brief
from hunts.icp import Icp, criterion_key
from integrations.capabilities import Range


def test_it_reads_industry_country_and_size():
    icp = read_brief("Cybersecurity software companies in the United States with 11-200 employees")
    assert icp.industries == ("cybersecurity",)
    assert icp.countries == ("US",)
    assert icp.employees == Range(11, 200)
    assert icp.keywords == ()
    assert [criterion.facet for criterion in icp.criteria] == ["industry", "country", "employees"]


def test_it_reads_french_regions_and_trades():
    icp = read_brief("Sous-traitants en usinage (décolletage, fraisage, tournage) en Auvergne-Rhône-Alpes")
    assert icp.language == "fr"
    assert icp.industries == ("machining",)
    assert icp.regions == ("Auvergne-Rhône-Alpes",)
    assert "décolletage" in icp.keywords
    assert icp.company_type == "Subcontractor"


def test_it_reads_a_fair():
    assert read_brief("Sheet-metal companies exhibiting at Global Industrie").events == ("Global Industrie",)


def test_it_reads_chinese():
    icp = read_brief("寻找德国的数控机床制造商，50人以上")
    assert (icp.language, icp.industries, icp.countries) == ("zh", ("machine_tools",), ("DE",))
    assert icp.employees == Range(50, None)
    assert any("主营业务" in criterion.text for criterion in icp.criteria)


def test_it_reads_serbian_with_an_exclusion():
    icp = read_brief("Tražim firme u Srbiji koje se bave mašinskom obradom, više od 50 zaposlenih, bez livnica")
    assert (icp.language, icp.industries, icp.countries) == ("sr", ("machining",), ("RS",))
    assert icp.excluded == ("livnica",)
    assert [criterion.kind for criterion in icp.criteria].count("exclude") == 1


def test_it_reads_german():
    icp = read_brief("Maschinenbau in Bayern, mindestens 50 Mitarbeiter, keine Händler")
    assert (icp.language, icp.countries, icp.regions) == ("de", ("DE",), ("Bayern",))
    assert icp.excluded == ("Händler",)


def test_what_is_sold_is_not_what_is_looked_for():
    icp = read_brief("We sell CRM software to dentists in Berlin. Reach the owner.")
    assert icp.product == "CRM software"
    assert icp.industries == ()
    assert "dentists" in icp.keywords
    assert icp.countries == ("DE",)
    assert icp.roles == ("owner",)


def test_what_is_sold_says_nothing_of_who_buys_it():
    icp = read_brief("We sell CRM software.")
    assert (icp.product, icp.industries, icp.keywords, icp.criteria) == ("CRM software", (), (), ())
    assert read_brief("Robotics companies in Japan. We sell CRM software.").industries == ("robotics",)


def test_one_word_is_a_brief():
    assert read_brief("robotics").criteria
    assert read_brief("zzyzx").criteria[0].facet == "keyword"


@pytest.mark.parametrize("brief", ["", "  \n\t ", "!!! ??? …"])
def test_a_brief_without_words_is_refused_with_advice(brief):
    with pytest.raises(BriefUnreadable, match="for example"):
        read_brief(brief)


def test_a_huge_brief_is_refused_at_once():
    with pytest.raises(BriefUnreadable, match="limit"):
        read_brief("a" * 10_000_000)
    assert read_brief("robotics " * (MAX_LENGTH // 9))


def test_the_pronoun_us_is_no_country():
    assert read_brief("companies that help us with robotics").countries == ()
    assert read_brief("robotics in the US").countries == ("US",)


def test_a_country_where_somebody_else_is_is_not_where_the_company_is():
    assert read_brief("fintech in India that raised from US VCs").countries == ("IN",)


def test_the_same_brief_gives_the_same_profile_and_survives_storage():
    icp = read_brief("Fintech companies in the United Kingdom, fewer than 50 employees")
    assert icp == read_brief("Fintech companies in the United Kingdom, fewer than 50 employees")
    assert Icp.from_json(icp.to_json()) == icp
    assert all(criterion.key == criterion_key(criterion.text) for criterion in icp.criteria)


@pytest.mark.parametrize(
    "brief", ["asdf qwer !!!", "🦄" * 50 + " x", "<script>alert(1)</script>", "1234567", "a" * 5000]
)
def test_garbage_is_read_without_complaint(brief):
    assert read_brief(brief).criteria


@pytest.mark.parametrize(
    "piece",
    [
        "A ",
        "1 ",
        "1-",
        "and ",
        "exhibiting at A ",
        "we sell ",
        "not ",
        "不",
        "$1 m ",
        "less than ",
        "1.1",
        "111 111 ",
        "DE,",
        "founded in ",
        "$1 to ",
        "head of a ",
        "non-A",
        "近一",
        "Germany and ",
        "one hundred ",
        "in German ",
        "Ш",
        "İ",
        "a(",
    ],
)
def test_no_brief_takes_long_to_read(piece):
    started = time.process_time()
    read_brief(piece * (MAX_LENGTH // len(piece)))
    assert time.process_time() - started < 2
