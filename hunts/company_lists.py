"""Company lists that a workspace uploaded: renamed, deleted, brought back and purged, and what looks through one.

A list that is deleted is searched no more, neither by hunts that look through it alone nor by those that search the
whole directory. What its companies became in runs of the past stays: candidates, leads and their proof.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit_models import Verb
from accounts.models import User, Workspace
from accounts.wall import as_system
from hunts import places
from hunts.keeping import purged_before
from hunts.models import Hunt, Run, Source
from hunts.preset_models import Preset
from integrations.lexicon.text import visible
from leads.company_models import CompanyListQuerySet
from leads.models import Company, CompanyList

LONGEST_NAME = 200
NAMED = 10  # hunts and presets that are named before a list is deleted; the rest is counted
PURGED_AT_ONCE = 1_000


class NotPossible(ValueError):
    """Nothing was changed; the message tells a person why, and what to do."""


@dataclass(frozen=True, slots=True)
class Uses:
    """What looks through a list. Of hunts and presets the latest are named; presets only those that one may see.

    `hidden` are private presets of others, `schedules` those that are not paused, `waiting` runs that were started and
    have not searched yet.
    """

    hunts: Sequence[Hunt]
    hunt_count: int
    presets: Sequence[Preset]
    preset_count: int
    hidden: int
    schedules: int
    waiting: int

    @property
    def unnamed_hunts(self) -> int:
        return self.hunt_count - len(self.hunts)

    @property
    def unnamed_presets(self) -> int:
        return self.preset_count - self.hidden - len(self.presets)


def uses_of(companies: CompanyList, user: User) -> Uses:
    """Return what looks through a list of a workspace, as `user` may see it."""
    assert companies.workspace is not None
    hunts = Hunt.objects.visible_to(companies.workspace).filter(source=Source.FILE, company_list=companies)
    presets = Preset.objects.kept().filter(hunt__in=hunts)
    seen = Preset.objects.visible_to(companies.workspace, user).filter(hunt__in=hunts)
    is_running = Q(schedule__deleted_at__isnull=True, schedule__paused_at__isnull=True)
    counted = presets.aggregate(presets=Count("pk"), schedules=Count("schedule", filter=is_running))
    waiting = Run.objects.kept().filter(source=Source.FILE, company_list=companies, discovered_at__isnull=True)
    return Uses(
        hunts=list(hunts.order_by("-pk")[:NAMED]),
        hunt_count=hunts.count(),
        presets=list(seen.select_related("hunt").order_by("-pk")[:NAMED]),
        preset_count=counted["presets"],
        hidden=counted["presets"] - seen.count(),
        schedules=counted["schedules"],
        waiting=waiting.exclude(status__in=Run.OVER).count(),
    )


@as_system()  # numbers alone: counted row by row behind the wall, a big list takes ten times as long
def sizes(lists: Iterable[CompanyList]) -> dict[int, int]:
    """Return how many companies are on each of these lists, by their numbers; an empty one is left out."""
    counted = Company.objects.filter(list__in=[one.pk for one in lists]).values("list").annotate(size=Count("pk"))
    return dict(counted.values_list("list", "size"))


def problem_of(source: str, list_id: int | None) -> str:
    """Return '' or why a file of companies cannot be looked through: its list was deleted, or is purged since."""
    if source != Source.FILE:
        return ""
    companies = CompanyList.objects.filter(pk=list_id).first() if list_id else None
    if companies is None:
        return _("The file of companies was deleted. Choose another one.")
    if companies.deleted_at:
        return _("The list “%(name)s” was deleted. Bring it back, or choose another one.") % {"name": companies.name}
    return ""


def rename(companies: CompanyList, name: str) -> None:
    """Give a list another name. Raises NotPossible where another list has it, or it is none."""
    name = _clean(name)
    with transaction.atomic():
        if not _is_written(CompanyList.objects.kept().filter(pk=companies.pk), name, name=name):
            raise NotPossible(_("This list was deleted meanwhile. Nothing was saved."))
        said = f"{companies.name[:95]} → {name[:95]}"
        audit.record(Verb.LIST_RENAMED, companies, workspace_id=companies.workspace_id, words=said)
    companies.name = name


def delete(companies: CompanyList) -> bool:
    """Delete a list: no run searches it from now on. False where it was deleted already."""
    with transaction.atomic():
        if not CompanyList.objects.kept().filter(pk=companies.pk).update(deleted_at=timezone.now()):
            return False
        audit.record(Verb.LIST_DELETED, companies, workspace_id=companies.workspace_id, words=companies.name)
    return True


def restore(companies: CompanyList) -> bool:
    """Bring a list back with its companies; False where it is not deleted.

    Raises NotPossible where another list has its name by now, and QuotaReached.
    """
    assert companies.workspace_id is not None
    with transaction.atomic():
        gone = CompanyList.objects.filter(pk=companies.pk, deleted_at__isnull=False)
        if gone.exists():
            places.hold(companies.workspace_id, "lists")
            places.hold(companies.workspace_id, "companies", more=companies.companies.count())
        if not _is_written(gone, companies.name, deleted_at=None):
            return False
        audit.record(Verb.LIST_RESTORED, companies, workspace_id=companies.workspace_id, words=companies.name)
    return True


def deleted(workspace: Workspace) -> CompanyListQuerySet:
    """Return the lists of a workspace that can be brought back, those deleted last first."""
    gone = CompanyList.objects.filter(workspace=workspace, deleted_at__gte=purged_before())
    return gone.order_by("-deleted_at", "-pk")


def purge(before: datetime) -> int:
    """Remove the lists that were deleted before a time, for good; return how many."""
    gone = 0
    for companies in CompanyList.objects.filter(deleted_at__lt=before).iterator():
        _empty(companies)
        companies.delete()
        gone += 1
    return gone


def _empty(companies: CompanyList) -> None:
    """Remove the companies of a list, some at a time: nobody else could write while a million go at once."""
    rows = Company.objects.filter(list=companies).order_by("pk").values_list("pk", flat=True)
    while some := list(rows[:PURGED_AT_ONCE]):
        Company.objects.filter(pk__in=some).delete()


def _clean(name: str) -> str:
    cleaned = " ".join(visible(name).split())
    if not cleaned:
        raise NotPossible(_("Give the list a name."))
    if len(cleaned) > LONGEST_NAME:
        raise NotPossible(_("The name is longer than %(most)s characters.") % {"most": LONGEST_NAME})
    return cleaned


def _is_written(rows: CompanyListQuerySet, called: str, **values: Any) -> bool:
    """Write `values` to a list that is `called` so from then on. Raises NotPossible where another list is."""
    try:
        with transaction.atomic():
            return bool(rows.update(**values))
    except IntegrityError as error:
        taken = _("There is a list named “%(name)s” already. Choose another name for one of them.")
        raise NotPossible(taken % {"name": called}) from error
