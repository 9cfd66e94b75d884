import pytest

from integrations.lexicon import taxonomy
from integrations.lexicon.industry_words import industry_groups, ruled_out_industries, without_industries


def test_every_industry_lies_within_one_that_exists():
    known = taxonomy.industries()
    assert all(industry.within in known for industry in known.values() if industry.within)


@pytest.mark.parametrize("language", taxonomy.LANGUAGES)
def test_every_industry_is_recognised_by_its_own_name_in_every_language(language):
    for industry in taxonomy.industries().values():
        found = {i for group in industry_groups(industry.label(language)) for i in group}
        assert industry.id in found, (industry.id, industry.label(language))


def test_it_tells_both_from_either():
    assert industry_groups("AI legal tech") == (("ai",), ("legal",))
    assert industry_groups("Drug discovery and biotech companies") == (("drug_discovery", "biotech"),)


def test_the_word_software_adds_nothing_to_a_particular_industry():
    assert industry_groups("Cybersecurity software companies") == (("cybersecurity",),)
    assert industry_groups("software companies") == (("software",),)


def test_ruling_out_one_product_does_not_rule_out_its_industry():
    assert ruled_out_industries("drones") == ()
    assert ruled_out_industries("manufacturing") == ("manufacturing",)


def test_a_trade_within_an_industry_stays_where_the_name_of_the_industry_goes():
    assert without_industries("usinage, décolletage", ["machining"]).strip(" |,") == "décolletage"


def test_a_phrase_that_only_looks_like_the_industry_counts_nothing():
    assert taxonomy.evidence_of("real_estate")["intellectual property"] == 0
