"""What changed between two profiles, in words that a person reads."""

from dataclasses import dataclass

from django.utils.text import format_lazy
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from hunts.icp import Icp
from integrations.capabilities import Range
from integrations.lexicon import places, taxonomy

LISTS = {
    "industries": gettext_lazy("Industries"),
    "keywords": gettext_lazy("Keywords"),
    "countries": gettext_lazy("Countries"),
    "regions": gettext_lazy("Regions"),
    "events": gettext_lazy("Trade fairs"),
    "excluded": gettext_lazy("Not these"),
    "roles": gettext_lazy("Whom to write to"),
    "good_examples": gettext_lazy("Good customers"),
    "bad_examples": gettext_lazy("Bad customers"),
}
TEXTS = {
    "product": gettext_lazy("What you sell"),
    "value": gettext_lazy("What they gain"),
    "funding": gettext_lazy("Funding"),
    "funding_stage": gettext_lazy("Funding stage"),
    "company_type": gettext_lazy("Kind of company"),
}
RANGES = {"employees": gettext_lazy("Employees"), "founded_year": gettext_lazy("Founded")}


@dataclass(frozen=True, slots=True)
class Change:
    """One field that changed; `added` and `removed` are as people read them."""

    field: str
    label: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [*(f"+ {value}" for value in self.added), *(f"− {value}" for value in self.removed)]
        return str(format_lazy("{}: {}", self.label, ", ".join(parts)))


def changes(before: Icp, after: Icp) -> list[Change]:
    """Return what is different in `after`, field by field; criteria that follow from the facts are not told twice."""
    made: list[Change] = []
    for name, label in TEXTS.items():
        if (now := getattr(after, name)) != getattr(before, name):
            made.append(Change(name, str(label), (now,) if now else (), () if now else (getattr(before, name),)))
    for name, label in LISTS.items():
        was, now = getattr(before, name), getattr(after, name)
        added = tuple(shown(name, value) for value in now if value not in was)
        removed = tuple(shown(name, value) for value in was if value not in now)
        if added or removed:
            made.append(Change(name, str(label), added, removed))
    for name, label in RANGES.items():
        if (now := getattr(after, name)) != (was := getattr(before, name)):
            made.append(Change(name, str(label), (span(now),) if now else (), () if now else (span(was),)))
    return made


def criteria_changes(before: Icp, after: Icp) -> list[Change]:
    """Return which criteria came, went or weigh something else now."""
    was, now = ({one.key: one for one in icp.criteria} for icp in (before, after))
    added = tuple(one.text for key, one in now.items() if key not in was)
    removed = tuple(one.text for key, one in was.items() if key not in now)
    weighed = tuple(
        _("“%(text)s” counts %(weight)s as “%(kind)s”")
        % {"text": one.text, "weight": one.weight, "kind": kind_name(one.kind)}
        for key, one in now.items()
        if key in was and was[key] != one
    )
    label = _("Criteria")
    return [Change("criteria", label, added + weighed, removed)] if added or removed or weighed else []


def kind_name(kind: str) -> str:
    return {"must": _("must"), "nice": _("nice to have"), "exclude": _("exclude")}[kind]


def shown(name: str, value: str) -> str:
    """Return a value of a list as people read it: countries and industries by their names."""
    language = (get_language() or "en").partition("-")[0]
    if name == "countries":
        return places.country_name(value, language)
    if name == "industries" and value in (known := taxonomy.industries()):
        return known[value].label(language)
    return value


def span(of: Range) -> str:
    """Return a range in words."""
    if of.min is not None and of.max is not None:
        return str(of.min) if of.min == of.max else f"{of.min}-{of.max}"
    if of.min is not None:
        return _("%(n)s or more") % {"n": of.min}
    return _("up to %(n)s") % {"n": of.max} if of.max is not None else ""
