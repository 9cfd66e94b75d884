"""More of everything that pages list: for tests of what does not grow with it."""

from datetime import time, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.utils import timezone

from accounts import audit
from accounts.audit_models import Verb
from accounts.models import Membership, User, Workspace
from accounts.notification_models import Kind, Notification
from accounts.token_models import ApiToken
from billing.models import Budget, Hold
from hunts import figures, presets, schedules
from hunts.models import Candidate, Conversation, Message, Run, RunEvent, SavedIcp, Source
from hunts.preset_models import Known
from hunts.privacy import looking
from hunts.recurrence import Recurrence
from integrations.models import ProviderCall
from leads.models import Contact, ContactForm, Evidence, Fact, Lead, LeadAlias
from leads.wanted import Wanted
from tests.factories import (
    ICP,
    CandidateFactory,
    CompanyFactory,
    CompanyListFactory,
    HuntFactory,
    InvitationFactory,
    JudgedLeadFactory,
    MembershipFactory,
    RunFactory,
)

DAILY = schedules.Plan(Recurrence("daily", time(9), "UTC"), Known.LEAVE_OUT, 2_000_000)


def more(workspace: Workspace, owner: User, rows: dict[str, Any], count: int) -> None:
    """Add `count` of each: to the workspace, to its person, and to the rows that `rows` names as `world` does."""
    run, lead = Run.objects.get(pk=rows["run"]), Lead.objects.get(pk=rows["lead"])
    conversation = Conversation.objects.get(pk=rows["conversation"])
    for _number in range(count):
        number = Lead.objects.count()  # another one each time, over several calls
        _run(workspace, owner, number)
        _found(run, JudgedLeadFactory(workspace=workspace), number)
        _known(lead, number)
        _said(workspace, owner, conversation, number)
        _people(workspace, owner, number)


def _run(workspace: Workspace, owner: User, number: int) -> None:
    """Another hunt, kept as a preset with a schedule, and its run, which is over."""
    run = RunFactory(hunt=HuntFactory(workspace=workspace, name=f"Hunt {number}"))
    _found(run, JudgedLeadFactory(workspace=workspace), 0)
    Run.objects.filter(pk=run.pk).update(status=Run.Status.SUCCEEDED, finished_at=timezone.now())
    run.refresh_from_db()
    figures.keep(run)
    schedules.put(presets.save(run.hunt, f"Preset {number}", by=owner), DAILY, by=owner, seen=0)
    gone = HuntFactory(workspace=workspace, deleted_at=timezone.now())
    RunFactory(hunt=gone)
    companies = CompanyFactory(list=CompanyListFactory(workspace=workspace, uploaded_by=owner)).list
    HuntFactory(workspace=workspace, source=Source.FILE, company_list=companies)
    CompanyListFactory(workspace=workspace, deleted_at=timezone.now())


def _found(run: Run, lead: Lead, number: int) -> None:
    """Another company in a run, with a line in its log and a call that was paid for."""
    status, stage = (("qualified", "deliver"), ("rejected", "prescreen"), ("failed", "qualify"))[number % 3]
    one = CandidateFactory(
        run=run, lead=lead, status=status, stage=stage, tier="A", score=50, assessment=lead.assessment
    )
    RunEvent.objects.create(run=run, candidate=one, message=f"Looked at {number}.", level="info")
    period = timezone.localdate().replace(day=1)
    hold = Hold.objects.create(
        budget=run.budget, workspace=run.workspace, period=period, lead_ref=lead.pk, status="settled",
        provider="kimi", operation="complete", amount_microusd=10, settled_microusd=7,
    )  # fmt: skip
    ProviderCall.objects.create(
        workspace=run.workspace, run_ref=str(run.pk), key=f"{run.pk}-{one.pk}", provider="kimi", operation="complete",
        model="k2", status="answered", hold_id=hold.pk,
    )  # fmt: skip


def _known(lead: Lead, number: int) -> None:
    """More of what a lead can have, and another run that came upon it."""
    now = timezone.now()
    Contact.objects.create(lead=lead, email=f"{number}@acme.example", phone=f"+49 30 {number}", found_by="site")
    Fact.objects.create(lead=lead, kind="address", value=f"Street {number}", quote="S", found_at=now)
    ContactForm.objects.create(lead=lead, url=f"https://{number}.example/", found_at=now)
    LeadAlias.objects.create(
        workspace_id=lead.workspace_id, lead=lead, platform="web", handle=f"a{number}.example", kind="redirect"
    )
    merged = JudgedLeadFactory(workspace=lead.workspace)
    Lead.objects.filter(pk=merged.pk).update(merged_into=lead)
    CandidateFactory(run=RunFactory(hunt__workspace=lead.workspace), lead=lead, status=Candidate.Status.QUALIFIED)
    assert lead.assessment is not None
    proof = lead.assessment.evidence.order_by("pk")[0]
    proof.pk, proof.criterion, proof.position = None, f"more-{number}", number % 30_000 + 1
    Evidence.objects.bulk_create([proof])


def _said(workspace: Workspace, owner: User, conversation: Conversation, number: int) -> None:
    """Another conversation, another message in one, another saved profile and another piece of news."""
    budget = Budget.objects.create(workspace=workspace, cap_microusd=1)
    Conversation.objects.create(workspace=workspace, title=f"Chat {number}", icp_json=ICP.to_json(), budget=budget)
    Message.objects.create(conversation=conversation, role=Message.Role.USER, text="Makers of gears")
    Message.objects.create(conversation=conversation, role=Message.Role.ASSISTANT, text="In which country?")
    SavedIcp.objects.create(workspace=workspace, name=f"Profile {number}", icp_json=ICP.to_json())
    about = {"workspace": workspace, "user": owner, "kind": Kind.RUN_FAILED, "url": "/hunts/", "label": "Gears"}
    Notification.objects.create(key=f"more:{number}", **about)


def _people(workspace: Workspace, owner: User, number: int) -> None:
    """Another member, invitation, token, session and workspace of the person's, and another line of the log."""
    member = MembershipFactory(workspace=workspace, role=Membership.Role.MEMBER).user
    InvitationFactory(workspace=workspace, invited_by=owner)
    ApiToken.objects.create(
        workspace=workspace, user=member, name=f"Token {number}", shown="mh_x", digest=f"{number:064x}",
        scopes=["read"], created_at=timezone.now() + timedelta(seconds=1),
    )  # fmt: skip
    MembershipFactory(user=owner, role=Membership.Role.VIEWER)
    UserSession.objects.create(user=owner, session_key=f"more{number}", ip="127.0.0.1", user_agent="x")
    audit.record(Verb.MEMBER_CHANGED, member, workspace_id=workspace.pk, by=owner)
    looking.begin(Wanted.of(email=member.email), workspace, by=owner)
