"""Words find leads whether few or many have them, by an index that follows every way of writing."""

import pytest

from leads import searching
from leads.counts import MOST_COUNTED
from leads.models import Lead, LeadAlias
from tests.factories import CandidateFactory, LeadFactory, RunFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db
MANY = searching.FEW + 50


def found(workspace, words: str) -> set[str]:
    leads = Lead.objects.visible_to(workspace).matching(words, workspace_id=workspace.pk)
    return set(leads.values_list("name", flat=True))


def crowd(workspace, **columns: str) -> None:
    Lead.objects.bulk_create(
        Lead(workspace=workspace, handle=f"crowd{n}.example", name=f"Crowd {n}", **columns) for n in range(MANY)
    )


@pytest.mark.parametrize("word", ["kraków", "Kraków", "rak", "wonders.example", "gadg"])
def test_a_word_is_found_in_name_domain_description_and_place(workspace, word):
    LeadFactory(workspace=workspace, name="Acme", handle="wonders.example", description="Gadgets", location="Kraków")
    LeadFactory(workspace=workspace, name="Other", handle="other.example", description="", location="Graz")
    assert found(workspace, word) == {"Acme"}


def test_two_letters_are_looked_for_in_names_and_domains_and_two_characters_everywhere(workspace):
    here = {"workspace": workspace, "location": ""}
    hp = LeadFactory(name="HP Tools", handle="tools.example", description="Gears for 3m", **here)
    LeadAlias.objects.create(workspace=workspace, lead=hp, platform="web", handle="qz.example", kind="redirect")
    LeadFactory(name="Other", handle="3m.example", description="深圳电子有限公司 hp", **here)
    LeadFactory(name="Third", handle="third.example", description="", **here)
    for words in ("hp", "qz", "hp to", "hp gears"):
        assert found(workspace, words) == {"HP Tools"}
    for words in ("3M", "电子"):
        assert found(workspace, words) == {"Other"}
    assert found(workspace, "hp 3m") == set()


def test_leads_of_another_workspace_that_came_between_are_not_found(workspace):
    for place in (workspace, WorkspaceFactory(), workspace):
        LeadFactory(workspace=place, name=f"Gears {place.pk}")
    other = WorkspaceFactory()
    LeadFactory(workspace=other, name="Gears last")
    assert found(workspace, "gears") == {f"Gears {workspace.pk}"}
    assert (found(other, "gears"), found(WorkspaceFactory(), "gears")) == ({"Gears last"}, set())


def test_the_leads_of_a_hunt_are_the_same_whether_they_are_few_or_many(workspace, monkeypatch):
    run = RunFactory(hunt__workspace=workspace)
    kept, other = (CandidateFactory(run=run).lead for _number in range(2))
    part = CandidateFactory(run=run).lead
    Lead.objects.filter(pk=part.pk).update(merged_into=kept)
    LeadFactory(workspace=workspace)
    few = set(Lead.objects.visible_to(workspace).of_hunt(run.hunt_id))
    monkeypatch.setattr(searching, "FEW", 1)
    assert set(Lead.objects.visible_to(workspace).of_hunt(run.hunt_id)) == few == {kept, other}


def test_every_word_has_to_be_there_wherever_it_stands(workspace):
    acme = LeadFactory(workspace=workspace, name="Acme", description="Gears from Graz")
    LeadAlias.objects.create(workspace=workspace, lead=acme, platform="web", handle="formerly.example", kind="redirect")
    old = LeadFactory(workspace=workspace, name="Roadrunner")
    Lead.objects.filter(pk=old.pk).update(merged_into=acme)
    for words in ("gears graz", "acme formerly", "roadrunner gears", "formerly roadrunner"):
        assert found(workspace, words) == {"Acme"}
    assert found(workspace, "gears formerly lyon") == set()


def test_other_names_are_found_also_where_too_many_have_a_word_to_list_them(workspace, monkeypatch):
    monkeypatch.setattr(searching, "FEW", 2)
    for number in range(4):
        lead = LeadFactory(workspace=workspace, name=f"Known {number}", handle=f"known{number}.example")
        alias = f"formerly{number}.example"
        LeadAlias.objects.create(workspace=workspace, lead=lead, platform="web", handle=alias, kind="redirect")
    old = LeadFactory(workspace=workspace, name="Formerly Ltd")
    Lead.objects.filter(pk=old.pk).update(merged_into=LeadFactory(workspace=workspace, name="Heir"))
    LeadFactory(workspace=workspace, name="Nobody")
    assert found(workspace, "formerly") == {"Known 0", "Known 1", "Known 2", "Known 3", "Heir"}
    assert found(workspace, "FORMERLY known") == {"Known 0", "Known 1", "Known 2", "Known 3"}
    assert found(workspace, "formerly heir") == {"Heir"}
    assert found(workspace, "formerly nobody") == set()


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
