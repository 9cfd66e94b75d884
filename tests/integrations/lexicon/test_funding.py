import pytest

from integrations.capabilities import Range
from integrations.lexicon import funding


@pytest.mark.parametrize(
    ("said", "written", "numbers"),
    [
        ("raised between $100M and $300M", "$100M to $300M", Range(100_000_000, 300_000_000)),
        ("with $50M+ in funding", "at least $50M", Range(50_000_000, None)),
        ("raised under $30M total", "at most $30M", Range(None, 30_000_000)),
        ("agritech $5M-$20M", "$5M to $20M", Range(5_000_000, 20_000_000)),
        ("valued at $1B+ but raised less than $100M", "at most $100M", Range(None, 100_000_000)),
        ("mit mindestens 2,5 Mio. Euro Finanzierung", "at least €2.5M", Range(2_500_000, None)),
        ("ayant levé entre 10 et 25 millions d'euros", "€10M to €25M", Range(10_000_000, 25_000_000)),
        ("融资超过1亿元", "at least ¥100M", Range(100_000_000, None)),
        ("prikupili su više od 3 milijarde dolara", "at least $3B", Range(3_000_000_000, None)),
        ("raised 500k", "$500K", Range(500_000, 500_000)),
    ],
)
def test_money_raised_is_written_in_one_way(said, written, numbers):
    money = funding.money_raised(said)
    assert money is not None
    assert (str(money), money.range) == (written, numbers)
    again = funding.money_raised(f"raised {written}")
    assert again is not None
    assert again.range == numbers


@pytest.mark.parametrize(
    "said", ["$5M+ ARR", "over $10M in revenue", "Umsatz über 5 Mio. Euro", "50-100 employees", "founded 2015-2018",
             "chiffre d'affaires de 10 millions d'euros", "90%+ gross margins", "营收超过1亿元", ""]
)  # fmt: skip
def test_money_earned_is_not_money_raised(said):
    assert funding.money_raised(said) is None


@pytest.mark.parametrize(
    ("said", "stage"),
    [
        ("still at seed", "Seed"), ("pre-seed company", "Pre-Seed"), ("Series B fintechs", "Series B"),
        ("série A", "Series A"), ("A-Runde", "Series A"), ("B轮", "Series B"), ("种子轮", "Seed"), ("天使轮", "Angel"),
        ("serija A", "Series A"), ("bootstrapped", "Bootstrapped"), ("autofinancées", "Bootstrapped"),
        ("went from seed to Series B", "Series B"), ("skipped Series A and went straight to B", "Series B"),
        ("struggling to raise Series A", ""), ("seed oil producers", ""), ("seeds for farmers", ""),
    ],
)  # fmt: skip
def test_it_knows_the_stage_that_was_reached(said, stage):
    assert funding.stage_in(said).name == stage


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("publicly traded", "Public Company"), ("börsennotierte Firmen", "Public Company"),
        ("上市公司", "Public Company"),
        ("sociétés cotées en bourse", "Public Company"), ("firme na berzi", "Public Company"),
        ("family-run", "Privately Held"), ("Familienunternehmen", "Privately Held"), ("家族企业", "Privately Held"),
        ("entreprises familiales", "Privately Held"), ("porodične firme", "Privately Held"),
        ("非上市", "Privately Held"),
        ("non-profits", "Nonprofit"), ("gemeinnützige Vereine", "Nonprofit"), ("非营利组织", "Nonprofit"),
        ("state-owned", "Government Agency"), ("国企", "Government Agency"), ("javna preduzeća", "Government Agency"),
        ("Lohnfertiger", "Subcontractor"), ("sous-traitants", "Subcontractor"), ("podizvođači", "Subcontractor"),
        ("private equity firms", ""), ("public transport software", ""), ("private funding", ""), ("software", ""),
    ],
)  # fmt: skip
def test_it_knows_the_kind_of_company(said, kind):
    assert funding.company_type_in(said).name == kind
