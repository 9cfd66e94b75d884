"""A run in plain words, in the language that is spoken where it is read.

Only figures are stored (`hunts.figure_models`); the words are made of them for each reader.
"""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hunts import amounts

if TYPE_CHECKING:  # models show their own summaries
    from hunts.figure_models import RunFigures


def summary(figures: "RunFigures") -> str:
    """Say what a run found, what came of it, what it cost and what to do."""
    if not figures.found:
        return " ".join([_nothing(figures.status), *_cost(figures)])
    parts = [*_sample(figures), f"{_found(figures)}; {_became(figures)}.", *_open_ends(figures), *_cost(figures)]
    return " ".join(parts)


def cap_note(*, cap_microusd: int, judged: int, expected: int) -> str:
    """Say why a run stopped at its limit and what to do; `expected` is how many companies it would have looked at."""
    return ngettext(
        "Stopped at your limit of %(cap)s: %(judged)s of about %(n)s company judged. Raise the limit to go on.",
        "Stopped at your limit of %(cap)s: %(judged)s of about %(n)s companies judged. Raise the limit to go on.",
        expected,
    ) % {"cap": amounts.dollars(cap_microusd), "judged": amounts.count(judged), "n": amounts.count(expected)}


def ceiling_note(why: str, *, judged: int, expected: int) -> str:
    """Say at which limit beyond its own a run stopped, in the words of `why`, and how far it came."""
    return ngettext(
        "%(why)s Until now %(judged)s of about %(n)s company was judged; resume the run to go on.",
        "%(why)s Until now %(judged)s of about %(n)s companies were judged; resume the run to go on.",
        expected,
    ) % {"why": why, "judged": amounts.count(judged), "n": amounts.count(expected)}


def _nothing(status: str) -> str:
    if status == "failed":
        return _("It failed before it found anything.")
    if status == "cancelled":
        return _("It was cancelled before it found anything.")
    if status == "paused":
        return _("It has found nothing yet.")
    return _("Found no company that matches. Try other words, a wider region or another source.")


def _sample(figures: "RunFigures") -> list[str]:
    return [_("This was a sample.")] if figures.is_sample else []


def _found(figures: "RunFigures") -> str:
    found = _counted(ngettext("Found %(n)s company", "Found %(n)s companies", figures.found), figures.found)
    if not figures.known:
        return found
    if not figures.new:
        return ngettext("%(found)s, already known", "%(found)s, all of them already known", figures.found) % {
            "found": found
        }
    known = _counted(ngettext("%(n)s already known", "%(n)s already known", figures.known), figures.known)
    new = _counted(ngettext("%(n)s new", "%(n)s new", figures.new), figures.new)
    return f"{found}, {known}, {new}"


def _became(figures: "RunFigures") -> str:
    """Return the way of what was found; a number of nothing is said only where it is the news."""
    passed, qualified, best = figures.prescreened, figures.qualified, figures.tier_a
    without = qualified - figures.with_contact
    parts = [
        _counted(ngettext("%(n)s passed prescreen", "%(n)s passed prescreen", passed), passed),
        _counted(ngettext("%(n)s qualified", "%(n)s qualified", qualified), qualified),
    ]
    if qualified:
        parts.append(_counted(ngettext("%(n)s in tier A", "%(n)s in tier A", best), best))
    if without:
        parts.append(_counted(ngettext("%(n)s without an e-mail", "%(n)s without an e-mail", without), without))
    return ", ".join(parts)


def _open_ends(figures: "RunFigures") -> list[str]:
    """Return what did not come to an end, what cost nothing, and what to do where there is nothing new."""
    left, failed, cached = figures.left, figures.failed, figures.cached
    said = []
    if left:
        said.append(_counted(ngettext("%(n)s was not finished.", "%(n)s were not finished.", left), left))
    if failed:
        said.append(_counted(ngettext("%(n)s failed: retry it.", "%(n)s failed: retry them.", failed), failed))
    if cached:
        judged_before = ngettext(
            "%(n)s was judged before and cost nothing.", "%(n)s were judged before and cost nothing.", cached
        )
        said.append(_counted(judged_before, cached))
    if not figures.new and figures.status == "succeeded":
        said.append(_("For new ones try other words, a wider region or another source."))
    return said


def _cost(figures: "RunFigures") -> list[str]:
    if not figures.spent_microusd:
        return []
    spent, each = amounts.dollars(figures.spent_microusd), figures.cost_per_lead_microusd
    if each is None:
        return [_("%(spent)s in all.") % {"spent": spent}]
    return [_("%(spent)s in all, %(each)s per qualified lead.") % {"spent": spent, "each": amounts.dollars(each)}]


def _counted(text: str, number: int) -> str:
    return text % {"n": amounts.count(number)}
