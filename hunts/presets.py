"""Presets: a hunt saved under a name, changed, cloned, shared, run and deleted.

A change names the version of the preset that it was made on. Where somebody else was faster nothing is written: their
change would be undone without anybody knowing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User, Workspace
from accounts.wall import as_system
from billing import ceilings
from billing.models import Budget
from hunts import chat, company_lists, launch, places
from hunts.chat_models import Conversation
from hunts.forms import sources_for
from hunts.icp import Icp
from hunts.keeping import purged_before
from hunts.models import Hunt, Run, Source
from hunts.preset_models import Known, Preset, PresetQuerySet, Schedule, Trigger
from integrations.lexicon.text import visible
from leads.models import CompanyList

LONGEST_NAME = 100


class NotPossible(ValueError):
    """Nothing was changed or started; the message tells a person why, and what to do."""


class NameTaken(NotPossible):
    """Another preset has the name."""


class Outdated(NotPossible):
    """Somebody else changed it since it was looked at."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a preset is edited in a form: its name, who sees it, and how its hunt is run. Money in micro-dollars."""

    name: str
    is_shared: bool
    known: str
    source: str
    limit: int
    max_spend_microusd: int
    max_leads: int | None = None
    company_list: CompanyList | None = None


def terms_of(preset: Preset) -> Terms:
    hunt = preset.hunt
    return Terms(
        preset.name,
        preset.is_shared,
        preset.known,
        hunt.source,
        hunt.limit,
        hunt.max_spend_microusd,
        hunt.max_leads,
        hunt.company_list,
    )


def save(hunt: Hunt, name: str, *, by: User, is_shared: bool = False, known: str = Known.REUSE) -> Preset:
    """Keep `hunt` under a name; where another preset has the hunt already, a copy of it.

    Raises NotPossible and QuotaReached.
    """
    name = _clean(name)
    with _free_names(hunt.workspace_id, name, is_shared=is_shared, made_by=by.pk):
        places.hold(hunt.workspace_id, "presets")
        if Preset.objects.kept().filter(hunt=hunt).exists():
            hunt = _copied(hunt, by)
        return Preset.objects.create(
            workspace_id=hunt.workspace_id,
            hunt=hunt,
            name=name,
            is_shared=is_shared,
            known=known,
            made_by=by,
            changed_by=by,
        )


def change(preset: Preset, terms: Terms, *, seen: int, by: User) -> None:
    """Put `terms` in the place of what version `seen` says. Raises NameTaken, Outdated, NotPossible."""
    name = _clean(terms.name)
    if preset.is_shared and not terms.is_shared and preset.made_by_id not in (by.pk, None):
        raise NotPossible(
            _("Only the person who made this preset can stop sharing it. Clone it to have one of your own.")
        )
    with _free_names(preset.workspace_id, name, is_shared=terms.is_shared, made_by=preset.made_by_id):
        _move(preset, seen, by, name=name, is_shared=terms.is_shared, known=terms.known)
        Hunt.objects.filter(pk=preset.hunt_id).update(
            source=terms.source,
            limit=terms.limit,
            max_spend_microusd=terms.max_spend_microusd,
            max_leads=terms.max_leads,
            company_list=terms.company_list if terms.source == Source.FILE else None,
        )
    preset.refresh_from_db()


def change_profile(preset: Preset, icp: Icp, *, seen: int, by: User) -> None:
    """Look for `icp` from now on; runs that were started keep the profile that they have. Raises Outdated."""
    with transaction.atomic():
        _move(preset, seen, by)
        Hunt.objects.filter(pk=preset.hunt_id).update(icp_json=icp.to_json())
    preset.refresh_from_db()


def open_in_chat(preset: Preset, *, by: User) -> Conversation:
    """Open a conversation about the preset's profile, which `take_profile` saves to the preset."""
    conversation = chat.begin(preset.workspace, by=by, icp=preset.hunt.icp, title=preset.name)
    Conversation.objects.filter(pk=conversation.pk).update(
        hunt=preset.hunt, preset=preset, preset_version=preset.version
    )
    return conversation


def take_profile(preset: Preset, conversation: Conversation, *, by: User) -> None:
    """Put the profile of a conversation in the place of the preset's. Raises Outdated, once: again, it is meant."""
    if not conversation.icp.criteria:
        raise NotPossible(_("A hunt needs at least one criterion to judge by."))
    opened = Conversation.objects.filter(pk=conversation.pk)
    try:
        change_profile(preset, conversation.icp, seen=conversation.preset_version, by=by)
    except Outdated:
        opened.update(preset_version=Preset.objects.get(pk=preset.pk).version)
        raise
    opened.update(preset_version=preset.version)


def clone(preset: Preset, *, by: User) -> Preset:
    """Return a private copy of the preset, without its schedule: nothing runs that nobody asked for.

    Raises NameTaken where another press of the button was faster.
    """
    with transaction.atomic():
        mine = Preset.objects.kept().filter(workspace_id=preset.workspace_id, made_by=by)
        taken = {name.lower() for name in mine.values_list("name", flat=True)}
        free = next(name for name in _copy_names(preset.name) if name.lower() not in taken)
        return save(_copied(preset.hunt, by), free, by=by, known=preset.known)


def run(preset: Preset, *, by: User, trigger: str = Trigger.PERSON) -> Run:
    """Start a run of the preset as it is. Raises NotPossible."""
    return run_hunt(preset.hunt, preset, by=by, trigger=trigger)


def run_hunt(hunt: Hunt, preset: Preset | None, *, by: User, trigger: str = Trigger.PERSON) -> Run:
    """Start a run of `hunt`: as `preset` says, where it was saved as one. Raises NotPossible."""
    if problem := problem_of(hunt, hunt.max_spend_microusd):
        raise NotPossible(problem)
    return launch.run(hunt, by=by, known=preset.known if preset else Known.REUSE, trigger=trigger)


def problem_of(hunt: Hunt, cap_microusd: int) -> str:
    """Return '' or why a run of `hunt` that may spend so much cannot start, and what to do."""
    offered = {source["value"]: source["problem"] for source in sources_for(hunt.workspace)}
    if refused := offered.get(hunt.source, _("This source is not available here.")):
        return str(refused)
    if gone := company_lists.problem_of(hunt.source, hunt.company_list_id):
        return gone
    if hunt.source == Source.EXA and cap_microusd == 0:
        return _("A search of the web costs money, and the limit is $0. Allow it to spend something.")
    ceiling = _reached(hunt.workspace_id) if hunt.source == Source.EXA else None
    return ceilings.sentence(ceiling) if ceiling else ""


@as_system()
def _reached(workspace_id: int) -> Budget | None:
    """Return this month's ceiling of the workspace or the installation that leaves no room for what costs money."""
    above = Q(scope=Budget.Scope.WORKSPACE, workspace=workspace_id) | Q(scope=Budget.Scope.INSTALLATION)
    spent = F("spent_microusd") + F("reserved_microusd")
    return Budget.objects.filter(above, period=ceilings.this_month(), cap_microusd__lte=spent).first()


def delete(preset: Preset) -> bool:
    """Take the preset away, with its schedule; its hunt and the runs stay. False where it was deleted already."""
    return bool(Preset.objects.kept().filter(pk=preset.pk).update(deleted_at=timezone.now()))


def deleted(workspace: Workspace, user: User) -> PresetQuerySet:
    """Return what `user` could see and can bring back, what was deleted last first."""
    gone = Preset.objects.of(workspace, user).filter(deleted_at__gte=purged_before())
    return gone.order_by("-deleted_at", "-pk")


def restore(preset: Preset) -> bool:
    """Take a deletion back; a schedule goes on with the next time that is due. False where it is not deleted.

    Raises NotPossible and QuotaReached.
    """
    gone = Preset.objects.filter(pk=preset.pk, deleted_at__isnull=False)
    with _free_names(preset.workspace_id, preset.name, is_shared=preset.is_shared, made_by=preset.made_by_id):
        if other := Preset.objects.kept().filter(hunt=preset.hunt_id).exclude(pk=preset.pk).first():
            raise NotPossible(_hunt_is_taken(preset, other))
        if gone.exists():
            places.hold(preset.workspace_id, "presets")
            if Schedule.objects.kept().filter(preset=preset).exists():
                places.hold(preset.workspace_id, "schedules")
        return bool(gone.update(deleted_at=None))


def _move(preset: Preset, seen: int, by: User, **values: Any) -> None:
    """Change a preset that is as it was seen, and count the change. Raises Outdated."""
    unchanged = Preset.objects.kept().filter(pk=preset.pk, version=seen)
    if not unchanged.update(version=F("version") + 1, changed_by=by, changed_at=timezone.now(), **values):
        raise Outdated(_outdated(preset))


def _outdated(preset: Preset) -> str:
    now = Preset.objects.select_related("changed_by").get(pk=preset.pk)
    if now.deleted_at:
        return _("This preset was deleted meanwhile. Nothing was saved.")
    return _(
        "%(who)s changed this preset meanwhile, so nothing was saved yet. What you entered is kept here: compare, and "
        "save again to put it in place of theirs."
    ) % {"who": now.changed_by or _("Somebody")}


def _clean(name: str) -> str:
    cleaned = " ".join(visible(name).split())
    if not cleaned:
        raise NotPossible(_("Give the preset a name."))
    if len(cleaned) > LONGEST_NAME:
        raise NotPossible(_("The name is longer than %(most)s characters.") % {"most": LONGEST_NAME})
    return cleaned


def _hunt_is_taken(preset: Preset, other: Preset) -> str:
    """Say that the hunt of a deleted preset is `other` now, by its name where whoever sees the one sees the other."""
    if other.is_shared or (not preset.is_shared and other.made_by_id == preset.made_by_id):
        return _("Its hunt is the preset “%(name)s” now. Delete that one first.") % {"name": other.name}
    return _("Its hunt is a private preset of %(who)s now. Ask for that one to be deleted first.") % {
        "who": other.made_by or _("somebody")
    }


@contextmanager
def _free_names(workspace_id: int, name: str, *, is_shared: bool, made_by: int | None) -> Iterator[None]:
    """Take what is done here back where another preset has `name`: a shared one, or a private one of `made_by`.

    One whose hunt was deleted does not keep its name: nobody sees it. Raises NotPossible.
    """
    unseen = Preset.objects.kept().filter(hunt__deleted_at__isnull=False, workspace=workspace_id, name__iexact=name)
    rivals = unseen.filter(is_shared=True) if is_shared else unseen.filter(is_shared=False, made_by=made_by)
    try:
        with transaction.atomic():
            rivals.update(deleted_at=timezone.now())
            yield
    except IntegrityError as error:
        # Both databases name the constraint; the other one is that a hunt has one preset.
        if "preset_a_name" not in str(error):
            raise NotPossible(_("Its hunt was saved as another preset meanwhile. Try again.")) from error
        raise NameTaken(
            _("There is a preset named “%(name)s” already. Choose another name.") % {"name": name}
        ) from error


def _copied(hunt: Hunt, by: User) -> Hunt:
    return Hunt.objects.create(
        workspace_id=hunt.workspace_id,
        name=hunt.name,
        icp_json=hunt.icp_json,
        source=hunt.source,
        company_list=hunt.company_list,
        limit=hunt.limit,
        max_spend_microusd=hunt.max_spend_microusd,
        max_leads=hunt.max_leads,
        created_by=by,
    )


def _copy_names(name: str) -> Iterator[str]:
    """Yield names for copies of what has `name`: “X (copy)”, “X (copy 2)” and so on."""
    begin = name[: LONGEST_NAME - 12].rstrip()
    yield from chain(
        [_("%(name)s (copy)") % {"name": begin}],
        (_("%(name)s (copy %(n)s)") % {"name": begin, "n": n} for n in count(2)),
    )
