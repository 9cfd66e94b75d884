"""Retry from a stage: what is done again, what is used again, what it costs, and who may press when."""

from pathlib import Path

import pytest
from asgiref.sync import async_to_sync

from accounts.models import Workspace
from enrichment.models import Page
from hunts import launch, pipeline, reports, retrying
from hunts.models import Candidate, Hunt, Run, Stage
from hunts.retrying import Asked
from integrations.models import ProviderCall
from leads.models import Lead
from tests.conftest import signed_in
from tests.factories import CandidateFactory, HuntFactory, JudgedLeadFactory, MembershipFactory, RunFactory
from tests.harness.language_model import LanguageModelServer, gullible
from tests.harness.processes import start_python

pytestmark = pytest.mark.django_db(transaction=True)

CAP = 1_000_000


@pytest.fixture
def model(sandbox, settings):
    with LanguageModelServer(gullible) as server:
        settings.PROVIDERS["openai"] |= {"api_key": "sk-test-1", "base_url": server.base_url, "model": "gpt-4.1-mini"}
        yield server


def work(run: Run) -> Run:
    async_to_sync(pipeline.work_on)(run.pk)
    run.refresh_from_db()
    assert run.status == Run.Status.SUCCEEDED
    return run


def outcome(run: Run) -> list[tuple]:
    return list(run.candidates.order_by("lead").values_list("lead", "stage", "status", "tier", "score", "reason"))


def stages_since(run: Run, line: int) -> set[str]:
    return set(run.events.filter(pk__gt=line, candidate__isnull=False).values_list("stage", flat=True))


def asked_again(run: Run, model: LanguageModelServer, asked: Asked) -> int:
    """Retry, work, and return how many questions the model was asked."""
    before = len(model.questions)
    retrying.retry(run, asked)
    work(run)
    return len(model.questions) - before


# ── what is done again ───────────────────────────────────────────────────────────────────────────────────


def test_from_every_stage_a_run_does_that_stage_and_those_after_it_and_comes_to_the_same(sandbox, start_run):
    run = work(start_run(limit=5))
    before, leads = outcome(run), list(Lead.objects.order_by("pk").values_list("status", "score", "contact_email"))
    for stage in retrying.STAGES:
        line = run.events.order_by("-pk").first().pk
        expected = retrying.preview(run, Asked(stage)).count
        assert retrying.retry(run, Asked(stage)) == expected > 0
        work(run)
        assert outcome(run) == before
        assert stages_since(run, line) <= set(retrying.ORDER[retrying.ORDER.index(stage) :])
        assert stage in stages_since(run, line)
    assert list(Lead.objects.order_by("pk").values_list("status", "score", "contact_email")) == leads


def test_the_judge_is_really_asked_again_from_qualify_and_the_cost_adds_up(sandbox, start_run, model):
    run = work(start_run(limit=3, cap=CAP))
    first = len(model.questions)
    assert asked_again(run, model, Asked("qualify")) == first > 0
    assert asked_again(run, model, Asked("qualify")) == first
    assert asked_again(run, model, Asked("score")) == 0
    run.budget.refresh_from_db()
    paid = sum(ProviderCall.objects.values_list("cost_microusd", flat=True))
    assert run.budget.spent_microusd == paid
    assert sum(run.candidates.values_list("cost_microusd", flat=True)) == paid


def test_from_crawl_sites_are_read_again_and_unchanged_texts_are_not_judged_again(sandbox, start_run, model):
    run = work(start_run(limit=3, cap=CAP))
    read_at = dict(Page.objects.values_list("url", "fetched_at"))
    assert asked_again(run, model, Asked("prescreen")) == 0
    assert dict(Page.objects.values_list("url", "fetched_at")) == read_at
    assert asked_again(run, model, Asked("crawl")) == 0
    assert all(page.fetched_at > read_at[page.url] for page in Page.objects.filter(url__in=read_at))


def test_what_failed_goes_on_where_it_failed_with_the_answers_that_were_paid_for(sandbox, start_run, model):
    run = work(start_run(limit=3, cap=CAP))
    one = run.candidates.filter(assessment__isnull=False).first()
    # As if the worker had died after the answer was paid for, again and again, before anything was written.
    one.assessment.delete()
    Candidate.objects.filter(pk=one.pk).update(status=Candidate.Status.FAILED, stage=Stage.QUALIFY, score=None, tier="")
    assert asked_again(run, model, Asked()) == 0
    one.refresh_from_db()
    assert (one.status in Candidate.OVER, one.generation) == (True, 0)


def test_a_company_that_was_judged_in_an_earlier_run_is_read_before_it_is_judged_again(sandbox, start_run, model):
    first = work(start_run(limit=2, cap=CAP))
    second = work(pipeline.start(first.hunt))
    assert set(second.candidates.values_list("is_cached", flat=True)) == {True}
    preview = retrying.preview(second, Asked("qualify"))
    assert (preview.count, preview.from_earlier) == (2, 2)
    assert asked_again(second, model, Asked("qualify")) == 2
    assert not second.candidates.filter(is_cached=True).exists()


# ── what is picked ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def over() -> Run:
    """A run that is over, with a company at every end."""
    run = RunFactory(status=Run.Status.SUCCEEDED)
    judged = {
        "facts": {"pages": [], "final_url": ""},
        "assessment": JudgedLeadFactory(workspace=run.workspace).assessment,
    }
    CandidateFactory(run=run, lead__name="Known", stage="dedupe", status="rejected")
    CandidateFactory(run=run, lead__name="Ruled out", stage="prescreen", status="rejected")
    CandidateFactory(run=run, lead__name="Broken early", stage="prescreen", status="failed")
    CandidateFactory(run=run, lead__name="Dead site", stage="crawl", status="rejected")
    CandidateFactory(run=run, lead__name="No judge", stage="qualify", status="failed", facts=judged["facts"])
    CandidateFactory(
        run=run,
        lead__name="Same as another",
        lead__merged_into=judged["assessment"].lead,
        stage="crawl",
        status="rejected",
    )
    CandidateFactory(run=run, lead__name="Tier D", stage="score", status="rejected", tier="D", score=9, **judged)
    CandidateFactory(run=run, lead__name="Tier A", stage="deliver", status="qualified", tier="A", score=90, **judged)
    return run


def queued(run: Run) -> dict[str, str]:
    return dict(run.candidates.filter(status="queued").values_list("lead__name", "stage"))


@pytest.mark.parametrize(
    ("asked", "begun"),
    [
        (Asked(), {"Broken early": "prescreen", "No judge": "qualify"}),
        (
            Asked("crawl"),
            {
                "Broken early": "prescreen",
                "Dead site": "crawl",
                "No judge": "crawl",
                "Tier D": "crawl",
                "Tier A": "crawl",
            },
        ),
        (Asked("crawl", failed_only=True), {"Broken early": "prescreen", "No judge": "crawl"}),
        (
            Asked("qualify"),
            {"Broken early": "prescreen", "No judge": "qualify", "Tier D": "qualify", "Tier A": "qualify"},
        ),
        (
            Asked("enrich"),
            {"Broken early": "prescreen", "No judge": "qualify", "Tier D": "enrich", "Tier A": "enrich"},
        ),
        (Asked("deliver"), {"Broken early": "prescreen", "No judge": "qualify", "Tier A": "deliver"}),
    ],
    ids=["failed", "crawl", "crawl-failed", "qualify", "enrich", "deliver"],
)
def test_those_that_came_to_the_stage_begin_there_and_those_that_failed_before_it_where_they_failed(over, asked, begun):
    expected = retrying.preview(over, asked)
    assert (expected.count, expected.problem) == (len(begun), "")
    assert retrying.retry(over, asked) == len(begun)
    assert queued(over) == begun
    assert over.status == Run.Status.QUEUED
    over.budget.refresh_from_db()
    assert over.budget.is_open


def test_what_the_stage_and_those_after_it_found_out_is_forgotten_and_what_came_before_is_kept(over):
    retrying.retry(over, Asked("enrich"))
    one = over.candidates.get(lead__name="Tier A")
    assert (one.score, one.tier, one.finished_at, one.anew_stage, one.generation) == (None, "", None, "enrich", 1)
    assert one.assessment is not None and "pages" in one.facts


def test_a_preview_changes_nothing_and_says_what_it_costs_at_most(over, settings):
    openai = settings.PROVIDERS["openai"] | {"api_key": "sk-test-1", "model": "gpt-4.1-mini"}
    settings.PROVIDERS = settings.PROVIDERS | {"openai": openai}
    before = outcome(over)
    judged = retrying.preview(over, Asked("qualify"))
    assert (judged.count, judged.judged) == (4, 4)
    assert judged.worst_case_microusd == 4 * judged.each_microusd > 0
    assert judged.left_microusd == 5_000_000
    assert retrying.preview(over, Asked("deliver", failed_only=False)).judged == 2  # those that failed before
    assert [one.asked.stage for one in retrying.previews(over, Asked())[0]] == list(retrying.STAGES)
    assert outcome(over) == before


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ["running", "queued", "paused"])
def test_while_a_run_is_not_over_single_companies_that_are_done_can_be_retried_and_nothing_else(over, status):
    Run.objects.filter(pk=over.pk).update(status=status)
    over.refresh_from_db()
    with pytest.raises(pipeline.NotStarted, match="paused" if status == "paused" else "still going on"):
        retrying.retry(over, Asked("qualify"))
    one = over.candidates.get(lead__name="Tier A")
    assert retrying.retry(over, Asked("qualify", (one.pk,))) == 1
    assert queued(over) == {"Tier A": "qualify"}
    over.refresh_from_db()
    assert over.status == status
    with pytest.raises(pipeline.NotStarted, match="being worked on"):
        retrying.retry(over, Asked("qualify", (one.pk,)))


def test_a_run_with_a_company_that_is_retried_is_not_concluded(over):
    Run.objects.filter(pk=over.pk).update(status="running")
    assert not reports.is_unfinished(over)
    Run.objects.filter(pk=over.pk).update(status="running")
    over.refresh_from_db()
    retrying.retry(over, Asked("score", (over.candidates.get(lead__name="Tier A").pk,)))
    assert reports.is_unfinished(over)


def test_a_retry_beside_a_live_run_of_the_same_hunt_is_refused_whole(over):
    live = RunFactory(hunt=over.hunt, status=Run.Status.RUNNING)
    with pytest.raises(pipeline.AlreadyLive) as refused:
        retrying.retry(over, Asked("qualify"))
    assert refused.value.run == live
    assert queued(over) == {}
    over.budget.refresh_from_db()


def test_companies_of_another_run_are_not_picked(over):
    theirs = CandidateFactory(run__status=Run.Status.SUCCEEDED, stage="deliver", status="qualified")
    with pytest.raises(pipeline.NotStarted):
        retrying.retry(over, Asked("qualify", (theirs.pk,)))
    assert Run.objects.get(pk=over.pk).status == Run.Status.SUCCEEDED


PRESSER = """
import time
from pathlib import Path
from hunts import launch, pipeline, retrying
from hunts.models import Hunt, Run

hunt, signals = Hunt.objects.get(pk=int(sys.argv[1])), Path(sys.argv[2])

def start():
    return launch.run(hunt).pk

def change(action):
    return lambda: launch.change(hunt.runs.get(), action) and action

def retry():
    return launch.retry(hunt.runs.get(), retrying.Asked("qualify"))

for name, press in (("start", start), ("cancel", change("cancel")), ("retry", retry), ("end", change("cancel"))):
    print("ready", flush=True)
    while not (signals / name).exists():
        pass
    try:
        print("won" if press() else "late", flush=True)
    except pipeline.NotStarted as error:
        print("told", flush=True)
"""


def test_of_two_people_who_press_start_cancel_or_retry_at_the_same_moment_one_wins(tmp_path: Path):
    hunt = HuntFactory(max_spend_microusd=CAP)
    people = [start_python(PRESSER, str(hunt.pk), str(tmp_path)) for _ in range(2)]

    def pressed(name: str) -> list[str]:
        for person in people:
            assert person.stdout.readline() == "ready\n", person.stderr.read()
        (tmp_path / name).touch()
        return sorted(person.stdout.readline().strip() for person in people)

    assert pressed("start") == ["told", "won"]
    run = Run.objects.get(hunt=hunt)
    CandidateFactory.create_batch(3, run=run, stage="qualify", status="failed", facts={"pages": []})
    assert pressed("cancel") == ["late", "won"]
    assert pressed("retry") == ["told", "won"]
    assert set(run.candidates.values_list("status", "generation")) == {("queued", 1)}
    assert pressed("end") == ["late", "won"]
    assert [person.wait(30) for person in people] == [0, 0]
    run.refresh_from_db()
    assert run.status == Run.Status.CANCELLED


# ── doors ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_says_what_a_retry_does_and_its_button_does_it(over):
    client = client_of(over.workspace)
    path = f"/hunts/runs/{over.pk}/retry"
    page = client.get(path, {"stage": "qualify"}).text
    assert "The judge is asked about each company again." in page
    assert "Used again: the companies found and their pages." in page
    answer = client.post(path, {"stage": "qualify"}, follow=True)
    assert "4 companies begin again." in answer.text
    assert len(queued(over)) == 4


def test_the_page_of_one_company_retries_that_one(over):
    client = client_of(over.workspace)
    broken = over.candidates.get(lead__name="No judge")
    page = client.get(f"/hunts/runs/{over.pk}/retry", {"candidate": broken.pk}).text
    assert "Retry No judge" in page
    assert [one.asked.stage for one in retrying.previews(over, Asked(candidate_ids=(broken.pk,)))[0]] == [
        "prescreen",
        "crawl",
        "qualify",
    ]
    client.post(f"/hunts/runs/{over.pk}/retry", {"candidate": broken.pk, "stage": ""})
    assert queued(over) == {"No judge": "qualify"}


@pytest.mark.parametrize("query", ["stage=lunch", "candidate=x", "candidate=999999", "stage=dedupe"])
def test_a_retry_of_what_there_is_not_is_a_404(over, query):
    client = client_of(over.workspace)
    assert client.get(f"/hunts/runs/{over.pk}/retry?{query}").status_code == 404


def test_strangers_and_viewers_retry_nothing(over, client_of_stranger):
    path = f"/hunts/runs/{over.pk}/retry"
    assert client_of_stranger.get(path).status_code == 404
    assert client_of_stranger.post(path, {"stage": "qualify"}).status_code == 404
    viewer = client_of(over.workspace, role="viewer")
    assert viewer.get(path).status_code == 200
    assert viewer.post(path, {"stage": "qualify"}).status_code == 403
    assert viewer.post(f"/api/runs/{over.pk}/retry", {}, "application/json").status_code == 403
    assert queued(over) == {}


def test_the_api_previews_and_retries(over):
    client = client_of(over.workspace)
    path = f"/api/runs/{over.pk}/retry"
    told = client.get(path, {"stage": "enrich", "failed_only": True}).json()
    assert (told["stage"], told["companies"], told["problem"]) == ("enrich", 2, "")
    ids = list(over.candidates.filter(lead__name__startswith="Tier").values_list("pk", flat=True))
    body = {"stage": "enrich", "candidate_ids": ids}
    assert client.post(path, body, "application/json").json()["status"] == "queued"
    assert queued(over) == {"Tier A": "enrich", "Tier D": "enrich"}
    refused = client.post(path, {"stage": "enrich"}, "application/json")
    assert (refused.status_code, refused.headers["Content-Type"]) == (409, "application/problem+json")


def test_the_api_without_a_body_retries_what_failed(over):
    client = client_of(over.workspace)
    assert client.generic("POST", f"/api/runs/{over.pk}/retry").status_code == 200
    assert queued(over) == {"Broken early": "prescreen", "No judge": "qualify"}


@pytest.mark.parametrize("body", [{"stage": "lunch"}, {"candidate_ids": []}, {"candidate_ids": [0]}, {"stage": 5}, []])
def test_the_api_refuses_what_makes_no_sense(over, body):
    answer = client_of(over.workspace).post(f"/api/runs/{over.pk}/retry", body, "application/json")
    assert answer.status_code == 422
    assert queued(over) == {}


def test_a_second_press_of_start_leads_to_the_run_that_is_live(over):
    client = client_of(over.workspace)
    first = client.post(f"/hunts/{over.hunt_id}/run")
    second = client.post(f"/hunts/{over.hunt_id}/run", follow=True)
    assert second.redirect_chain[0][0] == first.headers["Location"]
    live = Run.objects.live().get()
    assert f"This hunt is running already: this is run {live.pk}." in second.text
    refused = client.post(f"/api/hunts/{over.hunt_id}/runs")
    assert (refused.status_code, refused.json()["run_id"]) == (409, live.pk)
    assert launch.run(over.hunt, sample=3).is_sample  # a sample may be read meanwhile
    assert Hunt.objects.get(pk=over.hunt_id).runs.live().count() == 2


def client_of(workspace: Workspace, *, role: str = "owner"):
    return signed_in(MembershipFactory(workspace=workspace, role=role).user)
