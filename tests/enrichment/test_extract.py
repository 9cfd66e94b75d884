import json
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from enrichment import emails, people
from enrichment.document import Document, read_html
from enrichment.extract import contacts_of, is_address_of, phones_of, with_quoted_lines
from enrichment.markup import decode
from integrations.capabilities import FoundContact

URL = "https://acme.de/kontakt"
SHARED = Path(os.environ.get("SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data") / "pages"


def page(body: str, url: str = URL) -> Document:
    return read_html(f"<html lang=de><body>{body}</body></html>", url)


def found(body: str) -> list[FoundContact]:
    return contacts_of(page(body))


def addresses(body: str) -> list[str]:
    return [contact.email for contact in found(body) if contact.email]


@pytest.mark.parametrize(
    "written",
    [
        "info@acme.de",
        "Info@Acme.de",
        "info [at] acme.de",
        "info(at)acme(dot)de",
        "info [at] acme [punkt] de",
        "info at acme dot de",
        "info&#64;acme.de",
        "info&#x40;acme&#46;de",
        "E-Mail: info@acme.de.",
        "info @ acme.de",
        '<a href="mailto:info@acme.de?subject=Hi">Write</a>',
        '<a href="mailto:info%40acme.de">Write</a>',
        '<span class="__cf_email__" data-cfemail="b7ded9d1d8f7d6d4dad299d3d2">[email&#160;protected]</span>',
        '<script type="application/ld+json">{"@type":"Organization","email":"mailto:info@acme.de"}</script>',
        '<script type="application/ld+json">{"contactPoint":{"email":"info@acme.de"}}</script>',
        "<footer>info@acme.de</footer>",
    ],
)
def test_it_sees_through_the_disguises_of_an_address(written: str) -> None:
    assert addresses(f"<p>Acme</p><p>{written}</p>") == ["info@acme.de"]


@pytest.mark.parametrize(
    "written",
    [
        "logo@2x.png",
        "you@example.com",
        "your@email.com",
        "abc@sentry.io",
        "605a7baede844d278b89dc95ae0a9123@sentry-next.wixpress.com",
        "Meet us at acme.de",
        "we look at it. dot",
        "@acme",
        "a@b",
        "name@domain.com",
    ],
)
def test_it_passes_by_what_only_looks_like_one(written: str) -> None:
    assert addresses(f"<p>{written}</p>") == []


@pytest.mark.parametrize(
    "written, number",
    [
        ("Tel.: 0711 / 229 29-0", "+49711229290"),
        ("+49 (0)711 22929-0", "+49711229290"),
        ("Phone +1 650-253-0000", "+16502530000"),
        ('<a href="tel:+4971122929">Call</a>', "+4971122929"),
        ("电话：+86 10 6512 3456", "+861065123456"),
        ("( 86 ) 755-2515-3290", "+8675525153290"),
    ],
)
def test_it_reads_phone_numbers_by_the_rules_of_the_place(written: str, number: str) -> None:
    assert [contact.phone for contact in found(f"<p>{written}</p>")] == [number]


@pytest.mark.parametrize(
    "written", ["2019-2024", "12.05.2021", "IBAN DE89 3704 0044 0532 0130 00", "Fax: 0711 229 29-99"]
)
def test_dates_accounts_and_fax_numbers_are_not_phones(written: str) -> None:
    assert [contact.phone for contact in found(f"<p>{written}</p>") if contact.phone] == []


@pytest.mark.parametrize(
    "body, name, title",
    [
        ("<h3>Anna Schmidt</h3><p>Geschäftsführerin</p>", "Anna Schmidt", "Geschäftsführerin"),
        ("<p>Head of Procurement</p><p>Dr. John van der Berg, PhD</p>", "John van der Berg", "Head of Procurement"),
        ("<p>Anna Schmidt, Leiterin Einkauf</p>", "Anna Schmidt", "Leiterin Einkauf"),
        ("<p>Anna Schmidt – CEO</p>", "Anna Schmidt", "CEO"),
        ("<p>Geschäftsführer: Herr Jörn Hadelich</p>", "Jörn Hadelich", "Geschäftsführer"),
        (
            "<p>Vertretungsberechtigter Geschäftsführer</p><p>Max Muster</p>",
            "Max Muster",
            "Vertretungsberechtigter Geschäftsführer",
        ),
        ("<table><tr><td>Thomas Ecklmayr<td>Verkauf<td>t@acme.de</table>", "Thomas Ecklmayr", "Verkauf"),
        ("<p>王芳</p><p>总经理</p>", "王芳", "总经理"),
        ("<p>总经理：王芳</p>", "王芳", "总经理"),
        ("<p>Miloš Đorđević, direktor prodaje</p>", "Miloš Đorđević", "direktor prodaje"),
        ("<p>Милош Ђорђевић</p><p>директор</p>", "Милош Ђорђевић", "директор"),
        ("<p>Claire Dubois | Directrice des achats</p>", "Claire Dubois", "Directrice des achats"),
    ],
)
def test_it_reads_names_with_titles(body: str, name: str, title: str) -> None:
    [contact] = [contact for contact in found(body) if contact.name]
    assert (contact.name, contact.title, contact.is_person) == (name, title, True)


@pytest.mark.parametrize(
    "body",
    [
        "<p>Our Team</p><p>Managers</p>",
        "<p>Contact Sales</p><p>Sales Manager</p>",
        "<p>Acme GmbH, Head of Pumps</p>",
        "<p>Read More</p><p>Director</p>",
        "<p>We are looking for a Sales Manager in Berlin.</p>",
        "<p>Privacy Policy</p><p>CEO</p>",
    ],
)
def test_headings_and_job_offers_are_not_people(body: str) -> None:
    assert [contact.name for contact in found(body) if contact.name] == []


def test_a_person_gets_the_address_below_their_name_and_nobody_elses() -> None:
    body = (
        "<h3>Anna Schmidt</h3><p>CEO</p><p>a.schmidt@acme.de</p><p>0711 2292910</p>"
        "<h3>Bernd Kurz</h3><p>Leiter Einkauf</p><p>einkauf@acme.de</p><p>0711 2292911</p><p>info@acme.de</p>"
    )
    contacts = found(body)
    by_name = {contact.name: contact for contact in contacts if contact.name}
    assert (by_name["Anna Schmidt"].email, by_name["Anna Schmidt"].phone) == ("a.schmidt@acme.de", "+497112292910")
    assert (by_name["Bernd Kurz"].email, by_name["Bernd Kurz"].phone) == ("", "+497112292911")
    assert [contact.email for contact in contacts if not contact.is_person] == ["einkauf@acme.de", "info@acme.de"]


def test_an_address_finds_its_person_by_name_across_the_page() -> None:
    body = "<p>Mail: kurz@acme.de</p>" + "<p>Text</p>" * 20 + "<p>Bernd Kurz, CEO</p><p>info@acme.de</p>"
    assert {contact.name: contact.email for contact in found(body)}["Bernd Kurz"] == "kurz@acme.de"


@pytest.mark.parametrize(
    "address, name, is_theirs",
    [
        ("anna.schmidt@a.de", "Anna Schmidt", True),
        ("a.schmidt@a.de", "Anna Schmidt", True),
        ("schmidt@a.de", "Anna Schmidt", True),
        ("aschmidt@a.de", "Anna Schmidt", True),
        ("j.mueller@a.de", "Jörg Müller", True),
        ("djordjevic@a.rs", "Miloš Đorđević", True),
        ("info@a.de", "Anna Schmidt", False),
        ("bernd@a.de", "Anna Schmidt", False),
        ("anna@a.de", "Anna", False),
    ],
)
def test_it_knows_whose_address_it_is(address: str, name: str, is_theirs: bool) -> None:
    assert is_address_of(address, name) is is_theirs


def test_it_takes_people_from_structured_data_with_their_profiles() -> None:
    data = {
        "@type": "Person",
        "name": "Anna Schmidt",
        "jobTitle": "CEO",
        "email": "anna@acme.de",
        "sameAs": ["https://www.linkedin.com/in/anna"],
    }
    [contact] = found(f'<script type="application/ld+json">{json.dumps(data)}</script>')
    assert (contact.name, contact.title, contact.email) == ("Anna Schmidt", "CEO", "anna@acme.de")
    assert contact.linkedin_url == "https://www.linkedin.com/in/anna"


def test_a_linkedin_profile_goes_to_the_person_whose_name_it_bears() -> None:
    body = '<p>Anna Schmidt, CEO</p><a href="https://de.linkedin.com/in/anna-schmidt-123">LinkedIn</a>'
    body += '<a href="https://www.linkedin.com/company/acme/">Follow us</a>'
    contacts = found(body)
    assert contacts[0].linkedin_url == "https://de.linkedin.com/in/anna-schmidt-123"
    assert contacts[-1].linkedin_url == "https://www.linkedin.com/company/acme/"
    assert not contacts[-1].is_person


def test_every_quote_is_in_the_text_that_is_stored_also_from_the_footer() -> None:
    main = "<main><p>" + "Wir fertigen Pumpen für Brauereien. " * 10 + "</p></main>"
    document = page(
        main + "<footer><p>Geschäftsführerin: Anna Schmidt</p><p>Tel 0711 2292910 · info@acme.de</p></footer>"
    )
    contacts = contacts_of(document)
    stored = with_quoted_lines(document, [contact.quote for contact in contacts])
    assert len(contacts) == 3
    assert all(contact.quote and contact.quote in stored for contact in contacts)
    assert all(contact.source_url == URL and contact.found_by == "site" for contact in contacts)


@pytest.mark.parametrize(
    "hostile",
    [
        "a@" * 50_000,
        "a." * 50_000 + "@",
        "a [at] " * 20_000,
        "at dot " * 20_000,
        "1 2 " * 50_000,
        "CEO, " * 20_000,
        "A B C D E F " * 10_000,
        "a" * 100_000 + "@" + "b." * 50_000,
        "x [at] y dot " * 10_000,
        "(1" * 50_000,
        "Sales " * 20_000 + "manager",
    ],
    ids=range(11),
)
def test_text_made_to_be_slow_is_not(hostile: str) -> None:
    started = time.process_time()
    list(emails.found_in(hostile))
    people.found_in([hostile, hostile[:150]])
    contacts_of(page(f"<p>{hostile}</p>"))
    assert time.process_time() - started < 4


def labelled() -> list[Mapping[str, Any]]:
    labels = SHARED / "webstruct_labels.jsonl"
    if not labels.exists():
        pytest.skip("the labelled pages are not on this machine")
    return [json.loads(line) for line in labels.read_text().splitlines()]


def test_it_finds_what_people_labelled_on_real_pages() -> None:
    mails = mails_found = numbers = numbers_found = 0
    for label in labelled():
        document = read_html(decode((SHARED / label["file"]).read_bytes()), label["url"] or "")
        ours = {contact.email for contact in contacts_of(document)}
        digits = [number for number, _ in phones_of(document)]
        for address in label["entities"].get("EMAIL", []):
            if emails.cleaned(address):
                mails, mails_found = mails + 1, mails_found + (emails.cleaned(address) in ours)
        for number in label["entities"].get("TEL", []) + label["entities"].get("FAX", []):
            tail = re.sub(r"\D", "", number)[-7:]
            if len(tail) == 7:
                numbers, numbers_found = numbers + 1, numbers_found + any(tail in known for known in digits)
    assert mails_found == mails > 50
    assert numbers_found / numbers > 0.94


def test_an_address_in_the_footer_is_part_of_the_text() -> None:
    html = (
        "<main><h1>Pumps</h1><p>We make pumps for wells.</p></main>"
        "<footer><p>Acme GmbH<br>73728 Esslingen<br>Deutschland<br>Newsletter</p></footer>"
    )
    document = read_html(html, "https://acme.example/")
    text = with_quoted_lines(document, [contact.quote for contact in contacts_of(document)])
    assert "73728 Esslingen\nDeutschland" in text
    assert "Newsletter" not in text
