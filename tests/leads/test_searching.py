"""Words find leads whether few or many have them, by an index that follows every way of writing."""

import pytest

from leads import searching
from leads.counts import MOST_COUNTED
from leads.models import Lead, LeadAlias
from tests.factories import LeadFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db
MANY = searching.FEW + 50


def found(workspace, words: str) -> set[str]:
    leads = Lead.objects.visible_to(workspace).matching(words, workspace_id=workspace.pk)
    return set(leads.values_list("name", flat=True))


def crowd(workspace, **columns: str) -> None:
    Lead.objects.bulk_create(
        Lead(workspace=workspace, handle=f"crowd{n}.example", name=f"Crowd {n}", **columns) for n in range(MANY)
    )


@pytest.mark.parametrize("word", ["kraków", "Kraków", "rak", "ak", "wonders.example", "gadg"])
def test_a_word_is_found_in_name_domain_description_and_place(workspace, word):
    LeadFactory(workspace=workspace, name="Acme", handle="wonders.example", description="Gadgets", location="Kraków")
    LeadFactory(workspace=workspace, name="Other", handle="other.example", description="", location="Graz")
    assert found(workspace, word) == {"Acme"}


def test_every_word_has_to_be_there_wherever_it_stands(workspace):
    acme = LeadFactory(workspace=workspace, name="Acme", description="Gears from Graz")
    LeadAlias.objects.create(workspace=workspace, lead=acme, platform="web", handle="formerly.example", kind="redirect")
    old = LeadFactory(workspace=workspace, name="Roadrunner")
    Lead.objects.filter(pk=old.pk).update(merged_into=acme)
    for words in ("gears graz", "acme formerly", "roadrunner gears", "formerly roadrunner"):
        assert found(workspace, words) == {"Acme"}
    assert found(workspace, "gears formerly lyon") == set()


@pytest.mark.parametrize("letters", ["ı", "İ", "ß", "ſ", "ς", "é", "\u212a", "ABC"])
def test_other_names_are_found_by_the_same_letters_as_ones_own(workspace, letters):
    own = LeadFactory(workspace=workspace, name=f"Own {letters}xyz", handle="own.example")
    known = LeadFactory(workspace=workspace, name="Alias", handle="known.example")
    LeadAlias.objects.create(workspace=workspace, lead=known, platform="web", handle=f"{letters}xyz", kind="redirect")
    heir = LeadFactory(workspace=workspace, name="Merged", handle="heir.example")
    old = LeadFactory(workspace=workspace, name=f"Old {letters}xyz", handle="old.example")
    Lead.objects.filter(pk=old.pk).update(merged_into=heir)
    for word in {letters, letters.lower(), letters.upper(), letters.casefold(), "i", "I", "k", "s", "ss", "Σ"}:
        names = found(workspace, f"{word}xyz")
        assert names in ({own.name, "Alias", "Merged"}, set()), word
    assert found(workspace, f"{letters}xyz")


@pytest.mark.parametrize("word", ["%", "_", "100%", "a_c", '"', 'x" OR "acme', "\\", "'", "*", "NEAR"])
def test_signs_that_mean_something_to_a_database_are_letters_here(workspace, word):
    LeadFactory(workspace=workspace, name="Acme Gears", handle="acme.example")
    assert found(workspace, word) == set()


def test_what_others_have_is_not_found(workspace):
    LeadFactory(workspace=WorkspaceFactory(), name="Secretive")
    assert found(workspace, "secretive") == set() and searching.look_up(workspace.pk, ["secretive"]).candidates == []


def test_a_word_that_many_have_is_found_too_under_other_names_as_well(workspace):
    crowd(workspace, description="They make gears.")
    acme = LeadFactory(workspace=workspace, name="Acme", description="")
    LeadAlias.objects.create(workspace=workspace, lead=acme, platform="web", handle="gears.example", kind="redirect")
    assert searching.look_up(workspace.pk, ["gears"]).candidates is None
    assert len(found(workspace, "gears")) == MANY + 1 and "Acme" in found(workspace, "gears")
    assert found(workspace, "gears 1017") == {"Crowd 1017"}


def test_the_index_follows_what_is_changed_and_deleted(workspace):
    lead = LeadFactory(workspace=workspace, name="Before")
    Lead.objects.filter(pk=lead.pk).update(name="Afterwards")
    assert searching.look_up(workspace.pk, ["before"]).texts == []
    assert searching.look_up(workspace.pk, ["afterwards"]).texts == [lead.pk]
    lead.delete()
    assert searching.look_up(workspace.pk, ["afterwards"]).texts == []


def test_the_table_counts_exactly_what_is_few_and_says_when_there_are_more(workspace, client_of_owner):
    crowd(workspace, description="They make gears.", status="qualified")
    LeadFactory(workspace=workspace, name="Acme", status="qualified")
    assert f"More than {MOST_COUNTED:,} leads" in client_of_owner.get("/leads/?q=gears").text
    assert "1 lead<" in client_of_owner.get("/leads/?q=acme").text
    assert f"{MANY + 1:,} leads" in client_of_owner.get("/leads/").text
    assert f"{MANY + 1:,} leads" in client_of_owner.get("/leads/?status=qualified&tier=").text
