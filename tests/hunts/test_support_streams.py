"""Support's live pages: written down like its other pages, and only of workspaces whose owners were told."""

import pytest
from allauth.mfa.models import Authenticator
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.audit_models import AuditEntry, Verb
from accounts.models import User
from accounts.support_models import SupportVisit
from accounts.visitors import visitor_of
from billing.models import Budget
from config.asgi import application
from hunts.chat_models import Conversation, Message
from tests.conftest import signed_in
from tests.factories import MembershipFactory, RunFactory, UserFactory
from tests.harness.proof import proved

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator(settings) -> User:
    settings.ADMIN_NEEDS_SECOND_STEP = True
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=("view_user", "add_supportvisit")))
    Authenticator.objects.create(user=user, type="totp", data={})
    return user


@pytest.fixture
def looking(operator, owner, workspace) -> Client:
    """The operator's browser, looking as the owner, in whose first workspace a page was opened."""
    browser = proved(signed_in(operator))
    browser.post(f"/admin/accounts/user/{owner.pk}/support/", {"reason": "Ticket 4711"})
    assert browser.get("/hunts/").wsgi_request.workspace == workspace
    return browser


def run_stream(workspace) -> str:
    return f"/hunts/runs/{RunFactory(hunt__workspace=workspace).pk}/stream"


def chat_stream(workspace) -> str:
    budget = Budget.objects.create(workspace=workspace, cap_microusd=1)
    conversation = Conversation.objects.create(workspace=workspace, budget=budget)
    message = Message.objects.create(conversation=conversation, role=Message.Role.ASSISTANT, text="What we said")
    return f"/hunts/chat/{conversation.pk}/stream/{message.pk}"


@pytest.fixture(params=[run_stream, chat_stream], ids=["a run", "an answer"])
def stream_in(request):
    return request.param


def status_of(path: str, client: Client) -> tuple[int, int]:
    """Ask for a stream; return its status, and how many looks of support were in the log when it began."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())],
    }
    began: list[tuple[int, int]] = []

    async def receive() -> dict:
        return {"type": "http.disconnect"}

    async def send(said: dict) -> None:
        if said["type"] == "http.response.start":
            began.append((said["status"], await streams().acount()))

    async_to_sync(application)(scope, receive, send)
    return began[0]


def streams():
    return AuditEntry.objects.filter(verb=Verb.SUPPORT_LOOKED, words__contains="/stream")


def test_a_stream_is_in_the_log_before_anything_of_it_is_sent(looking, operator, owner, workspace, stream_in):
    path = stream_in(workspace)
    assert status_of(path, looking) == (200, 1)
    entry = streams().get()
    assert (entry.workspace_id, entry.actor_id, entry.words) == (
        workspace.pk, operator.pk, f"{path} (as no. {owner.pk})",
    )  # fmt: skip


def test_a_workspace_of_which_no_page_was_opened_has_no_stream(looking, owner, stream_in):
    unopened = MembershipFactory(user=owner).workspace
    assert status_of(stream_in(unopened), looking) == (404, 0)
    assert not AuditEntry.objects.of_workspace(unopened).exists()


def test_what_was_opened_in_an_earlier_look_is_not_open_in_this_one(looking, operator, owner, workspace, stream_in):
    path = stream_in(workspace)
    looking.post("/support/end")
    looking.post(f"/admin/accounts/user/{owner.pk}/support/", {"reason": "Ticket 4712"})
    assert status_of(path, looking) == (404, 0)
    looking.get("/hunts/")
    assert status_of(path, looking) == (200, 1)
    assert SupportVisit.objects.count() == 2


def test_of_members_nothing_is_written(client_of_owner, workspace, stream_in):
    assert status_of(stream_in(workspace), client_of_owner) == (200, 0)


def test_a_member_is_not_asked_for_what_they_opened(client_of_owner, owner):
    unopened = MembershipFactory(user=owner).workspace
    scope = {"headers": [(b"cookie", f"sessionid={client_of_owner.cookies['sessionid'].value}".encode())]}
    assert visitor_of(scope).is_member_of(unopened.pk)
