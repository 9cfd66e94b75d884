import json
import os
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync

from accounts.models import Workspace
from leads.directory import DatabaseIndex
from leads.models import Company, CompanyList

pytestmark = pytest.mark.django_db

SHARED_DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


@pytest.fixture
def workspace():
    return Workspace.start("Acme")


@pytest.fixture
def shared_list():
    return CompanyList.objects.create(name="fair-2025")


def add(where: CompanyList, domain: str, **columns) -> Company:
    return Company.objects.create(list=where, domain=domain, **{"name": domain.split(".")[0].title(), **columns})


def found(workspace: Workspace, *terms: str, countries=(), limit=50, list_id=None) -> list[str]:
    index = DatabaseIndex(workspace.pk, list_id)
    return [row.domain for row in async_to_sync(index.candidates)(terms, countries=countries, limit=limit)]


def test_it_finds_words_phrases_and_prefixes_without_accents(workspace, shared_list):
    add(shared_list, "a.example", description="Décolletage et fraisage de précision")
    add(shared_list, "b.example", description="Precision is nothing without fraisage de masse")
    assert found(workspace, "decolletage") == ["a.example"]
    assert found(workspace, "fraisage de precision") == ["a.example"]
    assert set(found(workspace, "frais*")) == {"a.example", "b.example"}
    assert found(workspace, "frais") == []


def test_a_name_counts_more_than_a_description(workspace, shared_list):
    add(shared_list, "a.example", name="Acme", description="We love robotics and more robotics of all kinds.")
    add(shared_list, "b.example", name="Robotics Works", description="We build things.")
    assert found(workspace, "robotics") == ["b.example", "a.example"]


def test_it_finds_chinese_words_though_nothing_stands_between_them(workspace, shared_list):
    add(shared_list, "a.example", description="我们开发物流软件和仓储系统")
    assert found(workspace, "物流软件") == ["a.example"]
    assert found(workspace, "物流软件", "robotics") == ["a.example"]


def test_no_chinese_text_is_a_pattern_and_capitals_do_not_matter(workspace, shared_list):
    add(shared_list, "a.example", description="我们用CNC机床加工")
    assert found(workspace, "cnc机床") == ["a.example"]
    assert found(workspace, "机%工") == found(workspace, "机_加") == found(workspace, "\\机床") == []


def test_any_number_of_terms_can_be_asked_for(workspace, shared_list):
    add(shared_list, "a.example", description="milling")
    add(shared_list, "b.example", description="机床")
    terms = [f"word{number}" for number in range(3_000)] + [f"床{number}" for number in range(3_000)]
    assert found(workspace, *terms, "milling", "机床") == ["a.example", "b.example"]


def test_no_more_rows_are_returned_than_asked_for(workspace, shared_list):
    for number in range(5):
        add(shared_list, f"a{number}.example", description="milling 机床")
    assert len(found(workspace, "milling", "机床", limit=3)) == len(found(workspace, limit=3)) == 3
    assert found(workspace, "milling", limit=0) == []


def test_rows_of_other_countries_are_left_out_and_rows_of_unknown_ones_stay(workspace, shared_list):
    for domain, country in (("a.example", "DE"), ("b.example", "FR"), ("c.example", "")):
        add(shared_list, domain, description="milling", country=country)
    assert set(found(workspace, "milling", countries=["DE"])) == {"a.example", "c.example"}


def test_a_workspace_sees_its_own_lists_and_those_of_the_installation_only(workspace, shared_list):
    other = CompanyList.objects.create(name="theirs", workspace=Workspace.start("Other"))
    own = CompanyList.objects.create(name="ours", workspace=workspace)
    add(other, "theirs.example", description="milling")
    add(own, "ours.example", description="milling")
    add(shared_list, "shared.example", description="milling")
    assert set(found(workspace, "milling")) == {"ours.example", "shared.example"}
    assert found(workspace, "milling", list_id=own.pk) == ["ours.example"]
    assert found(workspace, "milling", list_id=other.pk) == []


def test_a_company_in_two_lists_is_found_once(workspace, shared_list):
    for where in (shared_list, CompanyList.objects.create(name="again")):
        add(where, "a.example", description="milling")
    assert found(workspace, "milling") == ["a.example"]


def test_changed_and_deleted_rows_are_found_as_they_are_now(workspace, shared_list):
    Company.objects.bulk_create([Company(list=shared_list, domain="a.example", name="A", description="milling")])
    Company.objects.update(description="turning")
    assert (found(workspace, "milling"), found(workspace, "turning")) == ([], ["a.example"])
    Company.objects.all().delete()
    assert found(workspace, "turning") == []


def test_without_terms_it_returns_any_rows(workspace, shared_list):
    add(shared_list, "a.example")
    assert found(workspace) == found(workspace, "!!!") == ["a.example"]


HOSTILE = [
    '"',
    "'",
    "a' OR 'b",
    'x" OR "y',
    "NEAR(",
    "a:*",
    "!(&|",
    "\\",
    "a\\'b",
    "NOT",
    "*",
    "% _",
    "a\0b",
    "<->",
    "-",
]


@pytest.mark.parametrize("term", HOSTILE)
def test_no_text_is_a_command_to_the_index(workspace, shared_list, term):
    add(shared_list, "a.example", description="milling")
    assert len(found(workspace, term, "nothing*", term + "*")) <= 1


@pytest.mark.skipif(not SHARED_DATA.exists(), reason="the shared test data is not on this machine")
def test_no_naughty_string_is_a_command_to_the_index(workspace, shared_list):
    naughty = json.loads((SHARED_DATA / "corpora" / "blns.json").read_text())
    add(shared_list, "a.example", description="milling")
    assert all(len(found(workspace, text, "nothing")) <= 1 for text in naughty)
