"""What all workspaces read is the operator's to change: a workspace's erasure asks them, and says when it is done."""

import io

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.management import CommandError, call_command
from django.urls import reverse

from enrichment.models import Page, Screenshot
from hunts.privacy import asking, erasing
from hunts.privacy.models import Erasure
from hunts.privacy.request_models import SharedRequest
from leads.wanted import Wanted
from tests.conftest import signed_in
from tests.factories import UserFactory
from tests.harness.proof import proved
from tests.hunts.privacy.conftest import EMAIL, finish, left, seed, wanted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def request_of_workspace(workspace, media) -> SharedRequest:
    seed(workspace)
    finish(erasing.begin(wanted(), workspace_id=workspace.pk, by=None))
    return SharedRequest.objects.get()


def test_where_shared_pages_name_them_the_operator_is_asked_once(request_of_workspace, client_of_owner):
    assert request_of_workspace.person.emails == (EMAIL,)
    assert "asked of the operator on" in client_of_owner.get(reverse("privacy:page")).content.decode()


def test_where_nothing_shared_names_them_nobody_is_asked(workspace, media):
    seed(workspace)
    finish(erasing.begin(Wanted.of(email="nobody@acme.example"), workspace_id=workspace.pk, by=None))
    assert not SharedRequest.objects.exists()


def test_operators_are_written_to_once_and_read_no_name(request_of_workspace):
    operator = UserFactory(is_staff=True)
    operator.user_permissions.add(Permission.objects.get(codename="change_sharedrequest"))
    UserFactory(is_staff=True)  # who may not
    assert asking.tell_operators(request_of_workspace.pk) == 1
    assert asking.tell_operators(request_of_workspace.pk) == 0
    (letter,) = mail.outbox
    assert letter.to == [operator.email]
    assert f"/admin/hunts/sharedrequest/{request_of_workspace.pk}/" in letter.body
    assert EMAIL not in letter.subject + letter.body


def test_the_console_answers_it_and_the_owner_sees_when_it_was_done(request_of_workspace, client_of_owner):
    staff = UserFactory(is_staff=True)
    staff.user_permissions.set(Permission.objects.all())
    console = proved(signed_in(staff))
    address = reverse("admin:hunts_sharedrequest_changelist")
    chosen = {"action": "erase", "_selected_action": [request_of_workspace.pk]}
    one = reverse("admin:hunts_sharedrequest_change", args=[request_of_workspace.pk])
    # Who is erased is told where it is done, and the page that the letter leads to leads there.
    assert EMAIL in console.get(address).text
    assert f"{address}?state=open" in console.get(one).text
    for _twice in range(2):
        console.post(address, chosen)
    erasure = Erasure.objects.get(workspace=None)
    request_of_workspace.refresh_from_db()
    assert (request_of_workspace.answer, request_of_workspace.done_at) == (erasure, None)
    assert Page.objects.filter(title__contains="Quendel").exists()
    finish(erasure)
    assert left() == {}
    assert not Screenshot.objects.exists()
    request_of_workspace.refresh_from_db()
    assert request_of_workspace.done_at is not None
    assert request_of_workspace.wanted == {}
    assert "forgotten, for it is done" in console.get(one).text
    assert "No request is here." in console.get(f"{address}?state=open").text
    assert "done by the operator on" in client_of_owner.get(reverse("privacy:page")).content.decode()


def test_the_command_lists_and_closes_requests(request_of_workspace, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    said = io.StringIO()
    call_command("person", "requests", stdout=said)
    assert f"person erase --request {request_of_workspace.pk}" in said.getvalue()
    call_command("person", "erase", f"--request={request_of_workspace.pk}", "--yes", stdout=said)
    finish_second(Erasure.objects.get(workspace=None))
    request_of_workspace.refresh_from_db()
    assert request_of_workspace.done_at is not None
    with pytest.raises(CommandError, match="no request"):
        call_command("person", "erase", f"--request={request_of_workspace.pk}", "--yes")


def finish_second(erasure: Erasure) -> None:
    Erasure.objects.filter(pk=erasure.pk).update(not_before=None)
    assert erasing.work_on(erasure.pk)


def test_an_erasure_of_somebody_else_or_of_less_answers_nothing(request_of_workspace):
    for one in (Wanted.of(email="other@acme.example"), Wanted.of(phone="+49 89 7654321")):
        finish(erasing.begin(one, workspace_id=None, by=None, is_whole=True))
    request_of_workspace.refresh_from_db()
    assert (request_of_workspace.answer, request_of_workspace.done_at) == (None, None)
