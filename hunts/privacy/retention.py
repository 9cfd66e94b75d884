"""How long what was collected about people is kept: as long as its workspace says, from the day it was collected.

Being seen again makes nothing younger (`leads.collecting`). With a contact goes what the lead's other words say of them
(`hunts.privacy.naming`). Logs of runs and chats are kept for the same time; what
services and language models answered goes after TRACE_KEEP_DAYS, and public pages that nobody's proof needs go after
PAGE_KEEP_DAYS (`enrichment.retention`).
"""

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Subquery
from django.utils import timezone

from accounts import audit
from accounts.audit_models import Verb
from accounts.failpoints import failpoint
from accounts.models import User, Workspace
from hunts.chat_models import Message
from hunts.models import Run, RunEvent
from hunts.privacy import looking, naming, rows
from hunts.research_models import Statement
from integrations.models import ProviderCall
from leads import collecting
from leads.merge_models import Merge
from leads.models import Contact, Fact, Lead
from leads.person_models import Collection

BATCH = 200
MOST_COUNTED = 1_000  # of a kind: a page that only says what is coming need not know to the last one
CREATORS = [platform for platform in Lead.Platform if platform != Lead.Platform.WEB]
ABOUT_PEOPLE = "people"  # the question of a research (`hunts.questions`) that is answered by who works there


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is erased when: rows by kind that are due at `at`, and `at` itself; None where there is nothing.

    `most` is up to how many of a kind were counted; None where it is all of them.
    """

    contacts: int
    facts: int
    creators: int
    answers: int
    at: datetime | None
    most: int | None = None

    @property
    def total(self) -> int:
        return self.contacts + self.facts + self.creators + self.answers

    @property
    def is_cut(self) -> bool:
        """True where there may be more of some kind than was counted."""
        return self.most in (self.contacts, self.facts, self.creators, self.answers)


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────


def months_before(now: datetime, months: int) -> datetime:
    """Return the same moment so many months earlier; the last day of a month that has no such day."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def months_after(then: datetime, months: int) -> datetime:
    return months_before(then, -months)


def due(workspace: Workspace, *, months: int | None = None, now: datetime | None = None) -> Outlook:
    """Return what would be erased now; with `months`, if people were kept for so long."""
    now = now or timezone.now()
    before = months_before(now, months or workspace.retention_months)
    return _outlook(workspace, before, now)


def next_due(workspace: Workspace) -> Outlook:
    """Return how much goes on the day on which something goes next, counted up to MOST_COUNTED of a kind."""
    oldest = _oldest_of_each(workspace)
    if not oldest:
        return Outlook(0, 0, 0, 0, None)
    first = min(oldest)
    at = max(months_after(first, workspace.retention_months), timezone.now()) + timedelta(days=1)
    return _outlook(workspace, months_before(at, workspace.retention_months), at, most=MOST_COUNTED)


def _oldest_of_each(workspace: Workspace) -> list[datetime]:
    """Return since when the oldest row of each kind is there, for the kinds that have any: one query."""
    each = [Subquery(kind.all(workspace.pk).order_by(kind.since).values(kind.since)[:1]) for kind in KINDS]
    found = Workspace.objects.filter(pk=workspace.pk).values_list(*each).first() or ()
    return [at for at in found if at is not None]


def _outlook(workspace: Workspace, before: datetime, at: datetime, *, most: int | None = None) -> Outlook:
    contacts, facts, creators, answers = (kind.older(workspace.pk, before)[:most].count() for kind in KINDS)
    outlook = Outlook(contacts, facts, creators, answers, at, most)
    return outlook if outlook.total else replace(outlook, at=None)


# ── what ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows about people that grow too old: which they are, since when, and what is done with some of them."""

    all: Callable[[int], QuerySet[Any]]
    since: str
    erase: Callable[[int, list[Any], datetime], None]

    def older(self, workspace_id: int, before: datetime) -> QuerySet[Any]:
        return self.all(workspace_id).filter(**{f"{self.since}__lt": before})


def _erase_contacts(workspace_id: int, found: list[Contact], now: datetime) -> None:
    keys = [key for row in found for key in _keys_of_contact(row)]
    collecting.time_is_up(workspace_id, keys, now=now)
    Contact.objects.filter(pk__in=[row.pk for row in found]).delete()
    for row in found:
        for lead in Lead.objects.family_of(_up_to_root(row.lead_id)[-1]):
            naming.take_out(row, lead.pk)
    for lead_id in {row.lead_id for row in found}:
        rows.write_to_another(lead_id)
        for one in _up_to_root(lead_id):
            rows.take_contact_from_merges(one)


def _up_to_root(lead_id: int) -> list[int]:
    """Return a lead and those that it went into, one after the other: each took over what the one before had."""
    chain = [lead_id]
    while into := Merge.objects.filter(merged=chain[-1], undone_at__isnull=True).exclude(kept__in=chain).first():
        chain.append(into.kept_id)
    return chain


def _keys_of_contact(row: Contact) -> list[str]:
    known = {"email": row.email, "name": row.name, "phone": row.phone, "profile": row.linkedin_url}
    return collecting.contact_keys(row.lead.handle, **known)


def _erase_facts(workspace_id: int, found: list[Fact], now: datetime) -> None:
    keys = [key for row in found for key in collecting.contact_keys("", profile=row.value)]
    collecting.time_is_up(workspace_id, keys, now=now)
    Fact.objects.filter(pk__in=[row.pk for row in found]).delete()


def _erase_creators(_workspace_id: int, found: list[Lead], _now: datetime) -> None:
    for lead in found:
        rows.empty_creator(lead)


def _erase_answers(_workspace_id: int, found: list[Statement], _now: datetime) -> None:
    for statement in found:
        rows.delete(statement)


KINDS = (
    Kind(
        lambda workspace_id: Contact.objects.filter(lead__workspace=workspace_id).select_related("lead"),
        "first_collected_at",
        _erase_contacts,
    ),
    Kind(
        lambda workspace_id: Fact.objects.filter(lead__workspace=workspace_id, kind=Fact.Kind.PROFILE),
        "first_collected_at",
        _erase_facts,
    ),
    Kind(
        lambda workspace_id: (
            Lead.objects.filter(workspace=workspace_id)
            .filter(platform__in=CREATORS)
            .exclude(handle__startswith="erased-")
        ),
        "created_at",
        _erase_creators,
    ),
    Kind(
        lambda workspace_id: Statement.objects.filter(
            question__research__workspace=workspace_id, question__key=ABOUT_PEOPLE
        ),
        "fetched_at",
        _erase_answers,
    ),
)


# ── doing it ─────────────────────────────────────────────────────────────────────────────────────────────


def run(*, now: datetime | None = None) -> int:
    """Erase whatever is too old, of all workspaces; return how many rows. Done again, it erases nothing more."""
    now = now or timezone.now()
    erased = sum(erase_old(workspace, now=now) for workspace in Workspace.objects.all())
    erased += looking.forget_old(now)
    return erased + _drop_traces(now - timedelta(days=settings.TRACE_KEEP_DAYS))


def erase_old(workspace: Workspace, *, now: datetime | None = None) -> int:
    """Erase what one workspace has kept for long enough; return how many rows."""
    now = now or timezone.now()
    before = months_before(now, workspace.retention_months)
    erased = sum(_erase(kind, workspace.pk, before, now) for kind in KINDS)
    erased += _drop_words(workspace, before)
    _forget_names_of_none(workspace.pk, before)
    Collection.objects.filter(workspace=workspace, erased_at__lt=before).delete()
    if erased:
        audit.record(Verb.RETENTION_ENDED, workspace, workspace_id=workspace.pk, words=f"{erased} rows")
    return erased


def _erase(kind: Kind, workspace_id: int, before: datetime, now: datetime) -> int:
    erased = 0
    while some := _erase_some(kind, workspace_id, before, now):
        erased += some
    return erased


@transaction.atomic
def _erase_some(kind: Kind, workspace_id: int, before: datetime, now: datetime) -> int:
    """Erase up to BATCH rows; of two workers at once, the second waits and finds what the first one left."""
    older = kind.older(workspace_id, before).select_for_update(of=("self",))
    found = list(older.order_by("pk")[:BATCH])
    if found:
        kind.erase(workspace_id, found, now)
        failpoint("retention.erased")
    return len(found)


def _forget_names_of_none(workspace_id: int, before: datetime) -> None:
    """Clear whom to write to where no contact stands behind it any more."""
    shown = Lead.objects.filter(workspace=workspace_id, contacts__isnull=True, judged_at__lt=before)
    shown.exclude(contact_email="", contact_name="").filter(merged_leads__isnull=True).update(
        contact_email="", contact_name=""
    )


def _drop_words(workspace: Workspace, before: datetime) -> int:
    """Delete old lines of logs and of chats; return how many."""
    logs = RunEvent.objects.filter(run__workspace=workspace, run__status__in=Run.OVER, created_at__lt=before)
    chats = Message.objects.filter(conversation__workspace=workspace, created_at__lt=before)
    dropped = 0
    for old in (logs, chats):
        for ids in _batches(old):
            old.model._base_manager.filter(pk__in=ids).delete()
            dropped += len(ids)
    return dropped


def _drop_traces(before: datetime) -> int:
    """Empty old answers of services; what they cost stays. Those of runs that may still ask for them are kept."""
    answered = ProviderCall.objects.filter(created_at__lt=before, answer__isnull=False)
    dropped = 0
    for ids in _batches(answered.exclude(run_ref__in=_live_runs())):
        with transaction.atomic():
            for pk in ids:
                ProviderCall.objects.filter(pk=pk).update(answer=None, key=f"dropped-{pk}")
        dropped += len(ids)
    return dropped


def _live_runs() -> list[str]:
    return [str(pk) for pk in Run.objects.exclude(status__in=Run.OVER).values_list("pk", flat=True)]


def _batches(found: QuerySet[Any]) -> Iterator[list[Any]]:
    while ids := list(found.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield ids


def change(workspace: Workspace, months: int, *, by: User | None) -> None:
    """Keep people for so many months from now on; what is older than that goes with the next daily round.

    Raises ValueError where that is no such number: people are not kept for ever.
    """
    if not 1 <= months <= Workspace.LONGEST_RETENTION:
        raise ValueError(months)
    before = workspace.retention_months
    with transaction.atomic():
        Workspace.objects.filter(pk=workspace.pk).update(retention_months=months)
        words = f"{before} → {months} months"
        audit.record(Verb.RETENTION_CHANGED, workspace, workspace_id=workspace.pk, words=words, by=by)
    workspace.retention_months = months
