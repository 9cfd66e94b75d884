"""Whatever stands in a field of whatever form: an answer that says what to do, and never an error of ours.

`FORMS_DEEPLY=1` sends every text of the corpora to every form; otherwise each form gets its share of them.
"""

import os
from itertools import cycle, islice

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from tests.forms.conftest import tried
from tests.forms.found import forms_of
from tests.forms.texts import ODD, corpus
from tests.harness.hostile_texts import naughty

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

DEEPLY = bool(os.environ.get("FORMS_DEEPLY"))
# Without it: how many texts of the corpora each form gets, and into how many shares the odd ones are cut.
A_FORM, SHARES = 3, 6


def _file(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"{text[:80] or 'x'}.csv", text.encode("utf-8", "replace"))


def _with(form, text: str, only: str = "") -> dict[str, object]:
    """Return what a form sends where `text` stands in one field, or in all of them."""
    changed = {
        field.name: _file(text) if field.kind == "file" else text for field in form.typed if only in ("", field.name)
    }
    return form.filled(**changed)


def _failures(client: Client, forms) -> list[tuple[str, str, str, int]]:
    """Send each form its texts; return where the answer was an error of ours."""
    failed, share = [], cycle(corpus())
    for n, form in enumerate(forms):
        texts = [*ODD, *corpus()] if DEEPLY else [*ODD[n % SHARES :: SHARES], *islice(share, A_FORM)]
        asked = [(text, "") for text in texts]
        names = sorted({field.name for field in form.typed})
        asked += [(text, name) for name, text in zip(names, cycle(ODD[n % 5 :]), strict=False)]
        for text, only in asked:
            answer = tried(client, form, _with(form, text, only))
            if answer.status_code >= 500:
                failed.append((form.action, only or "all", text[:40], answer.status_code))
    return failed


def test_the_corpus_is_there():
    if not naughty():
        pytest.skip("the big list of naughty strings is not on this machine: our own texts are used alone")
    assert len(corpus()) > 800


def test_no_form_of_the_workspace_breaks(owners_browser, owners_forms):
    assert len(owners_forms) > 40
    assert {field.kind for form in owners_forms for field in form.fields} >= {
        *("hidden", "text", "textarea", "select", "file", "number", "checkbox", "email", "password"),
    }
    assert _failures(owners_browser, owners_forms) == []


def test_no_form_for_strangers_breaks(strangers_forms):
    assert len(strangers_forms) >= 3
    assert _failures(Client(raise_request_exception=False), strangers_forms) == []


def test_no_form_of_the_console_breaks(operators_browser, operators_forms):
    assert len(operators_forms) > 10
    assert _failures(operators_browser, operators_forms) == []


BODIES = {
    "no utf-8": (b"name=%ff%fe%00%ed%a0%80&brief=\xff\xfe", "application/x-www-form-urlencoded"),
    "another charset": (b"name=%ff", "application/x-www-form-urlencoded; charset=utf-16"),
    "no charset that there is": (b"name=x", "application/x-www-form-urlencoded; charset=none"),
    "a form that is none": (b"{]", "application/json"),
    "no end": (b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nabc', "multipart/form-data; boundary=x"),
    "no boundary": (b"--x\r\n\r\n", "multipart/form-data"),
    "an odd part": (
        b'--x\r\nContent-Disposition: form-data; name="\xff\x00"; filename="\xff/../\x00"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "thousands of fields": (b"&".join(b"f%d=1" % n for n in range(5_000)), "application/x-www-form-urlencoded"),
    "too big": (b"name=" + b"x" * 3_000_000, "application/x-www-form-urlencoded"),
    "no type": (b"name=x", ""),
}


@pytest.mark.parametrize("body", BODIES)
def test_no_body_breaks_a_form(owners_browser, owners_forms, strangers_forms, body):
    data, content_type = BODIES[body]
    failed = []
    for form in [*owners_forms, *strangers_forms]:
        if form.method != "post":
            continue
        with transaction.atomic():
            answer = owners_browser.generic("POST", form.action, data, content_type=content_type)
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            failed.append((form.action, answer.status_code))
        if answer.status_code == 400:
            assert "Magnet Hunter" in answer.text, form.action  # said on a page of ours
    assert failed == []


@pytest.mark.parametrize("text", [ODD[4] + ODD[21] + ODD[23], ODD[7]], ids=["rtl, template and html", "long"])
def test_what_was_stored_is_shown(owners_browser, owners_forms, site, text):
    """The texts that a form takes are on the pages after it; all of them are still there."""
    for form in owners_forms:
        if form.method == "post":
            with transaction.atomic():
                owners_browser.post(form.action, _with(form, text))
    broken = [address for address in site if owners_browser.get(address).status_code >= 500]
    assert [address for address in broken if not address.startswith(NOT_SET_UP)] == []


# Sign-in at providers that this installation has no registration with.
NOT_SET_UP = ("/accounts/google/", "/accounts/weixin/")


def test_what_somebody_typed_stands_there_still_when_another_field_is_wrong(owners_browser, owners_forms):
    lost, kept = [], 0
    for form in owners_forms:
        plain = [field for field in form.typed if field.kind in ("text", "textarea")]
        for field in plain:
            others = {one.name: f"kept {one.name}" for one in plain if one is not field}
            answer = tried(owners_browser, form, form.filled(**others, **{field.name: "x" * 30_000}))
            if form.method != "post" or answer.status_code not in (200, 422) or not others:
                continue
            shown = forms_on_answer(answer)
            lost += [
                (form.action, name) for name, value in others.items() if name in shown and value not in shown[name]
            ]
            kept += len(others)
    assert lost == []


def forms_on_answer(answer) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for form in forms_of("/", answer.text):
        for field in form.fields:
            values.setdefault(field.name, []).append(field.value)
    return values


# Names that a page reads from its address, beside those of its forms.
NAMES = (
    *("page", "sort", "order", "cursor", "before", "after", "q", "tier", "status", "hunt", "run", "show", "tab"),
    *("stage", "level", "range", "source", "month", "next", "lang", "language", "workspace", "deleted", "undo"),
    *("other", "p", "o", "brief", "limit", "candidate", "candidates", "failed", "person", "verb", "since", "until"),
)


@pytest.mark.parametrize("who", ["owner", "operator"])
def test_no_address_breaks_by_what_it_asks_for(who, owners_browser, operators_browser, owners_forms, site, console):
    client, pages = (owners_browser, site) if who == "owner" else (operators_browser, console)
    names = {*NAMES, *(field.name for form in owners_forms if form.method == "get" for field in form.fields)}
    failed = []
    for address in pages:
        for text in ODD if DEEPLY else ODD[len(address) % SHARES :: SHARES]:
            answer = client.get(address, dict.fromkeys(names, text[:2_000]))
            if answer.status_code >= 500 and not address.startswith(NOT_SET_UP):
                failed.append((address, text[:40], answer.status_code))
    assert failed == []
