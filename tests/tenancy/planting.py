"""Fills one workspace: whatever a workspace can own, each text with the workspace's own word in it.

Each function adds what its name says to the rows of a tenant, under the names that the tables of doors use.
"""

import base64
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Model
from django.test import override_settings
from django.utils import timezone

from accounts import sealing, tokens
from accounts.api_models import KeptAnswer
from accounts.audit_models import AuditEntry, Verb
from accounts.models import Membership, User, Workspace
from accounts.notification_models import (
    Kind,
    Notification,
    NotificationDelivery,
    NotificationPreference,
    Reader,
    SlackNews,
)
from accounts.token_models import ApiToken, Scope
from billing.ceilings import this_month
from billing.models import Budget, Entry, Hold, SpendingLimit
from integrations.models import Connection, ProviderCall
from integrations.providers.slack import Slack
from tests.factories import InvitationFactory, MembershipFactory, UserFactory

ROLES = ("owner", "admin", "member", "viewer", "leaver")
ALL_SCOPES = tuple(Scope.values)
# The same in both workspaces: what was answered under it in one is not an answer in the other.
IDEMPOTENCY_KEY = "the-same-key-everywhere"
# What seals the keys of both workspaces, whatever the machine is set up with.
SEALING_KEY = base64.urlsafe_b64encode(b"the-key-to-all-keys-of-the-world").decode()


@dataclass
class Tenant:
    """One workspace with everything in it. `word` stands in each of its texts and nowhere else in the world.

    `rows` are by the names that doors call them by; `tokens` are API tokens, as a program shows them, by whose they are
    or what is wrong with them.
    """

    word: str
    rows: dict[str, Model] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        workspace = self.rows["workspace"]
        assert isinstance(workspace, Workspace)
        return workspace

    def __getitem__(self, name: str) -> Any:
        return self.rows[name]

    def keep(self, **rows: Model) -> None:
        self.rows.update(rows)

    def says(self, what: str) -> str:
        """Return a text that nobody else has."""
        return f"{what} {self.word}"


def plant_people(tenant: Tenant) -> None:
    """The workspace, its people, and one who was removed."""
    workspace = Workspace.objects.create(name=tenant.says("Works"), slug=f"works-{tenant.word}")
    tenant.keep(workspace=workspace)
    for role in ROLES:
        # Who has left takes their own name along; the word of the workspace stays here.
        theirs = {} if role == "leaver" else {"email": f"{role}@{tenant.word}.example", "first_name": tenant.word}
        person = tenant.people[role] = UserFactory(**theirs)
        given = Membership.Role.MEMBER if role == "leaver" else role
        tenant.keep(**{f"{role}_place": MembershipFactory(workspace=workspace, user=person, role=given)})
    owner = tenant.people["owner"]
    sent = timezone.now() - timedelta(hours=1)
    invitation = InvitationFactory(
        workspace=workspace, email=f"invited@{tenant.word}.example", invited_by=owner, sent_at=sent
    )
    invitation.token_hash = tenant.word.encode().hex().ljust(64, "0")
    invitation.problem = tenant.says("The mail server refuses")[:300]
    invitation.save()
    tenant.keep(invitation=invitation)


def plant_tokens(tenant: Tenant) -> None:
    """API tokens of each kind: good ones, one that expired, one that was revoked, and that of who was removed."""
    people, now = tenant.people, timezone.now()
    tenant.keep(
        token=_token(tenant, "full", people["owner"], ALL_SCOPES),
        reader_token=_token(tenant, "reader", people["owner"], [Scope.READ]),
        viewer_token=_token(tenant, "viewer", people["viewer"], [Scope.READ]),
        leaver_token=_token(tenant, "leaver", people["leaver"], [Scope.READ, Scope.WRITE]),
        expired_token=_token(tenant, "expired", people["owner"], ALL_SCOPES, expires_at=now - timedelta(minutes=1)),
        revoked_token=_token(tenant, "revoked", people["owner"], ALL_SCOPES, revoked_at=now),
    )
    tenant.rows.pop("leaver_place").delete()


def _token(tenant: Tenant, kind: str, user: User, scopes: Any, **more: Any) -> ApiToken:
    secret = tokens.drawn()
    tenant.tokens[kind] = secret
    return ApiToken.objects.create(
        workspace=tenant.workspace,
        user=user,
        name=tenant.says(kind),
        shown=secret[: tokens.SHOWN],
        digest=tokens.digests(secret)[0],
        scopes=[str(scope) for scope in scopes],
        **more,
    )


def plant_news(tenant: Tenant) -> None:
    """What the owner was told and how, and what could not be delivered."""
    workspace, owner = tenant.workspace, tenant.people["owner"]
    told: dict[str, Any] = {
        "kind": Kind.NEEDS_YOU,
        "label": tenant.says("Hunt"),
        "parameters": {"why": "question", "note": tenant.says("Which region?")},
        "url": "/settings/notifications",
    }
    notification = Notification.objects.create(workspace=workspace, user=owner, key=f"q:{tenant.word}", **told)
    to_slack = Notification.objects.create(workspace=workspace, key=f"s:{tenant.word}", in_app=False, **told)
    failed = {
        "status": NotificationDelivery.Status.FAILED,
        "problem": tenant.says("Nobody there"),
        "address": f"owner@{tenant.word}.example",
    }
    channels = NotificationDelivery.Channel
    tenant.keep(
        notification=notification,
        delivery=NotificationDelivery.objects.create(notification=notification, channel=channels.EMAIL, **failed),
        slack_delivery=NotificationDelivery.objects.create(notification=to_slack, channel=channels.SLACK, **failed),
        preference=NotificationPreference.objects.create(
            workspace=workspace, user=owner, kind=Kind.RUN_FAILED, in_app=True, email=False
        ),
        reader=Reader.objects.create(workspace=workspace, user=owner, wants_all=True),
        slack_news=SlackNews.objects.create(workspace=workspace, kinds=[Kind.RUN_FAILED]),
    )


@override_settings(CREDENTIALS_KEYS=[SEALING_KEY])
def plant_connections(tenant: Tenant) -> None:
    """Keys of its own, and a call that was made with one of them."""
    workspace, owner = tenant.workspace, tenant.people["owner"]
    keys = {"openai": f"sk-{tenant.word}", Slack.slug: f"https://hooks.slack.com/services/{tenant.word}"}
    for name, (slug, key) in zip(("connection", "slack"), keys.items(), strict=True):
        row = Connection(workspace=workspace, provider=slug, model=f"model-{tenant.word}")
        row.set_key(sealed=sealing.seal(key), ref=sealing.key_ref("https://models.example", key), by=owner)
        # Off, so that nobody outside is asked.
        row.problem, row.is_on = tenant.says("The key was refused by"), False
        row.save(update_fields=["problem", "is_on"])
        tenant.keep(**{name: row})
    call = ProviderCall.objects.create(
        workspace=workspace,
        run_ref=str(tenant["run"].pk),
        candidate_ref=str(tenant["candidate"].pk),
        key=tenant.word.ljust(64, "k"),
        provider="openai",
        operation="judge",
        model=f"model-{tenant.word}",
        status=ProviderCall.Status.ANSWERED,
        answer={"text": tenant.says("yes")},
        error=tenant.says("none"),
        cost_microusd=40_000,
        hold_id=tenant["hold"].pk,
    )
    tenant.keep(call=call)


def plant_money(tenant: Tenant) -> None:
    """The ceilings of this month, what one call of the run cost, and how that stands in the books."""
    workspace, owner, run = tenant.workspace, tenant.people["owner"], tenant["run"]
    spent = {"cap_microusd": 9_000_000, "spent_microusd": 40_000, "period": this_month()}
    month = Budget.objects.create(workspace=workspace, scope=Budget.Scope.WORKSPACE, **spent)
    Budget.objects.create(workspace=workspace, scope=Budget.Scope.PROVIDER, subject="openai", **spent)
    hold = Hold.objects.create(
        budget=run.budget,
        workspace=workspace,
        period=this_month(),
        lead_ref=tenant["lead"].pk,
        status=Hold.Status.SETTLED,
        provider="openai",
        operation="judge",
        amount_microusd=50_000,
        settled_microusd=40_000,
        note=tenant.says("settled"),
    )
    for debit, credit, amount in (
        ("held", "available", 50_000),
        ("cost", "held", 40_000),
        ("available", "held", 10_000),
    ):
        note = tenant.says("moved")
        entry = Entry.objects.create(
            budget=run.budget, hold=hold, debit=debit, credit=credit, amount_microusd=amount, note=note, by=owner
        )
    Budget.objects.filter(pk=run.budget_id).update(spent_microusd=40_000)
    limit = SpendingLimit.objects.create(
        workspace=workspace, scope=Budget.Scope.WORKSPACE, limit_microusd=9_000_000, set_by=owner
    )
    tenant.keep(month=month, hold=hold, entry=entry, limit=limit, budget=run.budget)


def plant_records(tenant: Tenant) -> None:
    """What was done, and an answer that is kept for a request that is sent again."""
    workspace, owner = tenant.workspace, tenant.people["owner"]
    body = f'{{"name": "{tenant.word}"}}'.encode()
    tenant.keep(
        audit=AuditEntry.objects.create(
            workspace=workspace,
            actor=owner,
            verb=Verb.RUN_STARTED,
            object_type="hunts.run",
            object_id=str(tenant["run"].pk),
            words=tenant.says("started"),
            ip="203.0.113.0/24",
            request_id=tenant.word,
        ),
        kept_answer=KeptAnswer.objects.create(
            workspace=workspace,
            holder=f"person:{owner.pk}",
            operation="create_hunt",
            key=IDEMPOTENCY_KEY,
            fingerprint=tenant.word.ljust(64, "f"),
            status=201,
            headers={"Content-Type": "application/json"},
            body=body,
            expires_at=timezone.now() + timedelta(hours=1),
        ),
    )
