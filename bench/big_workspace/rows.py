"""The rows of a big workspace, written in bulk: leads with their proof, runs with their candidates, news and books."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db import connection, models
from django.utils import timezone

from accounts.audit_models import AuditEntry, Verb
from accounts.models import Membership, User, Workspace
from accounts.notification_models import Kind, Notification
from billing.models import Budget, Hold
from enrichment.models import Snapshot
from hunts import figures, presets
from hunts.models import Candidate, Conversation, Hunt, Message, Run, RunEvent
from integrations.models import ProviderCall
from leads.models import Assessment, Contact, Evidence, Fact, Lead, LeadAlias, ScoringConfig
from tests.factories import ICP

LEADS, BIG_RUN, HUNTS, RUNS, CHATS = 100_000, 10_000, 50, 200, 60
MEMBERS, NEWS, ENTRIES, PRESETS = 20, 5_000, 20_000, 20
CANDIDATES, LINES = 200, 5  # of every other run, and lines of the log for a candidate that has any
MERGED, NEW = 40, 10  # one in so many is merged into the one before it; one in so many is not judged yet
WORDS = (
    "precision", "gear", "turning", "milling", "casting", "forging", "laser", "optics", "valve", "pump", "sensor",
    "robot", "bakery", "coffee", "tea", "textile", "paper", "glass", "timber", "solar", "battery", "cable",
    "plastics", "rubber", "medical", "dental", "pharma", "brewing", "cheese", "sausage", "marine", "aero",
)  # fmt: skip
COUNTRIES = ("DE", "AT", "CH", "FR", "IT", "CN", "RS", "US", "GB", "PL", "CZ", "")
CITIES = ("Graz", "Bern", "Lyon", "Turin", "Novi Sad", "Shenzhen", "Leeds", "Kraków", "Brno", "Austin")
RARE = "quokkaworks"  # in the name of one lead
QUOTE = "We mill and turn precision parts."
SNAPSHOT = f"Acme\n{QUOTE}\nWe have 120 employees."


def fill(name: str, *, leads: int = LEADS) -> tuple[Workspace, User]:
    """Make a workspace with so many leads and everything else; return it with its owner."""
    chance = Random(name)
    owner = User.objects.create_user(f"owner@{name.lower()}.example")
    workspace = Workspace.start(name, owner=owner)
    people = _people(workspace, name)
    Snapshot.keep([SNAPSHOT])
    known = _leads(workspace, chance, leads)
    hunts = _hunts(workspace, owner)
    for number in range(PRESETS):
        presets.save(hunts[number], f"Preset {number}", by=owner, is_shared=number % 2 == 0)
    _runs(workspace, hunts, known, chance)
    _chats(workspace, owner)
    _news(workspace, [owner, *people], hunts)
    return workspace, owner


def settle() -> None:
    """Let the database look at what was written, as it does by itself after a while; outside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


def _stored(model: type[models.Model], rows: Iterable[Any]) -> list[Any]:
    return model._default_manager.bulk_create(rows, batch_size=2_000)


def _people(workspace: Workspace, name: str) -> list[User]:
    people = _stored(User, (User(email=f"person{n}@{name.lower()}.example") for n in range(MEMBERS - 1)))
    roles = (Membership.Role.ADMIN, Membership.Role.MEMBER, Membership.Role.VIEWER)
    _stored(
        Membership,
        (Membership(workspace=workspace, user=user, role=roles[n % 3]) for n, user in enumerate(people)),
    )
    return people


def _leads(workspace: Workspace, chance: Random, count: int) -> list[Lead]:
    """Return the leads that stand for themselves, with their assessments, proof, contacts, facts and other names."""
    now = timezone.now()
    rows: list[Lead] = _stored(Lead, (_lead(workspace, n, chance, now) for n in range(count)))
    judged = [lead for lead in rows if lead.status != Lead.Status.NEW]
    config = ScoringConfig.current()
    assessments = _stored(
        Assessment,
        (
            Assessment(lead=lead, criteria_hash=ICP.criteria_hash(), judged_by="kimi/k2", scoring_config=config,
                       score=lead.score, tier=lead.tier)
            for lead in judged
        ),
    )  # fmt: skip
    for lead, assessment in zip(judged, assessments, strict=True):
        lead.assessment = assessment
    mine = Lead.objects.of_workspace(workspace)
    mine.judged().update(created_at=models.F("judged_at"))  # over two months, as they were found
    mine.update(assessment=models.Subquery(Assessment.objects.filter(lead=models.OuterRef("pk")).values("pk")[:1]))
    merged = rows[MERGED - 1 :: MERGED]
    mine.filter(pk__in=[lead.pk for lead in merged]).update(merged_into=models.F("pk") - 1)
    for lead in merged:
        lead.merged_into_id = lead.pk - 1
    _stored(Evidence, _proof(assessments))
    _stored(Contact, (_contact(lead) for lead in judged if lead.contact_email))
    _stored(Fact, (_fact(lead, now) for lead in judged[::2]))
    _stored(LeadAlias, (_alias(lead) for lead in rows[:: MERGED // 2]))
    return [lead for lead in rows if lead.merged_into_id is None]


def _lead(workspace: Workspace, number: int, chance: Random, now: datetime) -> Lead:
    words = chance.sample(WORDS, 4)
    is_new = number % NEW == 0
    status = Lead.Status.NEW if is_new else chance.choice((Lead.Status.QUALIFIED, Lead.Status.REJECTED))
    score = Decimal(0) if is_new else Decimal(chance.randrange(100_000)) / 1_000
    name = f"{words[0].title()} {words[1].title()} {number}"
    handle = f"{words[0]}-{words[1]}-{number}.example"
    return Lead(
        workspace=workspace,
        handle=handle,
        name=f"{name} {RARE}" if number == 4_711 else name,
        website=f"https://{handle}",
        description=f"A maker of {words[2]} and {words[3]} parts. " * 4,
        location=f"{chance.choice(CITIES)}, {number % 90 + 10} Main Street",
        country=chance.choice(COUNTRIES),
        employees_min=chance.randrange(1, 500),
        status=status,
        tier="" if is_new else "ABCD"[min(int((100 - score) / 25), 3)],
        score=score,
        best_quote="" if is_new else QUOTE,
        best_quote_url=f"https://{handle}/about",
        contact_name=f"Ada {words[0].title()}",
        contact_email=f"ada@{handle}" if number % 3 else "",
        cost_microusd=chance.randrange(20_000),
        judged_at=None if is_new else now - timedelta(minutes=number),
    )


def _proof(assessments: Sequence[Assessment]) -> Iterator[Evidence]:
    criterion = ICP.criteria[0]
    for number, one in enumerate(assessments):
        for place in range(3):
            answer = ("yes", "no", "unclear")[(number + place) % 3]
            yield Evidence(
                assessment=one, position=place, criterion=f"criterion{place}", text=criterion.text,
                kind=criterion.kind, weight=5, verdict=answer, claimed=answer, confidence=0.8,
                reason="It says so.", quote=QUOTE if answer == "yes" else "", url=one.lead.website,
                snapshot_sha256=Snapshot.of(SNAPSHOT).sha256 if place == 0 else "",
                start=5, end=5 + len(QUOTE), fetched_at=timezone.now(),
            )  # fmt: skip


def _contact(lead: Lead) -> Contact:
    return Contact(
        lead=lead, name=lead.contact_name, email=lead.contact_email, is_person=True, found_by="site",
        first_collected_at=lead.judged_at or lead.created_at,
    )  # fmt: skip


def _fact(lead: Lead, now: datetime) -> Fact:
    at = lead.judged_at or lead.created_at
    return Fact(
        lead=lead, kind="address", value=lead.location, quote=lead.location, found_at=now, first_collected_at=at
    )


def _alias(lead: Lead) -> LeadAlias:
    handle = f"other-{lead.handle}"
    return LeadAlias(workspace_id=lead.workspace_id, lead=lead, platform="web", handle=handle, kind="redirect")


def _hunts(workspace: Workspace, owner: User) -> list[Hunt]:
    return _stored(
        Hunt,
        (
            Hunt(workspace=workspace, name=f"Makers of {WORDS[n % len(WORDS)]} parts {n}", icp_json=ICP.to_json(),
                 source="sandbox", limit=500, max_spend_microusd=5_000_000, created_by=owner)
            for n in range(HUNTS)
        ),
    )  # fmt: skip


def _runs(workspace: Workspace, hunts: Sequence[Hunt], known: Sequence[Lead], chance: Random) -> None:
    """Run the hunts again and again: the last run is at work on many companies, the others are over."""
    now, config = timezone.now(), ScoringConfig.current()
    for number in range(RUNS):
        is_last = number == RUNS - 1
        hunt, at = hunts[number % HUNTS], now - timedelta(hours=3 * (RUNS - number))
        budget = Budget.objects.create(workspace=workspace, cap_microusd=5_000_000)
        run = Run.objects.create(
            hunt=hunt, workspace=workspace, budget=budget, scoring_config=config, icp_json=hunt.icp_json,
            source=hunt.source, limit=BIG_RUN if is_last else CANDIDATES, discovered_at=at, started_at=at,
            resumed_at=at, status="running" if is_last else "succeeded",
            finished_at=None if is_last else at + timedelta(minutes=20),
        )  # fmt: skip
        some = known[:BIG_RUN] if is_last else chance.sample(known, min(CANDIDATES, len(known)))
        rows = _stored(Candidate, (_candidate(run, lead, n) for n, lead in enumerate(some)))
        told = rows if is_last else rows[::10]
        _stored(RunEvent, (_line(run, row, n) for row in told for n in range(LINES)))
        holds = _stored(Hold, (_hold(run, row) for row in told))
        _stored(ProviderCall, (_call(run, hold, n) for n, hold in enumerate(holds)))
        if not is_last:
            figures.keep(run)
    Run.objects.filter(workspace=workspace).update(created_at=models.F("started_at"))


def _candidate(run: Run, lead: Lead, number: int) -> Candidate:
    judged = ("ynu", "nuy", "uyn")[lead.pk % 3] if lead.assessment else ""
    over = {"qualified": "deliver", "rejected": "prescreen", "new": "crawl"}[lead.status]
    return Candidate(
        run=run, lead=lead, position=number, stage=over, status="queued" if lead.status == "new" else lead.status,
        assessment=lead.assessment, answers=judged, score=lead.score if lead.assessment else None, tier=lead.tier,
        reason="Read five pages.", finished_at=run.started_at, cost_microusd=700, is_known=number % 2 == 0,
    )  # fmt: skip


def _line(run: Run, row: Candidate, number: int) -> RunEvent:
    """Return a line about a company; one in five hundred is an error, as many are warnings."""
    level = {0: "error", 250: "warning"}.get((row.position * LINES + number) % 500, "info")
    told = f"{row.lead.name}: looked at company {row.position}."
    return RunEvent(run=run, candidate=row, level=level, stage=row.stage, message=told)


def _hold(run: Run, row: Candidate) -> Hold:
    return Hold(
        budget_id=run.budget_id, workspace_id=run.workspace_id, period=timezone.localdate().replace(day=1),
        lead_ref=row.lead_id, status="settled", provider="kimi", operation="complete",
        amount_microusd=900, settled_microusd=700,
    )  # fmt: skip


def _call(run: Run, hold: Hold, number: int) -> ProviderCall:
    return ProviderCall(
        workspace_id=run.workspace_id, run_ref=str(run.pk), key=f"{run.pk}:{number}", provider=hold.provider,
        operation=hold.operation, model="kimi-k2", status="answered", hold_id=hold.pk, cost_microusd=700,
        input_tokens=2_000, output_tokens=300, answer={"verdicts": [{"reason": "It says so.", "quote": QUOTE}] * 5},
    )  # fmt: skip


def _chats(workspace: Workspace, owner: User) -> None:
    for number in range(CHATS):
        chat = Conversation.objects.create(
            workspace=workspace, title=f"Chat {number}", icp_json=ICP.to_json(), created_by=owner,
            budget=Budget.objects.create(workspace=workspace, cap_microusd=500_000),
        )  # fmt: skip
        roles = (Message.Role.USER, Message.Role.ASSISTANT)
        _stored(Message, (Message(conversation=chat, role=roles[n % 2], text="Makers of gears.") for n in range(40)))


def _news(workspace: Workspace, people: Sequence[User], hunts: Sequence[Hunt]) -> None:
    _stored(
        Notification,
        (
            Notification(workspace=workspace, user=people[0], key=f"news:{n}", kind=Kind.RUN_FAILED,
                         url=hunts[n % HUNTS].get_absolute_url(), label=hunts[n % HUNTS].name)
            for n in range(NEWS)
        ),
    )  # fmt: skip
    verbs = list(Verb)
    _stored(
        AuditEntry,
        (
            AuditEntry(workspace=workspace, actor=people[n % len(people)], verb=verbs[n % len(verbs)],
                       object_type="hunts.hunt", object_id=str(hunts[n % HUNTS].pk), words="as usual")
            for n in range(ENTRIES)
        ),
    )  # fmt: skip
