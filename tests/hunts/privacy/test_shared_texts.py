"""What all read stays as it is when one workspace erases somebody; whoever runs the installation changes it."""

import pytest
from django.utils import timezone

from enrichment.models import Page, Snapshot
from hunts.privacy import erasing
from integrations.lexicon.persons import MARK
from integrations.lexicon.text import sha256_of
from leads.models import Assessment, Evidence, Lead, ScoringConfig
from leads.wanted import Wanted
from tests.factories import LeadFactory, WorkspaceFactory
from tests.hunts.privacy.conftest import finish

pytestmark = pytest.mark.django_db(transaction=True)

PROOF = "Managed Services for banks in Graz."
TEXT = f"Acme Precision, owner Anna Meier.\n{PROOF}\nContact +43 316 123456"
SHA = sha256_of(TEXT)
NAMED = "owner Anna Meier."


@pytest.fixture(autouse=True)
def page(db):
    Snapshot.keep([TEXT])
    url = "https://acme.com/"
    return Page.objects.create(
        url_sha256=sha256_of(url), url=url, final_url=url, host="acme.com", snapshot_id=SHA, fetched_at=timezone.now(),
        facts={"contacts": [{"name": "Anna Meier", "snapshot_sha256": SHA}]},
    )  # fmt: skip


def judged(lead: Lead, quote: str) -> Evidence:
    start = TEXT.index(quote)
    assessment = Assessment.objects.create(
        lead=lead, criteria_hash="x", judged_by="x", snapshots=[SHA], scoring_config=ScoringConfig.current()
    )
    return Evidence.objects.create(
        assessment=assessment, position=0, criterion="c", text="t", kind="must", weight=5, verdict="yes", claimed="yes",
        confidence=1, quote=quote, url="https://acme.com/", snapshot_sha256=SHA, start=start, end=start + len(quote),
    )  # fmt: skip


def test_the_proof_of_another_workspace_stands_in_its_text_whatever_one_erases(workspace, page):
    LeadFactory(workspace=workspace, handle="acme.com")
    theirs = judged(LeadFactory(workspace=WorkspaceFactory(), handle="acme.com"), PROOF)
    finish(erasing.begin(Wanted.of(name="Managed Services", company="acme.com"), workspace_id=workspace.pk, by=None))
    theirs.refresh_from_db()
    assert (theirs.verdict, theirs.quote) == ("yes", PROOF)
    assert Snapshot.objects.get(pk=theirs.snapshot_sha256).text == TEXT
    page.refresh_from_db()
    assert page.snapshot_id == SHA


def test_ones_own_proof_points_at_ones_own_text_at_the_same_place(workspace):
    mine = judged(LeadFactory(workspace=workspace, handle="acme.com"), PROOF)
    finish(erasing.begin(Wanted.of(name="Anna Meier", company="acme.com"), workspace_id=workspace.pk, by=None))
    mine.refresh_from_db()
    own = Snapshot.objects.get(pk=mine.snapshot_sha256)
    assert own.pk == sha256_of(own.text) != SHA
    assert own.text[mine.start : mine.end] == mine.quote == PROOF
    assert MARK in own.text
    mine.assessment.refresh_from_db()
    assert mine.assessment.snapshots == [own.pk]
    page = Page.objects.exclude(snapshot_id=SHA).get()
    assert (page.snapshot_id, page.facts["contacts"]) == (own.pk, [])


def test_the_installation_withdraws_whatever_quoted_them_of_any_company(workspace):
    elsewhere = judged(LeadFactory(workspace=workspace, handle="supplier.com"), NAMED)
    half = judged(LeadFactory(workspace=WorkspaceFactory(), handle="acme.com"), "Meier.\nManaged Services")
    kept = judged(LeadFactory(workspace=WorkspaceFactory(), handle="acme.com"), PROOF)
    finish(erasing.begin(Wanted.of(name="Anna Meier", company="acme.com"), workspace_id=None, by=None))
    for row in (elsewhere, half, kept):
        row.refresh_from_db()
    assert (elsewhere.verdict, elsewhere.quote) == (half.verdict, half.quote) == ("unverified", "")
    assert kept.verdict == "yes"
    assert kept.quote in Snapshot.objects.get(pk=SHA).text
