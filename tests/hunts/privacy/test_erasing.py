"""A person is found wherever they are named, is handed out whole, and is gone when they are erased."""

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.core import serializers
from django.utils import timezone
from django.utils.formats import date_format

from accounts import audit
from accounts.audit_models import AuditEntry, Verb
from enrichment.models import Page, Screenshot, Snapshot
from hunts.models import Candidate
from hunts.privacy import erasing, finding, widening
from hunts.privacy.models import Erasure
from hunts.privacy.reach import Reach
from hunts.privacy.registry import LOOKED_AT, PERSONAL
from integrations.lexicon.persons import MARK
from integrations.lexicon.text import sha256_of
from integrations.models import ProviderCall
from leads import collecting, suppression
from leads.models import Contact, Evidence, Fact
from leads.person_models import Collection, Suppression
from leads.wanted import Wanted
from tests.factories import WorkspaceFactory
from tests.hunts.privacy.conftest import (
    DOMAIN,
    EMAIL,
    NAME,
    NEAR,
    PHONE,
    SHARED,
    TEXT,
    finish,
    left,
    seed,
    stored,
    told_of,
    wanted,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lead(workspace, media):
    return seed(workspace)


def test_a_person_is_found_in_every_table_that_may_name_them_with_source_and_date(lead):
    items = list(finding.found(wanted(), Reach(lead.workspace_id)))
    missing = set(LOOKED_AT) - {item.table for item in items} - {"enrichment.Screenshot", "accounts.AuditEntry"}
    assert missing == set()
    told = json.loads(json.dumps([item.to_json() for item in items]))
    contact = next(one for one in told if one["table"] == "leads.Contact" and one["about_nobody_else"])
    assert contact["told"]["email"] == [EMAIL]
    assert contact["source"]
    assert contact["first_collected_at"]
    assert contact["last_seen_at"]
    # Of a row that is about others too, no more than what is around the person.
    shared = [one["told"].values() for one in told if not one["about_nobody_else"]]
    assert all(len(words) < 400 for columns in shared for places in columns for words in places)


def test_nothing_of_an_erased_person_stands_in_any_table_or_file(lead):
    assert told_of(stored())
    finish(erasing.begin(wanted(), workspace_id=lead.workspace_id, by=None))
    assert left(without=SHARED) == {}
    assert list(finding.found(wanted(), Reach(lead.workspace_id))) == []


def test_only_hashes_stay_and_the_log_names_nobody(lead):
    erasure = finish(erasing.begin(wanted(), workspace_id=lead.workspace_id, by=None))
    assert (erasure.status, erasure.wanted) == (Erasure.Status.DONE, {})
    assert suppression.length(lead.workspace_id) == 1
    assert {len(digest) for digest in Suppression.objects.values_list("digest", flat=True)} == {64}
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {Verb.PERSON_ERASED, Verb.PERSON_GONE}
    assert told_of(" ".join(AuditEntry.objects.values_list("words", flat=True)).lower()) == []


def test_others_stay_as_they_are(lead):
    finish(erasing.begin(wanted(), workspace_id=lead.workspace_id, by=None))
    assert Contact.objects.filter(lead=lead, email=f"office@{DOMAIN}").exists()
    lead.refresh_from_db()
    assert NEAR in lead.description
    assert (lead.contact_name, lead.contact_email) == (lead.contacts.get().name, f"office@{DOMAIN}")
    assert Fact.objects.get(lead=lead).value == "WordPress"


def test_a_text_keeps_its_name_and_its_places(lead):
    finish(erasing.begin(wanted(), workspace_id=None, by=None))
    snapshot = Snapshot.objects.get(pk=sha256_of(TEXT))
    assert len(snapshot.text) == len(TEXT) == snapshot.length
    place = TEXT.index("We mill")
    assert snapshot.text[place:] == TEXT[place:]
    assert MARK in snapshot.text
    Snapshot.keep([TEXT])
    assert told_of(Snapshot.objects.get(pk=sha256_of(TEXT)).text.lower()) == []


def test_a_verdict_that_quoted_the_person_counts_for_nothing_and_the_score_is_that_of_what_is_left(lead):
    Candidate.objects.filter(lead=lead).update(assessment=lead.assessment)
    finish(erasing.begin(wanted(), workspace_id=lead.workspace_id, by=None))
    row = Evidence.objects.get(assessment=lead.assessment)
    assert (row.verdict, row.quote, row.start, row.claimed) == ("unverified", "", None, "yes")
    lead.refresh_from_db()
    score = lead.assessment.explained()
    assert (lead.score, lead.tier, lead.best_quote) == (score.total, score.tier, "")
    assert Candidate.objects.get(lead=lead).score == score.total


def test_an_answer_of_a_service_is_emptied_and_what_it_cost_stays(lead):
    finish(erasing.begin(wanted(), workspace_id=lead.workspace_id, by=None))
    call = ProviderCall.objects.get()
    assert (call.answer, call.error, call.cost_microusd) == (None, "", 7)
    assert call.key != "k"  # asked again, it is asked anew


def test_erasing_twice_changes_nothing_more(lead):
    finish(erasing.begin(wanted(), workspace_id=lead.workspace_id, by=None))
    without = frozenset({"hunts.Erasure", "accounts.AuditEntry"})
    before = stored(without=without)
    again = finish(erasing.begin(wanted(), workspace_id=lead.workspace_id, by=None))
    assert again.total == 0
    assert stored(without=without) == before


def test_an_address_alone_leads_to_the_whole_person(lead):
    finish(erasing.begin(Wanted.of(email=EMAIL), workspace_id=lead.workspace_id, by=None))
    assert left(without=SHARED) == {}


def test_another_workspace_keeps_its_rows_and_the_text_that_they_quote(lead):
    other = WorkspaceFactory()
    theirs = seed(other)

    def rows() -> str:
        return "".join(
            serializers.serialize("json", apps.get_model(label)._base_manager.filter(**{held.workspace: other}))
            for label, held in PERSONAL.items()
            if held.workspace
        )

    before = rows()
    finish(erasing.begin(wanted(), workspace_id=lead.workspace_id, by=None))
    assert theirs.contacts.filter(email=EMAIL).exists()
    assert rows() == before
    assert suppression.length(other.pk) == 0
    assert Snapshot.objects.get(pk=sha256_of(TEXT)).text == TEXT
    assert not list(finding.found(wanted(), Reach(lead.workspace_id)))


def test_the_installation_erases_in_every_workspace(lead):
    seed(WorkspaceFactory())
    finish(erasing.begin(wanted(), workspace_id=None, by=None))
    assert left() == {}
    assert not Screenshot.objects.exists()


def test_a_workspace_cannot_blank_a_page_of_a_company_by_a_name_without_one(lead):
    Page.objects.update(host="other.example")
    finish(erasing.begin(Wanted.of(name="precision parts"), workspace_id=lead.workspace_id, by=None))
    assert "precision parts" in Snapshot.objects.get(pk=sha256_of(TEXT)).text


def test_a_switchboard_is_not_taken_for_the_number_of_a_person(lead):
    Contact.objects.filter(lead=lead, email=f"office@{DOMAIN}").update(phone=PHONE)
    whole = widening.widened(Wanted.of(email=EMAIL), Reach(lead.workspace_id))
    assert whole.phones == ()
    assert whole.names == (NAME,)


def test_what_nobody_else_may_take_is_worked_on_by_one(lead):
    erasure = erasing.begin(wanted(), workspace_id=lead.workspace_id, by=None)
    Erasure.objects.filter(pk=erasure.pk).update(lease_expires_at=timezone.now() + timedelta(minutes=1))
    assert not erasing.work_on(erasure.pk)


def test_since_when_they_are_known_is_forgotten_too(lead):
    keys = collecting.contact_keys(DOMAIN, email=EMAIL, name=NAME)
    collecting.remember(lead.workspace_id, {"x": keys})
    finish(erasing.begin(wanted(), workspace_id=lead.workspace_id, by=None))
    assert not Collection.objects.exists()


def test_the_audit_log_is_looked_through_and_says_until_when_it_keeps_them(lead, settings):
    audit.record(Verb.HUNT_DELETED, workspace_id=lead.workspace_id, words=f"Companies of {NAME}")
    settings.AUDIT_DAYS = 365
    finish(erasing.begin(wanted(), workspace_id=lead.workspace_id, by=None))
    (item,) = finding.found(wanted(), Reach(lead.workspace_id))
    assert (item.table, item.told) == ("accounts.AuditEntry", {"words": [f"Companies of {NAME}"]})
    day = date_format(timezone.now() + timedelta(days=365), "DATE_FORMAT")
    assert item.stays == f"The audit log is never written again. This entry goes on {day}."
    settings.AUDIT_DAYS = 0
    (item,) = finding.found(wanted(), Reach(lead.workspace_id))
    assert item.stays.endswith("kept for ever.")
