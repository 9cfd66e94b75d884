"""Inboxes, wishes, the outbox, e-mails and digests; what happened is made up, everything else is real."""

import re
import socketserver
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts import digests, inbox, outbox, post, preferences
from accounts.models import Membership, User
from accounts.notification_mail import check_is_wanted, send_due, unsubscribe_token
from accounts.notification_models import Kind, Notification, NotificationDelivery, Reader
from accounts.notification_words import words
from accounts.notifications import notify
from accounts.outbox import MOST_TRIES, GiveUp, NotNeeded, TryLater
from accounts.preferences import Wish
from accounts.wall import as_tenant
from tests.conftest import signed_in
from tests.factories import MembershipFactory
from tests.harness.processes import start_python

pytestmark = pytest.mark.django_db

COUNTS = {"found": 312, "judged": 80, "tier_a": 14, "tier_b": 20, "failed": 0, "seconds": 900}


def tell(workspace, key="run:1", kind=Kind.RUN_COMPLETED, **more):
    more = {"url": "/hunts/runs/1/", "label": "Machine shops in Bavaria", "parameters": COUNTS} | more
    return notify(workspace, kind, key, **more)


def told(user) -> list[str]:
    return list(Notification.objects.filter(user=user).values_list("key", flat=True))


def deliveries(**narrowed):
    return list(NotificationDelivery.objects.filter(**narrowed).order_by("pk"))


def failures(workspace, user, count) -> list[Notification]:
    about = {"workspace": workspace, "user": user, "kind": Kind.RUN_FAILED, "url": "/"}
    return [Notification(key=f"{n}", label=f"Hunt no. {n};", **about) for n in range(count)]


@pytest.fixture
def member(workspace):
    return MembershipFactory(workspace=workspace, role=Membership.Role.MEMBER).user


# --- who is told ----------------------------------------------------------------------------------


def test_it_is_told_once_whoever_reports_it_how_often(workspace, owner):
    assert [tell(workspace), tell(workspace), tell(workspace, key="run:2")] == [1, 0, 1]
    assert told(owner) == ["run:1", "run:2"]
    assert len(deliveries(notification__user=owner)) == 2


def test_the_database_itself_refuses_to_tell_twice(workspace, owner):
    tell(workspace)
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.create(workspace=workspace, user=owner, kind=Kind.RUN_FAILED, key="run:1", url="/")


def test_it_is_told_to_whoever_started_it_and_to_those_who_asked_for_everything(workspace, owner, member, viewer):
    curious = MembershipFactory(workspace=workspace, role=Membership.Role.VIEWER).user
    Reader.objects.create(user=curious, workspace=workspace, wants_all=True)
    tell(workspace, users=[member])
    assert [told(user) for user in (member, curious, owner, viewer)] == [["run:1"], ["run:1"], [], []]


@pytest.mark.parametrize("gone", ["removed", "viewer", "closed"])
def test_where_whoever_started_it_has_left_the_owner_is_told(workspace, owner, member, gone):
    mine = Membership.objects.filter(user=member)
    if gone == "removed":
        mine.delete()
    elif gone == "viewer":
        mine.update(role=Membership.Role.VIEWER)
    else:
        member.is_active = False
        member.save()
    tell(workspace, users=[member])
    assert (told(member), told(owner)) == ([], ["run:1"])


def test_a_stranger_is_told_nothing(workspace, stranger):
    tell(workspace, users=[stranger])
    assert told(stranger) == []


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_a_notification_leads_to_a_page_of_ours_alone(workspace, url):
    with pytest.raises(ValueError, match="no path"):
        tell(workspace, url=url)


def test_what_nobody_wants_is_not_written(workspace, owner):
    preferences.choose(owner, workspace, {Kind.RUN_COMPLETED: Wish(in_app=False, email=False)})
    assert tell(workspace) == 0
    assert told(owner) == []


def test_by_e_mail_alone_means_not_in_the_inbox(workspace, owner):
    preferences.choose(owner, workspace, {Kind.RUN_COMPLETED: Wish(in_app=False, email=True)})
    assert tell(workspace) == 1
    assert inbox.count_unread(owner, workspace) == 0


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "parameters", "title", "detail"),
    [
        (
            Kind.RUN_COMPLETED,
            COUNTS,
            "14 leads in tier A: Pumps",
            "Found 312 companies, 80 judged, 14 in tier A, 20 in tier B.",
        ),
        (
            Kind.RUN_COMPLETED,
            COUNTS | {"tier_a": 0, "failed": 2},
            "No lead in tier A: Pumps",
            "Found 312 companies, 80 judged, 0 in tier A, 20 in tier B, 2 failed.",
        ),
        (
            Kind.RUN_COMPLETED,
            {},
            "No company found: Pumps",
            "Try other words, a wider region or another source.",
        ),
        (Kind.RUN_FAILED, {"note": "Exa cannot be reached."}, "Failed: Pumps", "Exa cannot be reached."),
        (Kind.NEEDS_YOU, {"why": "limit", "note": "Raise it."}, "Stopped at your limit: Pumps", "Raise it."),
        (Kind.NEEDS_YOU, {"why": "of a later version"}, "Something waits for you: Pumps", ""),
        (
            Kind.BUDGET_WARNING,
            {"spent_microusd": 8_200_000, "cap_microusd": 10_000_000},
            "82 % of this month's limit is used up: Pumps",
            "$8.20 of $10.00 are spent. At the limit everything that costs money stops; you can raise it.",
        ),
        (Kind.RUN_FAILED, {"note": {"not": "text"}}, "Failed: Pumps", ""),
    ],
    ids=["good", "poor", "nothing", "failed", "limit", "unknown", "budget", "nonsense"],
)
def test_a_notification_says_the_result_first(kind, parameters, title, detail):
    said = words(Notification(kind=kind, label="Pumps", parameters=parameters))
    assert (said.title, said.detail) == (title, detail)


def test_a_notification_is_read_in_the_language_of_its_reader(workspace, owner):
    tell(workspace)
    row = Notification.objects.get(user=owner)
    english = words(row).detail
    with translation.override("sr-latn"):
        assert words(row).detail != english


# --- the inbox ------------------------------------------------------------------------------------


def test_the_badge_counts_what_is_unread_and_stops_counting(client_of_owner, workspace, owner):
    rows = [
        Notification(workspace=workspace, user=owner, kind=Kind.RUN_FAILED, key=f"{n}", url="/") for n in range(120)
    ]
    Notification.objects.bulk_create(rows[:3])
    assert ">3<" in client_of_owner.get(reverse("notifications:unread")).text
    Notification.objects.bulk_create(rows[3:])
    assert ">99+<" in client_of_owner.get(reverse("notifications:unread")).text


def test_the_badge_of_a_page_whose_session_has_ended_stays_as_it_is(client):
    assert client.get(reverse("notifications:unread")).status_code == 204


def test_ten_thousand_notifications_are_paged_with_few_queries(
    client_of_owner, workspace, owner, django_assert_max_num_queries
):
    Notification.objects.bulk_create(failures(workspace, owner, 10_000), batch_size=1_000)
    with django_assert_max_num_queries(6):
        first = client_of_owner.get(reverse("notifications:inbox")).text
    assert "Hunt no. 9999;" in first and "Hunt no. 9950;" in first and "Hunt no. 9949;" not in first
    older = inbox.page(owner, workspace).older
    second = client_of_owner.get(reverse("notifications:inbox"), {"before": older}).text
    assert "Hunt no. 9949;" in second and "Hunt no. 9950;" not in second


@pytest.mark.parametrize("before", ["0", "-1", "x", "9" * 40, "²"])
def test_a_place_in_the_inbox_that_makes_no_sense_is_no_error(client_of_owner, before):
    assert client_of_owner.get(reverse("notifications:inbox"), {"before": before}).status_code == 200


def test_opening_a_notification_goes_there_and_marks_it_read(client_of_owner, workspace, owner):
    tell(workspace)
    row = Notification.objects.get(user=owner)
    answer = client_of_owner.get(reverse("notifications:open", args=[row.pk]))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/hunts/runs/1/")
    row.refresh_from_db()
    assert row.is_read


@pytest.mark.parametrize(("page", "is_read"), [("/hunts/runs/1/", True), ("/hunts/runs/2/", False)])
def test_who_has_the_page_itself_in_sight_has_read_it(client_of_owner, workspace, owner, page, is_read):
    tell(workspace)
    headers = {"HX-Current-URL": f"https://app.example.com{page}?tab=log"}
    client_of_owner.get(reverse("notifications:unread"), headers=headers)
    assert Notification.objects.get(user=owner).is_read is is_read


def test_whoever_signs_up_is_written_to_in_the_language_of_the_page(client):
    form = {"email": "ada@people.example", "password1": "correct-horse-battery"}
    client.post("/accounts/signup/", form, headers={"Accept-Language": "sr-latn"})
    assert User.objects.get(email="ada@people.example").language == "sr-latn"


def test_a_notification_about_something_deleted_says_so(client_of_owner, workspace, owner):
    tell(workspace, url="/hunts/runs/424242/")
    row = Notification.objects.get(user=owner)
    answer = client_of_owner.get(reverse("notifications:open", args=[row.pk]), follow=True)
    assert answer.status_code == 404
    assert "moved or removed" in answer.text


def test_marking_all_read_can_be_undone_and_leaves_alone_what_was_read_before(client_of_owner, workspace, owner):
    for n in range(3):
        tell(workspace, key=f"run:{n}")
    before = Notification.objects.filter(user=owner).first()
    client_of_owner.post(reverse("notifications:mark", args=[before.pk, "read"]))
    answer = client_of_owner.post(reverse("notifications:read-all"), follow=True)
    assert inbox.count_unread(owner, workspace) == 0
    undo = answer.context["undo"]
    client_of_owner.post(reverse("notifications:undo-read-all"), {"at": undo.isoformat()})
    assert inbox.count_unread(owner, workspace) == 2
    before.refresh_from_db()
    assert before.is_read
    client_of_owner.post(reverse("notifications:mark", args=[before.pk, "unread"]))
    assert inbox.count_unread(owner, workspace) == 3


@pytest.mark.parametrize("at", ["", "yesterday", "2026-01-01", "2026-01-01T00:00:00"])
def test_an_undo_that_makes_no_sense_is_refused(client_of_owner, at):
    assert client_of_owner.post(reverse("notifications:undo-read-all"), {"at": at}).status_code == 404


def test_nobody_reads_or_marks_what_is_told_to_others(client_of_stranger, workspace, owner, viewer):
    tell(workspace)
    row = Notification.objects.get(user=owner)
    for client in (client_of_stranger, signed_in(viewer)):
        assert client.get(reverse("notifications:open", args=[row.pk])).status_code == 404
        assert client.post(reverse("notifications:mark", args=[row.pk, "read"])).status_code == 404
        assert client.post(f"/api/notifications/{row.pk}/read").status_code in (403, 404)
        assert client.get("/api/notifications").json()["notifications"] == []
    row.refresh_from_db()
    assert not row.is_read


def test_the_api_lists_and_marks(client_of_owner, workspace, owner):
    tell(workspace)
    tell(workspace, key="run:2")
    listed = client_of_owner.get("/api/notifications").json()
    assert (listed["unread"], listed["older"], len(listed["notifications"])) == (2, None, 2)
    one = listed["notifications"][0]
    assert (one["title"], one["is_read"]) == ("14 leads in tier A: Machine shops in Bavaria", False)
    for _twice in range(2):
        assert client_of_owner.post(f"/api/notifications/{one['id']}/read").json()["is_read"] is True
    left = client_of_owner.get("/api/notifications", {"unread": "true"}).json()
    assert [row["id"] for row in left["notifications"]] == [listed["notifications"][1]["id"]]
    assert client_of_owner.get("/api/notifications", {"before": 2**70}).status_code == 422


def test_the_language_of_a_page_is_also_that_of_e_mails(client_of_owner, owner):
    client_of_owner.post("/language", {"language": "zh-hans"})
    owner.refresh_from_db()
    assert owner.language == "zh-hans"
    client_of_owner.post("/language", {"language": "xx"})
    owner.refresh_from_db()
    assert owner.language == "zh-hans"


# --- the outbox -----------------------------------------------------------------------------------


def test_a_message_is_sent_by_one_of_two_senders(workspace):
    tell(workspace)
    first, second = outbox.claim("email", 10), outbox.claim("email", 10)
    assert (len(first), len(second)) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_senders_in_several_processes_send_each_message_once(workspace, owner, tmp_path):
    for n in range(24):
        tell(workspace, key=f"run:{n}")
    go = tmp_path / "go"
    code = (
        "import pathlib, time\nfrom accounts import notification_mail as mail\nmail.BATCH = 2\n"
        "print('ready', flush=True)\n"
        f"while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)\n"
        "while mail.send_due(): pass"
    )
    folder = tmp_path / "sent"
    senders = [start_python(code, EMAIL_URL=f"filemail:///{folder}") for _ in range(2)]
    assert [sender.stdout.readline() for sender in senders] == ["ready\n"] * 2
    go.touch()
    assert [sender.wait(60) for sender in senders] == [0, 0], senders[0].stderr.read()
    written = "".join(path.read_text() for path in folder.iterdir())
    ids = [line for line in written.splitlines() if line.startswith("Message-ID:")]
    assert (len(ids), len(set(ids))) == (24, 24)
    assert {one.status for one in deliveries()} == {"sent"}


def test_a_message_waits_longer_after_each_try_and_is_given_up_after_a_day(workspace):
    tell(workspace)
    waited = timedelta()
    for attempt in range(1, MOST_TRIES + 1):
        (one,) = outbox.claim("email", 1)
        assert one.attempts == attempt
        before = timezone.now()
        outbox.settle(one, TryLater("The mail server is down."))
        (row,) = deliveries()
        if attempt < MOST_TRIES:
            assert (row.status, row.problem) == ("waiting", "The mail server is down.")
            waited += row.not_before - before
            NotificationDelivery.objects.update(not_before=before)
    assert (row.status, row.problem) == ("failed", "The mail server is down.")
    assert timedelta(hours=24) <= waited <= timedelta(hours=34)
    assert MOST_TRIES >= 8


def test_what_the_other_side_asks_for_is_waited_for(workspace):
    tell(workspace)
    (one,) = outbox.claim("email", 1)
    before = timezone.now()
    outbox.settle(one, TryLater("busy", after=timedelta(minutes=4)))
    assert deliveries()[0].not_before >= before + timedelta(minutes=4)


def test_messages_that_failed_together_do_not_come_back_together(workspace):
    for n in range(8):
        tell(workspace, key=f"{n}")
    for one in outbox.claim("email", 8):
        outbox.settle(one, TryLater("busy"))
    ahead = [one.not_before - one.created_at for one in deliveries()]
    assert max(ahead) - min(ahead) > timedelta(seconds=1)


def test_a_sender_that_was_taken_for_dead_writes_nothing_any_more(workspace):
    tell(workspace)
    (late,) = outbox.claim("email", 1)
    NotificationDelivery.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert outbox.sweep() == 1
    (second,) = outbox.claim("email", 1)
    outbox.settle(late, GiveUp("no"))
    assert deliveries()[0].status == "sending"
    outbox.settle(second, "ada@people.example")
    row = deliveries()[0]
    assert (row.status, row.address, row.attempts, row.uid) == ("sent", "ada@people.example", 2, late.uid)


def test_nothing_is_begun_on_a_lease_that_is_nearly_over(workspace):
    tell(workspace)
    claimed = outbox.claim("email", 1)
    claimed[0].lease_expires_at = timezone.now() + timedelta(seconds=20)
    assert list(outbox.in_time(claimed)) == []
    row = deliveries()[0]
    assert (row.status, row.attempts) == ("waiting", 0)


# --- e-mails --------------------------------------------------------------------------------------


def test_an_e_mail_says_the_result_in_its_subject_and_can_be_stopped(workspace, owner, settings):
    settings.SITE_URL = "https://app.example.com"
    tell(workspace)
    assert send_due() == 1
    (sent,) = mail.outbox
    (row,) = deliveries()
    assert sent.subject == "14 leads in tier A: Machine shops in Bavaria"
    assert sent.to == [owner.email]
    assert "https://app.example.com/hunts/runs/1/" in sent.body
    assert "https://app.example.com/settings/notifications" in sent.body
    assert sent.extra_headers["Message-ID"] == f"<{row.uid}@app.example.com>"
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert sent.extra_headers["List-Unsubscribe"].startswith("<https://app.example.com/unsubscribe/")
    assert (row.status, row.address) == ("sent", owner.email)
    assert send_due() == 0


def test_the_html_of_an_e_mail_is_escaped_and_the_text_is_not(workspace):
    tell(workspace, label="<script>alert(1)</script> & Sons")
    send_due()
    (sent,) = mail.outbox
    html = sent.alternatives[0][0]
    assert "<script>" not in html and "&lt;script&gt;" in html
    assert "<script>alert(1)</script> & Sons" in sent.body


def test_a_name_with_line_breaks_adds_no_header(workspace, owner):
    tell(workspace, label="Pumps\r\nBcc: everybody@people.example\r\n\r\nHello")
    Notification.objects.update(label="Pumps\r\nBcc: everybody@people.example\r\n\r\nHello")
    send_due()
    (sent,) = mail.outbox
    assert sent.recipients() == [owner.email]
    assert "\n" not in sent.subject and sent.message()["Bcc"] is None


def test_an_e_mail_is_in_the_language_of_its_reader(workspace, owner):
    owner.language = "zh-hans"
    owner.save()
    tell(workspace, kind=Kind.RUN_COMPLETED, parameters=COUNTS)
    send_due()
    (sent,) = mail.outbox
    assert 'lang="zh-hans"' in sent.alternatives[0][0]
    with translation.override("zh-hans"):
        assert sent.subject == words(Notification.objects.get(user=owner)).subject
    assert sent.subject != words(Notification.objects.get(user=owner)).subject, "and that is not English"


@pytest.mark.parametrize("left", ["removed", "closed", "unsubscribed"])
def test_who_has_left_meanwhile_gets_nothing(workspace, owner, left):
    tell(workspace)
    if left == "removed":
        Membership.objects.filter(user=owner).delete()
    elif left == "closed":
        owner.is_active = False
        owner.save()
    else:
        preferences.stop_email(owner.pk, workspace.pk, Kind.RUN_COMPLETED)
    send_due()
    assert mail.outbox == []
    assert deliveries()[0].status == "dropped"


@pytest.mark.parametrize("seen", ["read", "looking", "away", "looked before"])
def test_who_sees_it_in_the_app_gets_no_e_mail_about_a_short_run(workspace, owner, seen):
    if seen == "looked before":
        inbox.look(owner, workspace)
    tell(workspace, email_after=timedelta(minutes=3))
    assert send_due() == 0, "it waits"
    NotificationDelivery.objects.update(not_before=timezone.now())
    if seen == "looking":
        inbox.look(owner, workspace)
    elif seen == "read":
        Notification.objects.update(read_at=timezone.now())
    send_due()
    assert len(mail.outbox) == (1 if seen in ("away", "looked before") else 0)


def test_who_is_told_by_e_mail_alone_is_told_of_short_runs_too(workspace, owner):
    preferences.choose(owner, workspace, {Kind.RUN_COMPLETED: Wish(in_app=False, email=True)})
    tell(workspace, email_after=timedelta(minutes=3))
    inbox.look(owner, workspace)
    NotificationDelivery.objects.update(not_before=timezone.now())
    send_due()
    assert [sent.to for sent in mail.outbox] == [[owner.email]]


@pytest.mark.parametrize("confirmed", ["no", "another", "in capitals", "nobody asks"])
def test_nothing_is_sent_to_an_address_that_nobody_confirmed(workspace, owner, settings, confirmed):
    """Whoever signs up with somebody else's address would have us write them what they like."""
    if confirmed == "another":
        EmailAddress.objects.filter(user=owner).update(email="mine@people.example")
    elif confirmed == "in capitals":
        EmailAddress.objects.filter(user=owner).update(email=owner.email.upper())
    else:
        EmailAddress.objects.filter(user=owner).update(verified=False)
    if confirmed == "nobody asks":
        settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    digests.choose(owner, workspace, 8)
    tell(workspace, label="You won, see http://evil.example")
    due()
    digests.write_due()
    send_due()
    is_sent = confirmed in ("in capitals", "nobody asks")
    assert len(mail.outbox) == (2 if is_sent else 0)
    assert {row.status for row in deliveries()} == {"sent" if is_sent else "dropped"}


def test_an_address_that_somebody_signed_up_with_gets_no_more_than_the_request_to_confirm_it(client):
    form = {"email": "victim@firm.example", "password1": "correct-horse-battery"}
    client.post("/accounts/signup/", form)
    post.send_due()
    (asked,) = mail.outbox
    workspace = User.objects.get(email="victim@firm.example").workspaces.get()
    tell(workspace, label="You won, see http://evil.example")
    send_due()
    assert mail.outbox == [asked]
    page = client.get(reverse("notification_settings:page")).text
    assert "Confirm your address victim@firm.example" in page
    client.post(re.search(r"https?://[^/]+(/accounts/confirm-email/\S+)", asked.body)[1])
    tell(workspace, key="run:2")
    send_due()
    assert [sent.to for sent in mail.outbox[1:]] == [["victim@firm.example"]]
    assert "Confirm your address" not in client.get(reverse("notification_settings:page")).text


def test_a_digest_is_not_sent_to_who_wants_none_any_more(workspace, owner):
    digest = Notification.objects.create(workspace=workspace, user=owner, kind=Kind.DIGEST, key="digest", url="/")
    delivery = NotificationDelivery.objects.create(notification=digest, channel="email")
    with pytest.raises(NotNeeded):
        check_is_wanted(delivery)


class MailServer(socketserver.ThreadingTCPServer):
    """A mail server on loopback that answers RCPT with what `refusals` say of an address, or hangs up."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, refusals: dict[str, str] | None = None, *, hangs_up_at: str = "") -> None:
        super().__init__(("127.0.0.1", 0), MailDialogue)
        self.refusals = refusals or {}
        self.hangs_up_at = hangs_up_at
        self.taken: list[str] = []
        self.connections = 0

    def __enter__(self) -> "MailServer":
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()


class MailDialogue(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.connections += 1
        self._say("220 mail.example")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == self.server.hangs_up_at:
                return
            if verb == "DATA":
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.taken.append(b"".join(lines).decode())
                self._say("250 taken")
            elif verb == "RCPT":
                self._say(next((said for address, said in self.server.refusals.items() if address in line), "250 ok"))
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def smtp(settings):
    def use(port: int) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False

    return use


def test_one_refused_address_keeps_no_other_waiting(workspace, owner, member, smtp):
    third = MembershipFactory(workspace=workspace).user
    tell(workspace, users=[owner, member, third])
    refusals = {owner.email: "550 no such person", member.email: "451 come back later"}
    with MailServer(refusals) as server:
        smtp(server.server_address[1])
        send_due()
    by_person = {one.notification.user: (one.status, one.problem) for one in deliveries()}
    assert by_person[owner] == ("failed", "The mail server refuses this message for good (550).")
    assert by_person[member] == ("waiting", "The mail server does not take this message now (451).")
    assert by_person[third] == ("sent", "")
    assert (len(server.taken), server.connections) == (1, 1)


def test_a_mail_server_that_is_down_is_asked_once_and_again_later(workspace, owner, member, smtp):
    with MailServer() as server:
        port = server.server_address[1]
    tell(workspace, users=[owner, member])
    smtp(port)
    send_due()
    assert {(one.status, one.attempts) for one in deliveries()} == {("waiting", 1)}
    assert all("cannot be reached" in one.problem for one in deliveries())


def test_a_mail_server_that_hangs_up_is_asked_again_later_under_the_same_id(workspace, smtp):
    tell(workspace)
    with MailServer(hangs_up_at="RCPT") as server:
        smtp(server.server_address[1])
        send_due()
    (row,) = deliveries()
    assert row.status == "waiting"
    NotificationDelivery.objects.update(not_before=timezone.now())
    with MailServer() as server:
        smtp(server.server_address[1])
        send_due()
    assert f"Message-ID: <{row.uid}@" in server.taken[0]
    assert deliveries()[0].attempts == 2


def test_a_message_that_was_given_up_can_be_sent_again_by_whom_it_is_for(
    client_of_owner, client_of_stranger, workspace
):
    tell(workspace)
    outbox.settle(outbox.claim("email", 1)[0], GiveUp("no such person"))
    (row,) = deliveries()
    again = reverse("notification_settings:send-again", args=[row.pk])
    assert client_of_stranger.post(again).status_code == 404
    assert "no such person" in client_of_owner.get(reverse("notification_settings:page")).text
    client_of_owner.post(again)
    assert send_due() == 1
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("problem", "shown"),
    [
        ("", ""),
        ("This is no address that mail can be sent to.", None),
        ("The mail server refuses this message for good (550).", None),
        ("Something (of later) nobody translated (100%d).", "Something (of later) nobody translated (100%d)."),
    ],
)
def test_why_a_message_did_not_arrive_is_kept_in_english_and_said_in_the_readers_language(problem, shown):
    row = NotificationDelivery(problem=problem)
    assert row.why == problem
    with translation.override("sr-latn"):
        assert row.why == shown if shown is not None else row.why not in ("", problem)
        assert ("550" in row.why) == ("550" in problem)


def test_what_a_sender_that_speaks_another_language_met_is_kept_in_english(workspace, smtp):
    tell(workspace)
    with MailServer({"@": "550 no such person"}) as server, translation.override("sr-latn"):
        smtp(server.server_address[1])
        send_due()
    assert deliveries()[0].problem == "The mail server refuses this message for good (550)."


# --- stopping e-mails -----------------------------------------------------------------------------


def test_one_click_stops_one_kind_and_looking_at_the_page_does_not(workspace, owner):
    tell(workspace)
    path = reverse("notifications:unsubscribe", args=[unsubscribe_token(Notification.objects.get())])
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.get(path).status_code == 200
    assert preferences.wishes(owner, workspace)[Kind.RUN_COMPLETED].email
    assert stranger.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    wishes = preferences.wishes(owner, workspace)
    assert wishes[Kind.RUN_COMPLETED] == Wish(in_app=True, email=False)
    assert wishes[Kind.RUN_FAILED] == Wish()


def test_stopping_a_digest_leaves_the_rest(workspace, owner):
    digests.choose(owner, workspace, 8)
    preferences.stop_email(owner.pk, workspace.pk, Kind.DIGEST)
    assert Reader.objects.get().digest_hour is None
    assert all(wish == Wish() for wish in preferences.wishes(owner, workspace).values())


@pytest.mark.parametrize("token", ["x", "WzEsMSwicnVuX2ZhaWxlZCJd:1abc:forged"])
def test_a_forged_link_stops_nothing(client, token):
    assert client.post(reverse("notifications:unsubscribe", args=[token])).status_code == 404


# --- digests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "zone", "after", "expected"),
    [
        (8, "UTC", "2026-11-21T07:59:00", "2026-11-21T08:00:00"),
        (8, "UTC", "2026-11-21T08:00:00", "2026-11-22T08:00:00"),
        (8, "Asia/Shanghai", "2026-11-20T23:59:00", "2026-11-21T00:00:00"),
        # Clocks are put forward: there is no two o'clock.
        (2, "Europe/Belgrade", "2026-03-28T12:00:00", "2026-03-29T01:00:00"),
        (2, "Europe/Belgrade", "2026-03-29T01:00:00", "2026-03-30T00:00:00"),
        # Clocks are put back: two o'clock comes twice.
        (2, "Europe/Belgrade", "2026-10-24T12:00:00", "2026-10-25T00:00:00"),
        (2, "Europe/Belgrade", "2026-10-25T00:00:00", "2026-10-26T01:00:00"),
        (23, "Pacific/Kiritimati", "2026-01-01T00:00:00", "2026-01-01T09:00:00"),
    ],
)
def test_the_next_digest_is_at_its_hour_by_the_clocks_of_its_reader(hour, zone, after, expected):
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert digests.next_at(hour, ZoneInfo(zone), moment) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def due(reader_filter=None):
    Reader.objects.filter(**(reader_filter or {})).update(next_digest_at=timezone.now() - timedelta(days=3))


def test_a_digest_tells_what_happened_once_a_day_whatever_happens(workspace, owner):
    digests.choose(owner, workspace, 8)
    tell(workspace, key="run:1", label="Pumps")
    tell(workspace, key="run:2", label="Valves", kind=Kind.RUN_FAILED, parameters={"note": "Exa cannot be reached."})
    NotificationDelivery.objects.all().delete()
    due()
    assert digests.write_due() == 1
    due()
    tell(workspace, key="run:3")
    assert digests.write_due() == 0, "the day has had its digest"
    NotificationDelivery.objects.exclude(notification__kind=Kind.DIGEST).delete()
    send_due()
    (sent,) = mail.outbox
    assert sent.subject == f"2 things happened: {workspace.name}"
    assert "14 leads in tier A: Pumps" in sent.body
    assert "Exa cannot be reached." in sent.body


def test_without_news_there_is_no_digest(workspace, owner):
    digests.choose(owner, workspace, 8)
    due()
    assert digests.write_due() == 0
    assert Reader.objects.get().next_digest_at > timezone.now()


def test_a_digest_tells_nothing_twice(workspace, owner):
    digests.choose(owner, workspace, 8)
    tell(workspace, key="run:1")
    due()
    digests.write_due()
    Notification.objects.filter(kind=Kind.DIGEST).update(key="digest:of yesterday")
    tell(workspace, key="run:2")
    due()
    digests.write_due()
    newest = Notification.objects.filter(kind=Kind.DIGEST).latest("pk")
    assert newest.parameters["count"] == 1


def test_a_digest_of_very_many_things_stays_readable(workspace, owner):
    digests.choose(owner, workspace, 8)
    rows = [
        Notification(workspace=workspace, user=owner, kind=Kind.RUN_FAILED, key=f"{n}", url="/") for n in range(100)
    ]
    Notification.objects.bulk_create(rows)
    due()
    digests.write_due()
    send_due()
    assert "and 70 more" in mail.outbox[0].body
    assert mail.outbox[0].body.count("Failed") == 30


# --- the page of wishes ---------------------------------------------------------------------------


def save_wishes(client, **values):
    usual = {"time_zone": "Europe/Belgrade", "language": "sr-latn", "digest_hour": "8", "run_failed-email": "on"}
    return client.post(reverse("notification_settings:save"), usual | values)


def test_people_choose_what_they_hear_of(client_of_owner, workspace, owner):
    assert save_wishes(client_of_owner).status_code == 302
    owner.refresh_from_db()
    wishes = preferences.wishes(owner, workspace)
    assert wishes[Kind.RUN_FAILED] == Wish(in_app=False, email=True)
    assert wishes[Kind.NEEDS_YOU] == Wish(in_app=False, email=False)
    assert (owner.time_zone, owner.language) == ("Europe/Belgrade", "sr-latn")
    reader = Reader.objects.get(user=owner)
    assert reader.next_digest_at.astimezone(reader.zone).hour == 8
    save_wishes(client_of_owner, digest_hour="", wants_all="on")
    reader.refresh_from_db()
    assert (reader.digest_hour, reader.next_digest_at, reader.wants_all) == (None, None, True)


def test_the_page_shows_what_was_chosen(client_of_owner):
    save_wishes(client_of_owner, digest_hour="0")
    page = client_of_owner.get(reverse("notification_settings:page")).text
    assert '<option value="Europe/Belgrade" selected>' in page
    assert '<option value="0" selected>00:00</option>' in page


def test_who_has_chosen_in_one_workspace_has_chosen(workspace, owner):
    other = MembershipFactory(user=owner).workspace
    preferences.choose(owner, workspace, {Kind.NEEDS_YOU: Wish()})
    for place in (workspace, other):
        with as_tenant(place.pk):
            assert preferences.has_chosen(owner)


def test_the_zone_of_the_browser_is_offered_until_somebody_has_chosen(client_of_owner):
    page = reverse("notification_settings:page")
    assert "data-browsers-zone" in client_of_owner.get(page).text
    inbox.look(User.objects.get(), User.objects.get().workspaces.get())
    assert "data-browsers-zone" in client_of_owner.get(page).text, "who only looks has chosen nothing"
    save_wishes(client_of_owner, time_zone="UTC")
    assert "data-browsers-zone" not in client_of_owner.get(page).text
    assert "data-browsers-zone" not in save_wishes(client_of_owner, time_zone="Mars/Olympus").text


def test_a_digest_that_is_due_is_not_put_off_by_saving_the_page(client_of_owner):
    save_wishes(client_of_owner)
    due()
    at = Reader.objects.get().next_digest_at
    save_wishes(client_of_owner, **{"needs_you-email": "on"})
    assert Reader.objects.get().next_digest_at == at
    save_wishes(client_of_owner, digest_hour="9")
    reader = Reader.objects.get()
    assert reader.next_digest_at > timezone.now()
    assert reader.next_digest_at.astimezone(reader.zone).hour == 9


def test_who_moves_to_another_zone_gets_the_digest_of_every_workspace_by_the_new_clocks(client_of_owner, owner):
    save_wishes(client_of_owner)
    for hour in (8, None):
        digests.choose(owner, MembershipFactory(user=owner).workspace, hour)
    save_wishes(client_of_owner, time_zone="Asia/Tokyo")
    with_digest = list(Reader.objects.exclude(digest_hour=None))
    assert [one.next_digest_at.astimezone(ZoneInfo("Asia/Tokyo")).hour for one in with_digest] == [8, 8]
    assert Reader.objects.get(digest_hour=None).next_digest_at is None


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Mars/Olympus"}, {"digest_hour": "24"}, {"digest_hour": "x"}, {"language": "xx"}], ids=str
)
def test_nonsense_is_refused_and_nothing_kept(client_of_owner, owner, wrong):
    assert save_wishes(client_of_owner, **wrong).status_code == 422
    owner.refresh_from_db()
    assert owner.time_zone == "UTC"


def test_a_viewer_chooses_for_themselves_too(viewer, workspace):
    assert save_wishes(signed_in(viewer)).status_code == 302
    assert preferences.wishes(viewer, workspace)[Kind.NEEDS_YOU] == Wish(in_app=False, email=False)
