"""Two leads are one company, or may be, or are not: told by what is known of each."""

import pytest
from django.utils import timezone

from integrations.capabilities import FoundContact, PageFact, ReadPage
from integrations.lexicon.domains import registrable_domain
from leads import dedupe, merging, traits
from leads.dedupe import Found
from leads.merge_models import Clue
from leads.models import Contact, Fact, LeadAlias
from leads.names import legal_forms, name_key
from leads.traits import Traits
from tests.factories import LeadFactory

BERLIN, MUNICH = "musterstr 12 10115 berlin", "musterstr 12 80331 munchen"


@pytest.mark.parametrize(
    "names",
    [
        ("ACME GmbH", "Acme G.m.b.H.", "acme", "The Acme Company", "Acme GmbH & Co. KG"),
        ("Müller & Söhne AG", "Mueller und Soehne", "MULLER AND SOHNE"),
        ("Acme d.o.o.", "ACME DOO", "Acme Sp. z o.o.", "Acme, Inc.", "Acme S.A.", "Acme S.p.A.", "Acme Pvt. Ltd."),
        ("上海机械有限公司", "上海机械股份有限公司", "上海机械"),
        ("トヨタ", "株式会社トヨタ"),
        ("Металац а.д.", "Metalac a.d."),
        ("L'Oréal", "LOREAL S.A."),
        ("Sales Force", "Salesforce, Inc."),
    ],
    ids=["acme", "umlauts", "forms", "chinese", "japanese", "serbian", "accents", "spaces"],
)
def test_one_name_written_in_several_ways_has_one_key(names):
    assert len({name_key(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Holding GmbH", "Acme GmbH"),
        ("Acme Berlin GmbH", "Acme München GmbH"),
        ("AG Insurance", "Insurance"),
        ("SE", "AG"),
        ("Baumüller Anlagentechnik GmbH", "Baumüller DirectMotion GmbH"),
    ],
)
def test_names_of_different_companies_stay_different(one, other):
    assert name_key(one) != name_key(other)


def test_a_name_without_letters_has_no_key_and_is_nobodys_twin():
    assert name_key("***") == ""
    assert dedupe.compare(Traits(name="***"), Traits(name="!!!")) == ()


def test_legal_forms_are_told_in_one_spelling():
    assert legal_forms("Acme Limited") == legal_forms("Acme Ltd.") == {"ltd"}
    assert legal_forms("Acme G.m.b.H. & Co. KG") == {"gmbh", "kg"}
    assert legal_forms("Acme") == frozenset()


def company(name: str = "Acme GmbH", country: str = "DE", **more: set[str]) -> Traits:
    return Traits(name, name_key(name), country, **{key: frozenset(values) for key, values in more.items()})


@pytest.mark.parametrize(
    ("one", "other", "certain", "possible"),
    [
        (company(phones={"+4930123"}), company(phones={"+4930123"}), True, True),
        (company(profiles={"x.com/acme"}), company("ACME", profiles={"x.com/acme"}), True, True),
        (company(email_domains={"acme.de"}), company(handles={"acme.de"}), True, True),
        (company(addresses={BERLIN}), company(addresses={"berlin musterstr 12 10115"}), True, True),
        (company(), company(), False, True),
        (company(addresses={BERLIN}), company(addresses={MUNICH}), False, True),
        (
            company(addresses={BERLIN}, phones={"+4930123"}, profiles={"x.com/acme"}),
            company(addresses={MUNICH}, phones={"+4989456"}, profiles={"x.com/acme"}),
            False,
            True,
        ),
        (company(addresses={BERLIN}), company("Acme AG", addresses={BERLIN}), False, True),
        (company("Acme Holding GmbH", addresses={BERLIN}), company(addresses={BERLIN}), False, False),
        (company(country="DE"), company(country="US"), False, False),
        (company(phones={"+49"}, country="DE"), company(phones={"+49"}, country="US"), False, True),
        (company("Beta GmbH", phones={"+49"}), company(phones={"+49"}), False, False),
        (company("Beta GmbH", profiles={"x.com/acme"}), company(profiles={"x.com/acme"}), False, True),
    ],
    ids=[
        "same phone", "same profile", "mail at the other's domain", "same address", "name alone", "two towns",
        "franchise", "two legal forms at one address", "holding at one address", "two countries",
        "two countries, one phone", "one phone, two names", "one profile, two names",
    ],
)  # fmt: skip
def test_only_what_is_certain_needs_nobody_to_look(one, other, certain, possible):
    for first, second in ((one, other), (other, one)):
        clues = dedupe.compare(first, second)
        assert (dedupe.is_certain(first, second, clues), dedupe.is_possible(clues, first, second)) == (
            certain,
            possible,
        )


def test_phones_and_addresses_are_compared_however_they_are_written():
    assert traits.phone_key("030 / 12 34 56", "DE") == traits.phone_key("+49 (0)30 123456", "") == "+4930123456"
    assert traits.phone_key("ext. 12", "") == ""
    one, other = map(traits.address_key, ("Musterstraße 12, 10115 Berlin, Germany", "Musterstr. 12 · 10115 Berlin"))
    assert dedupe.is_one_address(one, other)
    assert not dedupe.is_one_address(one, traits.address_key("Musterstraße 14, 10115 Berlin"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tea.myshopify.com", "coffee.myshopify.com"),
        ("one.github.io", "two.github.io"),
        ("one.blogspot.com", "two.blogspot.com"),
        ("one.wixsite.com", "two.wixsite.com"),
        ("one.co.uk", "two.co.uk"),
        ("one.wordpress.com", "two.wordpress.com"),
        ("one.business.site", "two.business.site"),
    ],
)
def test_two_shops_of_one_host_are_two_companies(one, other):
    assert registrable_domain(f"www.{one}" if one.endswith(".uk") else one) == one
    assert registrable_domain(one) != registrable_domain(other)


@pytest.mark.django_db
def test_duplicates_are_found_by_name_by_mail_and_by_profile_and_explained(workspace):
    lead = LeadFactory(workspace=workspace, name="Acme GmbH", country="DE", handle="acme.de", phone="030 123456")
    by_name = LeadFactory(workspace=workspace, name="ACME", country="DE", handle="acme.com", phone="+49 30 123456")
    by_mail = LeadFactory(workspace=workspace, name="Acme Tools", country="DE", handle="acme-tools.de")
    by_profile = LeadFactory(workspace=workspace, name="Acme Cloud", handle="acme.cloud")
    LeadFactory(name="Acme GmbH", country="DE")  # somebody else's
    Contact.objects.create(lead=lead, email="info@acme-tools.de", found_by="site")
    for one in (lead, by_profile):
        Fact.objects.create(lead=one, kind="profile", value="https://x.com/acme", quote="x", found_at=timezone.now())
    found = dedupe.possible_duplicates(lead)
    assert {one.lead for one in found} == {by_name, by_mail, by_profile}
    assert found[0].lead == by_name and found[0].is_certain
    assert Found(Clue.PHONE, "+4930123456") in found[0].clues
    assert not any(one.is_certain for one in found[1:])


@pytest.mark.django_db
def test_duplicates_take_few_queries_whatever_there_is(workspace, django_assert_max_num_queries):
    leads = [LeadFactory(workspace=workspace, name="Acme GmbH", country="DE") for _ in range(12)]
    with django_assert_max_num_queries(16):
        assert len(dedupe.possible_duplicates(leads[0])) == dedupe.MOST_SUGGESTED


@pytest.mark.django_db
def test_a_site_shows_its_company_to_be_another_lead(workspace):
    known = LeadFactory(workspace=workspace, name="Acme GmbH", country="DE", phone="030 123456")
    lead = LeadFactory(workspace=workspace, name="Acme")
    page = ReadPage(
        "https://acme.io/", "Acme", "0",
        contacts=(FoundContact(phone="+49 30 123456"),), facts=(PageFact("country", "DE"),),
    )  # fmt: skip
    assert dedupe.certain_twin(lead, [page]).lead == known
    assert dedupe.certain_twin(lead, []) is None
    made = merging.merge(known.pk, lead.pk, by=None)
    merging.unmerge(made.pk, by=workspace.members.get())
    lead.refresh_from_db()
    assert dedupe.certain_twin(lead, [page]) is None  # a person said that they are two


@pytest.mark.django_db
def test_an_alias_stands_for_its_lead_and_for_what_that_was_merged_into(workspace):
    lead, other = LeadFactory.create_batch(2, workspace=workspace)
    for _time in range(2):
        dedupe.remember_alias(lead, "acme.de", Found(Clue.REDIRECT, "https://acme.de/"))
    assert LeadAlias.objects.count() == 1
    assert dedupe.standing_for(workspace.pk, "acme.de") == lead.pk
    merging.merge(other.pk, lead.pk, by=None)
    assert dedupe.standing_for(workspace.pk, "acme.de") == other.pk
    assert dedupe.standing_for(workspace.pk, "nobody.example") is None
    dedupe.remember_alias(lead, other.handle, Found(Clue.REDIRECT))
    assert LeadAlias.objects.count() == 1  # a lead's own handle is nobody's alias


def test_an_address_at_anothers_domain_is_told_on_both_leads(workspace):
    lead, other = (LeadFactory(workspace=workspace, name=name) for name in ("Acme", "Zeta"))
    Contact.objects.create(lead=other, email=f"Info@{lead.handle.upper()}", found_by="site")
    theirs = LeadFactory(name="Somebody else's")
    Contact.objects.create(lead=theirs, email=f"info@{lead.handle}", found_by="site")
    for one, twin in ((lead, other), (other, lead)):
        (possible,) = dedupe.possible_duplicates(one)
        assert (possible.lead, possible.clues) == (twin, (Found(Clue.EMAIL_DOMAIN, lead.handle),))


def test_two_with_addresses_at_one_domain_are_told_of_each_other_and_free_mail_says_nothing(workspace):
    one, other, third = (LeadFactory(workspace=workspace, name=name) for name in ("Acme", "Zeta", "Eta"))
    for lead, email in ((one, "a@group.example"), (other, "b@group.example"), (one, "a@gmx.de"), (third, "c@gmx.de")):
        Contact.objects.create(lead=lead, email=email, found_by="site")
    assert [possible.lead for possible in dedupe.possible_duplicates(one)] == [other]
    assert [possible.lead for possible in dedupe.possible_duplicates(other)] == [one]
    assert dedupe.possible_duplicates(third) == []


def test_what_a_merged_lead_has_in_common_is_told_on_both_sides(workspace):
    """The alias, the address and the former name are of the lead that was merged away."""
    kept, merged, other = (LeadFactory(workspace=workspace, name=name) for name in ("Kept", "Former GmbH", "Other"))
    named = LeadFactory(workspace=workspace, name="FORMER AG")
    Contact.objects.create(lead=merged, email=f"x@{other.handle}", found_by="site")
    merging.merge(kept.pk, merged.pk, by=None)
    assert {possible.lead for possible in dedupe.possible_duplicates(kept)} == {other, named}
    for one in (other, named):
        assert [possible.lead for possible in dedupe.possible_duplicates(one)] == [kept]


def test_a_site_shows_its_company_by_the_name_that_was_merged_away(workspace):
    kept = LeadFactory(workspace=workspace, name="Acme Holding", country="DE", phone="030 123456")
    merged = LeadFactory(workspace=workspace, name="Acme GmbH", country="AT")
    merging.merge(kept.pk, merged.pk, by=None)
    lead = LeadFactory(workspace=workspace, name="ACME")
    page = ReadPage(
        "https://acme.io/", "text", "0" * 64,
        contacts=(FoundContact(phone="+49 30 123456"),), facts=(PageFact("country", "AT"),),
    )  # fmt: skip
    assert dedupe.certain_twin(lead, [page]).lead == kept
