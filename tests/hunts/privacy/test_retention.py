"""What was collected of people goes when its time is up; being seen again does not put that off."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from accounts.audit_models import AuditEntry, Verb
from hunts import recording
from hunts.models import Message
from hunts.privacy import retention
from hunts.privacy.registry import PERSONAL, Kept
from hunts.research_models import ResearchQuestion, Statement
from integrations.capabilities import FoundContact, PageFact, ReadPage
from integrations.lexicon.persons import MARK
from integrations.lexicon.text import sha256_of
from integrations.models import ProviderCall
from leads import merging, site_facts
from leads.models import Assessment, Contact, Evidence, Fact, Lead, Merge
from tests.factories import JudgedLeadFactory, LeadFactory, WorkspaceFactory
from tests.hunts.privacy.conftest import DOMAIN, EMAIL, NAME, PROFILE, by_table, seed, told_of

pytestmark = pytest.mark.django_db(transaction=True)

known_since = import_module("leads.migrations.0010_known_since")
FOUND = FoundContact(email=EMAIL, name=NAME, is_person=True, found_by="site", source_url=f"https://{DOMAIN}/")


def collected(lead: Lead, *, days_ago: int = 0) -> Contact:
    """Find the contact on the lead's page, and let so many days pass."""
    recording._save_contacts(lead, [FOUND])
    if days_ago:
        then = timezone.now() - timedelta(days=days_ago)
        Contact.objects.filter(lead=lead).update(first_collected_at=then)
        lead.workspace.collections.update(first_collected_at=then)
    return Contact.objects.get(lead=lead)


def test_months_are_those_of_the_calendar():
    assert retention.months_before(datetime(2026, 3, 31, tzinfo=UTC), 1) == datetime(2026, 2, 28, tzinfo=UTC)
    assert retention.months_before(datetime(2026, 1, 15, tzinfo=UTC), 24) == datetime(2024, 1, 15, tzinfo=UTC)
    assert retention.months_after(datetime(2025, 12, 31, tzinfo=UTC), 2) == datetime(2026, 2, 28, tzinfo=UTC)


def test_a_contact_that_is_seen_again_keeps_its_date_and_goes_on_it(workspace):
    lead = LeadFactory(workspace=workspace, handle=DOMAIN)
    first = collected(lead, days_ago=700).first_collected_at
    again = collected(lead)
    assert again.first_collected_at == first
    assert again.last_seen_at > first
    assert retention.run() == 0
    assert retention.run(now=timezone.now() + timedelta(days=60)) == 1
    assert not Contact.objects.exists()


def test_a_lead_that_is_deleted_and_made_again_does_not_make_its_people_younger(workspace):
    lead = LeadFactory(workspace=workspace, handle=DOMAIN)
    first = collected(lead, days_ago=700).first_collected_at
    lead.delete()
    anew = LeadFactory(workspace=workspace, handle=DOMAIN)
    assert collected(anew).first_collected_at == first
    other = LeadFactory(workspace=workspace, handle="acme-group.example")
    assert collected(other).first_collected_at == first  # by the address, under whichever lead


def test_what_is_found_after_its_time_was_up_is_collected_again_and_says_so(workspace, client_of_owner):
    lead = LeadFactory(workspace=workspace, handle=DOMAIN)
    collected(lead, days_ago=900)
    retention.run()
    row = collected(lead)
    assert row.is_again
    assert timezone.now() - row.first_collected_at < timedelta(minutes=1)
    assert "collected again on" in client_of_owner.get(lead.get_absolute_url()).content.decode()


def test_another_workspace_collects_for_itself(workspace):
    collected(LeadFactory(workspace=workspace, handle=DOMAIN), days_ago=700)
    other = collected(LeadFactory(workspace=WorkspaceFactory(), handle=DOMAIN))
    assert timezone.now() - other.first_collected_at < timedelta(minutes=1)


def test_whom_to_write_to_goes_with_the_contact_also_where_it_was_taken_over_by_a_merge(workspace):
    kept = LeadFactory(workspace=workspace, handle="acme-group.example")
    merged = JudgedLeadFactory(workspace=workspace, handle=DOMAIN)
    merging.merge(kept.pk, merged.pk, by=None)
    kept.refresh_from_db()
    assert kept.contact_email == merged.contact_email
    Contact.objects.update(first_collected_at=timezone.now() - timedelta(days=900))
    retention.run()
    for lead in (kept, merged):
        lead.refresh_from_db()
        assert (lead.contact_name, lead.contact_email) == ("", "")
    merging.unmerge(kept.merges.get().pk, by=None)
    kept.refresh_from_db()
    assert kept.contact_email == ""


def test_a_profile_that_every_crawl_finds_keeps_its_date(workspace):
    lead = LeadFactory(workspace=workspace, handle=DOMAIN)
    fact = PageFact("profile", PROFILE, "linkedin", quote="LinkedIn", source_url="x", snapshot_sha256="x")
    page = ReadPage(f"https://{DOMAIN}/", "LinkedIn", sha256_of("LinkedIn"), facts=(fact,))
    site_facts.save(lead.pk, [page])
    then = timezone.now() - timedelta(days=720)
    Fact.objects.update(first_collected_at=then)
    workspace.collections.update(first_collected_at=then)
    site_facts.save(lead.pk, [page])
    assert Fact.objects.get().first_collected_at == then
    retention.run(now=timezone.now() + timedelta(days=30))
    assert not Fact.objects.exists()


def test_what_was_known_before_anything_was_remembered_does_not_become_younger(workspace):
    lead = LeadFactory(workspace=workspace, handle=DOMAIN)
    then = timezone.now() - timedelta(days=700)
    dated = {"first_collected_at": then, "snapshot_sha256": "x"}
    Fact.objects.create(lead=lead, kind="profile", value=PROFILE, quote="LinkedIn", found_at=then, **dated)
    Contact.objects.create(lead=lead, name=NAME, email=EMAIL, found_by="site", **dated)
    fact = PageFact("profile", PROFILE, "linkedin", quote="LinkedIn", source_url="x", snapshot_sha256="x")
    page = ReadPage(f"https://{DOMAIN}/", "LinkedIn", sha256_of("LinkedIn"), facts=(fact,))
    site_facts.save(lead.pk, [page])
    assert Fact.objects.get().first_collected_at == then
    known_since.remember(apps, None)
    lead.delete()
    anew = LeadFactory(workspace=workspace, handle=DOMAIN)
    assert collected(anew).first_collected_at == then
    site_facts.save(anew.pk, [page])
    assert Fact.objects.get().first_collected_at == then


def test_whom_to_write_to_goes_from_a_lead_that_took_it_over_through_another(workspace):
    first, second = (LeadFactory(workspace=workspace, handle=f"{name}.example") for name in ("first", "second"))
    last = JudgedLeadFactory(workspace=workspace, handle=DOMAIN)
    merging.merge(second.pk, last.pk, by=None)
    merging.merge(first.pk, second.pk, by=None)
    first.refresh_from_db()
    assert first.contact_email == last.contact_email != ""
    Contact.objects.update(first_collected_at=timezone.now() - timedelta(days=900))
    retention.run()
    for lead in (first, second, last):
        lead.refresh_from_db()
        assert (lead.contact_name, lead.contact_email) == ("", "")
    assert not any(merge.taken.get("contact") for merge in Merge.objects.all())


def test_a_creator_is_emptied_and_their_costs_stay(workspace):
    lead = LeadFactory(workspace=workspace, platform="instagram", handle="zita", cost_microusd=5, description="Zita")
    Lead.objects.update(created_at=timezone.now() - timedelta(days=900))
    retention.run()
    lead.refresh_from_db()
    assert (lead.handle, lead.description, lead.website) == (f"erased-{lead.pk}", "", "")
    assert lead.cost_microusd == 5
    assert retention.run() == 0


def test_answers_of_models_and_chats_grow_old_and_their_costs_stay(workspace, media):
    seed(workspace)
    ProviderCall.objects.update(created_at=timezone.now() - timedelta(days=91))
    Message.objects.update(created_at=timezone.now() - timedelta(days=900))
    retention.run()
    assert ProviderCall.objects.get().answer is None
    assert ProviderCall.objects.get().cost_microusd == 7
    assert not Message.objects.exists()


def test_an_answer_that_says_who_works_there_grows_old_and_other_answers_do_not(workspace, media):
    seed(workspace)
    Statement.objects.update(fetched_at=timezone.now() - timedelta(days=900))
    retention.run()
    assert Statement.objects.exists()
    ResearchQuestion.objects.update(key="people")
    assert retention.due(workspace).answers == 1
    retention.run()
    assert not Statement.objects.exists()
    assert ResearchQuestion.objects.get().status == ResearchQuestion.Status.NOTHING


def test_a_shorter_time_shows_what_would_go_and_is_written_down(workspace, owner):
    collected(LeadFactory(workspace=workspace, handle=DOMAIN), days_ago=100)
    assert retention.due(workspace).total == 0
    assert retention.due(workspace, months=2).contacts == 1
    retention.change(workspace, 2, by=owner)
    workspace.refresh_from_db()
    assert workspace.retention_months == 2
    assert AuditEntry.objects.get(verb=Verb.RETENTION_CHANGED).words == "24 → 2 months"
    assert retention.run() == 1
    assert AuditEntry.objects.filter(verb=Verb.RETENTION_ENDED, workspace=workspace).exists()


@pytest.mark.parametrize("months", [0, -1, 121])
def test_for_ever_is_not_offered(workspace, months):
    with pytest.raises(ValueError):
        retention.change(workspace, months, by=None)


def test_the_page_says_where_more_is_due_than_it_counted(workspace, client_of_owner, monkeypatch):
    monkeypatch.setattr(retention, "MOST_COUNTED", 2)
    leads = [JudgedLeadFactory(workspace=workspace) for _number in range(2)]
    assert "(2 stands for as many or more)" in client_of_owner.get("/settings/privacy").text
    leads[0].contacts.all().delete()
    assert "stands for" not in client_of_owner.get("/settings/privacy").text


def test_the_next_erasure_says_when_and_how_many(workspace):
    assert retention.next_due(workspace).at is None
    collected(LeadFactory(workspace=workspace, handle=DOMAIN), days_ago=100)
    outlook = retention.next_due(workspace)
    assert outlook.contacts == 1
    assert outlook.at > timezone.now() + timedelta(days=500)


def test_with_a_contact_goes_what_the_lead_s_other_words_say_of_them(workspace):
    lead = JudgedLeadFactory(workspace=workspace, handle=DOMAIN)
    lead.contacts.all().delete()
    Lead.objects.filter(pk=lead.pk).update(description=f"Led by {NAME}. Not by Zitabell Quendel.")
    Evidence.objects.filter(assessment=lead.assessment).update(quote=f"Led by {NAME} since 1999")
    Assessment.objects.filter(lead=lead).update(judge_note=f"{NAME} owns it")
    collected(lead, days_ago=900)
    retention.run()
    lead.refresh_from_db()
    assert lead.description == f"Led by {MARK * len(NAME)}. Not by Zitabell Quendel."
    row = Evidence.objects.get(assessment=lead.assessment)
    assert (row.verdict, row.quote, row.claimed) == ("unverified", "", "yes")
    assert lead.score == Assessment.objects.get(lead=lead).explained().total
    assert told_of(lead.assessment.judge_note.lower()) == []


def test_who_has_a_younger_contact_is_kept_for_its_time_and_a_desk_is_nobody(workspace):
    lead = LeadFactory(workspace=workspace, handle=DOMAIN, description=f"Led by {NAME}, office@{DOMAIN}")
    collected(lead, days_ago=900)
    Contact.objects.create(lead=lead, name=f"Dr. {NAME}", email="new@acme.example", found_by="site")
    desk = Contact.objects.create(lead=lead, email=f"office@{DOMAIN}", found_by="site")
    Contact.objects.filter(pk=desk.pk).update(first_collected_at=timezone.now() - timedelta(days=900))
    retention.run()
    lead.refresh_from_db()
    assert lead.description == f"Led by {NAME}, office@{DOMAIN}"
    assert Contact.objects.get(lead=lead).email == "new@acme.example"


BY_MONTHS = [label for label, held in PERSONAL.items() if held.kept in (Kept.COLLECTED, Kept.WRITTEN, Kept.NAMED)]


def test_every_table_that_is_kept_by_the_month_tells_nothing_of_them_when_these_are_over(workspace, media):
    seed(workspace)
    before = by_table()
    assert [label for label in BY_MONTHS if not told_of(before[label])] == []
    retention.run(now=timezone.now() + timedelta(days=366 * workspace.LONGEST_RETENTION // 12))
    after = by_table()
    # Whoever names a company's lead itself is its name, not a person whose time is up.
    lead = [row for row in Lead.objects.filter(platform="web") if told_of(f"{row.description} {row.record}".lower())]
    assert [label for label in BY_MONTHS if label != "leads.Lead" and told_of(after[label])] == []
    assert lead == []
