"""What was judged of a lead that was merged away is not judged again for the one that stands for it."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from enrichment.models import Page, Snapshot
from hunts import invariants, loading, recording, verdicts
from hunts.claims import claim
from hunts.models import Candidate, Run
from hunts.stages import dedupe
from integrations.lexicon.text import sha256_of
from leads import merging
from leads.models import Assessment, Lead, ScoringConfig
from tests.factories import ICP, PAGE, CandidateFactory, JudgedLeadFactory, LeadFactory, RunFactory

pytestmark = pytest.mark.django_db

JUDGE = "local/rules-1"


def is_read(lead: Lead, text: str = PAGE) -> None:
    """Let the web show that text on the lead's site, as of now."""
    Snapshot.keep([text])
    url = f"https://{lead.handle}/"
    read = {"host": lead.handle, "snapshot_id": sha256_of(text), "fetched_at": timezone.now()}
    Page.objects.create(url=url, url_sha256=sha256_of(url), **read)


@pytest.fixture
def merged(workspace) -> Lead:
    """A judged lead whose page is as it was, merged into one that nobody has judged."""
    lead = JudgedLeadFactory(workspace=workspace)
    is_read(lead)
    merging.merge(LeadFactory(workspace=workspace).pk, lead.pk, by=None)
    lead.refresh_from_db()
    return lead


def run_of(lead: Lead) -> Run:
    run = RunFactory(hunt__workspace=lead.workspace)
    CandidateFactory(run=run, lead=lead)
    return run


def known_of(lead: Lead) -> object:
    run = run_of(lead)
    (work,) = loading.works(run, list(run.candidates.select_related("lead")), judge=JUDGE)
    return work.known


def test_the_kept_lead_is_not_judged_again(merged):
    run = run_of(merged.merged_into)
    (mine,) = claim(run.pk, 1)
    (work,) = loading.works(run, [mine], judge=JUDGE)
    verdict = async_to_sync(dedupe.run)(work, None)
    assert (verdict.skip_to, work.known.assessment_id) == ("score", merged.assessment_id)
    recording.record(mine, [(verdict, verdict.added_to(work))])
    candidate = Candidate.objects.get(pk=mine.pk)
    assert candidate.is_cached and candidate.assessment.lead == merged.merged_into
    assert candidate.assessment.judged_at == merged.assessment.judged_at
    assert [row.quote for row in candidate.assessment.evidence.all()] == [merged.assessment.evidence.get().quote]
    assert merged.assessments.count() == 1
    assert list(invariants.judgements_belong_to_their_leads(run.workspace_id)) == []


def test_nor_is_the_merged_one_where_a_run_is_at_it_still(merged, workspace):
    other = LeadFactory(workspace=workspace)
    merging.merge(merged.merged_into_id, other.pk, by=None)
    assert known_of(other).assessment_id == merged.assessment_id


def test_parted_again_each_has_its_own(merged, owner):
    kept = merged.merged_into
    merging.unmerge(kept.merges.get().pk, by=owner)
    assert known_of(kept) is None
    assert known_of(merged).assessment_id == merged.assessment_id


@pytest.mark.parametrize("newer", ["kept", "merged"])
def test_of_two_that_conflict_the_newer_one_counts(merged, newer):
    kept = merged.merged_into
    old, young = timezone.now() - timedelta(days=3), timezone.now() - timedelta(days=1)
    own = Assessment.objects.create(
        lead=kept, criteria_hash=ICP.criteria_hash(), judged_by=JUDGE, snapshots=[sha256_of("Other words.")],
        scoring_config=ScoringConfig.current(), judged_at=young if newer == "kept" else old,
    )  # fmt: skip
    is_read(kept, "Other words.")
    Assessment.objects.filter(pk=merged.assessment_id).update(judged_at=old if newer == "kept" else young)
    assert known_of(kept).assessment_id == (own.pk if newer == "kept" else merged.assessment_id)


@pytest.mark.parametrize("change", ["page", "criteria", "record"])
def test_where_something_changed_it_is_judged_anew(merged, change):
    kept = merged.merged_into
    if change == "page":
        Page.objects.update(fetched_at=timezone.now() - timedelta(days=400))
    elif change == "criteria":
        Assessment.objects.update(criteria_hash="another")
    else:
        Lead.objects.filter(pk=merged.pk).update(record="A directory's words of it.")
    assert known_of(kept) is None


def test_each_rests_on_the_record_of_its_own_lead(merged):
    kept, record = merged.merged_into, "A directory's words of it."
    Lead.objects.filter(pk=merged.pk).update(record=record)
    Lead.objects.filter(pk=kept.pk).update(record="Another directory's words.")
    Assessment.objects.filter(pk=merged.assessment_id).update(snapshots=[sha256_of(PAGE), sha256_of(record)])
    assert known_of(Lead.objects.get(pk=kept.pk)).assessment_id == merged.assessment_id


def test_an_estimate_counts_it_as_judged(merged):
    kept = merged.merged_into
    assert verdicts.leads_standing(ICP, {kept.pk: ""}, judge=JUDGE) == {kept.pk}


def test_another_workspaces_verdicts_are_not_used(merged):
    stranger = LeadFactory()
    assert known_of(stranger) is None
