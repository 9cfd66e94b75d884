"""What people are told about runs, from the run's end to the message in the channel."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from asgiref.sync import async_to_sync
from django.core import mail
from django.db import transaction
from django.utils import timezone

from accounts.models import Membership
from accounts.notification_models import Kind, Notification, NotificationDelivery, SlackNews
from accounts.notification_words import words
from accounts.problems import CODE
from billing.ceilings import limit_of, set_limit, this_month
from billing.models import NO_LIMIT_MICROUSD, Budget
from hunts import notices, pipeline, reports
from hunts.models import Run
from integrations import connections, notice_tasks, slack_news, slack_words
from integrations.errors import OwnCapReached
from integrations.models import Connection
from integrations.providers.slack import REASONS
from tests.conftest import signed_in
from tests.factories import CandidateFactory, MembershipFactory, RunFactory

pytestmark = pytest.mark.django_db

KEY = "T024/B0AB/aZ9xSecret"


def rows(user=None):
    return list(Notification.objects.filter(user=user).order_by("pk"))


@pytest.fixture
def run(workspace, owner):
    return RunFactory(hunt__workspace=workspace, started_by=owner)


def end(run: Run) -> None:
    assert not reports.is_unfinished(run)


class SlackServer(ThreadingHTTPServer):
    """Slack's place on loopback: it answers as it was told, by webhook, and keeps what it got."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SlackAnswers)
        self.answers: dict[str, tuple[int, str]] = {}
        self.got: list[tuple[str, dict]] = []
        self.may_answer = threading.Event()
        self.slow: set[str] = set()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class SlackAnswers(BaseHTTPRequestHandler):
    server: SlackServer

    def do_POST(self) -> None:
        webhook = self.path.removeprefix("/services/")
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if webhook in self.server.slow:
            self.server.may_answer.wait(30)
        self.server.got.append((webhook, body))
        status, text = self.server.answers.get(webhook, (200, "ok"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def slack(settings):
    with SlackServer() as server:
        settings.PROVIDERS = settings.PROVIDERS | {"slack": {"base_url": server.base_url}}
        settings.DEBUG = True  # makes a key to seal with
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.may_answer.set()
        server.shutdown()


def connect(workspace, owner, slack, webhook: str = KEY) -> None:
    assert slack_news.connect(workspace, f"{slack.base_url}/services/{webhook}", by=owner)


def told_in_slack(slack) -> list[str]:
    return [body["blocks"][0]["text"]["text"] for _webhook, body in slack.got]


# --- runs -----------------------------------------------------------------------------------------


def test_the_end_of_a_run_is_told_with_its_result(run, owner):
    CandidateFactory(run=run, status="qualified", stage="deliver", tier="A")
    CandidateFactory(run=run, status="rejected", stage="prescreen")
    end(run)
    (row,) = rows(owner)
    assert words(row).title == f"1 lead in tier A: {run.hunt.name}"
    assert row.url == run.get_absolute_url()
    assert {name: row.parameters[name] for name in ("found", "judged", "tier_a")} == {
        "found": 2,
        "judged": 1,
        "tier_a": 1,
    }


@pytest.mark.parametrize(("minutes", "is_at_once"), [(2, False), (20, True)])
def test_only_after_a_long_run_the_e_mail_goes_at_once(run, minutes, is_at_once):
    Run.objects.filter(pk=run.pk).update(started_at=timezone.now() - timezone.timedelta(minutes=minutes))
    end(run)
    notice_tasks.send()
    assert len(mail.outbox) == is_at_once


def test_a_run_that_ends_again_after_a_retry_is_told_again(run, owner):
    end(run)
    notices.run_ended(run)
    assert len(rows(owner)) == 1, "the same end, reported twice"
    Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING, finished_at=None)
    end(run)
    assert len(rows(owner)) == 2


def test_a_failed_run_is_told_at_once_with_the_reason(run, owner):
    reports.fail(run, "Exa does not accept the key.")
    notice_tasks.send()
    (sent,) = mail.outbox
    assert sent.subject == f"Failed: {run.hunt.name}"
    assert "Exa does not accept the key." in sent.body
    reports.fail(run, "Again.")
    assert len(rows(owner)) == 1


def test_what_somebody_did_themselves_is_not_told(run, owner, workspace):
    pipeline.pause(run)
    pipeline.cancel(run)
    sample = RunFactory(hunt=run.hunt, is_sample=True, started_by=owner)
    end(sample)
    assert rows(owner) == []


def test_a_run_that_stops_at_its_limit_is_told_each_time(run, owner):
    for _stop in range(2):
        for _worker in range(2):
            pipeline._stop_at_cap(run, OwnCapReached(ceiling="run"))
        Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING)
    first, second = rows(owner)
    assert words(first).title == f"Stopped at your limit: {run.hunt.name}"
    assert "companies judged" in words(second).detail or "company judged" in words(second).detail


def test_a_run_that_does_not_end_tells_nothing(run, owner):
    with pytest.raises(RuntimeError):
        _end_and_break(run)
    assert rows(owner) == []
    assert Run.objects.get(pk=run.pk).status == Run.Status.RUNNING


def _end_and_break(run: Run) -> None:
    with transaction.atomic():
        end(run)
        raise RuntimeError


def test_a_rejected_key_is_told_to_owners_and_admins_once(workspace, owner, settings):
    settings.DEBUG = True
    member = MembershipFactory(workspace=workspace, role=Membership.Role.MEMBER).user
    connections.set_key(workspace.pk, "openai", "sk-test-of-theirs", by=owner)
    access = next(one for one in connections.accesses(workspace.pk) if one.is_own)
    for _twice in range(2):
        connections.reject(access, "OpenAI does not accept the key.")
    (row,) = rows(owner)
    assert words(row).title == "A key was rejected: OpenAI"
    assert rows(member) == []


def spend(workspace, microusd: int, scope: str = "workspace", subject: str = "") -> None:
    own = Budget.objects.filter(workspace=workspace, period=this_month(), scope=scope, subject=subject)
    if not own.update(spent_microusd=microusd):
        limit = limit_of(workspace.pk, scope, subject) or NO_LIMIT_MICROUSD
        Budget.objects.create(
            workspace=workspace,
            period=this_month(),
            scope=scope,
            subject=subject,
            cap_microusd=limit,
            spent_microusd=microusd,
        )


def test_a_limit_that_is_nearly_used_up_is_told_once_for_each_amount(workspace, owner):
    set_limit(workspace, Budget.Scope.WORKSPACE, 10_000_000)
    set_limit(workspace, Budget.Scope.PROVIDER, 1_000_000, subject="exa")
    spend(workspace, 7_900_000)
    spend(workspace, 100_000, Budget.Scope.PROVIDER, "exa")
    notices.warn_of_limits()
    assert rows(owner) == []
    spend(workspace, 8_000_000)
    for _minute in range(2):
        notices.warn_of_limits()
    assert [words(row).title for row in rows(owner)] == ["80 % of this month's limit is used up"]
    set_limit(workspace, Budget.Scope.WORKSPACE, 20_000_000)
    spend(workspace, 900_000, Budget.Scope.PROVIDER, "exa")
    notices.warn_of_limits()
    spend(workspace, 16_500_000)
    notices.warn_of_limits()
    assert [words(row).title for row in rows(owner)][1:] == [
        "90 % of the limit for this provider is used up: Exa",
        "82 % of this month's limit is used up",
    ]


def test_money_that_is_only_set_aside_is_not_told_as_spent(workspace, owner):
    set_limit(workspace, Budget.Scope.WORKSPACE, 10_000_000)
    spend(workspace, 1_000_000)
    Budget.objects.filter(workspace=workspace, scope="workspace").update(reserved_microusd=9_000_000)
    assert notices.warn_of_limits() == 0
    Budget.objects.filter(workspace=workspace, scope="workspace").update(reserved_microusd=0)
    spend(workspace, 8_200_000)
    notices.warn_of_limits()
    (row,) = rows(owner)
    assert words(row).detail.startswith("$8.20 of $10.00 are spent.")


def test_who_has_no_limit_or_allows_nothing_is_not_warned(workspace, owner, stranger):
    spend(workspace, 900_000_000)
    set_limit(stranger.workspaces.get(), Budget.Scope.WORKSPACE, 0)
    spend(stranger.workspaces.get(), 0)
    assert notices.warn_of_limits() == 0
    assert rows(owner) == rows(stranger) == []


def test_notifications_are_swept_every_minute(queue_schedules):
    schedule = queue_schedules["hunts.notice_tasks.sweep"]
    assert (schedule.schedule_type, schedule.minutes, schedule.repeats) == ("I", 1, -1)


@pytest.mark.django_db(transaction=True)
def test_a_whole_run_is_told_in_the_app_and_by_e_mail(sandbox, start_run, workspace, owner):
    run = start_run(limit=3, workspace=workspace)
    async_to_sync(pipeline.work_on)(run.pk)
    assert [row.kind for row in rows(owner)] == [Kind.RUN_COMPLETED]
    NotificationDelivery.objects.update(not_before=timezone.now())
    notice_tasks.sweep()
    assert [sent.to for sent in mail.outbox] == [[owner.email]]


# --- Slack ----------------------------------------------------------------------------------------


def test_the_end_of_a_run_is_told_in_slack_once(run, owner, workspace, slack):
    connect(workspace, owner, slack)
    end(run)
    notice_tasks.send()
    notice_tasks.send()
    assert told_in_slack(slack) == [f"No company found: {run.hunt.name}"]
    (webhook, body) = slack.got[0]
    delivery = NotificationDelivery.objects.get(channel="slack")
    assert webhook == KEY
    assert body["blocks"][0]["block_id"] == delivery.uid.hex
    assert (delivery.status, delivery.address) == ("sent", "Slack"), "the webhook is secret and stands nowhere"


def test_what_slack_did_not_take_comes_again_under_the_same_id(run, owner, workspace, slack):
    connect(workspace, owner, slack)
    slack.answers[KEY] = (503, "")
    end(run)
    notice_tasks.send()
    assert NotificationDelivery.objects.get(channel="slack").status == "waiting"
    slack.answers.clear()
    NotificationDelivery.objects.update(not_before=timezone.now())
    notice_tasks.send()
    ids = [body["blocks"][0]["block_id"] for _webhook, body in slack.got]
    assert len(ids) == 2 and len(set(ids)) == 1


def test_a_webhook_that_is_gone_is_switched_off_and_its_owner_told(run, owner, workspace, slack):
    connect(workspace, owner, slack)
    slack.answers[KEY] = (404, "no_service")
    end(run)
    notice_tasks.send()
    connection = Connection.objects.get(provider="slack")
    assert (connection.is_on, connection.problem) == (False, "Slack does not know this webhook any more.")
    told = [words(row).title for row in rows(owner)]
    assert told[-1] == "Slack does not take our messages any more"
    reports.fail(RunFactory(hunt=run.hunt), "no")
    notice_tasks.send()
    assert len(slack.got) == 1, "nothing more is sent there"


@pytest.mark.parametrize(
    "answer",
    [(404, "no_service"), (410, "channel_is_archived"), (403, "?"), (400, "?"), (429, ""), (502, ""), (200, "")],
)
def test_whatever_slack_answers_is_a_sentence_that_the_translations_know(workspace, owner, slack, answer):
    connect(workspace, owner, slack)
    slack.answers[KEY] = answer
    told = slack_news.try_out(workspace)
    assert told.replace(f"({answer[0]})", f"({CODE})") in slack_words.PROBLEMS


def test_every_reason_that_slack_can_give_is_one_that_the_translations_know():
    assert set(REASONS.values()) <= set(slack_words.PROBLEMS)


def test_a_slow_channel_of_one_workspace_keeps_no_other_waiting(run, owner, workspace, stranger, slack, monkeypatch):
    monkeypatch.setattr(slack_news, "DEADLINE_SECONDS", 1.0)
    other = stranger.workspaces.get()
    connect(workspace, owner, slack)
    connect(other, stranger, slack, "T1/B1/quick")
    slack.slow.add(KEY)
    end(run)
    end(RunFactory(hunt__workspace=other, started_by=stranger))
    slack_news.send_due()
    assert [webhook for webhook, _body in slack.got] == ["T1/B1/quick"]
    waiting = NotificationDelivery.objects.get(channel="slack", status="waiting")
    assert waiting.problem == "Slack took too long to answer."


def test_only_the_kinds_that_were_chosen_go_to_slack(run, owner, workspace, slack):
    connect(workspace, owner, slack)
    SlackNews.objects.update(kinds=[Kind.RUN_FAILED])
    end(run)
    assert rows(None) == []


def test_names_of_hunts_mention_nobody_in_slack(run, owner, workspace, slack):
    connect(workspace, owner, slack)
    run.hunt.name = "<!channel> & co"
    run.hunt.save()
    end(run)
    notice_tasks.send()
    assert slack.got[0][1]["text"] == "No company found: &lt;!channel&gt; &amp; co"


# --- the page that connects Slack -----------------------------------------------------------------

PAGE = "/settings/notifications"


def test_the_owner_connects_tests_and_disconnects_slack(client_of_owner, workspace, slack):
    address = f"{slack.base_url}/services/{KEY}"
    client_of_owner.post(f"{PAGE}/slack", {"webhook": address, "run_failed-slack": "on"})
    row = Connection.objects.get(workspace=workspace, provider="slack")
    assert KEY not in row.sealed_key and SlackNews.objects.get().kinds == ["run_failed"]
    tested = client_of_owner.post(f"{PAGE}/slack/test").text
    assert "Slack took the test message." in tested
    assert told_in_slack(slack) == [f"Magnet Hunter is connected: {workspace.name}"]
    assert "Secret" not in tested + client_of_owner.get(PAGE).text, "never shown again"
    client_of_owner.post(f"{PAGE}/slack/forget")
    row.refresh_from_db()
    assert (row.sealed_key, SlackNews.objects.count()) == ("", 0)


def test_a_test_message_tells_plainly_what_is_wrong_and_success_mends_it(client_of_owner, owner, workspace, slack):
    connect(workspace, owner, slack)
    slack.answers[KEY] = (410, "channel_is_archived")
    assert "The channel of this webhook is archived." in client_of_owner.post(f"{PAGE}/slack/test").text
    assert not Connection.objects.get(provider="slack").is_on
    slack.answers.clear()
    client_of_owner.post(f"{PAGE}/slack/test")
    assert Connection.objects.get(provider="slack").is_on


@pytest.mark.parametrize("address", ["https://evil.example/services/T/B/x", "http://127.0.0.1:1/services/T/B/x", "x"])
def test_an_address_elsewhere_is_refused(client_of_owner, slack, address):
    answer = client_of_owner.post(f"{PAGE}/slack", {"webhook": address})
    assert answer.status_code == 422
    assert f"{slack.base_url}/services/" in answer.text
    assert not Connection.objects.exists()


def test_without_a_key_to_seal_with_nothing_is_kept(client_of_owner, slack, settings):
    settings.DEBUG, settings.CREDENTIALS_KEYS = False, []
    settings.SECURE_SSL_REDIRECT = False
    answer = client_of_owner.post(f"{PAGE}/slack", {"webhook": f"{slack.base_url}/services/{KEY}"})
    assert "CREDENTIALS_KEYS" in answer.text
    assert not Connection.objects.exclude(sealed_key="").exists()


@pytest.mark.parametrize("role", [Membership.Role.MEMBER, Membership.Role.VIEWER])
def test_only_owners_and_admins_connect_slack(workspace, role):
    client = signed_in(MembershipFactory(workspace=workspace, role=role).user)
    assert "Owners and admins" in client.get(PAGE).text
    for path in (f"{PAGE}/slack", f"{PAGE}/slack/test", f"{PAGE}/slack/forget"):
        assert client.post(path, {"webhook": "x"}).status_code == 403
