"""Who may see proofs, facts and pictures, and what they are shown."""

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from enrichment.models import Screenshot, Snapshot
from integrations.lexicon.text import sha256_of
from leads.models import Contact, ContactForm, Fact, Lead
from tests.factories import LeadFactory

pytestmark = pytest.mark.django_db
TEXT = "Acme pumps\nHopfenweg 3, 85283 Wolnzach, Germany\nWrite to sales@acme.example"
CLUES = '<meta name="generator" content="TYPO3 CMS">'
PICTURE = b"RIFF\x00\x00\x00\x00WEBPVP8 "


@pytest.fixture
def lead(workspace, settings, tmp_path) -> Lead:
    settings.MEDIA_ROOT = tmp_path
    Snapshot.keep([TEXT, CLUES])
    lead = LeadFactory(workspace=workspace, handle="acme.example")
    told = {"source_url": "https://acme.example/imprint", "found_at": timezone.now(), "confidence": 0.9}
    Fact.objects.create(
        lead=lead, kind="address", value="Hopfenweg 3, 85283 Wolnzach, Germany", detail="DE",
        quote="Hopfenweg 3, 85283 Wolnzach, Germany", snapshot_sha256=sha256_of(TEXT), **told,
    )  # fmt: skip
    Fact.objects.create(
        lead=lead, kind="technology", value="TYPO3", detail="CMS", quote="TYPO3 CMS", in_source=True,
        snapshot_sha256=sha256_of(CLUES), **told,
    )  # fmt: skip
    Contact.objects.create(
        lead=lead, email="sales@acme.example", found_by="site", quote="Write to sales@acme.example",
        snapshot_sha256=sha256_of(TEXT), source_url="https://acme.example/imprint",
    )  # fmt: skip
    fields = [
        {"name": "mail", "kind": "email", "type": "email", "label": "Your e-mail", "is_required": True, "options": []},
        {"name": "hp", "kind": "honeypot", "type": "text", "label": "", "is_required": False, "options": []},
    ]
    ContactForm.objects.create(
        lead=lead, url="https://acme.example/contact", action="https://acme.example/send", fields=fields,
        captcha="turnstile", found_at=timezone.now(),
    )  # fmt: skip
    picture = Screenshot(host="acme.example", url="https://acme.example/", taken_at=timezone.now())
    picture.file.save("picture.webp", ContentFile(PICTURE), save=True)
    return lead


def doors(lead: Lead) -> list[str]:
    page = lead.get_absolute_url()
    facts = [f"{page}facts/{fact.pk}/" for fact in lead.facts.all()]
    return [*facts, f"{page}contacts/{lead.contacts.get().pk}/", f"{page}screenshot.webp"]


def test_another_workspace_is_shown_nothing_and_told_nothing(client_of_stranger, client, lead):
    for door in doors(lead):
        assert client_of_stranger.get(door).status_code == 404, door
        assert client.get(door).status_code == 302, door


def test_a_fact_of_another_lead_is_not_there(client_of_owner, lead, workspace):
    other = LeadFactory(workspace=workspace)
    fact, contact = lead.facts.first(), lead.contacts.get()
    assert client_of_owner.get(f"{other.get_absolute_url()}facts/{fact.pk}/").status_code == 404
    assert client_of_owner.get(f"{other.get_absolute_url()}contacts/{contact.pk}/").status_code == 404


def test_a_fact_is_shown_where_it_stands(client_of_owner, lead):
    address, technology = lead.facts.all()
    page = client_of_owner.get(f"{lead.get_absolute_url()}facts/{address.pk}/").text
    assert '<mark id="quote">Hopfenweg 3, 85283 Wolnzach, Germany</mark>' in page
    assert "https://acme.example/imprint" in page and address.snapshot_sha256 in page
    page = client_of_owner.get(f"{lead.get_absolute_url()}facts/{technology.pk}/").text
    assert "&lt;meta name=&quot;generator&quot;" in page and '<mark id="quote">TYPO3 CMS</mark>' in page
    assert "A visitor does not read these words" in page


def test_a_contact_is_shown_where_it_was_published(client_of_owner, lead):
    page = client_of_owner.get(f"{lead.get_absolute_url()}contacts/{lead.contacts.get().pk}/").text
    assert '<mark id="quote">Write to sales@acme.example</mark>' in page


def test_a_quote_that_is_gone_is_said_to_be(client_of_owner, lead):
    lead.facts.filter(kind="address").update(quote="Somewhere else")
    page = client_of_owner.get(f"{lead.get_absolute_url()}facts/{lead.facts.first().pk}/").text
    assert "The words are not in the stored text any more." in page and "<mark" not in page
    assert '<blockquote class="quote mb-3" id="quote">“Somewhere else”' in page and 'href="#quote"' in page


def test_a_picture_is_handed_out_as_what_it_is(client_of_owner, lead):
    answer = client_of_owner.get(f"{lead.get_absolute_url()}screenshot.webp")
    assert b"".join(answer.streaming_content) == PICTURE
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert answer["Cache-Control"].startswith("private")


def test_a_picture_whose_file_is_lost_is_not_there(client_of_owner, lead):
    picture = Screenshot.objects.get()
    picture.file.storage.delete(picture.file.name)
    assert client_of_owner.get(f"{lead.get_absolute_url()}screenshot.webp").status_code == 404


def test_the_leads_page_shows_what_the_site_tells(client_of_owner, lead):
    page = client_of_owner.get(lead.get_absolute_url()).text
    assert "TYPO3" in page and "Hopfenweg 3" in page and "Your e-mail" in page and "(turnstile)" in page
    assert "screenshot.webp" in page and ">hp<" not in page
    assert (
        "What its site tells" not in client_of_owner.get(LeadFactory(workspace=lead.workspace).get_absolute_url()).text
    )


def test_the_api_gives_facts_and_forms_with_their_proof(client_of_owner, lead):
    read = client_of_owner.get(f"/api/leads/{lead.pk}").json()
    assert [(fact["kind"], fact["value"], fact["in_source"]) for fact in read["facts"]] == [
        ("address", "Hopfenweg 3, 85283 Wolnzach, Germany", False),
        ("technology", "TYPO3", True),
    ]
    assert read["contact_forms"][0]["captcha"] == "turnstile"
    assert [field["kind"] for field in read["contact_forms"][0]["fields"]] == ["email", "honeypot"]


def test_a_proof_whose_page_is_not_kept_any_more_says_so_and_what_was_quoted(client_of_owner, lead):
    address = lead.facts.first()
    Snapshot.objects.all().delete()
    page = client_of_owner.get(f"{lead.get_absolute_url()}facts/{address.pk}/").text
    assert "The page is not kept any more" in page
    assert address.quote in page
    assert "<mark" not in page
