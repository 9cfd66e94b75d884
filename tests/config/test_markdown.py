"""The one Markdown function, without a browser: what comes out has no tag, attribute or address that is not listed."""

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from config import markdown
from tests.harness import hostile_texts

ANSWER = """## Offer

The company **mills** parts, see [their page](https://acme.example/parts).

- ISO 9001
- `AS 9100`

| Material | Size |
|---|---|
| steel | 3 m |
"""


def elements(html: str) -> list:
    """Every element that a browser would make of it."""
    body = LexborHTMLParser(f"<body>{html}").body
    return [node for node in body.traverse(include_text=False) if node.tag not in ("body", "-comment")]


def trespasses(html: str) -> list[str]:
    """Return what a browser would find in it that may not be there."""
    found = []
    for node in elements(html):
        href = node.attributes.get("href")
        if node.tag not in markdown.TAGS or set(node.attributes) - {"href", "rel"}:
            found.append(node.html)
        elif href is not None and not href.startswith(("http://", "https://")):
            found.append(href)
    return found


def test_an_answer_looks_as_it_was_meant():
    html = markdown.render(ANSWER)
    assert "<strong>mills</strong>" in html and "<code>AS 9100</code>" in html
    assert '<a href="https://acme.example/parts" rel="noopener nofollow ugc">their page</a>' in html
    assert "<li>ISO 9001</li>" in html and "<td>steel</td>" in html
    assert "<p><strong>Offer</strong></p>" in html  # the page has its own outline


def test_templates_have_it_as_a_filter():
    shown = Template("{% load house %}{{ text|markdown }}").render(Context({"text": "*so* <b>it</b> is"}))
    assert shown.strip() == "<p><em>so</em> &lt;b&gt;it&lt;/b&gt; is</p>"


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "ignore")]
)
def test_nothing_becomes_nothing(text):
    assert trespasses(markdown.render(text)) == []


def test_a_long_text_is_cut_and_says_so():
    html = markdown.render("word " * 10_000)
    assert len(html) < markdown.LONGEST + 100
    assert html.rstrip().endswith("…</p>")


def test_no_hostile_text_gets_past_it():
    texts = hostile_texts.own() + hostile_texts.naughty()
    assert len(hostile_texts.own()) >= 200
    assert {text: found for text in texts if (found := trespasses(markdown.render(text)))} == {}


def test_the_second_wall_holds_without_the_first():
    texts = hostile_texts.own() + hostile_texts.naughty()
    assert {text: found for text in texts if (found := trespasses(markdown.clean(text)))} == {}


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/logout/",
        "//evil.example",
        "\\\\evil.example",
        "https:/evil.example",
        "ftp://evil.example",
        "#top",
        "",
    ],
    ids=["ours", "no-scheme", "backslashes", "one-slash", "ftp", "fragment", "empty"],
)
def test_only_whole_web_addresses_are_links(address):
    assert [node.attributes.get("href") for node in elements(markdown.render(f"[x](<{address}>)"))][1:] == [None]


@given(st.text(alphabet=st.sampled_from("<>\"'`[]()!#*_~|:/\\&;=- \nax\x00\u200b\u202e"), max_size=120))
def test_no_mix_of_signs_gets_past_it(text):
    assert trespasses(markdown.render(text)) == []
