"""What the form that starts a hunt shows: what was stated, and what a run of it would do, cost and bring."""

from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.amounts import dollars
from hunts.amount_fields import as_typed
from hunts.amounts import count
from hunts.chat_models import Conversation
from hunts.estimate import Estimate, cost_of_first, estimate, of_hunt
from hunts.forms import HuntForm, lists_of, sources_for
from hunts.models import Hunt, Source
from hunts.preset_models import Known, Preset
from hunts.suggestions import Suggestion, suggestions

SAMPLE = 5  # companies
PREFERRED = (Source.DIRECTORY, Source.SANDBOX, Source.EXA, Source.FILE)
STATED = ("source", "limit", "max_spend", "max_leads", "list")
FOUND_BY = {
    "counted": gettext_lazy("counted now"),
    "last": gettext_lazy("as in the last run with these filters"),
    "filters": gettext_lazy("by past runs with these filters"),
    "source": gettext_lazy("by past runs over this source"),
    "limit": gettext_lazy("as many as are asked for"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """An estimate with what follows from the limits that were stated: `notes` are sentences, the gravest first."""

    estimate: Estimate
    notes: tuple[str, ...] = ()
    spends_at_most: int | None = None
    suggestions: tuple[Suggestion, ...] = ()
    other_sources: tuple[dict[str, Any], ...] = ()

    @property
    def found_by(self) -> str:
        return str(FOUND_BY[self.estimate.found_by])

    @property
    def cost_by(self) -> str:
        """Say which runs, or else that the price lists tell the cost."""
        basis, runs = self.estimate.cost_basis, self.estimate.measure.runs
        if basis == "filters":
            told = ngettext("by %(n)s past run with these filters", "by %(n)s past runs with these filters", runs)
        elif basis == "source":
            told = ngettext("by %(n)s past run over this source", "by %(n)s past runs over this source", runs)
        else:
            return _("by the price lists")
        return told % {"n": count(runs)}


def start_context(conversation: Conversation, form: HuntForm | None = None) -> dict[str, Any]:
    """Return what the form that starts a run needs: sources, what was stated, and the estimate of it."""
    workspace = conversation.workspace
    sources = sources_for(workspace)
    if form is None:
        stated = _first_choice(conversation, sources)
        form = HuntForm(stated, workspace=workspace, without_file=True, sources=sources)
    told = told_of(conversation, form, sources)
    return {
        "conversation": conversation,
        "form": form,
        "stated": {name: form.data.get(name, "") for name in STATED},
        "sources": sources,
        "files": lists_of(workspace),
        "sample": SAMPLE,
        "told": told,
        "sample_at_most": _sample_at_most(conversation, told, _cap(form)),
    }


def _sample_at_most(conversation: Conversation, told: Told | None, cap: int | None) -> int | None:
    """Return the most that a sample can cost under the limits stated, in micro-dollars; `None` where nobody knows."""
    if told is None:
        return None
    companies = min(SAMPLE, told.estimate.limit)
    return _least(cost_of_first(told.estimate, conversation.icp, companies=companies).at_most, cap)


def _cap(form: HuntForm) -> int | None:
    """Return what the form lets a run spend, in micro-dollars; `None` where that makes no sense."""
    form.is_valid()
    return form.max_spend_microusd if "max_spend" in form.cleaned_data else None


def estimate_of(conversation: Conversation, form: HuntForm) -> Estimate | None:
    """Return the estimate of what a form states; `None` without criteria, and without a source and limit of sense."""
    form.is_valid()
    values = form.cleaned_data
    if not conversation.icp.criteria or "source" not in values or "limit" not in values:
        return None
    chosen = form.company_list
    return estimate(
        conversation.icp,
        source=values["source"],
        limit=values["limit"],
        workspace_id=conversation.workspace_id,
        company_list_id=chosen.pk if chosen else None,
    )


def told_of(conversation: Conversation, form: HuntForm, sources: list[dict[str, Any]]) -> Told | None:
    """Return the estimate with what it means for the limits stated, and other filters where they bring little."""
    found = estimate_of(conversation, form)
    if found is None:
        return None
    cap = _cap(form)
    told = Told(found, notes(found, cap), _least(found.cost.at_most, cap))
    if not found.novelty.is_low:
        return told
    usable = (one for one in sources if not one["problem"] and one["value"] != form.cleaned_data["source"])
    return replace(told, suggestions=tuple(suggestions(conversation.icp)), other_sources=tuple(usable))


def _least(at_most: int | None, cap: int | None) -> int | None:
    """Return the least of what a run can cost and of what it may spend; `None` where its price is not known."""
    return at_most if cap is None or at_most is None else min(at_most, cap)


def again(hunt: Hunt, preset: Preset | None) -> Told:
    """Return what running a hunt once more would do, cost and bring: as `preset` says, where it is one."""
    found = of_hunt(hunt, leaves_out_known=preset is not None and preset.known == Known.LEAVE_OUT)
    others = tuple(suggestions(hunt.icp)) if found.novelty.is_low else ()
    most = _least(found.cost.at_most, hunt.max_spend_microusd)
    return Told(found, notes(found, hunt.max_spend_microusd), most, suggestions=others)


def notes(found: Estimate, cap: int | None) -> tuple[str, ...]:
    """Return what to know before the start: who judges, and where a `cap` in micro-dollars or a ceiling stops it."""
    told = [found.warning] if found.warning else []
    if cap is None:
        return tuple(told)
    if room := found.room_below(cap):
        told.append(room.sentence())
        if room.is_shared:
            return tuple(told)
        cap = room.left_microusd
    within = found.judged_within(cap)
    if within is not None:
        told.append(
            ngettext(
                "With a limit of %(cap)s this will judge about %(n)s of %(found)s company.",
                "With a limit of %(cap)s this will judge about %(n)s of %(found)s companies.",
                found.companies,
            )
            % {"cap": dollars(cap), "n": count(within), "found": count(found.companies)}
        )
    return tuple(told)


def _first_choice(conversation: Conversation, sources: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the limits of the hunt that the conversation is about, or those that suit a beginner."""
    if hunt := conversation.hunt:
        return _of_hunt(hunt)
    usable = [source["value"] for source in sources if not source["problem"]]
    return {"source": next(one for one in PREFERRED if one in usable), "limit": "50", "max_spend": "5"}


def _of_hunt(hunt: Hunt) -> dict[str, Any]:
    is_gone = hunt.company_list is not None and hunt.company_list.deleted_at is not None
    return {
        "source": hunt.source,
        "limit": str(hunt.limit),
        "max_spend": as_typed(hunt.max_spend_microusd),
        "max_leads": str(hunt.max_leads or ""),
        "list": "" if is_gone else str(hunt.company_list_id or ""),
    }
