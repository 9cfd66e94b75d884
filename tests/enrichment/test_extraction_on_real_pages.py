"""What is found on real pages, against what people labelled there and against what simpler programs find."""

import pytest

from bench import extraction

pytestmark = pytest.mark.skipif(not extraction.PAGES.exists(), reason="the labelled pages are not on this machine")


@pytest.fixture(scope="module")
def contacts() -> extraction.Contacts:
    return extraction.measured_contacts()


@pytest.fixture(scope="module")
def forms() -> extraction.Forms:
    return extraction.measured_forms()


def test_every_labelled_address_is_found(contacts: extraction.Contacts) -> None:
    assert contacts.mails.found == contacts.mails.wanted > 50


def test_more_numbers_are_found_than_by_the_matcher_alone_at_no_worse_precision(contacts: extraction.Contacts) -> None:
    ours, peer = contacts.numbers, contacts.numbers_of_peer
    assert ours.wanted > 300
    assert ours.recall >= max(extraction.LEAST_PHONES, peer.recall)
    assert ours.precision >= peer.precision


def test_contact_forms_are_found_and_little_else_is_taken_for_one(forms: extraction.Forms) -> None:
    ours, peer = forms.contact, forms.contact_of_peer
    assert ours.wanted > 60
    assert ours.precision >= max(extraction.LEAST_PRECISION, peer.precision)
    assert ours.recall >= max(extraction.LEAST_RECALL, peer.recall)


def test_what_forms_and_fields_are_for_is_known_for_nine_in_ten(forms: extraction.Forms) -> None:
    assert forms.kinds.recall >= 0.9
    assert forms.fields.recall >= extraction.LEAST_FIELDS > forms.fields_of_peer.recall


def test_most_captchas_and_traps_are_known_and_hardly_anything_else_is_taken_for_one(forms: extraction.Forms) -> None:
    captcha, honeypot = forms.guards["captcha"], forms.guards["honeypot"]
    assert captcha.recall >= 0.9
    assert captcha.precision >= 0.95
    assert honeypot.recall >= 0.75
    assert honeypot.said - honeypot.right <= 1
