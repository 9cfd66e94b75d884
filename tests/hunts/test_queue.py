"""The queue only nudges: it may lose a message, bring it three times, be full or not there; the rows decide."""

import ast
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from pydoc import locate
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import Schedule as QueueSchedule

from accounts import invitations, letters
from accounts.api_models import KeptAnswer
from accounts.audit_models import AuditPruning
from accounts.letter_models import KnownBrowser
from accounts.models import Workspace
from accounts.notification_models import Kind, Notification
from accounts.notifications import notify
from accounts.support_models import SupportVisit
from billing import ledger
from billing.models import Budget, Hold
from billing.refund_models import RefundRequest
from enrichment.models import Snapshot
from hunts import claims, deleting, invariants, launch, research, tasks
from hunts.management.commands.qcluster import keep_schedules_in_reach
from hunts.models import Candidate, Hunt, Run
from hunts.privacy import erasing, looking
from hunts.privacy.models import Erasure
from hunts.privacy.request_models import SharedRequest
from leads.wanted import Wanted
from tests.factories import HuntFactory, JudgedLeadFactory, MembershipFactory, UserFactory
from tests.harness.language_model import LanguageModelServer, gullible
from tests.harness.nursery import Nursery
from tests.harness.processes import PATIENCE, ROOT, environment, until
from tests.hunts.test_claims import running_run
from tests.hunts.test_schedules import scheduled

pytestmark = pytest.mark.django_db(transaction=True)

JOBS = "tests.hunts.crash_jobs"
APPS = ("accounts", "billing", "enrichment", "hunts", "integrations", "leads")
WORKERS = 2


def messages() -> int:
    return get_broker().queue_size()


# ── nudges ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_that_is_nudged_a_thousand_times_has_no_more_messages_than_workers():
    run = running_run()
    for _ in range(1_000):
        tasks.nudge(run.pk)
    assert messages() == WORKERS


def test_a_nudge_that_was_dealt_with_makes_room_for_another():
    run = running_run()
    tasks.nudge(run.pk)
    claims.end_nudge(run.pk)
    tasks.nudge(run.pk)
    assert messages() == WORKERS + 1


def test_a_nudge_that_was_lost_is_made_up_for_by_the_sweep(monkeypatch):
    run = running_run()
    tasks.nudge(run.pk)
    get_broker().delete_queue()
    assert tasks.sweep() == 0  # it may be on its way
    monkeypatch.setattr(claims, "NUDGE_SECONDS", 0)
    assert tasks.sweep() == 1
    assert messages() == WORKERS


def test_the_sweep_leaves_alone_what_a_worker_is_at():
    run = running_run()
    claims.claim(run.pk, 1)
    assert tasks.sweep() == 0
    assert messages() == 0


def test_the_sweep_does_not_make_a_full_queue_fuller(settings):
    for _ in range(4):
        running_run()
    settings.QUEUE_MOST_MESSAGES = 3
    assert tasks.sweep() == 3
    assert tasks.sweep() == 0


def test_a_run_that_is_started_while_the_queue_is_away_says_so_and_is_found_when_it_is_back(start_run):
    hunt = start_run(limit=2).hunt
    Run.objects.all().delete()
    with Nursery(REDIS_URL="redis://127.0.0.1:1/0") as without_queue:
        without_queue.run(f"{JOBS}.start", hunt.pk)
        run = hunt.runs.get()
        assert run.status == Run.Status.QUEUED
        assert run.note == "The queue cannot be reached; the run starts when it is back."
        without_queue.run(f"{JOBS}.sweep", run.pk)
    assert tasks.sweep() == 0  # a moment ago
    Run.objects.update(nudged_at=timezone.now() - timedelta(minutes=2))
    assert tasks.sweep() == 1
    claims.begin(run.pk)
    run.refresh_from_db()
    assert (run.status, run.note) == (Run.Status.RUNNING, "")


def test_a_schedule_that_a_fast_clock_put_off_is_brought_back():
    late = timezone.now() + timedelta(hours=1)
    sweep = QueueSchedule.objects.create(func="hunts.tasks.sweep", schedule_type="I", minutes=1, next_run=late)
    daily = QueueSchedule.objects.create(func="hunts.deleting.purge", schedule_type="D", next_run=late)
    assert keep_schedules_in_reach() == 1
    assert keep_schedules_in_reach() == 0
    sweep.refresh_from_db()
    daily.refresh_from_db()
    assert (sweep.next_run < late, daily.next_run == late) == (True, True)


# ── delivered three times ────────────────────────────────────────────────────────────────────────────────


def task_names() -> set[str]:
    """Return the dotted names of all functions that are given to the queue, read from the source."""
    paths = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    names = {name for path in paths for name in _dotted_names(path)}
    return {name for name in names if callable(locate(name))}


def _dotted_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        is_queued = isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("enqueue", "async_task")
        given = node.args[:1] if is_queued else node.values if isinstance(node, ast.Dict) else []
        for value in given:
            if isinstance(value, ast.Constant) and str(value.value).startswith(tuple(f"{app}." for app in APPS)):
                yield value.value


def state() -> Counter:
    """Count the rows of all our tables, by what they say of themselves; pages and the memory of keys are shared."""
    counts: Counter = Counter()
    for model in apps.get_models():
        label = model._meta.label
        if label.partition(".")[0] not in APPS or label in ("enrichment.Host", "integrations.SharedDocument"):
            continue
        names = {field.name for field in model._meta.fields}
        columns = sorted(names & {"status", "stage", "outcome", "attempts", "fence", "nudges"})
        for row in (
            model._default_manager.values_list(*columns) if columns else model._default_manager.values_list("pk")
        ):
            counts[label, row if columns else ()] += 1
    return counts


def _to_work_on(start_run, _nursery) -> tuple[int]:
    return (start_run(limit=3).pk,)


def _to_sweep(start_run, nursery) -> tuple[()]:
    run = start_run(limit=3)
    nursery.run(f"{JOBS}.search", run.pk)
    claims.claim(run.pk, 2)
    Candidate.objects.filter(run=run, position=0).update(deaths=3)
    claims.abandon(run.candidates.filter(status=Candidate.Status.WORKING))
    return ()


def _to_research(start_run, nursery) -> tuple[int]:
    run = start_run(limit=3)
    nursery.run(f"{JOBS}.search", run.pk)
    Run.objects.filter(pk=run.pk).update(status=Run.Status.PAUSED)
    ledger.close(run.budget_id)
    return (research.start(run.workspace.leads.earliest("handle")).pk,)


def _to_sweep_research(start_run, nursery) -> tuple[()]:
    _to_research(start_run, nursery)
    return ()


def _to_fire(_start_run, _nursery) -> tuple[int]:
    owner = MembershipFactory()
    hunt = HuntFactory(workspace=owner.workspace)
    return (scheduled(hunt, owner.user, due_at=timezone.now() - timedelta(minutes=5)).pk,)


def _to_fire_due(start_run, nursery) -> tuple[()]:
    _to_fire(start_run, nursery)
    return ()


def _to_purge(_start_run, _nursery) -> tuple[()]:
    hunt = HuntFactory()
    launch.run(hunt)
    deleting.delete_hunt(hunt)
    Hunt.objects.filter(pk=hunt.pk).update(deleted_at=timezone.now() - timedelta(days=90))
    return ()


def _to_tell(_start_run, _nursery) -> tuple[()]:
    member = MembershipFactory()
    notify(member.workspace, Kind.RUN_FAILED, "run:1", users=[member.user], url="/", parameters={"note": "It failed."})
    return ()


def _to_post(_start_run, _nursery) -> tuple[()]:
    workspace = MembershipFactory().workspace
    person = workspace.members.get()
    invitations.invite(workspace, "ada@invited.example", "member", by=person)
    letters.write_reset_link(person, person.email, "en")
    return ()


def _to_reconcile(_start_run, _nursery) -> tuple[()]:
    budget = Budget.objects.create(workspace=MembershipFactory().workspace, cap_microusd=0)
    ledger.raise_cap(budget.pk, 1_000)
    hold = ledger.reserve(budget.pk, 100, provider="openai", operation="complete")
    Hold.objects.filter(pk=hold).update(created_at=timezone.now() - timedelta(days=30))
    return ()


def _to_prune(_start_run, _nursery) -> tuple[()]:
    Snapshot.keep([f"A page that nobody needs. {Snapshot.objects.count()}"])
    Snapshot.objects.update(created_at=timezone.now() - timedelta(days=1_000))
    return ()


def _to_prune_notifications(start_run, nursery) -> tuple[()]:
    Notification.objects.all().delete()
    _to_tell(start_run, nursery)
    Notification.objects.update(created_at=timezone.now() - timedelta(days=1_000))
    return ()


def _to_purge_answers(_start_run, _nursery) -> tuple[()]:
    asked = {"workspace": MembershipFactory().workspace, "holder": "person:1", "operation": "create_hunt", "key": "k"}
    KeptAnswer.objects.create(**asked, fingerprint="f", expires_at=timezone.now() - timedelta(days=1))
    return ()


def _to_erase(start_run, _nursery) -> tuple[int]:
    """An erasure of somebody who is a contact of a lead."""
    lead = JudgedLeadFactory(workspace=start_run().workspace)
    wanted = Wanted.of(email=lead.contact_email)
    return (erasing.begin(wanted, workspace_id=lead.workspace_id, by=None).pk,)


def _to_look(start_run, _nursery) -> tuple[int]:
    """A lookup of somebody who is a contact of a lead."""
    lead = JudgedLeadFactory(workspace=start_run().workspace)
    return (looking.begin(Wanted.of(email=lead.contact_email), lead.workspace, by=None).pk,)


def _to_tell_of_shared_pages(start_run, nursery) -> tuple[int]:
    """A request of a workspace that operators have not been told of."""
    erasure = Erasure.objects.get(pk=_to_erase(start_run, nursery)[0])
    wanted = erasure.person.to_json()
    return (SharedRequest.objects.create(workspace=erasure.workspace, erasure=erasure, wanted=wanted).pk,)


def _to_sweep_erasures(start_run, _nursery) -> tuple[()]:
    _to_erase(start_run, _nursery)
    return ()


def _to_grow_old(start_run, _nursery) -> tuple[()]:
    """A contact that has been kept for long enough."""
    lead = JudgedLeadFactory(workspace=start_run().workspace)
    lead.contacts.update(first_collected_at=timezone.now() - timedelta(days=1_000))
    return ()


def _to_purge_workspaces(start_run, _nursery) -> tuple[()]:
    doomed = start_run().workspace
    Workspace.objects.filter(pk=doomed.pk).update(deleted_at=timezone.now() - timedelta(days=1_000))
    return ()


def _to_prune_the_log(_start_run, _nursery) -> tuple[()]:
    """An entry that is old enough, which is written by hand: what we write is of now."""
    old = connection.ops.adapt_datetimefield_value(timezone.now() - timedelta(days=1_000))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_auditentry (verb, object_type, object_id, words, ip, request_id, at)"
            " VALUES ('x', '', '', '', '', '', %s)",
            [old],
        )
    AuditPruning.objects.all().delete()
    return ()


def _to_end_looks(_start_run, _nursery) -> tuple[()]:
    person, operator = MembershipFactory().user, UserFactory(is_staff=True)
    past = timezone.now() - timedelta(minutes=1)
    SupportVisit.objects.create(operator=operator, person=person, reason="a ticket", ends_at=past)
    return ()


def _to_forget_browsers(_start_run, _nursery) -> tuple[()]:
    person = UserFactory()
    KnownBrowser.objects.create(user=person, browser="Firefox, Linux")
    KnownBrowser.objects.update(last_at=timezone.now() - timedelta(days=1_000))
    KnownBrowser.objects.create(user=person, browser="Safari, macOS")
    return ()


def _to_tell_operators(start_run, nursery) -> tuple[int]:
    _to_reconcile(start_run, nursery)
    hold, asker = Hold.objects.latest("pk"), UserFactory(is_staff=True)
    now = timezone.now()
    columns = {"kind": "refund", "amount_microusd": 1, "reason": "r", "expires_at": now + timedelta(days=1)}
    request = RefundRequest(hold=hold, workspace_id=hold.workspace_id, key=f"k{hold.pk}", asked_by=asker, **columns)
    request.save()
    return (request.pk,)


# What there has to be so that a task has something to do; returned are its arguments.
TASKS: dict[str, Callable[[Any, Nursery], tuple]] = {
    "hunts.tasks.work": _to_work_on,
    "hunts.tasks.sweep": _to_sweep,
    "hunts.research_tasks.work": _to_research,
    "hunts.research_tasks.sweep": _to_sweep_research,
    "hunts.schedules.fire": _to_fire,
    "hunts.schedules.fire_due": _to_fire_due,
    "hunts.deleting.purge": _to_purge,
    "integrations.notice_tasks.send": _to_tell,
    "hunts.notice_tasks.sweep": _to_tell,
    "billing.tasks.reconcile": _to_reconcile,
    "enrichment.retention.prune": _to_prune,
    "accounts.notification_pruning.prune": _to_prune_notifications,
    "accounts.idempotency.purge": _to_purge_answers,
    "accounts.workspaces.purge": _to_purge_workspaces,
    "hunts.privacy.tasks.work": _to_erase,
    "hunts.privacy.tasks.look": _to_look,
    "hunts.privacy.tasks.tell_operators": _to_tell_of_shared_pages,
    "hunts.privacy.tasks.sweep": _to_sweep_erasures,
    "hunts.privacy.tasks.grow_old": _to_grow_old,
    "accounts.audit_pruning.prune": _to_prune_the_log,
    "accounts.support.end_overdue": _to_end_looks,
    "billing.tasks.tell_operators": _to_tell_operators,
    "accounts.post.send_due": _to_post,
    "accounts.browsers.prune": _to_forget_browsers,
}


def test_every_task_is_tried_here():
    assert task_names() == set(TASKS)


def test_a_task_that_is_delivered_three_times_at_once_does_what_it_does_once(nursery, start_run):
    nursery.run(f"{JOBS}.work", start_run(limit=3).pk)  # what it reads, nobody reads again
    different = {}
    for name, set_up in TASKS.items():
        changes = []
        for times in (1, 3):
            args = set_up(start_run, nursery)
            before = state()
            for child in [nursery.start(f"{JOBS}.call", name, *args) for _ in range(times)]:
                child.finish()
            after = state()
            changes.append({key: after[key] - before[key] for key in before | after if after[key] != before[key]})
        if changes[0] != changes[1]:
            different[name] = changes
    assert different == {}
    assert list(invariants.violations()) == []


# ── the real thing ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("whom", ["its main process", "all of its processes"])
def test_a_cluster_that_is_told_to_stop_hands_back_and_another_goes_on(sandbox, start_run, whom):
    with LanguageModelServer(gullible) as model:
        keys = {"OPENAI_API_KEY": "sk-test-1", "OPENAI_BASE_URL": model.base_url, "OPENAI_MODEL": "gpt-4.1-mini"}
        # Messages are signed by our key.
        own = {"SECRET_KEY": settings.SECRET_KEY, "WORKER_GRACE_SECONDS": "1", "LOG_LEVEL": "ERROR"}
        own |= {"SITE_TURN_SECONDS": "3"}
        values = environment(SANDBOX_BASE_URL=sandbox.base_url, **keys) | own
        model.may_answer.clear()
        run = start_run(limit=4, cap=5_000_000)
        cluster = start_cluster(values)
        try:
            tasks.nudge(run.pk)
            until(lambda: Hold.objects.filter(status=Hold.Status.HELD).exists())
            (os.killpg if whom == "all of its processes" else os.kill)(cluster.pid, signal.SIGTERM)
            cluster.wait(timeout=PATIENCE)
            until(lambda: not run.candidates.filter(status=Candidate.Status.WORKING).exists())
        finally:
            end(cluster)
    assert set(run.candidates.unfinished().values_list("attempts", "deaths")) == {(0, 0)}
    assert Run.objects.get(pk=run.pk).is_live
    if whom == "all of its processes":
        return
    cluster = start_cluster(values | {"OPENAI_API_KEY": ""})
    try:
        until(lambda: not Run.objects.get(pk=run.pk).is_live)
    finally:
        end(cluster)
    assert Run.objects.get(pk=run.pk).status == Run.Status.SUCCEEDED
    assert list(invariants.violations()) == []


def start_cluster(values: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "manage.py", "qcluster"],
        cwd=ROOT,
        env=values,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def end(cluster: subprocess.Popen) -> None:
    """Leave nothing of a cluster behind."""
    if cluster.poll() is None:
        cluster.terminate()
        cluster.wait(timeout=PATIENCE)
    try:
        os.killpg(cluster.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
