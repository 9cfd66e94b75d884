import time

import pytest

from enrichment.document import Document, read_html
from enrichment.markup import decode
from integrations.lexicon.text import normalise

URL = "https://acme.example/de/"


def page(body: str, head: str = "") -> Document:
    return read_html(f"<!doctype html><html lang=de-AT><head>{head}</head><body>{body}</body></html>", URL)


def test_a_line_is_what_a_reader_sees_as_a_line() -> None:
    document = page(
        "<h1>Pumps and\nvalves</h1><p>We make <b>pumps</b>\n  and valves.<br>Since 1990.<ul><li>One<li>Two</ul>"
    )
    assert document.text == "Pumps and valves\nWe make pumps and valves.\nSince 1990.\nOne\nTwo"


def test_the_cells_of_a_row_stand_apart() -> None:
    document = page("<table><tr><td>Employees<td>120<td><tr><td><p>Founded<td>1990</table>")
    assert document.text == "Employees | 120\nFounded\n1990"


def test_text_is_normalised_once_and_for_all() -> None:
    document = page("<p>ﬁne\u200b \u202emarks\u202c&nbsp;here &amp; there</p>")
    assert document.text == normalise(document.text) == "fine marks here & there"


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display: none">SECRET</div>',
        '<p style="visibility:hidden">SECRET</p>',
        "<p hidden>SECRET</p>",
        '<p aria-hidden="true">SECRET</p>',
        "<!-- SECRET -->",
        '<img alt="SECRET">',
        '<span style="font-size:0">SECRET</span>',
        '<p style="position:absolute;left:-9999px">SECRET</p>',
        "<template>SECRET</template>",
        "<script>SECRET</script>",
        "<noscript>SECRET</noscript>",
        "<svg><text>SECRET</text></svg>",
        "<p title=SECRET>",
        "<p style='opacity:0'>SECRET",
    ],
)
def test_what_a_visitor_does_not_see_is_not_text(hidden: str) -> None:
    document = page(f"<p>Seen</p>{hidden}")
    assert document.full_text == "Seen"


def test_menus_footers_and_cookie_banners_are_not_the_main_text() -> None:
    main = "<main><h1>Pumps</h1><p>" + "We make pumps for breweries. " * 10 + "</p></main>"
    around = (
        "<header><a href=/>Logo</a><nav><a href=/p>Products</a></nav></header>",
        '<div id="cookie-banner">We value your privacy</div><ul><li><a>A</a><li><a>B</a><li><a>C</a></ul>'
        "<footer>Acme GmbH, Ringstr. 1</footer>",
    )
    document = page(around[0] + main + around[1])
    assert document.text == "Pumps\n" + ("We make pumps for breweries. " * 10).strip()
    assert "Acme GmbH, Ringstr. 1" in document.full_text


def test_a_header_with_the_headline_is_content() -> None:
    assert "Pumps for breweries" in page("<header><h1>Pumps for breweries</h1></header><p>More").text


def test_a_page_that_is_all_menu_is_still_a_page() -> None:
    assert "valves" in page('<div class="menu"><p>Pumps, valves and fittings for breweries.</p></div>').text


def test_it_reads_title_description_language_and_links() -> None:
    head = '<title>Acme\n GmbH</title><meta name="description" content="Pumps"><base href="/base/">'
    document = page('<a href="x#y"><b>X</b> page</a><a href="javascript:1">J</a><a href="mailto:a@acme.de">M</a>', head)
    assert (document.title, document.description, document.language) == ("Acme GmbH", "Pumps", "de")
    assert [(link.url, link.text) for link in document.links] == [("https://acme.example/base/x", "X page")]
    assert document.mail_links[0].url == "mailto:a@acme.de"


def test_it_guesses_the_language_where_none_is_declared() -> None:
    text = "Wir fertigen Pumpen und Ventile für Brauereien in ganz Europa und liefern innerhalb von zwei Wochen."
    assert read_html(f"<p>{text}", URL).language == "de"


def test_it_opens_structured_data_and_ignores_the_broken() -> None:
    good = '<script type="application/ld+json">{"@graph": [{"@type": "Organization", "name": "Acme"}]}</script>'
    document = page(good + '<script type="application/ld+json">{"a": </script>')
    assert [item["name"] for item in document.json_ld] == ["Acme"]


@pytest.mark.parametrize(
    "shell",
    [
        '<div id="root"></div><script src=/a.js></script>',
        '<div id="app">Loading…</div><noscript>You need to enable JavaScript to run this app.</noscript>'
        "<script src=/a.js></script>",
        "<app-root></app-root><script src=/main.js></script>",
    ],
)
def test_it_knows_a_page_that_needs_a_browser(shell: str) -> None:
    assert page(shell).needs_browser


def test_a_short_page_and_a_rendered_app_need_none() -> None:
    assert not page("<h1>Closed</h1><p>Back soon.").needs_browser
    text = "<p>" + "A page that the server rendered already, with enough to read. " * 8
    assert not page(f'<div id="root">{text}</div><script src=/a.js></script>').needs_browser


@pytest.mark.parametrize(
    "text", ["This domain is for sale!", "Diese Domain steht zum Verkauf", "该域名出售", "Buy this domain today"]
)
def test_it_knows_a_parked_domain(text: str) -> None:
    assert page(f"<h1>{text}</h1>").is_parked


@pytest.mark.parametrize(
    "body, charset, text",
    [
        ("<p>Köln".encode("latin-1"), "", "Köln"),
        ("<meta charset=windows-1251><p>Производи".encode("cp1251"), "", "Производи"),
        ("<meta charset=gb2312><p>产品中心".encode("gbk"), "", "产品中心"),
        ("<p>Köln".encode(), "latin-1-nonsense", "Köln"),
        ("<meta charset=latin-1><p>Köln".encode(), "", "Köln"),
        ("<p>Köln".encode("utf-16"), "", "Köln"),
        ("<p>“quoted”".encode("cp1252"), "iso-8859-1", "“quoted”"),
    ],
)
def test_it_reads_pages_in_the_charset_that_they_are_in(body: bytes, charset: str, text: str) -> None:
    assert text in read_html(decode(body, charset), URL).full_text


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 100_000,
        "<div>" * 50_000 + "</div>" * 50_000,
        "".join(f"<b x={n}><p>" for n in range(30_000)),
        "<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">x",
        "<p " + "".join(f"a{n}='>' " for n in range(50_000)),
        "<a href=/a>x</a>" * 100_000,
        "<table>" * 50_000,
        "<svg>" * 50_000,
        "<" * 500_000,
        "<!--" * 100_000,
        "&" * 500_000,
        "<ul><li>" * 50_000,
        "<select><option>" * 50_000,
        "<nav>" * 300 + "<ul><a>x</a><a>x</a><a>y</a>" * 5_000,
    ],
    ids=range(14),
)
def test_a_page_made_to_be_slow_is_not(hostile: str) -> None:
    started = time.process_time()
    document = read_html(hostile, URL)
    assert time.process_time() - started < 3
    assert len(document.links) <= 2_000


def test_utf8_overrides_the_charset_that_servers_send_by_default() -> None:
    assert decode("Wir beschäftigen 230".encode(), "ISO-8859-1") == "Wir beschäftigen 230"
    assert decode("Wir beschäftigen 230".encode("cp1252"), "ISO-8859-1") == "Wir beschäftigen 230"


def test_a_short_chinese_page_with_data_scripts_needs_no_browser() -> None:
    body = "<main><h1>码垛机器人</h1><p>海燕制造码垛机器人,并为工厂建设自动化产线。</p></main>"
    assert not page(body, '<script type="application/ld+json">{"@type": "Organization"}</script>').needs_browser
    assert not page(f"<div id=app>{body * 4}</div><script src=/x.js></script>").needs_browser
    assert page("<div id=app></div><script src=/x.js></script>").needs_browser
