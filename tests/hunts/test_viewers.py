"""What viewers are offered: to read everything, and no button that would refuse them."""

import re

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from hunts import deleting, live, pipeline
from hunts.models import Run
from tests.conftest import signed_in
from tests.factories import CandidateFactory, HuntFactory, MembershipFactory, RunFactory
from tests.hunts.test_live import opened

pytestmark = pytest.mark.django_db

# What every page has: the language, the inbox, the way out.
EVERYBODYS = ("/language", "/accounts/logout/")


@pytest.fixture
def member(workspace) -> Client:
    return signed_in(MembershipFactory(workspace=workspace, role=Membership.Role.MEMBER).user)


def offered(client: Client, path: str) -> list[str]:
    """Return what a page offers to do: where its forms go, but for those of every page."""
    answer = client.get(path)
    assert answer.status_code == 200
    posts = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', answer.text)
    links = re.findall(r"<a ([^>]*)>", answer.text)
    begins = [link for link in links if 'href="/hunts/new' in link or ("/retry" in link and 'class="chip"' not in link)]
    return [path for path in posts if path not in EVERYBODYS] + begins


def run_at(workspace, status: str, **more) -> Run:
    run = RunFactory(hunt__workspace=workspace, status=status, **more)
    CandidateFactory(run=run, status="failed", stage="qualify")
    return run


@pytest.mark.parametrize(
    ("status", "more"),
    [
        (Run.Status.RUNNING, {}),
        (Run.Status.PAUSED, {"ceiling": Run.Ceiling.RUN}),
        (Run.Status.SUCCEEDED, {}),
        (Run.Status.FAILED, {}),
        (Run.Status.SUCCEEDED, {"is_sample": True}),
    ],
    ids=["at work", "at its limit", "done", "failed", "sample"],
)
@pytest.mark.parametrize("tab", ["", "?tab=log"])
def test_on_the_page_of_a_run_they_are_offered_nothing_that_changes_it(workspace, viewer, member, status, more, tab):
    page = run_at(workspace, status, **more).get_absolute_url() + tab
    assert offered(signed_in(viewer), page) == []
    assert offered(member, page)


def test_a_run_that_failed_before_it_found_anything_can_be_begun_again_by_members_alone(workspace, viewer, member):
    run = RunFactory(hunt__workspace=workspace, status=Run.Status.FAILED)
    again = reverse("hunts:retry-run", args=[run.pk])
    assert again in offered(member, run.get_absolute_url())
    assert offered(signed_in(viewer), run.get_absolute_url()) == []


def test_they_read_what_a_retry_would_cost_and_cannot_begin_it(workspace, viewer, member):
    page = reverse("hunts:retry-run", args=[run_at(workspace, Run.Status.SUCCEEDED).pk])
    assert page in offered(member, page)
    assert page not in offered(signed_in(viewer), page)
    assert "your role here is viewer" in signed_in(viewer).get(page).text


@pytest.mark.parametrize("has_hunts", [False, True])
def test_they_are_not_asked_to_begin_a_hunt(workspace, viewer, member, has_hunts):
    if has_hunts:
        HuntFactory(workspace=workspace)
    assert offered(signed_in(viewer), reverse("hunts:list")) == []
    assert offered(member, reverse("hunts:list"))


def test_they_see_what_was_deleted_and_cannot_bring_it_back(workspace, viewer, member):
    run = run_at(workspace, Run.Status.SUCCEEDED)
    deleting.delete_run(run)
    page = f"{reverse('hunts:deleted')}?run={run.pk}"
    assert offered(signed_in(viewer), page) == []
    assert len(offered(member, page)) == 2


@pytest.mark.django_db(transaction=True)
def test_the_stream_offers_them_no_more_than_the_page_does(monkeypatch):
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.05)
    owner = MembershipFactory()
    run = run_at(owner.workspace, Run.Status.RUNNING)
    clients = {
        True: signed_in(owner.user),
        False: signed_in(MembershipFactory(workspace=owner.workspace, role=Membership.Role.VIEWER).user),
    }

    async def walk() -> dict[bool, str]:
        async with opened(run.pk, clients[True]) as changes, opened(run.pk, clients[False]) as reads:
            await changes.next()
            await reads.next()
            return {True: await changes.text(), False: await reads.text()}

    for may_change, said in async_to_sync(walk)().items():
        assert "event: progress" in said
        assert ("<form" in said) is may_change
        assert ("/retry" in said) is may_change
    assert pipeline.cancel(run)
