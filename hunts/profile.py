"""The profile as a form: facts as chips, criteria as rows, and what each edit of one does to the other."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from hunts import changes
from hunts.criteria import criteria_of
from hunts.icp import Icp, criterion_key
from integrations.capabilities import Criterion, CriterionKind, Range
from integrations.lexicon import places, taxonomy
from integrations.lexicon.industry_words import grouped_industries, industry_groups

LISTS = (
    "industries",
    "keywords",
    "countries",
    "regions",
    "events",
    "excluded",
    "roles",
    "good_examples",
    "bad_examples",
)
WORDS = {"product": 300, "value": 300, "funding_stage": 60, "company_type": 60, "funding": 60}
KINDS: tuple[CriterionKind, ...] = ("must", "nice", "exclude")
MOST_CRITERIA = 20
MOST_CHIPS = 30


class NotUnderstood(ValueError):
    """What somebody typed into a field is not what it takes; the message says what it does."""


def profile_of(post: QueryDict, base: Icp) -> Icp:
    """Return `base` with what the form's fields hold, without the edit that its button asks for."""
    chips = {name: [line(value, 100) for value in post.getlist(name)[:MOST_CHIPS]] for name in LISTS}
    lists: dict[str, Any] = {name: tuple(dict.fromkeys(filter(None, values))) for name, values in chips.items()}
    lists["countries"] = tuple(code for code in lists["countries"] if len(code) == 2)
    lists["industries"] = tuple(name for name in lists["industries"] if name in taxonomy.industries())
    words: dict[str, Any] = {name: line(post[name], length) for name, length in WORDS.items() if name in post}
    return replace(
        base,
        employees=Range(_number(post.get("employees_min")), _number(post.get("employees_max"))),
        founded_year=Range(_number(post.get("founded_min")), _number(post.get("founded_max"))),
        criteria=_criteria(post),
        **words,
        **lists,
    )


def line(text: object, length: int) -> str:
    """Return what somebody typed as one line of at most `length` characters. (PostgreSQL stores no NUL.)"""
    return " ".join(str(text).replace("\0", " ").split())[:length]


def _criteria(post: QueryDict) -> tuple[Criterion, ...]:
    rows = zip(
        post.getlist("criterion"), post.getlist("kind"), post.getlist("weight"), post.getlist("facet"), strict=False
    )
    made: dict[str, Criterion] = {}
    for text, kind, weight, facet in list(rows)[:MOST_CRITERIA]:
        sentence = line(text, 500)
        if sentence and kind in KINDS:
            key = criterion_key(sentence)
            importance = min(max(_number(weight) or 1, 1), 10)
            made[key] = Criterion(key, sentence, kind, importance, line(facet, 20) or "other")
    return tuple(made.values())


def _number(text: str | None) -> int | None:
    digits = (text or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 8 else None


def edited(icp: Icp, action: str, post: Mapping[str, Any], *, base: Icp) -> Icp:
    """Return the profile of a form after its edit: `add:countries`, `remove:countries:DE`, `remove-criterion:2`.

    `update` takes whatever was typed and not added yet. Criteria that followed from the facts of `base` follow them
    again; those that somebody wrote or deleted stay so. Raises NotUnderstood.
    """
    verb, _colon, what = action.partition(":")
    if verb == "remove-criterion":
        place = _number(what)
        return replace(icp, criteria=tuple(row for at, row in enumerate(icp.criteria) if at != place))
    if sentence := line(post.get("new_criterion", ""), 500):
        icp = replace(icp, criteria=(*icp.criteria, Criterion(criterion_key(sentence), sentence, "must", 5)))
    elif verb == "add-criterion":
        raise NotUnderstood(_("Write the criterion as a sentence first."))
    for name in LISTS:
        typed = line(post.get(f"new_{name}", ""), 100)
        if typed:
            icp = _with_list(icp, name, _added(icp, name, typed))
        elif (verb, what) == ("add", name):
            raise NotUnderstood(_("Write something into the field first."))
    name, _colon, value = what.partition(":")
    if verb == "remove" and name in LISTS:
        icp = _with_list(icp, name, tuple(one for one in getattr(icp, name) if one != value))
    return following(icp, read_from_facts(base))


def _with_list(icp: Icp, name: str, values: tuple[str, ...]) -> Icp:
    changed: dict[str, Any] = {name: values}
    return replace(icp, **changed)


def read_from_facts(icp: Icp) -> tuple[Criterion, ...]:
    """Return the criteria that follow from a profile's facts."""
    return criteria_of(icp, groups=grouped_industries(icp.industries, icp.brief))


def following(icp: Icp, before: tuple[Criterion, ...]) -> Icp:
    """Return `icp` with criteria that follow its facts as they are now; `before` are those of the facts before."""
    kept = {criterion.key: criterion for criterion in icp.criteria}
    followed = {criterion.key for criterion in before}
    own = [criterion for criterion in icp.criteria if criterion.key not in followed]
    now = [kept.get(new.key, new) for new in read_from_facts(icp) if new.key in kept or new.key not in followed]
    return replace(icp, criteria=tuple({criterion.key: criterion for criterion in (*now, *own)}.values()))


def _added(icp: Icp, name: str, text: str) -> tuple[str, ...]:
    values: tuple[str, ...] = (text,)
    if name == "countries":
        place = places.lookup(text)
        if place is None or not place.countries:
            raise NotUnderstood(
                _("“%(text)s” is not a country that we know. Regions and cities go into “Regions”.") % {"text": text}
            )
        values = place.countries
    if name == "industries":
        values = tuple(one for group in industry_groups(text) for one in group)
        if not values:
            raise NotUnderstood(
                _("“%(text)s” is not an industry that we know. Add it as a keyword instead.") % {"text": text}
            )
    return tuple(dict.fromkeys((*getattr(icp, name), *values)))


def labelled(icp: Icp, name: str) -> list[tuple[str, str]]:
    """Return the values of a list with what people read: countries and industries by name."""
    return [(value, changes.shown(name, value)) for value in getattr(icp, name)]
