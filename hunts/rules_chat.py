"""The chat without a language model: what was said changes the profile by rules, and the answer tells what it changed.

Deterministic. It understands what the reader of briefs understands, in the same languages.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from hunts import asking, changes, profile
from hunts.brief import BriefUnreadable, read_brief
from hunts.icp import Icp
from integrations.lexicon import negation, places, sizes
from integrations.lexicon.industry_words import industry_groups

GROWING = ("industries", "keywords", "countries", "regions", "events", "roles")
TEXTS = ("funding", "funding_stage", "company_type")
MOST_ROLES = 5

# An answer that leaves it open: nothing is narrowed by it.
_OPEN = re.compile(
    r"\s*(?:any(?:where|body|one|thing)?|any (?:size|place|country)|all|everywhere|worldwide|global(?:ly)?|"
    r"no preference|(?:it )?does ?n[o']t matter|whatever|skip|none|no|i(?: would|'d)? rather not say|"
    r"egal|überall|weltweit|beliebig|jede größe|alle|"
    r"partout|peu importe|n'importe (?:où|qui)|toutes? (?:les )?tailles?|"
    r"不限|任意|任何(?:地方|规模|人)?|随便|都可以|全球|无所谓|不想说|"
    r"svejedno|bilo (?:gde|ko|koja veličina|koje veličine)|svuda|nije bitno|bez ograničenja|"
    r"radije ne bih(?: rek(?:ao|la))?)"
    r"\s*[.!。！]*\s*",
    re.IGNORECASE,
)
# Words after which what is said takes the place of what was said before.
_ONLY = re.compile(
    r"\b(?:only|just|instead|nur|statt(?:dessen)?|uniquement|seulement|samo|umesto)\b|只要|仅|改为|改成", re.I
)
_TAKE_AWAY = re.compile(
    r"\b(?:remove|drop|delete|take out|leave out|entfernen?|streichen?|enlève[rz]?|retire[rz]?|ukloni(?:te)?|"
    r"izbaci(?:te)?)\b|去掉|删除|移除",
    re.I,
)
_LISTED = re.compile(r"\s*(?:,|;|/|、|，|\bor\b|\band\b|\bund\b|\boder\b|\bet\b|\bou\b|\bi\b|\bili\b|或|和)\s*", re.I)
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~!])")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the chat answers, in Markdown. `topic` is what its question asks for, '' where it asks nothing."""

    text: str
    topic: str = ""
    suggestions: tuple[str, ...] = ()


def read_said(said: str, before: Icp, *, topic: str = "") -> Icp:
    """Return the profile after `said`, which answers the question for `topic` where there was one.

    Raises BriefUnreadable where nothing of it can be read.
    """
    if not before.brief:
        return _first(said, before)
    if topic and _OPEN.fullmatch(said):
        return before
    if topic == "size" and not sizes.employees_in(said) and re.search(r"\d", said):
        said = f"{said} employees"
    said = _TAKE_AWAY.sub("not", said)
    fragment = read_brief(said)
    if not negation.split(said).wanted:
        fragment = replace(fragment, keywords=())  # it only takes away
    if topic == "product" and not _narrows(fragment):
        return replace(before, product=profile.line(fragment.product or said, 300))
    if topic == "roles" and not fragment.roles and not _narrows(fragment):
        named = [profile.line(role, 60).strip(" .") for role in _LISTED.split(said)]
        return replace(before, roles=tuple(filter(None, named))[:MOST_ROLES])
    if topic:
        fragment = replace(fragment, keywords=())
    return _joined(before, fragment, replaces=bool(_ONLY.search(said)))


def _first(said: str, before: Icp) -> Icp:
    """Return what a brief says, with whatever was edited before there was one."""
    read = read_brief(said)
    lists: dict[str, Any] = {
        name: tuple(dict.fromkeys((*getattr(before, name), *getattr(read, name)))) for name in GROWING
    }
    return replace(read, **lists, criteria=tuple({one.key: one for one in (*read.criteria, *before.criteria)}.values()))


def _narrows(fragment: Icp) -> bool:
    """Return whether it says where companies are, how large, how old or what they are not."""
    return bool(
        fragment.countries or fragment.regions or fragment.employees or fragment.founded_year or fragment.excluded
    )


def _joined(before: Icp, fragment: Icp, *, replaces: bool) -> Icp:
    changed: dict[str, Any] = {}
    for name in GROWING:
        said = getattr(fragment, name)
        kept = () if replaces and said else getattr(before, name)
        changed[name] = tuple(dict.fromkeys((*kept, *said)))
    excluded = list(before.excluded)
    for term in fragment.excluded:
        named = _named(term, changed)
        for name, values in named.items():
            changed[name] = tuple(value for value in changed[name] if value not in values)
        if not named and term not in excluded:
            excluded.append(term)
    changed["excluded"] = tuple(excluded)
    changed |= {name: getattr(fragment, name) for name in TEXTS if getattr(fragment, name)}
    changed |= {name: getattr(fragment, name) for name in ("employees", "founded_year") if getattr(fragment, name)}
    if fragment.product:
        changed["product"] = fragment.product
    after = profile.following(replace(before, **changed), profile.read_from_facts(before))
    return replace(after, criteria=(*after.criteria, *_own(fragment, after)))


def _own(fragment: Icp, icp: Icp) -> list[Any]:
    """Return the criteria that a message states itself and that follow from no fact: certificates, customers."""
    told = {criterion.key for criterion in (*profile.read_from_facts(fragment), *icp.criteria)}
    return [one for one in fragment.criteria if one.key not in told and one.facet in ("certification", "customers")]


def _named(term: str, lists: dict[str, tuple[str, ...]]) -> dict[str, set[str]]:
    """Return what of `lists` a term rules out: `not Germany` takes a country away and excludes nothing."""
    place = places.lookup(term)
    countries = set(place.countries if place else ()) & set(lists["countries"])
    industries = {one for group in industry_groups(term) for one in group} & set(lists["industries"])
    words = {"countries": countries, "industries": industries}
    for name in ("keywords", "regions", "events", "roles"):
        words[name] = {value for value in lists[name] if value.casefold() == term.casefold()}
    return {name: values for name, values in words.items() if values}


def answer(said: str, before: Icp, *, topic: str, asked: Sequence[str]) -> tuple[Icp, Reply]:
    """Return the profile after `said` and what to answer, in the language that is active."""
    try:
        after = read_said(said, before, topic=topic)
    except BriefUnreadable as error:
        return before, _asking([str(error)], before, asked)
    lines = _understood(after) if not before.brief else _changed(before, after, topic)
    return after, _asking(lines, after, asked)


def _understood(icp: Icp) -> list[str]:
    facts = [f"- **{one.label}:** {plain(', '.join(one.added))}" for one in changes.changes(Icp(), icp) if one.added]
    if not facts:
        return [_("I could not tell whom you look for. Name their business, a country or a size.")]
    return [_("This is whom I look for:"), "\n".join(facts)]


def _changed(before: Icp, after: Icp, topic: str) -> list[str]:
    told = changes.changes(before, after) or changes.criteria_changes(before, after)
    if told:
        return [_("Changed:"), "\n".join(f"- {plain(str(one))}" for one in told)]
    if topic:
        return [_("All right, that stays open.")]
    return [_("I found nothing in that to change the profile by. Say it in other words, or change it beside the chat.")]


def _asking(lines: list[str], icp: Icp, asked: Sequence[str]) -> Reply:
    question = asking.next_question(icp, asked) if icp.brief else None
    if question:
        return Reply("\n\n".join([*lines, question.text]), question.topic, question.suggestions)
    if icp.criteria:
        lines = [*lines, _("Judge five companies first to see whether this is right, then start the whole hunt.")]
    return Reply("\n\n".join(lines))


def plain(text: str) -> str:
    """Return what somebody wrote so that Markdown shows it as it is."""
    return _MARKDOWN.sub(r"\\\1", text)
