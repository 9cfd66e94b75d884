import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from enrichment.document import Document, read_html
from enrichment.markup import decode
from enrichment.postal import MAX_ADDRESSES, addresses_in
from integrations.capabilities import PageFact

SHARED = Path(os.environ.get("SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data") / "pages"


def found(
    *lines: str, json_ld: Sequence[Mapping[str, Any]] = (), host: str = "acme.com", language: str = "en"
) -> list[PageFact]:
    facts = addresses_in(lines, json_ld, host=host, language=language)
    assert all(fact.in_source or fact.quote in "\n".join(lines) for fact in facts)
    return facts


def values(*lines: str, host: str = "acme.com", language: str = "en") -> list[str]:
    return [fact.value for fact in found(*lines, host=host, language=language)]


# What a visitor reads (lines parted by /), the site's host, its language, the address on one line.
WRITTEN = [
    ("Acme GmbH/Musterstraße 12/12345 Berlin", "acme.de", "de", "Musterstraße 12, 12345 Berlin, Germany"),
    (
        "Acme GmbH · Musterstr. 12 a · D-12345 Berlin · Tel. 030 123456",
        "acme.com",
        "de",
        "Musterstr. 12 a, 12345 Berlin, Germany",
    ),
    (
        "Acme GmbH & Co. KG/Am Markt 3/60311 Frankfurt am Main/Germany",
        "acme.com",
        "en",
        "Am Markt 3, 60311 Frankfurt am Main, Germany",
    ),
    ("Postfach 12 34/70123 Stuttgart", "acme.com", "de", "Postfach 12 34, 70123 Stuttgart, Germany"),
    ("Straße des 17. Juni 135, 10623 Berlin", "acme.de", "de", "Straße des 17. Juni 135, 10623 Berlin, Germany"),
    ("Hauptplatz 5, A-4020 Linz", "acme.com", "de", "Hauptplatz 5, 4020 Linz, Austria"),
    ("Mariahilfer Straße 12, 1060 Wien", "acme.at", "de", "Mariahilfer Straße 12, 1060 Wien, Austria"),
    ("Acme AG/Bahnhofstrasse 12/8001 Zürich", "acme.ch", "de", "Bahnhofstrasse 12, 8001 Zürich, Switzerland"),
    ("Rue du Rhône 12/CH-1204 Genève", "acme.com", "fr", "Rue du Rhône 12, 1204 Genève, Switzerland"),
    ("Acme SAS/12 rue de la Paix/75002 Paris", "acme.fr", "fr", "12 rue de la Paix, 75002 Paris, France"),
    (
        "Acme, 12 bis, avenue Jean Jaurès, 69007 Lyon, France",
        "acme.com",
        "fr",
        "12 bis, avenue Jean Jaurès, 69007 Lyon, France",
    ),
    ("23 rue du 8 mai 1945 - 44000 Nantes", "acme.fr", "fr", "23 rue du 8 mai 1945, 44000 Nantes, France"),
    ("Acme S.L./Calle Mayor, 12, 2º B/28013 Madrid", "acme.es", "es", "Calle Mayor, 12, 2º B, 28013 Madrid, Spain"),
    ("Pol. Ind. Norte, C@ Sol 5, 03114 Alicante, España", "acme.com", "es", "C/ Sol 5, 03114 Alicante, Spain"),
    ("Acme S.r.l. - Via Roma, 12 - 20121 Milano (MI)", "acme.it", "it", "Via Roma, 12, 20121 Milano, Italy"),
    (
        "Acme B.V./Keizersgracht 123/1015 CJ Amsterdam",
        "acme.com",
        "nl",
        "Keizersgracht 123, 1015 CJ Amsterdam, Netherlands",
    ),
    ("Kerkstraat 12 bus 3/2000 Antwerpen", "acme.be", "nl", "Kerkstraat 12 bus 3, 2000 Antwerpen, Belgium"),
    ("Avenue Louise 54/B-1050 Bruxelles", "acme.com", "fr", "Avenue Louise 54, 1050 Bruxelles, Belgium"),
    ("12, rue de Hollerich/L-1741 Luxembourg", "acme.lu", "fr", "12, rue de Hollerich, 1741 Luxembourg, Luxembourg"),
    ("Acme Ltd/10 High Street/London/SW1A 1AA", "acme.co.uk", "en", "10 High Street, London, SW1A 1AA, United Kingdom"),
    (
        "Acme Ltd, Unit 5, Riverside Park, Mill Lane, Leeds, LS1 4AB",
        "acme.com",
        "en",
        "Unit 5, Riverside Park, Mill Lane, Leeds, LS1 4AB, United Kingdom",
    ),
    ("Acme Ltd/12 Main Street/Dublin 2/D02 X285", "acme.ie", "en", "12 Main Street, Dublin 2, Ireland"),
    (
        "Acme Inc., 500 W. 5th Ave., New York, New York 10001-1234, USA",
        "acme.com",
        "en",
        "500 W. 5th Ave., New York, New York 10001-1234, United States",
    ),
    (
        "Acme Inc./123 Main St/Suite 400/San Francisco, CA 94105",
        "acme.com",
        "en",
        "123 Main St, Suite 400, San Francisco, CA 94105, United States",
    ),
    ("P.O. Box 123, Austin, Texas 78701", "acme.com", "en", "P.O. Box 123, Austin, Texas 78701, United States"),
    (
        "2002 Cavendish Drive/Burlington, ON L7P 1Y7",
        "acme.ca",
        "en",
        "2002 Cavendish Drive, Burlington, ON L7P 1Y7, Canada",
    ),
    (
        "439 King Street West/Toronto, Ontario, Canada/M5V 1K4",
        "acme.com",
        "en",
        "439 King Street West, Toronto, Ontario, Canada, M5V 1K4",
    ),
    (
        "Level 5, 100 George Street/Sydney NSW 2000",
        "acme.com.au",
        "en",
        "Level 5, 100 George Street, Sydney, NSW 2000, Australia",
    ),
    ("Acme Sp. z o.o./ul. Prosta 12@3/00-590 Warszawa", "acme.com", "pl", "ul. Prosta 12/3, 00-590 Warszawa, Poland"),
    ("Václavské náměstí 12/110 00 Praha 1", "acme.cz", "cs", "Václavské náměstí 12, 110 00 Praha 1, Czechia"),
    ("Dlouhá 5, 602 00 Brno, Czech Republic", "acme.com", "en", "Dlouhá 5, 602 00 Brno, Czechia"),
    (
        "Acme A@S/Vestergade 12, 2. tv./1456 København K",
        "acme.dk",
        "da",
        "Vestergade 12, 2. tv., 1456 København K, Denmark",
    ),
    ("Kungsgatan 5/111 43 Stockholm", "acme.se", "sv", "Kungsgatan 5, 111 43 Stockholm, Sweden"),
    ("Karl Johans gate 12/0154 Oslo", "acme.no", "no", "Karl Johans gate 12, 0154 Oslo, Norway"),
    ("Acme Oy/Mannerheimintie 12 B/00100 Helsinki", "acme.fi", "fi", "Mannerheimintie 12 B, 00100 Helsinki, Finland"),
    ("Acme d.o.o./Knez Mihailova 5/11000 Beograd", "acme.rs", "sr", "Knez Mihailova 5, 11000 Beograd, Serbia"),
    ("Кнез Михаилова 5, 11000 Београд, Србија", "acme.com", "sr", "Кнез Михаилова 5, 11000 Београд, Serbia"),
    ("Acme, 21000 Novi Sad, Bulevar oslobođenja 12", "acme.rs", "sr", "Bulevar oslobođenja 12, 21000 Novi Sad, Serbia"),
    ("Ilica 12, HR-10000 Zagreb", "acme.com", "en", "Ilica 12, 10000 Zagreb, Croatia"),
    ("Slovenska cesta 5, 1000 Ljubljana", "acme.si", "sl", "Slovenska cesta 5, 1000 Ljubljana, Slovenia"),
    ("1051 Budapest, Fő utca 12.", "acme.hu", "hu", "Fő utca 12, 1051 Budapest, Hungary"),
    ("Rua Augusta 12/1100-053 Lisboa", "acme.com", "pt", "Rua Augusta 12, 1100-053 Lisboa, Portugal"),
    ("地址:上海市浦东新区张江路123号5楼 邮编:201203", "acme.cn", "zh", "上海市浦东新区张江路123号5楼, China"),
    (
        "Room 501, No. 88 Century Avenue, Pudong, Shanghai 200120, China",
        "acme.com",
        "en",
        "Room 501, No. 88 Century Avenue, Pudong, Shanghai 200120, China",
    ),
    ("No. 12 Keji Road, Shenzhen 518057, P.R. China", "acme.com", "en", "No. 12 Keji Road, Shenzhen 518057, China"),
    ("〒100-0001 東京都千代田区千代田1-1-1", "acme.jp", "ja", "100-0001 東京都千代田区千代田1-1-1, Japan"),
    (
        "1-2-3 Marunouchi, Chiyoda-ku, Tokyo 100-0005, Japan",
        "acme.com",
        "en",
        "1-2-3 Marunouchi, Chiyoda-ku, Tokyo 100-0005, Japan",
    ),
    ("Plot No. 12, MIDC, Mumbai - 400 093, India", "acme.com", "en", "Plot No. 12, MIDC, Mumbai 400 093, India"),
    ("123 MG Road/Bengaluru 560001/India", "acme.com", "en", "123 MG Road, Bengaluru 560001, India"),
    ("12 Queen Street, Auckland 1010, New Zealand", "acme.com", "en", "12 Queen Street, Auckland 1010, New Zealand"),
    ("123 Teheran-ro, Seoul 06133, South Korea", "acme.com", "en", "123 Teheran-ro, Seoul 06133, South Korea"),
]


@pytest.mark.parametrize("written, host, language, value", WRITTEN, ids=[one[3] for one in WRITTEN])
def test_it_reads_an_address_as_its_country_writes_it(written: str, host: str, language: str, value: str) -> None:
    lines = ["Contact us", *(line.replace("@", "/") for line in written.split("/")), "Tel. +1 555 0100", "Imprint"]
    assert values(*lines, host=host, language=language) == [value]


def test_the_quote_is_the_lines_that_the_address_stands_on() -> None:
    (fact,) = found("Acme GmbH", "Musterstraße 12", "12345 Berlin", "Germany", "Imprint")
    assert (fact.kind, fact.detail, fact.quote) == ("address", "DE", "Musterstraße 12\n12345 Berlin\nGermany")
    assert not fact.in_source


def test_of_a_long_line_the_quote_is_the_part_around_the_address() -> None:
    line = f"{'Words of no interest ' * 40}Acme GmbH, Musterstraße 12, 12345 Berlin {'and more ' * 40}"
    (fact,) = found(line, host="acme.de", language="de")
    assert "Musterstraße 12, 12345 Berlin" in fact.quote
    assert len(fact.quote) <= 300


def test_of_a_long_chinese_line_the_quote_holds_the_address() -> None:
    line = f"{'公司简介,' * 100}地址:上海市浦东新区张江路123号,{'欢迎,' * 100}"
    (fact,) = found(line, host="acme.cn", language="zh")
    assert "上海市浦东新区张江路123号" in fact.quote


@pytest.mark.parametrize(
    "line",
    [
        "© 2013 Acme Corporation",
        "Copyright 2019 Acme GmbH, Berlin",
        "Founded 1998 Monaco",
        "55830 Posts",
        "Since 2010 Acme has served 12000 Customers",
        "Tel. 030 12345 Berlin",
        "HRB 12345 Berlin, USt-IdNr. DE123456789",
        "12345 Mitarbeiter",
        "Order no. 94105",
        "From 1000 EUR",
        "Archos G2 8GB",
        "Call 555-1234 Now",
        "WordPress Themes 2016",
        "Serving 04241, 04243, 04283 and 04210",
        "沪ICP备12345678号",
        "京公网安备11010502030143号",
        "12:30 - 18:00 Uhr",
        "2021-2027 Program",
    ],
)
@pytest.mark.parametrize("host, language", [("acme.de", "de"), ("acme.com", "en")], ids=["German", "English"])
def test_what_only_looks_like_a_postal_code_is_no_address(line: str, host: str, language: str) -> None:
    assert values("About us", line, "Read more", host=host, language=language) == []


def test_a_sentence_gives_its_address_and_nothing_more() -> None:
    line = "Besuchen Sie uns in der Musterstraße 12, 12345 Berlin zwischen 9 und 17 Uhr."
    assert values(line, host="acme.de", language="de") == ["Musterstraße 12, 12345 Berlin, Germany"]


def test_two_addresses_on_lines_that_they_share_stay_apart() -> None:
    lines = [
        "2616 West Alamo Avenue",
        "Littleton, Colorado 80120 | 600 17th Street, Suite 2800",
        "Denver, Colorado 80202",
    ]
    assert values(*lines) == [
        "2616 West Alamo Avenue, Littleton, Colorado 80120, United States",
        "600 17th Street, Suite 2800, Denver, Colorado 80202, United States",
    ]


def test_one_address_written_twice_is_one() -> None:
    lines = ["Musterstr. 12", "12345 Berlin", "Footer", "Acme GmbH, Musterstraße 12, 12345 Berlin"]
    assert values(*lines, host="acme.de", language="de") == ["Musterstr. 12, 12345 Berlin, Germany"]


def test_a_town_without_a_street_is_less_sure() -> None:
    (town,) = found("REI", "Sumner, WA 98352-0001", "Retail Stores")
    (street,) = found("1 High Street", "Sumner, WA 98352-0001")
    assert town.value == "Sumner, WA 98352-0001, United States"
    assert town.confidence < street.confidence


def test_a_country_that_nothing_tells_is_left_open() -> None:
    (fact,) = found("Hauptstraße 5", "4020 Neudorf", language="de")
    assert (fact.value, fact.detail) == ("Hauptstraße 5, 4020 Neudorf", "")


def test_a_phone_number_above_the_town_is_no_street() -> None:
    assert values("Tel. 030 123456", "12345 Berlin", host="acme.de", language="de") == []


def test_a_company_with_a_number_in_its_name_is_no_street() -> None:
    lines = ["911 Plumbing Services Inc.", "1626 N. Wilcox Ave. #243", "Los Angeles CA 90028"]
    assert values(*lines) == ["1626 N. Wilcox Ave. #243, Los Angeles, CA 90028, United States"]


ADDRESS = {
    "@type": "PostalAddress",
    "streetAddress": "Musterstra&szlig;e 12",
    "postalCode": 12345,
    "addressLocality": "Berlin",
    "addressCountry": {"@type": "Country", "name": "Deutschland"},
}


def test_structured_data_tells_an_address() -> None:
    (fact,) = found("Welcome", json_ld=[{"@type": "Organization", "location": [{"address": ADDRESS}]}])
    assert (fact.value, fact.detail) == ("Musterstraße 12, 12345 Berlin, Germany", "DE")
    assert (fact.quote, fact.in_source) == ("Musterstra&szlig;e 12", True)


def test_structured_data_is_quoted_by_the_line_that_shows_it() -> None:
    (fact,) = found("Our house: Musterstraße 12 in Berlin", json_ld=[{"address": ADDRESS}])
    assert (fact.quote, fact.in_source) == ("Our house: Musterstraße 12 in Berlin", False)


def test_structured_data_and_the_page_tell_one_address() -> None:
    (fact,) = found("Musterstraße 12", "12345 Berlin", language="de", json_ld=[{"address": ADDRESS}])
    assert (fact.quote, fact.confidence) == ("Musterstraße 12\n12345 Berlin", 0.95)


def test_structured_data_writes_an_american_address_as_americans_do() -> None:
    address = {
        "@type": "PostalAddress",
        "streetAddress": "123 Main St",
        "addressLocality": "Austin",
        "addressRegion": "TX",
        "postalCode": "78701",
        "addressCountry": "usa",
    }
    (fact,) = found(json_ld=[address])
    assert (fact.value, fact.detail) == ("123 Main St, Austin, TX 78701, United States", "US")


@pytest.mark.parametrize("kind", ["Event", "MusicEvent", "JobPosting", "Person"])
def test_where_an_event_or_a_person_is_says_nothing_of_the_company(kind: str) -> None:
    assert found(json_ld=[{"@type": kind, "location": {"address": ADDRESS}}]) == []


@pytest.mark.parametrize(
    "address",
    [
        None,
        7,
        "Musterstraße 12",
        {},
        {"@type": "PostalAddress"},
        {"@type": "PostalAddress", "addressLocality": "Berlin", "addressCountry": "DE"},
        {"@type": "PostalAddress", "streetAddress": ["Musterstraße 12"], "postalCode": {}, "addressCountry": []},
        {"@type": ["PostalAddress"], "streetAddress": "", "postalCode": None},
    ],
)
def test_broken_structured_data_is_passed_by(address: object) -> None:
    assert found("Welcome", json_ld=[{"@type": "Organization", "address": address}]) == []


def test_there_are_never_more_than_a_few() -> None:
    lines = [f"{number} High Street, Austin, Texas 78{number}" for number in range(100, 200)]
    assert len(values(*lines)) == MAX_ADDRESSES


@pytest.mark.parametrize(
    "piece",
    [
        "1234 ",
        "A 12345,",
        "SW1A 1AA ",
        "市路1号",
        "区1",
        "a ",
        "12 rue ",
        "100-0001 東",
        "A'B ",
        "p. o. ",
        "no. ",
        "  ",
    ],
)
@pytest.mark.parametrize("shape", ["one line", "many lines", "above a town"])
def test_a_megabyte_of_what_addresses_are_made_of_ends(piece: str, shape: str) -> None:
    long = piece * (1_000_000 // len(piece))
    lines = {
        "one line": [long],
        "many lines": [long[:100]] * 10_000,
        "above a town": [long[:99], "12345 Berlin"] * 5_000,
    }[shape]
    assert len(addresses_in(lines, (), host="acme.de", language="de")) <= MAX_ADDRESSES


def test_structured_data_that_is_endless_ends() -> None:
    entry: dict[str, object] = {"@type": "Organization", "name": "A" * 1_000_000}
    entry["department"] = [entry] * 1_000
    assert addresses_in(["Welcome"], [entry] * 100_000, host="acme.de", language="de") == []


# Of hand-labelled pages: the share of streets and codes that are found, and of addresses that are right.
LEAST_RECALL, LEAST_PRECISION = 0.84, 0.95


def _labelled() -> Iterator[tuple[Document, str, dict[str, list[str]]]]:
    labels = SHARED / "webstruct_labels.jsonl"
    if not labels.exists():
        pytest.skip("the labelled pages are not on this machine")
    for row in map(json.loads, labels.read_text().splitlines()):
        url = row["url"] if str(row["url"]).startswith("http") else "http://page.example/"
        yield read_html(decode((SHARED / row["file"]).read_bytes()), url), urlsplit(url).hostname or "", row["entities"]


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", re.sub(r"^[A-Z]{1,2}-(?=\d)", "", text).lower())


def _is_told(label: str, value: str) -> bool:
    """Most words of the label: people differ on whether the building belongs to the street."""
    wanted, told = (set(re.findall(r"[a-z0-9]+", text.lower())) for text in (label, value))
    return len(wanted & told) >= 0.6 * len(wanted)


def test_of_labelled_pages_most_addresses_are_found_and_nearly_all_are_right() -> None:
    labelled = told = given = right = 0
    for document, host, entities in _labelled():
        shown = _plain(document.full_text)
        codes = [code for code in entities.get("ZIPCODE", []) if _plain(code) in shown]
        streets = [street for street in entities.get("STREET", []) if _plain(street) in shown]
        if not (codes or streets):
            continue
        lines = document.full_text.split("\n")
        facts = addresses_in(lines, document.json_ld, host=host, language=document.language)
        assert all(fact.in_source or fact.quote in document.full_text for fact in facts)
        labelled += len(codes) + len(streets)
        told += sum(any(_plain(code) in _plain(fact.value) for fact in facts) for code in codes)
        told += sum(any(_is_told(street, fact.value) for fact in facts) for street in streets)
        given += len(facts)
        right += sum(any(_plain(code) in _plain(fact.value) for code in codes) for fact in facts)
    assert told / labelled >= LEAST_RECALL
    assert right / given >= LEAST_PRECISION
