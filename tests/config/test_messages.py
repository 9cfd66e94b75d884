"""What pages say in other languages: nothing is left out, nothing is broken, and people choose for themselves."""

import ast
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import PoFileError
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation import templatize, to_locale
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from config import messages
from config.templatetags.house import dollars

APPS = ("accounts", "billing", "config", "enrichment", "hunts", "integrations", "leads")
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_lazy": None, "gettext_noop": None, "ngettext_lazy": (1, 2)}
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
# Names, and words that the other language writes just like English.
ANYWHERE = {"Magnet Hunter", "API", "Slack", "%(n)s × %(each)s"}
SAME = {
    "zh-hans": ANYWHERE,
    "sr-latn": ANYWHERE | {"Status", "Model", "Limit", "limit", "%(what)s: %(name)s", "%(what)s: %(detail)s"},
}
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z%]|</?[a-z][^>]*>|\[/?[a-z]+\]")
# What stands in a template and is said by code or by a catalogue, and attributes that people read.
SPOKEN_FOR = re.compile(r"{% blocktranslate.*?{% endblocktranslate %}|{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
READ_OUT = ("alt", "aria-label", "placeholder", "title", "data-confirm")
NAMES = {"Magnet Hunter", "CSV", "Excel", "LinkedIn", "SHA", "UTC", "services", "wide"}
# Shown where nothing works any more, gettext included, or too much is asked; in the last no parser finds the tag.
NOT_READ = {"500.html", "503.html", "button.html"}
# What a page says that a stranger sees first.
PITCH = {"en": "Start a hunt", "zh-hans": "开始寻客", "sr-latn": "Pokrenite potragu"}


def source_of(language: str) -> Path:
    return settings.BASE_DIR / "locale" / to_locale(language) / "LC_MESSAGES" / "django.po"


def catalogue_of(language: str) -> Catalog:
    return messages.read(source_of(language))


def said_in(message: Message) -> tuple[list[str], list[str]]:
    """Return a message's originals and its translations: several of each where it depends on a number."""
    originals, translations = (
        [texts] if isinstance(texts, str) else list(texts) for texts in (message.id, message.string)
    )
    return originals, translations


def spoken_by_the_sources() -> set[str | tuple[str, str]]:
    """Return every sentence that the sources hand to gettext."""
    texts = [
        path.read_bytes()
        for app in APPS
        for path in (settings.BASE_DIR / app).rglob("*.py")
        if "tests" not in path.parts
    ]
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        # A template becomes calls of gettext between blanked-out words, whose indents mean nothing.
        calls = templatize(path.read_text(encoding="utf-8")).splitlines()
        texts.append("\n".join(line.strip() for line in calls).encode())
    found = (extract("python", BytesIO(text), KEYWORDS) for text in texts if b"gettext" in text or b"_(" in text)
    return {sentence for calls in found for _line, sentence, _comments, _context in calls}


def untranslated_words_of(template: str) -> set[str]:
    """Return what a template says, to the eye or to a screen reader, without handing it to gettext."""
    page = HTMLParser(SPOKEN_FOR.sub(" ", template))
    shown = [
        node.text(deep=False) for node in page.css("*") if node.tag not in ("script", "style", "code", "pre", "kbd")
    ]
    read_out = [
        value for node in page.css("*") for name, value in node.attributes.items() if name in READ_OUT and value
    ]
    return {words for text in (*shown, *read_out) for words in re.findall(r"[^\W\d_]{2,}(?: [^\W\d_]+)*", text)}


@pytest.fixture(scope="module")
def sentences() -> set[str | tuple[str, str]]:
    return spoken_by_the_sources()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_of_the_product_is_translated(sentences, language):
    known = {message.id: message for message in catalogue_of(language) if message.id}
    assert sentences - known.keys() == set(), "make messages, then translate what is new"
    assert [message.id for message in known.values() if not all(said_in(message)[1])] == []


def test_templates_say_nothing_by_themselves():
    folder = settings.BASE_DIR / "templates"
    templates = [path for path in folder.rglob("*.html") if path.name not in NOT_READ]
    templates = [path for path in templates if not path.is_relative_to(folder / "admin")]  # staff read English
    said = {path.name: untranslated_words_of(path.read_text(encoding="utf-8")) - NAMES for path in templates}
    assert {name: words for name, words in said.items() if words} == {}
    assert untranslated_words_of('<p title="Hello">{{ x }} you {% translate "all" %}</p>') == {"Hello", "you"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_in_english_or_guessed(language):
    catalogue = catalogue_of(language)
    assert not catalogue.fuzzy
    guessed = [message.id for message in catalogue if message.fuzzy]
    english = {message.id for message in catalogue if message.id and message.id == message.string}
    assert (guessed, english - SAME[language]) == ([], set())


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_and_markup_are_those_of_the_original(language):
    broken = []
    for message in catalogue_of(language):
        originals, translations = said_in(message)
        wanted = [sorted(PLACEHOLDER.findall(original)) for original in originals]
        if message.id and any(sorted(PLACEHOLDER.findall(text)) not in wanted for text in translations):
            broken.append(message.id)
    assert broken == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_begins_and_ends_with_the_same_spaces(language):
    def edges(text: str) -> tuple[int, int]:
        return len(text) - len(text.lstrip()), len(text) - len(text.rstrip())

    pairs = [(message.id, *said_in(message)) for message in catalogue_of(language) if message.id]
    assert [key for key, originals, texts in pairs if {edges(text) for text in texts} != {edges(originals[-1])}] == []


@pytest.mark.parametrize(("language", "forms"), [("zh-hans", 1), ("sr-latn", 3)], ids=LANGUAGES)
def test_every_plural_has_all_forms_of_its_language(language, forms):
    catalogue = catalogue_of(language)
    assert catalogue.num_plurals == forms
    plurals = [message for message in catalogue if message.pluralizable]
    assert plurals
    assert {len(message.string) for message in plurals} == {forms}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh-hans", ["找到 1 家公司", "找到 3 家公司", "找到 11 家公司", "找到 21 家公司"]),
        ("sr-latn", ["Pronađena 1 firma", "Pronađene 3 firme", "Pronađeno 11 firmi", "Pronađena 21 firma"]),
    ],
    ids=LANGUAGES,
)
def test_numbers_choose_their_form(language, said):
    with translation.override(language):
        texts = [
            translation.ngettext("Found %(n)s company", "Found %(n)s companies", n) % {"n": n} for n in (1, 3, 11, 21)
        ]
    assert texts == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_django_reads_is_what_stands_in_the_file(language):
    source = source_of(language)
    compiled = messages.compiled(source)
    assert compiled == messages.compiled(source)
    assert source.with_suffix(".mo").read_bytes() == compiled, "make setup"


def test_a_broken_file_leaves_the_last_good_translations_in_place(tmp_path):
    source = tmp_path / "django.po"
    source.write_text('msgid "a"\nmsgstr "b"\n')
    messages.main([source])
    good = source.with_suffix(".mo").read_bytes()
    source.write_text('msgid "a"\n\nmsgid "b"\nmsgstr "c"\n')  # nothing is said for a
    with pytest.raises(PoFileError):
        messages.main([source])
    assert source.with_suffix(".mo").read_bytes() == good


@pytest.mark.parametrize(
    ("browser", "language"),
    [("de-DE", "en"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"), ("sr-RS", "sr-latn"), ("sr-Latn-RS", "sr-latn")],
    ids=["no translation", "zh-CN", "sr-RS", "sr-Latn-RS"],
)
def test_a_page_speaks_the_language_of_the_browser(client, browser, language):
    page = client.get("/", headers={"Accept-Language": browser})
    assert f'<html lang="{language}">' in page.text
    assert PITCH[language] in page.text
    assert page.headers["Content-Language"] == language


def test_a_language_that_was_chosen_goes_before_that_of_the_browser(client):
    answer = client.post("/language", {"language": "sr-latn", "next": "/about/crawler"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/about/crawler")
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME]["max-age"] > 30 * 24 * 60 * 60
    page = client.get("/", headers={"Accept-Language": "zh-CN"})
    assert PITCH["sr-latn"] in page.text
    assert 'value="sr-latn" lang="sr-latn" aria-current="true"' in page.text


def test_languages_are_named_in_themselves(client):
    for language in PITCH:
        client.post("/language", {"language": language})
        page = client.get("/").text
        assert all(name in page for name in ("English", "简体中文", "Srpski")), language


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_choosing_a_language_leads_nowhere_else(client, elsewhere):
    answer = client.post("/language", {"language": "sr-latn", "next": elsewhere}, headers={"Referer": elsewhere})
    assert answer.headers["Location"] == "/"


def test_a_language_that_there_is_not_changes_nothing(client):
    client.post("/language", {"language": "tlh"})
    assert settings.LANGUAGE_COOKIE_NAME not in client.cookies


def test_another_site_cannot_choose_the_language():
    client = Client(enforce_csrf_checks=True)
    assert client.post("/language", {"language": "sr-latn"}).status_code == 403


def test_members_find_the_languages_in_their_menu(client_of_owner):
    client_of_owner.post("/language", {"language": "zh-hans"})
    page = client_of_owner.get("/hunts/").text
    assert page.count('action="/language"') == 1
    assert "寻客任务" in page


def test_money_is_written_as_the_language_does():
    written = {}
    for language in ("en", "zh-hans", "sr-latn"):
        with translation.override(language):
            written[language] = dollars(1_500_000)
    assert written == {"en": "$1.50", "zh-hans": "$1.50", "sr-latn": "$1,50"}


def test_what_marks_a_message_keeps_its_name_for_the_extractor_knows_no_other():
    renamed = [
        f"{path}: {alias.name} as {alias.asname}"
        for app in APPS
        for path in (settings.BASE_DIR / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.asname not in (None, "_")
    ]
    assert renamed == []
