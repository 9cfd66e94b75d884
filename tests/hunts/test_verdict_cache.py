"""What was judged once is not judged again by the runs of a workspace while the texts and the criteria are the same."""

from dataclasses import replace
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from accounts.models import Workspace
from enrichment.models import Page, Snapshot
from hunts import pipeline
from hunts.icp import Icp
from hunts.models import Candidate, Run
from hunts.stages.dedupe import run as dedupe
from hunts.stages.qualify import already_judged
from hunts.verdicts import standing
from hunts.work import Known, Work
from integrations.capabilities import ReadPage
from integrations.lexicon.text import sha256_of
from integrations.models import ProviderCall
from leads.models import Assessment, Evidence, Lead, ScoringConfig
from leads.scoring import Config
from tests.conftest import signed_in
from tests.factories import MembershipFactory
from tests.harness.language_model import LanguageModelServer, gullible

pytestmark = pytest.mark.django_db(transaction=True)

CAP = 1_000_000


@pytest.fixture
def model(settings):
    with LanguageModelServer(gullible) as server:
        settings.PROVIDERS["openai"] |= {"api_key": "sk-test-1", "base_url": server.base_url, "model": "gpt-4.1-mini"}
        yield server


@pytest.fixture
def judged(sandbox, model, start_run) -> Run:
    """A run over the sandbox that a language model has judged; what it was asked is forgotten."""
    run = work(start_run(limit=4, cap=CAP))
    assert model.questions
    model.questions.clear()
    return run


def work(run: Run) -> Run:
    async_to_sync(pipeline.work_on)(run.pk)
    run.refresh_from_db()
    assert run.status == Run.Status.SUCCEEDED
    return run


def again(run: Run, **changes: object) -> Run:
    """Run the same hunt again, with `changes` in its profile."""
    if changes:
        run.hunt.icp_json = replace(run.icp, **changes).to_json()
        run.hunt.save()
    return work(pipeline.start(run.hunt))


def scored(run: Run) -> dict[int, Candidate]:
    return {row.lead_id: row for row in run.candidates.filter(score__isnull=False).select_related("assessment")}


def fetches() -> dict[str, object]:
    return dict(Page.objects.values_list("url", "fetched_at"))


def test_a_warm_rerun_asks_no_model_reads_no_page_and_costs_nothing(judged, model):
    before = fetches()
    second = again(judged)
    assert model.questions == []
    assert fetches() == before
    assert set(scored(second)) == set(scored(judged))
    assert all(row.is_cached and row.cost_microusd == 0 for row in scored(second).values())
    assert not ProviderCall.objects.filter(run_ref=str(second.pk)).exists()


def test_the_lead_shows_that_its_verdict_was_used_again(judged):
    second = again(judged)
    member = MembershipFactory(workspace=second.workspace).user
    lead = Lead.objects.filter(pk__in=scored(second)).first()
    page = signed_in(member).get(lead.get_absolute_url()).content.decode()
    assert "used again, at no cost" in page
    assert "openai/gpt-4.1-mini" in page


def test_stale_pages_are_read_again_and_judged_again_only_where_they_changed(judged, model):
    """Every page is stale; of one company the stored text was another, as if its site had changed since."""
    Page.objects.update(fetched_at=timezone.now() - timedelta(days=40))
    changed = next(row for row in scored(judged).values() if len(row.assessment.snapshots) > 1)
    Snapshot.keep(["What stood here before."])
    snapshots = [sha256_of("What stood here before."), *changed.assessment.snapshots[1:]]
    Assessment.objects.filter(pk=changed.assessment_id).update(snapshots=snapshots)
    second = again(judged)
    assert len(model.questions) == 1
    cached = {lead_id for lead_id, row in scored(second).items() if row.is_cached}
    assert cached == set(scored(judged)) - {changed.lead_id}
    assert Page.objects.filter(fetched_at__gt=timezone.now() - timedelta(days=1)).exists()


def test_other_weights_ask_nobody_and_leave_the_first_run_explained_as_it_was(judged, model):
    before = {lead_id: row.assessment.explained().to_bytes() for lead_id, row in scored(judged).items()}
    weights = tuple(replace(criterion, weight=1 + place) for place, criterion in enumerate(judged.icp.criteria))
    second = again(judged, criteria=weights)
    assert model.questions == []
    for row in scored(second).values():
        assert row.is_cached
        assert row.assessment.explained().total == row.score
        shown = {one.criterion: one.weight for one in row.assessment.evidence.all()}
        assert shown == {criterion.key: criterion.weight for criterion in weights}
    after = {lead_id: row.assessment.explained().to_bytes() for lead_id, row in scored(judged).items()}
    assert after == before


def test_another_scoring_leaves_the_first_run_explained_as_it_was(judged, model):
    before = {lead_id: row.assessment.explained().to_bytes() for lead_id, row in scored(judged).items()}
    ScoringConfig.objects.create(number=2, **Config(unclear=0, yes_floor=100).row())
    second = again(judged)
    assert model.questions == []
    assert all(row.assessment.explained().total == row.score for row in scored(second).values())
    assert {lead_id: row.assessment.explained().to_bytes() for lead_id, row in scored(judged).items()} == before


def test_another_criterion_is_judged_anew(judged, model):
    first, *rest = judged.icp.criteria
    again(judged, criteria=(replace(first, text="The company makes gears.", key="gears"), *rest))
    assert len(model.questions) == len(scored(judged))


def test_verdicts_do_not_outlive_their_time(judged, model, settings):
    settings.VERDICT_TTL_DAYS = 14
    Assessment.objects.update(judged_at=timezone.now() - timedelta(days=15))
    again(judged)
    assert len(model.questions) == len(scored(judged))


def test_a_copy_with_other_weights_is_as_old_as_what_it_was_copied_from(judged):
    long_ago = timezone.now() - timedelta(days=10)
    Assessment.objects.update(judged_at=long_ago)
    second = again(judged, criteria=tuple(replace(one, weight=3) for one in judged.icp.criteria))
    assert {row.assessment.judged_at for row in scored(second).values()} == {long_ago}


def test_another_version_of_the_prompt_judges_anew(judged, model):
    Assessment.objects.update(prompt_version="qualify-0")
    again(judged)
    assert len(model.questions) == len(scored(judged))


def test_the_rules_do_not_stand_in_for_a_model_nor_a_model_for_the_rules(judged, model, settings):
    settings.PROVIDERS["openai"]["api_key"] = ""
    by_rules = again(judged)
    assert model.questions == []
    assert not any(row.is_cached for row in scored(by_rules).values())
    assert all(row.assessment.judged_by.startswith("local/") for row in scored(by_rules).values())
    settings.PROVIDERS["openai"]["api_key"] = "sk-test-1"
    by_model = again(judged)
    assert all(row.assessment.judged_by.startswith("openai/") for row in scored(by_model).values())


def test_another_model_of_the_chain_may_have_judged(judged, model, settings):
    """Which of them answers depends on whose turn it is: a rerun does not ask again for that."""
    settings.PROVIDERS["openai"]["model"] = "gpt-4.1"
    assert all(row.is_cached for row in scored(again(judged)).values())
    assert model.questions == []


def test_another_workspace_judges_for_itself(judged, model, start_run):
    other = work(start_run(limit=8, cap=CAP, workspace=Workspace.start("Somebody else")))
    assert len(model.questions) == len(scored(other)) > 0
    assert not any(row.is_cached for row in scored(other).values())
    ours = set(
        Evidence.objects.filter(assessment__lead__workspace=other.workspace).values_list("assessment_id", flat=True)
    )
    assert ours == {row.assessment_id for row in scored(other).values()}


def test_a_candidate_that_was_interrupted_after_its_crawl_is_not_judged_twice(judged, model):
    """Its pages are known by what the row says, and so is their verdict."""
    second = pipeline.start(judged.hunt)
    Page.objects.update(fetched_at=timezone.now() - timedelta(days=40))
    lead_id, row = next(iter(scored(judged).items()))
    Run.objects.filter(pk=second.pk).update(discovered_at=timezone.now(), limit=1)
    Candidate.objects.create(run=second, lead_id=lead_id, position=0, stage="qualify", facts=row.facts)
    work(second)
    assert model.questions == []
    assert scored(second)[lead_id].is_cached


# ── without a database: which judgement stands ────────────────────────────────────────────────────────────


def known(*texts: str, pk: int = 1) -> Known:
    return Known(pk, timezone.now(), (), frozenset(texts))


@pytest.mark.parametrize(
    ("texts", "fresh", "record", "stands"),
    [
        pytest.param({"home", "about"}, {"home", "about"}, "", True, id="all fresh"),
        pytest.param({"home", "about"}, {"home"}, "", False, id="one stale or changed"),
        pytest.param({"home", "record"}, {"home"}, "record", True, id="with the same record"),
        pytest.param({"home", "record"}, {"home"}, "other", False, id="with another record"),
        pytest.param({"home"}, {"home"}, "record", False, id="with a new record"),
        pytest.param({"record"}, set(), "record", False, id="of a record alone"),
    ],
)
def test_a_judgement_stands_while_all_its_texts_are_what_would_be_read_now(texts, fresh, record, stands):
    found = standing([known(*texts)], frozenset(fresh), record)
    assert (found is not None) is stands


def test_the_newest_judgement_of_exactly_these_texts_is_used():
    page = ReadPage("https://a.example/", "text", "home")
    work = Work("a.example", "A", "https://a.example/", Icp(), Config(), record=page)
    assert already_judged(replace(work, earlier=(known("home", "gone", pk=3),))) is None
    assert (
        already_judged(
            replace(work, earlier=(known("x", pk=3), known("home", pk=2), known("home", pk=1)))
        ).assessment_id
        == 2
    )


def test_a_known_judgement_skips_to_the_score_with_its_findings():
    work = Work("a.example", "A", "https://a.example/", Icp(), Config(), known=known("home"))
    verdict = async_to_sync(dedupe)(work, None)
    assert (verdict.skip_to, verdict.reuse) == ("score", work.known)
