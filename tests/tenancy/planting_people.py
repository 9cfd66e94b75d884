"""Fills one workspace with what is known of people in it: who is not kept, who was erased, and who looked."""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.utils import timezone

from accounts.quota_models import WorkspaceQuota
from accounts.support_models import SupportOpening, SupportVisit
from billing.refund_models import RefundRequest
from hunts.privacy.finding import Item
from hunts.privacy.lookup_models import FoundPlace, Lookup
from hunts.privacy.models import Erasure
from hunts.privacy.request_models import SharedRequest
from leads.person_models import Collection, Suppression
from tests.factories import UserFactory
from tests.tenancy.planting import Tenant


def plant_rights(tenant: Tenant) -> None:
    """Somebody who is not kept, somebody who is being erased or was looked for, and since when an address is known."""
    workspace, owner = tenant.workspace, tenant.people["owner"]
    digest = tenant.word.ljust(64, "d")
    tenant.keep(
        suppression=Suppression.objects.create(workspace=workspace, kind="email", digest=digest, added_by=owner),
        collection=Collection.objects.create(workspace=workspace, digest=digest),
        erasure=Erasure.objects.create(
            workspace=workspace,
            wanted={"email": f"erased@{tenant.word}.example"},
            problem=tenant.says("waits for"),
            not_before=timezone.now() + timedelta(hours=1),
            asked_by=owner,
        ),
    )
    tenant.keep(
        shared_request=SharedRequest.objects.create(
            workspace=workspace, erasure=tenant["erasure"], wanted={"emails": [f"asked@{tenant.word}.example"]}
        )
    )
    wanted = {"names": [f"{tenant.word} Somebody"]}
    done = Lookup.objects.create(
        workspace=workspace,
        wanted=wanted,
        status=Lookup.Status.DONE,
        count=1,
        asked_by=owner,
        finished_at=timezone.now(),
    )
    item = Item("leads.Contact", 1, workspace.pk, "people", True, {"name": [tenant.says("is")]}, "", None, None)
    tenant.keep(
        lookup=done,
        found_place=FoundPlace.objects.create(lookup=done, told=item.to_json()),
        failed_lookup=Lookup.objects.create(
            workspace=workspace,
            wanted=wanted,
            status=Lookup.Status.FAILED,
            problem=tenant.says("has no"),
        ),
    )


def plant_operations(tenant: Tenant) -> None:
    """What operators did for the workspace: a look at it, a limit of its own, a refund that waits for a second one."""
    workspace, owner, now = tenant.workspace, tenant.people["owner"], timezone.now()
    operator = UserFactory(is_staff=True)
    visit = SupportVisit.objects.create(operator=operator, person=owner, reason="a ticket", ends_at=now, ended_at=now)
    tenant.keep(
        opening=SupportOpening.objects.create(visit=visit, workspace=workspace),
        quota=WorkspaceQuota.objects.create(workspace=workspace, name=f"of {tenant.word}", allowed=7),
        refund=RefundRequest.objects.create(
            hold=tenant["hold"],
            workspace=workspace,
            kind=RefundRequest.Kind.REFUND,
            amount_microusd=1_000,
            reason=tenant.says("they asked"),
            key=tenant.word,
            asked_by=operator,
            expires_at=now + timedelta(days=1),
        ),
        session=UserSession.objects.create(
            user=owner, ip="203.0.113.7", session_key=tenant.word, user_agent=tenant.says("Browser")
        ),
    )
