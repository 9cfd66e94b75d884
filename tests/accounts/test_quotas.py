"""What a workspace may have, and how often: refused with what to do, at every door, and never one too many."""

import threading

import pytest
from django.db import connection
from django.urls import reverse

from accounts import invitations, quotas
from accounts.audit_models import AuditEntry, Verb
from accounts.models import Invitation
from accounts.notification_models import Notification
from accounts.quotas import QuotaReached
from hunts import launch, places, presets, schedules
from hunts.models import Hunt, Run
from hunts.pipeline_errors import NotStarted
from tests.conftest import signed_in
from tests.factories import ICP, HuntFactory, MembershipFactory, RunFactory, UserFactory
from tests.harness.abundance import DAILY

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_most(settings):
    """Let workspaces have only so many of something."""

    def allow(**numbers: int) -> None:
        settings.QUOTAS = settings.QUOTAS | numbers

    return allow


def test_a_run_too_many_is_refused_with_what_to_do_and_the_page_stays(workspace, owner, client_of_owner, at_most):
    at_most(runs=1)
    launch.run(HuntFactory(workspace=workspace), by=owner)
    hunt = HuntFactory(workspace=workspace)
    answer = client_of_owner.post(reverse("hunts:run-again", args=[hunt.pk]), follow=True)
    assert "1 of at most 1 runs are under way. Wait until one ends, or cancel one." in answer.text
    assert answer.redirect_chain[-1][0] == hunt.get_absolute_url() and not hunt.runs.exists()


def test_a_second_press_at_the_limit_still_shows_the_run_that_is_there(workspace, owner, client_of_owner, at_most):
    at_most(runs=1)
    hunt = HuntFactory(workspace=workspace)
    run = launch.run(hunt, by=owner)
    answer = client_of_owner.post(reverse("hunts:run-again", args=[hunt.pk]))
    assert answer["Location"] == run.get_absolute_url()


def test_a_paused_run_waits_for_a_place(workspace, at_most):
    paused = RunFactory(hunt__workspace=workspace, status=Run.Status.PAUSED)
    RunFactory(hunt__workspace=workspace, status=Run.Status.RUNNING)
    at_most(runs=1)
    with pytest.raises(places.TooManyRuns) as refused:
        launch.change(paused, "resume")
    assert isinstance(refused.value, NotStarted)
    paused.refresh_from_db()
    assert paused.status == Run.Status.PAUSED


def test_a_run_of_another_workspace_takes_no_place(workspace, owner, at_most):
    at_most(runs=1)
    RunFactory(status=Run.Status.RUNNING)
    assert launch.run(HuntFactory(workspace=workspace), by=owner).pk


def test_a_schedule_that_finds_no_place_is_skipped_and_says_why(workspace, owner, at_most):
    preset = presets.save(HuntFactory(workspace=workspace), "Gears", by=owner)
    schedule = schedules.put(preset, DAILY, by=owner, seen=0)
    RunFactory(hunt__workspace=workspace, status=Run.Status.RUNNING)
    at_most(runs=1)
    firing = schedules._start(schedule, schedule.next_at)
    assert firing.outcome == "skipped" and "Wait until one ends" in firing.note


def test_hunts_presets_and_schedules_are_counted(workspace, owner, at_most):
    hunt = HuntFactory(workspace=workspace)
    preset = presets.save(HuntFactory(workspace=workspace), "Gears", by=owner)
    at_most(hunts=2, presets=1, schedules=1)
    with pytest.raises(QuotaReached, match="2 of at most 2 hunts"):
        launch.save_hunt(workspace, ICP, source="sandbox", limit=5, max_spend_microusd=0)
    with pytest.raises(QuotaReached, match="1 of at most 1 presets"):
        presets.save(hunt, "Cogs", by=owner)
    schedules.put(preset, DAILY, by=owner, seen=0)
    at_most(presets=2)
    with pytest.raises(QuotaReached, match="1 of at most 1 schedules"):
        schedules.put(presets.save(hunt, "Cogs", by=owner), DAILY, by=owner, seen=0)


def test_what_is_deleted_makes_room(workspace, owner, at_most):
    preset = presets.save(HuntFactory(workspace=workspace), "Gears", by=owner)
    at_most(presets=1)
    presets.delete(preset)
    assert presets.save(HuntFactory(workspace=workspace), "Cogs", by=owner).pk


def test_the_form_of_a_token_too_many_keeps_what_was_typed(workspace, client_of_owner, at_most):
    at_most(tokens=1)
    form = {"name": "CI", "scopes": ["read"], "expires": "90"}
    assert client_of_owner.post(reverse("tokens:create"), form).status_code == 200
    answer = client_of_owner.post(reverse("tokens:create"), {**form, "name": "Deploy"})
    assert answer.status_code == 422
    assert "1 of at most 1 API tokens" in answer.text and 'value="Deploy"' in answer.text


def test_open_invitations_take_places_and_inviting_somebody_again_takes_none(workspace, owner, at_most):
    at_most(people=2, invitations=0)
    invitations.invite(workspace, "ada@people.example", "member", by=owner)
    invitations.invite(workspace, "ada@people.example", "viewer", by=owner)
    with pytest.raises(QuotaReached, match="take 2 of at most 2 places"):
        invitations.invite(workspace, "bob@people.example", "member", by=owner)


def test_invitations_are_counted_by_the_hour_for_the_whole_workspace(workspace, owner, client_of_owner, at_most):
    at_most(invitations=1)
    invitations.invite(workspace, "ada@people.example", "member", by=owner)
    answer = client_of_owner.post(reverse("workspaces:invite"), {"email": "bob@people.example", "role": "member"})
    assert answer.status_code == 422 and "More than 1 invitations an hour" in answer.text
    assert "bob@people.example" in answer.text and Invitation.objects.count() == 1


def test_the_api_answers_409_for_places_and_429_with_when_for_rates(workspace, owner, client_of_owner, at_most):
    at_most(runs=1, estimates=1)
    first, second = HuntFactory(workspace=workspace), HuntFactory(workspace=workspace)
    launch.run(first, by=owner)
    full = client_of_owner.post(f"/api/hunts/{second.pk}/runs", {}, content_type="application/json")
    assert full.status_code == 409
    assert {"limit": "runs", "used": 1, "allowed": 1}.items() <= full.json().items()
    for _time in range(2):
        often = client_of_owner.post(f"/api/hunts/{first.pk}/estimate", {}, content_type="application/json")
    assert often.status_code == 429 and 0 < int(often["Retry-After"]) <= 3_600
    assert '"estimates";q=1;w=3600' in often["RateLimit-Policy"] and '"minute";q=' in often["RateLimit-Policy"]
    assert often.json()["violated-policies"] == ["estimates"]


def test_a_page_without_a_place_to_say_so_says_it_on_one_of_its_own(workspace, client_of_owner, at_most):
    at_most(exports=1)
    assert client_of_owner.get("/leads/export.csv").status_code == 200
    answer = client_of_owner.get("/leads/export.csv")
    assert answer.status_code == 429 and int(answer["Retry-After"]) > 0
    assert "More than 1 downloads an hour" in answer.text and reverse("limits") in answer.text


def test_a_rate_is_a_persons_own(workspace, at_most):
    at_most(messages=1)
    ada, bob = UserFactory(), UserFactory()
    quotas.take(workspace.pk, "messages", by=ada)
    quotas.take(workspace.pk, "messages", by=bob)
    with pytest.raises(QuotaReached, match="More than 1 messages a minute"):
        quotas.take(workspace.pk, "messages", by=ada)


def test_a_message_too_many_keeps_its_words(workspace, client_of_owner, at_most):
    at_most(messages=1)
    client_of_owner.post(reverse("hunts:new"), {"brief": "Makers of gears in Austria"}, headers={"HX-Request": "true"})
    answer = client_of_owner.post(reverse("hunts:new"), {"brief": "Bakeries in Lyon"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "More than 1 messages a minute" in answer.text and "Bakeries in Lyon" in answer.text


def test_owners_are_told_once_when_little_is_left(workspace, owner, client_of_owner, at_most):
    at_most(presets=5)
    for number in range(5):
        presets.save(HuntFactory(workspace=workspace), f"Preset {number}", by=owner)
    told = Notification.objects.filter(workspace=workspace, user=owner)
    assert told.count() == 1 and told.get().url == reverse("limits")
    page = client_of_owner.get(reverse("notifications:inbox")).text
    assert "A limit of the workspace is nearly reached" in page and "has 4 of at most 5 presets" in page


def test_whoever_owns_two_workspaces_is_told_of_each(workspace, owner, at_most):
    at_most(presets=1)
    other = MembershipFactory(user=owner, role="owner").workspace
    for place in (workspace, other):
        presets.save(HuntFactory(workspace=place), "Gears", by=owner)
    told = Notification.objects.filter(user=owner).values_list("workspace", flat=True)
    assert set(told) == {workspace.pk, other.pk}


def test_nothing_is_refused_where_the_limit_is_0(workspace, owner, at_most):
    at_most(presets=0, messages=0)
    presets.save(HuntFactory(workspace=workspace), "Gears", by=owner)
    quotas.take(workspace.pk, "messages", by=owner)
    assert [preset.name for preset in presets.Preset.objects.filter(workspace=workspace)] == ["Gears"]


def test_an_operator_lets_a_workspace_have_more_and_that_is_written_down(workspace, owner, at_most):
    at_most(presets=1)
    presets.save(HuntFactory(workspace=workspace), "Gears", by=owner)
    operator = UserFactory(is_staff=True, is_superuser=True)
    form = {"workspace": workspace.pk, "name": "presets", "allowed": 2}
    assert signed_in(operator).post(reverse("admin:accounts_workspacequota_add"), form).status_code == 302
    page = signed_in(operator).get(reverse("admin:accounts_workspacequota_changelist")).text
    assert '<td class="field-limit">Presets</td>' in page
    presets.save(HuntFactory(workspace=workspace), "Cogs", by=owner)
    entry = AuditEntry.objects.get(verb=Verb.QUOTA_CHANGED)
    assert (entry.actor_id, entry.workspace_id, entry.words) == (operator.pk, workspace.pk, "presets: 2")


def test_the_page_shows_what_is_used_and_warns_from_80_percent_on(workspace, owner, client_of_owner, at_most):
    at_most(presets=5, hunts=10)
    for number in range(4):
        presets.save(HuntFactory(workspace=workspace), f"Preset {number}", by=owner)
    page = client_of_owner.get(reverse("limits")).text
    assert "This workspace has 4 of at most 5 presets." in page and "of at most 10 hunts" not in page
    assert places.used(workspace) | {"presets": 4, "hunts": 4, "people": 1} == places.used(workspace)


@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_once_do_not_both_get_the_last_place(workspace, owner, at_most):
    hunts = [HuntFactory(workspace=workspace) for _ in range(6)]
    at_most(presets=3)
    together, refused = threading.Barrier(len(hunts)), []

    def keep(number: int, hunt: Hunt) -> None:
        together.wait()
        try:
            presets.save(hunt, f"Preset {number}", by=owner)
        except QuotaReached as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=keep, args=one) for one in enumerate(hunts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3 and workspace.presets.count() == 3
