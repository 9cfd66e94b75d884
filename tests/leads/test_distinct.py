"""What a person says to be two companies is suggested no more, and merged by no run, at whatever door."""

import json

import pytest
from django.db import IntegrityError, transaction

from leads import dedupe, distinct, merging
from leads.models import DistinctPair, Lead, Merge
from tests.conftest import signed_in
from tests.factories import LeadFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(workspace) -> list[Lead]:
    """Two leads of one name in one country."""
    return LeadFactory.create_batch(2, workspace=workspace, name="Acme GmbH", country="DE", phone="+49 30 123456")


def suggested(lead: Lead) -> list[Lead]:
    return [possible.lead for possible in dedupe.possible_duplicates(lead)]


def names_of(client, lead: Lead) -> str:
    return client.get(f"{lead.get_absolute_url()}identity", headers={"HX-Request": "true"}).text


def test_said_of_one_it_holds_for_both_and_once(pair, owner):
    one, other = pair
    assert (suggested(one), suggested(other)) == ([other], [one])
    assert distinct.keep_apart(other.pk, one.pk, by=owner) == distinct.keep_apart(one.pk, other.pk, by=owner)
    assert (suggested(one), suggested(other)) == ([], [])
    assert dedupe.certain_twin(one, []) is None
    assert DistinctPair.objects.get().said_by == owner


def test_the_database_itself_holds_one_row_a_pair(pair, workspace):
    one, other = pair
    DistinctPair.objects.create(workspace=workspace, first=one, second=other)
    for first, second in ((one, other), (other, one), (one, one)):
        with pytest.raises(IntegrityError), transaction.atomic():
            DistinctPair.objects.create(workspace=workspace, first=first, second=second)


def test_no_run_merges_them_and_a_person_may(pair, owner):
    one, other = pair
    distinct.keep_apart(one.pk, other.pk, by=owner)
    with pytest.raises(merging.KeptApart):
        merging.merge(other.pk, one.pk, by=None)
    made = merging.merge(other.pk, one.pk, by=owner)
    merging.unmerge(made.pk, by=None)
    assert suggested(one) == []  # what was said stands again


def test_it_holds_for_whoever_stands_for_them(pair, owner, workspace):
    one, other = pair
    root = LeadFactory(workspace=workspace, name="Acme", country="DE")
    distinct.keep_apart(one.pk, other.pk, by=owner)
    made = merging.merge(root.pk, other.pk, by=None)
    assert (suggested(one), suggested(root)) == ([], [])
    with pytest.raises(merging.KeptApart):
        merging.merge(root.pk, one.pk, by=None)
    assert [apart.pk for apart in distinct.pairs_of(root)] == [DistinctPair.objects.get().pk]
    merging.unmerge(made.pk, by=None)
    assert suggested(one) == [root]


def test_it_is_taken_back_also_through_those_that_stand_for_them(pair, owner, workspace):
    one, other = pair
    distinct.keep_apart(one.pk, other.pk, by=owner)
    root = LeadFactory(workspace=workspace)
    merging.merge(root.pk, other.pk, by=owner)
    assert [distinct.take_back(root.pk, one.pk) for _time in range(2)] == [True, False]
    assert suggested(one) == [root]


def test_one_lead_is_not_kept_apart_from_itself(pair, owner):
    one, other = pair
    merging.merge(one.pk, other.pk, by=owner)
    for lead in pair:
        with pytest.raises(merging.OneAlready):
            distinct.keep_apart(one.pk, lead.pk, by=owner)
    with pytest.raises(merging.MergeRefused):
        distinct.keep_apart(one.pk, LeadFactory().pk, by=owner)
    assert not DistinctPair.objects.exists()


def test_a_person_dismisses_a_suggestion_on_the_page_and_undoes_it(pair, client_of_owner):
    one, other = pair
    assert "is not the same company" in names_of(client_of_owner, one)
    answer = client_of_owner.post(f"/leads/{one.pk}/keep-apart/", {"other": other.pk}, follow=True)
    assert answer.redirect_chain == [(one.get_absolute_url(), 302)] and "is not suggested here any more" in answer.text
    for lead in pair:
        part = names_of(client_of_owner, lead)
        assert "Possible duplicates" not in part and "Not the same company" in part and "Undo" in part
    client_of_owner.post(f"/leads/{other.pk}/suggest-again/", {"other": one.pk})
    assert "Possible duplicates" in names_of(client_of_owner, one)
    again = client_of_owner.post(f"/leads/{other.pk}/suggest-again/", {"other": one.pk}, follow=True)
    assert "Somebody had undone that already." in again.text


def test_the_api_keeps_apart_and_suggests_again(pair, client_of_owner):
    one, other = pair

    def post(path: str, lead: Lead = other) -> tuple[int, dict]:
        body = json.dumps({"other": lead.pk})
        answer = client_of_owner.post(f"/api/leads/{one.pk}/{path}", body, content_type="application/json")
        return answer.status_code, answer.json()

    status, body = post("keep-apart")
    assert (status, body["possible"], [row["lead"]["id"] for row in body["kept_apart"]]) == (200, [], [other.pk])
    assert post("keep-apart", one)[0] == 409
    status, body = post("suggest-again")
    assert (status, [row["lead"]["id"] for row in body["possible"]], body["kept_apart"]) == (200, [other.pk], [])
    assert post("suggest-again")[0] == 409


@pytest.mark.parametrize("door", ["/leads/{}/keep-apart/", "/leads/{}/suggest-again/"])
def test_viewers_and_strangers_say_nothing(pair, owner, viewer, client_of_stranger, client_of_owner, door):
    one, other = pair
    foreign = LeadFactory()
    if "suggest" in door:
        distinct.keep_apart(one.pk, other.pk, by=owner)
    before = list(DistinctPair.objects.values())
    for client, status in ((signed_in(viewer), 403), (client_of_stranger, 404)):
        assert client.post(door.format(one.pk), {"other": other.pk}).status_code == status
        path = f"/api{door}".rstrip("/").format(one.pk)
        api = client.post(path, json.dumps({"other": other.pk}), content_type="application/json")
        assert api.status_code == status
    assert client_of_owner.post(door.format(one.pk), {"other": foreign.pk}).status_code == 404
    assert client_of_owner.get(door.format(one.pk)).status_code == 405
    assert list(DistinctPair.objects.values()) == before


@pytest.fixture
def staff(admin_client, pair, owner) -> tuple:
    """A client of staff, a merge of a run, and a pair that a person keeps apart."""
    one, other = pair
    third = LeadFactory(workspace=one.workspace, name="Third")
    made = merging.merge(one.pk, other.pk, by=None, evidence=[{"kind": "phone", "detail": "+49 30 123456"}])
    return admin_client, made, distinct.keep_apart(one.pk, third.pk, by=owner)


def test_staff_see_who_merged_what_and_why_and_change_no_fact(staff):
    client, made, said = staff
    page = client.get("/admin/leads/merge/").text
    assert "a run" in page and "the same phone number: +49 30 123456" in page
    assert "Save" not in client.get(f"/admin/leads/merge/{made.pk}/change/").text
    assert client.get("/admin/leads/merge/add/").status_code == 403
    assert client.post(f"/admin/leads/merge/{made.pk}/delete/", {"post": "yes"}).status_code == 403
    assert said.second.name in client.get("/admin/leads/distinctpair/").text
    assert client.get("/admin/leads/leadalias/").status_code == 200


def test_staff_unmerge_and_take_back_by_the_same_functions(staff, admin_user):
    client, made, said = staff
    for _time in range(2):
        asked = {"action": "unmerge", "_selected_action": [made.pk]}
        answer = client.post("/admin/leads/merge/", asked, follow=True)
    assert "0 of 1 merges were undone." in answer.text
    made.refresh_from_db()
    assert made.undone_by == admin_user and made.merged.merged_into is None
    assert suggested(made.kept) == []  # whoever parts them says that they are two
    asked = {"action": "suggest_again", "_selected_action": [said.pk]}
    client.post("/admin/leads/distinctpair/", asked)
    assert not DistinctPair.objects.filter(pk=said.pk).exists()


def test_staff_who_may_only_look_undo_nothing(staff, django_user_model):
    from django.contrib.auth.models import Permission

    _client, made, _said = staff
    looker = django_user_model.objects.create_user(email="look@staff.example", password="x" * 12, is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__in=["view_merge", "view_distinctpair"]))
    asked = {"action": "unmerge", "_selected_action": [made.pk]}
    signed_in(looker).post("/admin/leads/merge/", asked)
    assert Merge.objects.standing().filter(pk=made.pk).exists()
