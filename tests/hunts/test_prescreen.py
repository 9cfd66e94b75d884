"""Prescreen rejects what is certain, says why, and lets everything else through."""

import pytest
from asgiref.sync import async_to_sync

from hunts.brief import read_brief
from hunts.icp import Icp
from hunts.stages import prescreen
from hunts.work import Verdict, Work
from integrations.capabilities import Criterion, Range, ReadPage
from integrations.lexicon.text import normalise, sha256_of
from leads.scoring import Config

BRIEF = "Contract manufacturers of precision machined parts in Germany with 20 to 200 employees, no distributors"


def icp(brief: str = BRIEF, **changes: object) -> Icp:
    return Icp.from_json(read_brief(brief).to_json() | changes)


def screened(profile: Icp | None = None, *, record: str = "", **known: object) -> Verdict:
    text = normalise(record)
    page = ReadPage("https://directory.example/1", text, sha256_of(text), how="record") if record else None
    values: dict = {"handle": "acme.de", "name": "Acme GmbH", "website": "https://www.acme.de/"} | known
    work = Work(icp=profile or icp(), scoring=Config(), record=page, **values)
    return async_to_sync(prescreen.run)(work, None)


@pytest.mark.parametrize(
    ("handle", "website", "says"),
    [
        ("facebook.com", "https://www.facebook.com/acme", "social network"),
        ("wikipedia.org", "https://de.wikipedia.org/wiki/Acme", "encyclopedia"),
        ("kompass.com", "https://gb.kompass.com/c/acme/de1/", "directory"),
        ("made-in-china.com", "https://acme.en.made-in-china.com/", "marketplace"),
        ("usinenouvelle.com", "https://www.usinenouvelle.com/article/acme.N1", "news"),
        ("stepstone.de", "https://www.stepstone.de/cmp/acme", "job board"),
        ("google.com", "https://sites.google.com/view/acme", "search engine"),
        ("hugedomains.com", "https://www.hugedomains.com/domain_profile.cfm?d=acme.com", "domains are sold"),
        ("bmwk.bund.de", "https://www.bmwk.bund.de/", "public authority"),
        ("commerce.gov", "https://www.commerce.gov/", "public authority"),
        ("business.gov.uk", "https://www.business.gov.uk/", "public authority"),
    ],
)
def test_what_is_no_companys_own_site_is_rejected_and_named(handle, website, says):
    verdict = screened(handle=handle, website=website)
    assert verdict.outcome == "rejected"
    assert says in verdict.reason


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        pytest.param("Substack", "substack.com", id="the network itself"),
        pytest.param("Apollo", "apollo.io", id="the directory itself"),
        pytest.param("Facebook Werbung Müller", "facebook-werbung-mueller.de", id="a name that contains one"),
        pytest.param("Gov Tech Labs", "govtech.io", id="an ending that is none"),
        pytest.param("Mygov", "mygov.de", id="a name that ends so"),
    ],
)
def test_a_company_is_not_taken_for_a_page_of_somebody_elses(name, handle):
    verdict = screened(icp("Software companies"), name=name, handle=handle, website=f"https://{handle}/")
    assert verdict.outcome == "passed"


def test_authorities_are_let_through_where_they_are_asked_for():
    profile = icp("Government agencies in the United States")
    assert "government" in profile.industries
    assert screened(profile, handle="commerce.gov", website="https://www.commerce.gov/").outcome == "passed"


def test_another_country_is_rejected_only_where_it_is_known_and_a_must():
    assert "France" in screened(country="FR").reason
    assert screened(country="FR").outcome == "rejected"
    assert screened(country="DE").outcome == "passed"
    assert screened(country="").outcome == "passed"
    wish = icp(criteria=[{"key": "k", "text": "The company is based in Germany.", "kind": "nice", "facet": "country"}])
    assert screened(wish, country="FR").outcome == "passed"
    assert screened(icp(criteria=[]), country="FR").outcome == "passed"


def test_a_region_and_a_group_of_countries_widen_the_places():
    profile = icp("Robotics companies in the United States or in Europe")
    assert screened(profile, country="FR").outcome == "passed"
    assert screened(profile, country="US").outcome == "passed"
    assert screened(profile, country="JP").outcome == "rejected"


def test_a_size_is_rejected_only_where_it_surely_lies_outside():
    assert "employees" in screened(employees=Range(500, 900)).reason
    assert screened(employees=Range(150, 900)).outcome == "passed"
    assert screened(employees=Range()).outcome == "passed"


def test_what_the_profile_names_as_bad_is_rejected():
    profile = icp(bad_examples=["Acme GmbH", "https://www.other.de/"], excluded=["third.com"])
    assert "You named it" in screened(profile).reason
    assert screened(profile, name="Other", handle="other.de").outcome == "rejected"
    assert screened(profile, name="Third", handle="third.com").outcome == "rejected"
    assert screened(profile, name="Acme Services", handle="acme-services.de").outcome == "passed"


def test_a_blocked_word_counts_in_the_name_and_not_in_what_is_wanted():
    profile = icp(excluded=["consulting"], keywords=["milling"])
    assert "consulting" in screened(profile, name="Acme Consulting").reason
    assert screened(profile, name="Consultingwerk").outcome == "passed"
    assert screened(profile, name="Milling & Consulting AG").outcome == "passed"


DEALER = """Acme GmbH
We are a wholesale distributor: distribution, wholesale and trading of fasteners, a stockist and reseller.
As a distributor we distribute fasteners wholesale. Our wholesale warehouse supplies resellers."""
MAKER = """Acme GmbH
Contract manufacturer of precision turned and milled parts: CNC turning, CNC milling, machining to drawing.
Our machining shop also runs a small distribution business for fasteners."""


def test_a_record_about_nothing_but_an_excluded_trade_is_rejected_with_its_words():
    verdict = screened(record=DEALER)
    assert verdict.outcome == "rejected"
    assert "distribut" in verdict.reason
    assert verdict.reason.split("“")[1].rstrip("”") in normalise(DEALER)


def test_a_record_that_also_speaks_of_what_is_wanted_is_left_to_the_judge():
    assert screened(record=MAKER).outcome == "passed"
    assert screened(record=DEALER + "\nCNC machining, turning and milling of precision parts.").outcome == "passed"


SHOP = """Acme
Payroll software for small teams: our payroll platform runs payroll, payslips and HR software in the cloud.
Payroll and human resources software for accountants and small firms, with payslips by e-mail and tax forms."""


def test_a_competitor_is_rejected_and_a_customer_of_the_same_words_is_not():
    brief = "We sell payroll software. We look for restaurants in Germany."
    profile = icp(brief, product="payroll and HR software")
    assert "sell what you sell" in screened(profile, record=SHOP).reason
    assert (
        screened(profile, record="Acme\nRestaurant and bar in Berlin. Our restaurant cooks every day.").outcome
        == "passed"
    )
    assert screened(icp(brief, product=""), record=SHOP).outcome == "passed"


def test_a_custom_criterion_to_exclude_is_read_from_the_record_too():
    ruled_out = Criterion("own", "The company's business is distribution and wholesale.", "exclude", 8, "other")
    profile = Icp(criteria=(ruled_out,))
    assert screened(profile, record=DEALER).outcome == "rejected"
