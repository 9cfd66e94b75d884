"""How many queries the pages of every day take, however much there is to show."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.notification_models import Kind, Notification
from billing.models import Hold
from hunts import figures, live, presets, schedules
from hunts.models import Candidate, Run, RunEvent
from integrations.models import ProviderCall
from tests.factories import CandidateFactory, HuntFactory, JudgedLeadFactory, RunFactory
from tests.hunts.test_schedules import DAILY

pytestmark = pytest.mark.django_db

MOST = 12
COMPANIES = 120  # more than a page shows


def full(run: Run, companies: int = COMPANIES) -> Run:
    """Give a run many companies of every kind, with proof, lines and paid calls."""
    for number in range(companies):
        lead = JudgedLeadFactory(workspace=run.workspace) if number < 4 else None
        status, stage = (("qualified", "deliver"), ("rejected", "prescreen"), ("failed", "qualify"))[number % 3]
        one = CandidateFactory(
            run=run, status=status, stage=stage, tier="A", score=50, **({"lead": lead} if lead else {})
        )
        if lead:
            Candidate.objects.filter(pk=one.pk).update(assessment=lead.assessment)
        RunEvent.objects.create(run=run, candidate=one, message=f"Looked at {number}.")
        hold = Hold.objects.create(
            budget=run.budget,
            workspace=run.workspace,
            period=timezone.localdate().replace(day=1),
            lead_ref=one.lead_id,
            status="settled",
            provider="kimi",
            operation="complete",
            amount_microusd=10,
            settled_microusd=7,
        )
        ProviderCall.objects.create(
            workspace=run.workspace,
            run_ref=str(run.pk),
            key=f"{run.pk}-{number}",
            provider="kimi",
            operation="complete",
            model="k2",
            status="answered",
            hold_id=hold.pk,
        )
    return run


def ended(run: Run) -> Run:
    Run.objects.filter(pk=run.pk).update(status="succeeded", finished_at=timezone.now())
    run.refresh_from_db()
    figures.keep(run)
    return run


@pytest.mark.parametrize("how", ["running", "succeeded", "a sample"])
def test_the_page_of_a_run_and_its_log(client_of_owner, workspace, how, django_assert_max_num_queries):
    run = full(RunFactory(hunt__workspace=workspace, is_sample=how == "a sample"))
    if how != "running":
        ended(run)
    with django_assert_max_num_queries(MOST):
        page = client_of_owner.get(run.get_absolute_url()).text
    assert "The first 50 of" in page and f"Show {COMPANIES - 12} more lines" in page and "Per qualified lead" in page
    with django_assert_max_num_queries(MOST):
        assert "Looked at 119." in client_of_owner.get(run.get_absolute_url(), {"tab": "log"}).text


def test_the_live_part_of_a_run(workspace, django_assert_max_num_queries):
    run = full(RunFactory(hunt__workspace=workspace))
    with django_assert_max_num_queries(MOST // 2):
        assert b"The first 50 of" in live._rendered(run.pk, "en", "", may_change=True)


@pytest.mark.parametrize("path", ["/analytics/", "/hunts/", "/hunts/presets/", "/inbox/"])
def test_the_lists(client_of_owner, workspace, owner, path, django_assert_max_num_queries):
    for number in range(8):
        run = ended(full(RunFactory(hunt=HuntFactory(workspace=workspace)), companies=3))
        schedules.put(presets.save(run.hunt, f"Preset {number}", by=owner), DAILY, by=owner, seen=0)
        about = {"workspace": workspace, "user": owner, "kind": Kind.RUN_FAILED, "url": run.get_absolute_url()}
        Notification.objects.create(key=str(run.pk), **about)
    with django_assert_max_num_queries(MOST):
        assert client_of_owner.get(path).status_code == 200


def test_the_preset_that_a_run_is_of_is_named_to_those_who_may_see_it(client_of_owner, workspace, owner, viewer):
    run = RunFactory(hunt__workspace=workspace)
    assert "Save as preset" in client_of_owner.get(run.get_absolute_url()).text
    presets.save(run.hunt, "Gears & cogs", by=owner)
    assert "Gears &amp; cogs" in client_of_owner.get(run.get_absolute_url()).text
    client_of_owner.force_login(viewer)
    shown = client_of_owner.get(reverse("hunts:run", args=[run.pk])).text
    assert "Gears" not in shown and "Save as preset" not in shown
