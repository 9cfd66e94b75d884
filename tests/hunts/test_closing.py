"""Deleting a workspace: all stops, all can be read and brought back, and in the end only the books are left."""

import asyncio
import json
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.apps import apps
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import workspaces
from accounts.members import Refused
from accounts.models import Membership, Workspace
from accounts.notification_models import Reader
from billing.models import Budget, Entry, Hold
from hunts import chat, chat_stream, closing, deleting, launch, live, pipeline, research, schedules
from hunts.figure_models import RunFigures
from hunts.models import Hunt, Run
from hunts.preset_models import Firing, Schedule
from leads.models import Lead
from tests.conftest import signed_in
from tests.factories import (
    CandidateFactory,
    HuntFactory,
    InvitationFactory,
    JudgedLeadFactory,
    MembershipFactory,
    RunFactory,
)
from tests.harness.cast import Cast, cast_of
from tests.hunts.test_live import Stream, opened
from tests.hunts.test_queries import full
from tests.hunts.test_schedules import scheduled
from tests.tenancy.world import build_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(db) -> Cast:
    return cast_of()


def let_time_pass(workspace: Workspace, days: int) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(deleted_at=timezone.now() - timedelta(days=days))


def test_all_that_goes_on_is_cancelled(cast):
    run = RunFactory(hunt__workspace=cast.workspace)
    paused = RunFactory(hunt__workspace=cast.workspace, status=Run.Status.PAUSED)
    waiting = CandidateFactory(run=run)
    digging = research.start(JudgedLeadFactory(workspace=cast.workspace))
    others = RunFactory()
    assert closing.delete_workspace(cast.workspace, by=cast.owner)
    for one in (run, paused, waiting, digging, others):
        one.refresh_from_db()
    assert {run.status, paused.status, waiting.status, digging.status} == {"cancelled"}
    assert others.status == Run.Status.RUNNING


def test_deleted_twice_it_is_deleted_once(cast):
    assert closing.delete_workspace(cast.workspace, by=cast.owner)
    with pytest.raises(Refused):
        closing.delete_workspace(cast.workspace, by=cast.owner)


@pytest.mark.parametrize("who", ["admin", "member", "viewer"])
def test_owners_alone_delete_and_bring_back(cast, who):
    assert cast.client(who).post("/settings/workspace/delete").status_code == 403
    cast.client("owner").post("/settings/workspace/delete")
    cast.client(who).post("/settings/workspace/restore")
    cast.workspace.refresh_from_db()
    assert (cast.workspace.deleted_by, cast.workspace.deleted_at is None) == (cast.owner, False)
    cast.client("owner").post("/settings/workspace/restore")
    cast.workspace.refresh_from_db()
    assert cast.workspace.deleted_at is None


def test_strangers_delete_their_own_alone(cast):
    cast.client("stranger").post("/settings/workspace/delete")
    cast.workspace.refresh_from_db()
    assert cast.workspace.deleted_at is None


def test_meanwhile_it_can_be_read_and_not_changed(cast):
    hunt = HuntFactory(workspace=cast.workspace)
    closing.delete_workspace(cast.workspace, by=cast.owner)
    for who, is_offered_undo in (("owner", True), ("member", False)):
        client = cast.client(who)
        page = client.get(hunt.get_absolute_url())
        assert page.status_code == 200
        assert f"{cast.owner.email} deleted this workspace" in page.text
        assert ('action="/settings/workspace/restore"' in page.text) is is_offered_undo
        assert client.post(f"/hunts/{hunt.pk}/run").status_code == 403
        answer = client.post("/api/hunts", json.dumps({"brief": "x"}), content_type="application/json")
        assert answer.status_code == 403
        assert "deleted" in answer.json()["detail"]
    assert not Run.objects.exists()


def test_nothing_is_started_in_it_behind_the_doors_either(cast):
    hunt, lead = HuntFactory(workspace=cast.workspace), JudgedLeadFactory(workspace=cast.workspace)
    run = RunFactory(hunt=hunt, status=Run.Status.FAILED)
    CandidateFactory(run=run, status="failed")
    closing.delete_workspace(cast.workspace, by=cast.owner)
    with pytest.raises(workspaces.IsDeleted):
        launch.run(hunt)
    with pytest.raises(workspaces.IsDeleted):
        pipeline.retry(run)
    with pytest.raises(workspaces.IsDeleted):
        research.start(lead)
    assert Run.objects.live().count() == 0


def test_who_raises_a_limit_holds_the_workspace_before_its_ceiling_as_who_deletes_it_does(cast):
    """Taken the other way about, the two would wait for each other."""
    run = RunFactory(hunt__workspace=cast.workspace, status=Run.Status.PAUSED)
    with CaptureQueriesContext(connection) as asked:
        assert launch.raise_limit(run, 900_000_000)
    said = [one["sql"] for one in asked]
    held = next(turn for turn, sql in enumerate(said) if 'FROM "accounts_workspace"' in sql)
    raised = next(turn for turn, sql in enumerate(said) if sql.startswith('UPDATE "billing_budget"'))
    assert held < raised
    assert connection.vendor != "postgresql" or "FOR NO KEY UPDATE" in said[held]


def test_its_schedules_let_their_times_pass_until_it_is_back(cast):
    schedule = scheduled(HuntFactory(workspace=cast.workspace), cast.owner)
    Schedule.objects.update(next_at=timezone.now() - timedelta(minutes=1))
    closing.delete_workspace(cast.workspace, by=cast.owner)
    assert schedules.fire(schedule.pk) is None
    assert not Run.objects.exists()
    assert not Firing.objects.exists()
    workspaces.bring_back(cast.workspace, by=cast.owner)
    Schedule.objects.update(next_at=timezone.now() - timedelta(minutes=1))
    assert schedules.fire(schedule.pk).outcome == Firing.Outcome.STARTED


def test_before_its_time_is_up_nothing_is_purged(cast):
    HuntFactory(workspace=cast.workspace)
    closing.delete_workspace(cast.workspace, by=cast.owner)
    let_time_pass(cast.workspace, 13)
    assert workspaces.purge() == 0
    workspaces.bring_back(cast.workspace, by=cast.owner)
    assert Hunt.objects.filter(workspace=cast.workspace).exists()


def test_afterwards_only_the_books_are_left_without_names(cast):
    run = full(RunFactory(hunt__workspace=cast.workspace), companies=6)
    Budget.objects.filter(pk=run.budget_id).update(started_by=cast.owner)
    InvitationFactory(workspace=cast.workspace, invited_by=cast.owner)
    Reader.objects.create(workspace=cast.workspace, user=cast.owner)
    other = JudgedLeadFactory()
    books = [list(model.objects.order_by("pk").values("pk")) for model in (Budget, Hold, Entry)]
    closing.delete_workspace(cast.workspace, by=cast.owner)
    let_time_pass(cast.workspace, 15)
    assert workspaces.purge() == 1
    kept = {relation.related_model for relation in Workspace._meta.related_objects}
    for relation in workspaces.owned_by_workspaces():
        mine = relation.related_model._base_manager.filter(**{relation.field.name: cast.workspace})
        assert not mine.exists(), relation.related_model
    assert {Budget, Hold} <= kept
    after = [list(model.objects.order_by("pk").values("pk")) for model in (Budget, Hold, Entry)]
    assert [all(row in now for row in before) for before, now in zip(books, after, strict=True)] == [True] * 3
    assert set(Budget.objects.values_list("started_by", flat=True)) == {None}
    cast.workspace.refresh_from_db()
    assert (cast.workspace.name, cast.workspace.deleted_by, cast.workspace.slug) == (
        "",
        None,
        f"purged-{cast.workspace.pk}",
    )
    assert Lead.objects.filter(pk=other.pk).exists()
    assert workspaces.purge() == 0
    with pytest.raises(Refused):
        workspaces.bring_back(cast.workspace, by=cast.owner)


def test_all_that_belongs_to_a_workspace_is_purged_of_every_table_and_nothing_of_another_workspace(db):
    world = build_world()
    belonging = [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.related_model is Workspace and field.remote_field.on_delete is models.CASCADE
    ]

    def rows_of(workspace: Workspace) -> dict[str, int]:
        return {
            f"{model._meta.label}.{name}": model._base_manager.filter(**{name: workspace}).count()
            for model, name in belonging
        }

    before, others = rows_of(world.a.workspace), rows_of(world.b.workspace)
    assert [column for column, rows in before.items() if not rows] == [], "there is something to purge of each"
    let_time_pass(world.a.workspace, 400)
    assert workspaces.purge() == 1
    assert [column for column, rows in rows_of(world.a.workspace).items() if rows] == []
    assert rows_of(world.b.workspace) == others
    assert not RunFigures.objects.filter(workspace=world.a.workspace).exists(), "figures are no books"
    assert Budget.objects.filter(workspace=world.a.workspace).exists()


def test_a_purge_that_was_cut_short_is_gone_on_with(cast):
    HuntFactory(workspace=cast.workspace)
    closing.delete_workspace(cast.workspace, by=cast.owner)
    let_time_pass(cast.workspace, 15)
    Workspace.objects.filter(pk=cast.workspace.pk).update(purged_at=timezone.now() - timedelta(days=1))
    assert workspaces.purge() == 1
    assert not Hunt.objects.filter(workspace=cast.workspace).exists()


def test_once_its_purge_has_begun_nobody_brings_it_back(cast):
    closing.delete_workspace(cast.workspace, by=cast.owner)
    Workspace.objects.filter(pk=cast.workspace.pk).update(purged_at=timezone.now())
    with pytest.raises(Refused):
        workspaces.bring_back(cast.workspace, by=cast.owner)


def test_who_has_another_workspace_is_led_there_first(cast):
    mine = MembershipFactory(user=cast.member)
    closing.delete_workspace(cast.workspace, by=cast.owner)
    assert signed_in(cast.member).get("/api/workspace").json()["id"] == mine.workspace_id


def test_who_deletes_it_stays_in_it_where_undo_is(cast):
    MembershipFactory(user=cast.owner)
    client = signed_in(cast.owner)
    assert 'action="/settings/workspace/restore"' in client.post("/settings/workspace/delete", follow=True).text


def test_the_api_deletes_and_brings_back(cast):
    owner = cast.client("owner")
    assert owner.post("/api/workspace/delete").status_code == 204
    said = owner.get("/api/workspace").json()
    assert said["rights"] == ["read"]
    assert said["kept_until"] > said["deleted_at"]
    assert owner.post("/api/workspace/delete").status_code == 403
    assert cast.client("admin").post("/api/workspace/restore").status_code == 409
    assert owner.post("/api/workspace/restore").status_code == 204
    assert owner.post("/api/workspace/restore").status_code == 409


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", ["removed", "demoted", "deleted"])
def test_an_open_stream_ends_within_a_second_when_ones_rights_do(change):
    cast = cast_of()
    run = RunFactory(hunt__workspace=cast.workspace)
    client = cast.client("member")
    acts = {
        "removed": lambda: cast.place("member").delete(),
        "demoted": lambda: Membership.objects.filter(user=cast.member).update(role="viewer"),
        "deleted": lambda: closing.delete_workspace(cast.workspace, by=cast.owner),
    }

    async def walk() -> float:
        async with opened(run.pk, client) as stream:
            await stream.next()
            await stream.next()
            began = asyncio.get_running_loop().time()
            await sync_to_async(acts[change])()
            while (await stream.next())["body"]:
                pass
            return asyncio.get_running_loop().time() - began

    assert live.ACCESS_SECONDS < 1
    assert async_to_sync(walk)() < 3  # a second, and what a busy machine takes
    deleting.delete_run(run)


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_is_being_written_is_shown_to_no_one_who_was_removed():
    cast = cast_of()
    conversation = chat.begin(cast.workspace, by=cast.owner)
    message = chat.say(conversation, "Fintech companies in Germany")
    assert chat.claim(message.pk) is not None  # another process is at it
    key = cast.client("member").cookies["sessionid"].value

    async def walk() -> None:
        stream = Stream()
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/hunts/chat/{conversation.pk}/stream/{message.pk}",
            "headers": [(b"cookie", f"sessionid={key}".encode())],
        }
        served = asyncio.create_task(chat_stream.stream(scope, stream.receive, stream.sent.put))
        assert (await stream.next())["status"] == 200
        await sync_to_async(_leave)(cast)
        while (await stream.next())["body"]:
            pass
        async with asyncio.timeout(10):
            await served

    async_to_sync(walk)()


def _leave(cast: Cast) -> None:
    cast.place("member").delete()


def test_every_door_of_a_workspaces_end_takes_posts_alone(cast):
    for name in ("closing:delete", "closing:restore"):
        assert cast.client("owner").get(reverse(name)).status_code == 405
