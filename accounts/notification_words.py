"""Notifications in words, in the language that is spoken where they are read.

What the words of a kind need stands in its parameters:

run_completed    found, known, judged, tier_a, tier_b, failed, seconds
run_failed       note (the reason, as the run said it)
needs_you        why (a key of WAITS), note
budget_warning   spent_microusd, cap_microusd, and perhaps scope (a key of SCOPES)
digest           count, until (the last notification in it)

A parameter that is missing is left out, not an error: rows outlive the code that wrote them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import problems
from accounts.notification_models import Kind, Notification
from accounts.quota_table import QUOTAS

# Why something waits for somebody.
WAITS: Mapping[str, str | Promise] = {
    "limit": gettext_lazy("Stopped at your limit"),
    "key_rejected": gettext_lazy("A key was rejected"),
    "schedule_paused": gettext_lazy("A schedule is paused"),
    "question": gettext_lazy("A question for you"),
    "slack_off": gettext_lazy("Slack does not take our messages any more"),
    "places": gettext_lazy("A limit of the workspace is nearly reached"),
}
# Which limit is nearly used up.
SCOPES: Mapping[str, str | Promise] = {
    "run": gettext_lazy("%(share)s %% of this run's limit is used up"),
    "workspace": gettext_lazy("%(share)s %% of this month's limit is used up"),
    "provider": gettext_lazy("%(share)s %% of the limit for this provider is used up"),
}
LONGEST_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class Words:
    """A notification as it is read: one line, and what there is to say besides ('' for nothing)."""

    title: str
    detail: str

    @property
    def subject(self) -> str:
        """The title as the subject of an e-mail: one line, whatever a hunt is called."""
        return " ".join(self.title.split())[:LONGEST_SUBJECT]


def words(notification: Notification) -> Words:
    """Return what a notification says, in the language that is spoken now."""
    what, detail = _SAID[Kind(notification.kind)](notification.parameters)
    title = _("%(what)s: %(name)s") % {"what": what, "name": notification.label} if notification.label else what
    return Words(title, detail)


def _completed(said: Mapping[str, Any]) -> tuple[str, str]:
    found, known, tier_a = (_number(said, name) for name in ("found", "known", "tier_a"))
    if not found:
        return _("No company found"), _("Try other words, a wider region or another source.")
    parts = [
        ngettext("Found %(n)s company", "Found %(n)s companies", found) % {"n": number_format(found)},
        *([_("%(n)s known before") % {"n": number_format(known)}] if known else []),
        _("%(n)s judged") % {"n": number_format(_number(said, "judged"))},
        ngettext("%(n)s in tier A", "%(n)s in tier A", tier_a) % {"n": number_format(tier_a)},
        _("%(n)s in tier B") % {"n": number_format(_number(said, "tier_b"))},
    ]
    if failed := _number(said, "failed"):
        parts.append(_("%(n)s failed") % {"n": number_format(failed)})
    title = ngettext("%(n)s lead in tier A", "%(n)s leads in tier A", tier_a) % {"n": number_format(tier_a)}
    return (title if tier_a else _("No lead in tier A")), ", ".join(parts) + "."


def _failed(said: Mapping[str, Any]) -> tuple[str, str]:
    return _("Failed"), _note(said)


def _waits(said: Mapping[str, Any]) -> tuple[str, str]:
    why, note = said.get("why", ""), _note(said)
    if why == "places" and (quota := QUOTAS.get(said.get("limit", ""))):
        note = str(quota.refusal) % {name: number_format(_number(said, name)) for name in ("used", "allowed")}
    return str(WAITS.get(why, Kind.NEEDS_YOU.label)), problems.said(note) if why == "slack_off" else note


def _nearly_used_up(said: Mapping[str, Any]) -> tuple[str, str]:
    spent, cap = _number(said, "spent_microusd"), _number(said, "cap_microusd")
    share = round(100 * spent / cap) if cap else 100
    title = str(SCOPES.get(said.get("scope", ""), SCOPES["workspace"])) % {"share": number_format(share)}
    detail = _("$%(spent)s of $%(cap)s are spent. At the limit everything that costs money stops; you can raise it.")
    money = {"spent": number_format(spent / 1_000_000, 2), "cap": number_format(cap / 1_000_000, 2)}
    return title, detail % money


def _digest(said: Mapping[str, Any]) -> tuple[str, str]:
    count = _number(said, "count")
    return ngettext("%(n)s thing happened", "%(n)s things happened", count) % {"n": number_format(count)}, ""


def _number(said: Mapping[str, Any], name: str) -> int:
    value = said.get(name, 0)
    return value if isinstance(value, int) else 0


def _note(said: Mapping[str, Any]) -> str:
    note = said.get("note", "")
    return note if isinstance(note, str) else ""


_SAID: Mapping[Kind, Callable[[Mapping[str, Any]], tuple[str, str]]] = {
    Kind.RUN_COMPLETED: _completed,
    Kind.RUN_FAILED: _failed,
    Kind.NEEDS_YOU: _waits,
    Kind.BUDGET_WARNING: _nearly_used_up,
    Kind.DIGEST: _digest,
}
