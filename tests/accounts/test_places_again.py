"""What comes back needs a place like what is new, and only what is in use takes one."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import invitations, members, quotas, removals
from accounts.invitation_models import Invitation
from accounts.models import Membership
from accounts.quota_models import WorkspaceQuota
from accounts.quotas import QuotaReached
from accounts.token_models import ApiToken
from hunts import deleting, places, presets, schedules
from tests.conftest import signed_in
from tests.factories import HuntFactory, MembershipFactory, UserFactory
from tests.harness.abundance import DAILY

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_most(settings):
    """Let workspaces have only so many of something, and invite as often as they like."""

    def allow(**numbers: int) -> None:
        settings.QUOTAS = settings.QUOTAS | {"invitations": 0} | numbers

    return allow


def test_an_invitation_that_was_taken_back_needs_a_place_again(workspace, owner, at_most):
    at_most(people=2)
    first = invitations.invite(workspace, "ada@people.example", "member", by=owner)
    invitations.revoke(first, by=owner)
    second = invitations.invite(workspace, "bob@people.example", "member", by=owner)
    with pytest.raises(QuotaReached, match="take 2 of at most 2 places"):
        invitations.put_back(first, by=owner)
    invitations.revoke(second, by=owner)
    invitations.put_back(first, by=owner)
    assert places.used(workspace)["people"] == 2


def test_an_invitation_that_has_expired_needs_a_place_again_and_one_that_is_open_does_not(workspace, owner, at_most):
    at_most(people=2)
    first = invitations.invite(workspace, "ada@people.example", "member", by=owner)
    long_ago = timezone.now() - timedelta(days=8)
    Invitation.objects.filter(pk=first.pk).update(expires_at=long_ago + timedelta(days=7), asked_at=long_ago)
    second = invitations.invite(workspace, "bob@people.example", "member", by=owner)
    with pytest.raises(QuotaReached, match="take 2 of at most 2 places"):
        invitations.send_again(first, by=owner)
    Invitation.objects.filter(pk=second.pk).update(asked_at=long_ago)
    assert invitations.send_again(second, by=owner).state == Invitation.State.OPEN


def test_a_member_who_is_put_back_needs_a_place_again(workspace, owner, client_of_owner, at_most):
    at_most(people=2)
    undo = members.remove(MembershipFactory(workspace=workspace), by=owner)
    invited = invitations.invite(workspace, "ada@people.example", "member", by=owner)
    page = client_of_owner.post(reverse("workspaces:put-back"), {"undo": undo}, follow=True)
    assert "take 2 of at most 2 places" in page.text and Membership.objects.count() == 1
    invitations.revoke(invited, by=owner)
    removals.put_back(workspace, undo, by=owner)
    assert removals.put_back(workspace, undo, by=owner).workspace == workspace, "done twice, it is the same"


def test_a_hunt_that_comes_back_needs_a_place_again(workspace, client_of_owner, at_most):
    hunt = HuntFactory(workspace=workspace)
    deleting.delete_hunt(hunt)
    HuntFactory(workspace=workspace)
    at_most(hunts=1)
    page = client_of_owner.post(reverse("hunts:restore", args=[hunt.pk]), follow=True)
    assert "1 of at most 1 hunts" in page.text
    answer = client_of_owner.post(f"/api/hunts/{hunt.pk}/restore")
    assert (answer.status_code, answer.json()["limit"]) == (409, "hunts")
    at_most(hunts=2)
    assert deleting.restore_hunt(hunt) and not deleting.restore_hunt(hunt)


def test_a_preset_that_comes_back_needs_a_place_again_and_its_schedule_another(
    workspace, owner, client_of_owner, at_most
):
    gears = presets.save(HuntFactory(workspace=workspace), "Gears", by=owner)
    schedules.put(gears, DAILY, by=owner, seen=0)
    presets.delete(gears)
    cogs = presets.save(HuntFactory(workspace=workspace), "Cogs", by=owner)
    schedules.put(cogs, DAILY, by=owner, seen=0)
    at_most(presets=1)
    page = client_of_owner.post(reverse("hunts:restore-preset", args=[gears.pk]), follow=True)
    assert "1 of at most 1 presets" in page.text
    at_most(presets=2, schedules=1)
    with pytest.raises(QuotaReached, match="1 of at most 1 schedules"):
        presets.restore(gears)
    at_most(presets=2, schedules=2)
    assert presets.restore(gears) and not presets.restore(gears)


def test_a_schedule_that_comes_back_needs_a_place_again(workspace, owner, at_most):
    first, second = (
        schedules.put(presets.save(HuntFactory(workspace=workspace), name, by=owner), DAILY, by=owner, seen=0)
        for name in ("Gears", "Cogs")
    )
    schedules.remove(first)
    at_most(schedules=1)
    with pytest.raises(QuotaReached, match="1 of at most 1 schedules"):
        schedules.restore(first)
    schedules.remove(second)
    assert schedules.restore(first)


def test_tokens_that_open_no_door_take_no_place(workspace, owner, client_of_owner, at_most):
    at_most(tokens=1)
    left = UserFactory()
    for user, expires_at in ((left, None), (owner, timezone.now() - timedelta(days=1))):
        ApiToken.objects.create(workspace=workspace, user=user, digest=f"{user.pk}", expires_at=expires_at)
    assert places.used(workspace)["tokens"] == quotas.number_of(quotas.tokens_of(workspace.pk)) == 0
    form = {"name": "CI", "scopes": ["read"], "expires": "90"}
    assert [client_of_owner.post(reverse("tokens:create"), form).status_code for _ in range(2)] == [200, 422]
    assert places.used(workspace)["tokens"] == 1


def test_what_an_operator_changes_of_a_limit_is_its_number_alone(workspace):
    row = WorkspaceQuota.objects.create(workspace=workspace, name="people", allowed=3)
    operator = signed_in(UserFactory(is_staff=True, is_superuser=True))
    page = reverse("admin:accounts_workspacequota_change", args=[row.pk])
    assert 'name="name"' not in operator.get(page).text
    assert operator.post(page, {"name": "tokens", "allowed": 9}).status_code == 302
    assert list(WorkspaceQuota.objects.values_list("name", "allowed")) == [("people", 9)]
