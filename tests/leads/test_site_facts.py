"""What pages tell becomes rows: only what is proved, once, and in the place of what was told before."""

from dataclasses import replace

import pytest
from django.utils import timezone

from integrations.capabilities import FormField, FoundForm, PageFact, ReadPage
from integrations.lexicon.text import sha256_of
from leads import site_facts
from tests.factories import LeadFactory

pytestmark = pytest.mark.django_db
TEXT = "Acme pumps\nHopfenweg 3, 85283 Wolnzach, Germany"
ADDRESS = PageFact(
    "address", "Hopfenweg 3, 85283 Wolnzach, Germany", "DE", quote="Hopfenweg 3, 85283 Wolnzach, Germany",
    source_url="https://acme.example/", snapshot_sha256=sha256_of(TEXT), found_at=timezone.now(), confidence=0.9,
)  # fmt: skip
COUNTRY = replace(ADDRESS, kind="country", value="DE", detail="")
TYPO3 = replace(ADDRESS, kind="technology", value="TYPO3", detail="CMS", quote="TYPO3 CMS", in_source=True)
FORM = FoundForm(
    "contact", "https://acme.example/send", "post", (FormField("message", "message", "textarea"),), confidence=0.8
)


def page(*facts: PageFact, forms: tuple[FoundForm, ...] = (), text: str = TEXT) -> ReadPage:
    return ReadPage("https://acme.example/", text, sha256_of(text), facts=facts, forms=forms, clues="TYPO3 CMS 12")


def told(lead) -> list[tuple[str, str]]:
    return sorted(lead.facts.values_list("kind", "value"))


def test_a_fact_that_pages_repeat_is_kept_once_from_where_it_is_surest():
    lead = LeadFactory()
    site_facts.save(lead.pk, [page(replace(ADDRESS, confidence=0.5)), page(ADDRESS, TYPO3)])
    assert told(lead) == [("address", ADDRESS.value), ("technology", "TYPO3")]
    assert lead.facts.get(kind="address").confidence == 0.9


def test_a_fact_without_words_that_stand_on_the_page_is_not_kept():
    lead = LeadFactory()
    made_up, unproved = replace(ADDRESS, quote="Nowhere 1"), replace(TYPO3, value="Drupal", quote="")
    not_in_the_text = replace(TYPO3, value="WordPress", in_source=False)
    site_facts.save(lead.pk, [page(made_up, unproved, not_in_the_text)])
    assert told(lead) == []


def test_what_the_site_tells_now_takes_the_place_of_what_it_told():
    lead = LeadFactory()
    site_facts.save(lead.pk, [page(ADDRESS, TYPO3, forms=(FORM,))])
    site_facts.save(lead.pk, [page(ADDRESS)])
    assert told(lead) == [("address", ADDRESS.value)]
    assert not lead.contact_forms.exists()


def test_an_unknown_country_and_place_are_filled_in_and_known_ones_stay():
    blank, known = LeadFactory(country="", location=""), LeadFactory(country="AT", location="Graz")
    for lead in (blank, known):
        site_facts.save(lead.pk, [page(ADDRESS, COUNTRY)])
        lead.refresh_from_db()
    assert (blank.country, blank.location) == ("DE", ADDRESS.value)
    assert (known.country, known.location) == ("AT", "Graz")


def test_a_form_on_every_page_is_one_and_others_than_contact_forms_are_none():
    lead = LeadFactory()
    search = replace(FORM, kind="search", action="https://acme.example/search")
    site_facts.save(lead.pk, [page(forms=(FORM, search)), page(forms=(FORM,)), page(forms=(FORM,))])
    form = lead.contact_forms.get()
    assert (form.action, form.method) == (FORM.action, "post")
    assert form.fields == [
        {"name": "message", "kind": "message", "type": "textarea", "label": "", "is_required": False, "options": []}
    ]
