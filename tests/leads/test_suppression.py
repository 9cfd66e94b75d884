"""Who is not kept: however long their list is, a page costs what stands on it, and the answer is the same."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.lexicon import persons
from leads import suppression
from leads.person_models import Suppression
from leads.wanted import Wanted
from tests.factories import WorkspaceFactory

pytestmark = pytest.mark.django_db

FIRST = ("Anna", "Zoë", "Jürgen", "Bo", "Mary Jane", "李", "Ana-María")
LAST = ("Meier", "Müller", "O'Brien", "Lee", "明", "Núñez")
DOMAINS = ("acme.example", "www.acme.example", "fjord.example")
FILLER = ("makes", "parts", "in", "Graz", "write", "to", "call", "No. 12345678", "\n", "—", "Meier", "Anna", "+1")


def name_of(chance: random.Random) -> str:
    return f"{chance.choice(FIRST)} {chance.choice(LAST)}"


def email_of(chance: random.Random) -> str:
    return f"{chance.choice('abz')}{chance.randrange(9)}@{chance.choice(['acme.example', 'gmail.com'])}"


def phone_of(chance: random.Random) -> str:
    return f"+49 89 76543{chance.randrange(10, 99)}"


def profile_of(chance: random.Random) -> str:
    return f"https://www.linkedin.com/in/person-{chance.randrange(20)}"


KINDS = {"email": email_of, "name": name_of, "phone": phone_of, "profile": profile_of}


def somebody(chance: random.Random) -> Wanted:
    kinds = chance.sample(list(KINDS), chance.randrange(1, 4))
    known = {kind: KINDS[kind](chance) for kind in kinds}
    return Wanted.of(**known, company=chance.choice(["", "acme.example"]) if "name" in known else "")


def text_of(chance: random.Random) -> str:
    words = [chance.choice([*FILLER, *(make(chance) for make in KINDS.values())]) for _word in range(60)]
    return " ".join(word.upper() if chance.random() < 0.1 else word for word in words)


def test_a_long_list_answers_as_one_that_is_loaded_whole(workspace, monkeypatch, settings):
    seed = random.randrange(10**6)
    print(f"{seed=}")
    chance, other = random.Random(seed), WorkspaceFactory()
    for _person in range(25):
        settings.SUPPRESSION_KEYS = chance.choice([["one"], ["two", "one"], []])
        suppression.suppress(chance.choice([None, workspace.pk, other.pk]), somebody(chance))
    settings.SUPPRESSION_KEYS = ["two", "one"]
    blanked = 0
    for _page in range(40):
        told = {"text": text_of(chance), "more": [text_of(chance), {"n": 1, "deep": text_of(chance)}]}
        for whose in (workspace.pk, None):
            domain = chance.choice(DOMAINS)
            whole = suppression.without(suppression.watch(whose, domain, told), told)
            with monkeypatch.context() as patch:
                patch.setattr(suppression, "MOST_LOADED", 0)
                patch.setattr(suppression, "ASKED_AT_ONCE", 50)
                asked = suppression.without(suppression.watch(whose, domain, told), told)
            assert asked == whole
            blanked += persons.MARK in str(whole)
    assert blanked


def test_of_a_long_list_no_more_is_loaded_than_a_page_holds(workspace):
    rows = [
        Suppression(kind=kind, digest=f"{number:064d}", bucket=bucket, words=words)
        for number, (kind, bucket, words) in enumerate(
            [("email", "", 0)] * (suppression.MOST_LOADED + 1)
            + [("name", suppression.digests("company", "*")[0], 2)] * 50
        )
    ]
    Suppression.objects.bulk_create(rows)
    suppression.suppress(None, Wanted.of(email="anna@acme.example", name="Anna Meier"))
    page = "Anna Meier: write to anna@acme.example. " + "We mill and turn precision parts in Graz. " * 400
    with CaptureQueriesContext(connection) as queries:
        watch = suppression.watch(workspace.pk, "acme.example", page)
    assert watch is not None and len(watch.known) == 2
    assert len(queries) <= 5
    assert suppression.without(watch, page).startswith(f"{persons.MARK * 10}: write to {persons.MARK * 17}. We mill")
    assert suppression.watch(workspace.pk, "acme.example", "We mill and turn precision parts.") is None
