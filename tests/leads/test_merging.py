"""Leads that are one company are put together and parted again, and nothing is lost."""

import json
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Workspace
from hunts import invariants
from hunts.models import Candidate
from leads import exports, family, merging
from leads.filters import narrowed
from leads.models import Assessment, Contact, Fact, Lead, LeadAlias, Merge
from tests.conftest import signed_in
from tests.factories import CandidateFactory, JudgedLeadFactory, LeadFactory, RunFactory
from tests.harness.processes import PATIENCE, start_python

pytestmark = pytest.mark.django_db


def rows() -> list[dict]:
    """Return every lead as its columns are, and what belongs to each."""
    found = list(Lead.objects.order_by("pk").values())
    for lead in found:
        for name in ("contacts", "facts", "assessments", "candidacies", "aliases"):
            lead[name] = list(Lead.objects.filter(pk=lead["id"]).order_by(name).values_list(name, flat=True))
    return found


def names_of(client, lead: Lead) -> str:
    """Return the part of a lead's page that tells who it may also be."""
    return client.get(f"{lead.get_absolute_url()}identity", headers={"HX-Request": "true"}).text


def test_a_merged_lead_is_listed_no_more_and_its_rows_are_shown_with_the_kept_one(workspace, client_of_owner):
    kept = JudgedLeadFactory(workspace=workspace, name="Acme", cost_microusd=300)
    merged = JudgedLeadFactory(workspace=workspace, name="Acme GmbH", handle="acme.de", cost_microusd=40)
    run = RunFactory(hunt__workspace=workspace)
    CandidateFactory(run=run, lead=merged)
    merging.merge(kept.pk, merged.pk, by=None)

    listed = narrowed(workspace, {"status": "all"})
    assert list(listed) == [kept]
    assert list(narrowed(workspace, {"status": "all", "hunt": str(run.hunt_id)})) == [kept]
    (row,) = exports.rows_of(listed)
    assert row[exports.COLUMNS.index("cost_usd")] == Decimal("0.000340")
    page = client_of_owner.get(kept.get_absolute_url()).text
    assert merged.contact_email in page and kept.contact_email in page
    assert run.hunt.name in page and "acme.de" in names_of(client_of_owner, kept)
    table = client_of_owner.get("/leads/?status=all").text
    assert "$0.000340" in table and "Acme GmbH" not in table


def test_the_address_of_a_merged_lead_leads_to_the_kept_one_and_its_proofs_stay(workspace, client_of_owner):
    kept, merged = LeadFactory(workspace=workspace), JudgedLeadFactory(workspace=workspace, name="Acme GmbH")
    proof = f"evidence/{merged.assessment.evidence.get().pk}/"
    merging.merge(kept.pk, merged.pk, by=None)
    answer = client_of_owner.get(merged.get_absolute_url(), follow=True)
    assert answer.redirect_chain == [(kept.get_absolute_url(), 302)]
    assert "Acme GmbH was merged into this lead." in answer.text
    for lead in (kept, merged):
        assert client_of_owner.get(f"{lead.get_absolute_url()}{proof}").status_code == 200


def test_the_kept_lead_takes_over_only_what_it_does_not_know(workspace):
    kept = LeadFactory(workspace=workspace, country="DE", phone="")
    merged = JudgedLeadFactory(workspace=workspace, country="AT", phone="+43 1 234567", employees_max=50)
    merging.merge(kept.pk, merged.pk, by=None)
    kept.refresh_from_db()
    assert (kept.country, kept.phone, kept.employees_max) == ("DE", "+43 1 234567", 50)
    assert (kept.status, kept.tier, kept.assessment_id) == (merged.status, merged.tier, merged.assessment_id)
    assert kept.contact_email == merged.contact_email


def test_a_lead_with_a_judgement_of_its_own_keeps_it(workspace):
    kept = JudgedLeadFactory(workspace=workspace, tier="B", score=60)
    merging.merge(kept.pk, JudgedLeadFactory(workspace=workspace).pk, by=None)
    kept.refresh_from_db()
    assert (kept.tier, kept.score) == ("B", 60)


def test_what_was_added_after_the_merge_stays_where_it_was_added(workspace, owner):
    kept, merged = LeadFactory(workspace=workspace), JudgedLeadFactory(workspace=workspace, country="AT")
    made = merging.merge(kept.pk, merged.pk, by=owner)
    contact = Contact.objects.create(lead=kept, email="new@acme.example", found_by="site")
    Lead.objects.filter(pk=kept.pk).update(country="CH", status=Lead.Status.REJECTED, assessment=None)
    assert merging.unmerge(made.pk, by=owner)
    kept.refresh_from_db()
    assert (kept.country, kept.status) == ("CH", Lead.Status.REJECTED)
    assert list(kept.contacts.all()) == [contact]
    assert kept.contact_email == ""  # borrowed, and given back


def test_undoing_twice_does_it_once_and_the_record_stays(workspace, owner):
    kept, merged = LeadFactory.create_batch(2, workspace=workspace)
    made = merging.merge(kept.pk, merged.pk, by=owner)
    assert [merging.unmerge(made.pk, by=owner) for _time in range(2)] == [True, False]
    made.refresh_from_db()
    assert (made.merged_by, made.undone_by, made.undone_at is not None) == (owner, owner, True)
    again = merging.merge(merged.pk, kept.pk, by=owner)
    assert Merge.objects.count() == 2 and again.kept_id == merged.pk


def test_merging_into_a_merged_lead_is_merging_into_the_one_that_stands_for_it(workspace):
    root, middle, leaf = LeadFactory.create_batch(3, workspace=workspace)
    merging.merge(root.pk, middle.pk, by=None)
    assert merging.merge(middle.pk, leaf.pk, by=None).kept_id == root.pk
    assert set(Lead.objects.filter(merged_into=root)) == {middle, leaf}


def test_a_lead_with_others_in_it_takes_them_along_and_brings_them_back(workspace):
    root, middle, leaf = LeadFactory.create_batch(3, workspace=workspace)
    merging.merge(middle.pk, leaf.pk, by=None)
    made = merging.merge(root.pk, middle.pk, by=None)
    assert set(Lead.objects.filter(merged_into=root)) == {middle, leaf}
    merging.unmerge(made.pk, by=None)
    assert list(Lead.objects.filter(merged_into=middle)) == [leaf]
    assert set(Lead.objects.visible_to(workspace)) == {root, middle}


def test_what_is_parted_from_within_leaves_the_rest_together_and_takes_its_own(workspace):
    root, middle = LeadFactory.create_batch(2, workspace=workspace)
    leaf = LeadFactory(workspace=workspace, phone="+49 30 123456")
    inner = merging.merge(middle.pk, leaf.pk, by=None)
    merging.merge(root.pk, middle.pk, by=None)
    merging.unmerge(inner.pk, by=None)
    assert list(Lead.objects.filter(merged_into=root)) == [middle]
    assert set(Lead.objects.exclude(pk=leaf.pk).values_list("phone", flat=True)) == {""}


@pytest.mark.parametrize(
    "words", ["precision", "acme.de", "acme.at", "precision graz", "middle"], ids=lambda words: words.replace(" ", "+")
)
def test_a_lead_is_found_by_what_is_known_of_those_merged_into_it(workspace, client_of_owner, words):
    kept = JudgedLeadFactory(workspace=workspace, name="Kept", location="Graz")
    middle = LeadFactory(workspace=workspace, name="Middle", handle="middle.example")
    leaf = LeadFactory(workspace=workspace, name="Acme Precision", handle="acme.de")
    LeadAlias.objects.create(workspace=workspace, lead=leaf, platform="web", handle="acme.at", kind="redirect")
    JudgedLeadFactory(workspace=workspace, name="Another")
    theirs = JudgedLeadFactory(name="Acme Precision Graz Middle acme.de acme.at")
    made = merging.merge(middle.pk, leaf.pk, by=None)
    merging.merge(kept.pk, middle.pk, by=None)
    found = client_of_owner.get("/leads/", {"q": words}).text
    assert ">Kept</a>" in found and ">Another</a>" not in found and theirs.name not in found
    api = client_of_owner.get("/api/leads", {"q": words}).json()["items"]
    assert [one["id"] for one in api] == [kept.pk]
    other = LeadFactory(workspace=workspace, name="Looks for it")
    assert f"?other={kept.pk}" in client_of_owner.get(f"/leads/{other.pk}/merge/", {"q": words}).text
    if "middle" not in words:
        merging.unmerge(made.pk, by=None)
        assert kept not in narrowed(workspace, {"q": words})


@pytest.mark.parametrize("case", ["itself", "twice", "elsewhere", "another workspace"])
def test_what_cannot_be_merged_is_refused_and_changes_nothing(workspace, case):
    one, other, third = LeadFactory.create_batch(3, workspace=workspace)
    if case in ("twice", "elsewhere"):
        merging.merge(one.pk, other.pk, by=None)
    wanted = {
        "itself": (one.pk, one.pk),
        "twice": (other.pk, one.pk),
        "elsewhere": (third.pk, other.pk),
        "another workspace": (one.pk, LeadFactory().pk),
    }[case]
    before = rows()
    with pytest.raises(merging.MergeRefused):
        merging.merge(*wanted, by=None)
    assert rows() == before


def test_the_database_itself_refuses_a_lead_inside_itself(workspace):
    lead = LeadFactory(workspace=workspace)
    with pytest.raises(IntegrityError), transaction.atomic():
        Lead.objects.filter(pk=lead.pk).update(merged_into=lead)


def test_a_verdict_on_a_lead_that_was_merged_meanwhile_is_the_kept_leads_too(workspace):
    kept, merged = LeadFactory(workspace=workspace), LeadFactory(workspace=workspace)
    made = merging.merge(kept.pk, merged.pk, by=None)
    judged = JudgedLeadFactory(workspace=workspace)
    with transaction.atomic():
        assert merging.hold_root(merged.pk) == kept.pk
        Lead.objects.filter(pk=merged.pk).update(tier="A", status="qualified", assessment=judged.assessment, score=90)
        merging.take_over(kept.pk)
    kept.refresh_from_db()
    assert (kept.tier, kept.score) == ("A", 90)
    merging.unmerge(made.pk, by=None)
    kept.refresh_from_db()
    assert (kept.tier, kept.status) == ("", Lead.Status.NEW)


BLANK_OR_NOT = st.sampled_from(["", "x", "y"])
LEADS = st.lists(st.tuples(BLANK_OR_NOT, BLANK_OR_NOT, st.booleans()), min_size=2, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LEADS, st.data())
def test_merged_in_any_order_and_parted_in_any_order_all_rows_are_as_before(workspace, described, data):
    with transaction.atomic():
        leads = []
        for phone, location, is_judged in described:
            make = JudgedLeadFactory if is_judged else LeadFactory
            leads.append(make(workspace=workspace, phone=phone, location=location))
            Fact.objects.create(lead=leads[-1], kind="country", value="DE", quote="D", found_at=timezone.now())
        run = RunFactory(hunt__workspace=workspace)
        for lead in leads[:2]:
            CandidateFactory(run=run, lead=lead)
        before = rows()
        for _turn in range(len(leads) - 1):
            standing = list(Lead.objects.visible_to(workspace).order_by("pk"))
            kept, merged = data.draw(st.permutations(standing))[:2]
            merging.merge(kept.pk, merged.pk, by=None)
            assert not Lead.objects.filter(merged_into__merged_into__isnull=False).exists()
        for made in data.draw(st.permutations(list(Merge.objects.standing().order_by("pk")))):
            assert merging.unmerge(made.pk, by=None)
        assert rows() == before
        transaction.set_rollback(True)


MERGE = """
import time
from pathlib import Path
from leads import merging
kept, merged = int(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
while not Path(sys.argv[3]).exists():
    time.sleep(0.001)
try:
    merging.merge(kept, merged, by=None)
except merging.MergeRefused as refused:
    print(type(refused).__name__)
else:
    print("merged")
"""


@pytest.mark.django_db(transaction=True)
def test_two_people_who_merge_two_leads_into_each_other_at_once_lose_neither(tmp_path):
    workspace = Workspace.start("Acme")
    one, other = LeadFactory.create_batch(2, workspace=workspace)
    go = tmp_path / "go"
    people = [start_python(MERGE, str(a.pk), str(b.pk), str(go)) for a, b in ((one, other), (other, one))]
    for person in people:
        assert person.stdout.readline() == "ready\n"
    go.touch()
    said = [person.communicate(timeout=PATIENCE) for person in people]
    assert sorted(out.strip() for out, _errors in said) == ["OneAlready", "merged"], said
    assert Lead.objects.visible_to(workspace).count() == 1
    assert Lead.objects.filter(merged_into__in=Lead.objects.visible_to(workspace)).count() == 1
    assert Merge.objects.standing().count() == 1


def test_a_person_merges_and_unmerges_on_the_page(workspace, client_of_owner, owner):
    kept = LeadFactory(workspace=workspace, name="Acme", handle="acme.com", country="DE")
    merged = JudgedLeadFactory(workspace=workspace, name="ACME GmbH", handle="acme.de", country="DE")
    page = names_of(client_of_owner, kept)
    assert "Possible duplicates" in page and "acme.de" in page and "1 possible duplicate<" in page
    preview = client_of_owner.get(f"/leads/{kept.pk}/merge/?other={merged.pk}").text
    assert "the same name" in preview and "taken over" in preview
    found = client_of_owner.get(f"/leads/{kept.pk}/merge/?q=acme").text
    assert f"?other={merged.pk}" in found
    answer = client_of_owner.post(f"/leads/{kept.pk}/merge/now/", {"other": merged.pk}, follow=True)
    assert "is part of this lead now" in answer.text and "Unmerge" in names_of(client_of_owner, kept)
    made = Merge.objects.get()
    assert made.merged_by == owner
    assert [clue["kind"] for clue in made.evidence] == ["name", "country", "person"]
    answer = client_of_owner.post(f"/leads/{kept.pk}/unmerge/{made.pk}/", follow=True)
    assert "is a lead of its own again" in answer.text
    page = names_of(client_of_owner, kept)
    assert "Possible duplicates" not in page and "Not the same company" in page  # a person said so by parting them


def test_viewers_and_strangers_merge_nothing(workspace, viewer, client_of_stranger):
    kept, merged = LeadFactory.create_batch(2, workspace=workspace)
    theirs = LeadFactory(workspace=workspace)
    for client, status in ((signed_in(viewer), 403), (client_of_stranger, 404)):
        assert client.post(f"/leads/{kept.pk}/merge/now/", {"other": merged.pk}).status_code == status
        api = client.post(
            f"/api/leads/{kept.pk}/merge", json.dumps({"other": theirs.pk}), content_type="application/json"
        )
        assert api.status_code == status
    assert not Merge.objects.exists()


def test_a_lead_of_another_workspace_is_no_lead_to_merge_with(workspace, client_of_owner):
    kept, foreign = LeadFactory(workspace=workspace), LeadFactory()
    assert client_of_owner.get(f"/leads/{kept.pk}/merge/?other={foreign.pk}").status_code == 404
    assert client_of_owner.post(f"/leads/{kept.pk}/merge/now/", {"other": foreign.pk}).status_code == 404


def test_the_api_merges_unmerges_and_answers_for_a_merged_lead_with_the_kept_one(workspace, client_of_owner):
    kept = LeadFactory(workspace=workspace, name="Acme", country="DE")
    merged = JudgedLeadFactory(workspace=workspace, name="Acme GmbH", country="DE", handle="acme.de")

    def post(path: str, body: dict) -> tuple[int, dict]:
        answer = client_of_owner.post(f"/api/leads/{path}", json.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()

    possible = client_of_owner.get(f"/api/leads/{kept.pk}/duplicates").json()["possible"]
    assert [one["lead"]["id"] for one in possible] == [merged.pk]
    status, body = post(f"{kept.pk}/merge", {"other": merged.pk})
    assert status == 200
    assert body["lead"]["also_known_as"] == ["acme.de"]
    assert [contact["email"] for contact in body["lead"]["contacts"]] == [merged.contact_email]
    assert client_of_owner.get(f"/api/leads/{merged.pk}").json()["id"] == kept.pk
    assert post(f"{kept.pk}/merge", {"other": merged.pk})[0] == 409
    merge_id = body["merge"]["id"]
    assert post(f"{kept.pk}/unmerge", {"merge_id": merge_id})[0] == 200
    assert post(f"{kept.pk}/unmerge", {"merge_id": merge_id})[0] == 409


def test_a_contact_that_both_have_is_shown_once(workspace):
    kept, merged = LeadFactory.create_batch(2, workspace=workspace)
    for lead in (kept, merged):
        Contact.objects.create(lead=lead, email="info@acme.example", found_by="site")
    merging.merge(kept.pk, merged.pk, by=None)
    assert [contact.lead for contact in family.contacts(kept)] == [kept]


def test_what_is_true_of_all_leads_is_true_of_merged_ones(workspace):
    run = RunFactory(hunt__workspace=workspace)
    kept, merged = LeadFactory(workspace=workspace), JudgedLeadFactory(workspace=workspace)
    for lead in (kept, merged):
        CandidateFactory(run=run, lead=lead)
    merging.merge(kept.pk, merged.pk, by=None)
    rules = (invariants.judgements_belong_to_their_leads, invariants.merged_leads_point_at_one_that_stands)
    assert [said for rule in rules for said in rule(workspace.pk)] == []
    Merge.objects.update(undone_at=timezone.now())
    assert list(rules[1](workspace.pk)) != []


def test_nothing_of_a_merge_deletes_a_row(workspace):
    leads = JudgedLeadFactory.create_batch(2, workspace=workspace)
    counts = [model.objects.count() for model in (Lead, Contact, Assessment, Candidate)]
    merging.merge(leads[0].pk, leads[1].pk, by=None)
    assert [model.objects.count() for model in (Lead, Contact, Assessment, Candidate)] == counts
