"""Other filters to try where the ones at hand bring little that is new: each a change of the profile, to click."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hunts import changes
from hunts.icp import Icp
from hunts.profile import following, read_from_facts
from integrations.capabilities import Range
from integrations.lexicon import places, taxonomy
from integrations.lexicon.neighbours import neighbours_of
from integrations.lexicon.words import words

MOST_COUNTRIES = 27  # at once; the European Union has so many
MOST = 6
_NARROW = ("city", "region")  # the narrowest kind of place first


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A profile that looks further: what it is called by, in words what it does, and what it changes."""

    key: str
    label: str
    icp: Icp
    changes: tuple[str, ...]


def suggestions(icp: Icp) -> list[Suggestion]:
    """Return a few ways to widen `icp`, the gentlest of each kind first. The criteria follow the facts."""
    narrower = _whole_country(icp)
    # More countries help little while only a part of one is looked through.
    where = [narrower] if narrower else sorted(_more_countries(icp), key=lambda one: len(one.icp.countries))
    offered = [*where, *_words(icp), _sizes(icp), _ages(icp)]
    return [one for one in offered if one is not None and one.changes][:MOST]


def suggested(icp: Icp, key: str) -> Suggestion | None:
    """Return the suggestion that is called `key`; `None` where it does not fit the profile any more."""
    return next((one for one in suggestions(icp) if one.key == key), None)


def _suggestion(key: str, label: str, icp: Icp, **facts: Any) -> Suggestion:
    """Return `icp` with other facts as a suggestion; what the criteria say of them follows, as after any edit."""
    widened = following(replace(icp, **facts), read_from_facts(icp))
    return Suggestion(key, label, widened, tuple(str(change) for change in changes.changes(icp, widened)))


def _whole_country(icp: Icp) -> Suggestion | None:
    """Drop the narrowest region; the country that it lies in is looked through as a whole."""
    known = [(name, place) for name in icp.regions if (place := places.lookup(name)) and place.kind in _NARROW]
    if not known:
        return None
    name, place = min(known, key=lambda one: _NARROW.index(one[1].kind))
    country = place.countries[0]
    return _suggestion(
        "whole-country",
        _("All of %(country)s, not only %(region)s")
        % {"country": places.country_name(country, _language()), "region": name},
        icp,
        regions=tuple(one for one in icp.regions if one != name),
        countries=tuple(dict.fromkeys((*icp.countries, country))),
    )


def _more_countries(icp: Icp) -> Iterator[Suggestion]:
    """Take the countries beside, and the smallest region of the world that has them all."""
    groups = [place for name in icp.regions if (place := places.lookup(name)) and place.kind == "group"]
    asked = frozenset(icp.countries).union(*(place.countries for place in groups))
    if not asked:
        return
    beside = neighbours_of(asked)
    if beside and len(asked) + len(beside) <= MOST_COUNTRIES:
        countries = tuple(dict.fromkeys((*icp.countries, *beside)))
        yield _suggestion("neighbours", _("The neighbouring countries too"), icp, countries=countries)
    wider = min((group for group in _groups() if asked < set(group.countries)), key=_size, default=None)
    if wider is not None and set(wider.countries) != asked | set(beside):
        countries = tuple(dict.fromkeys((*icp.countries, *wider.countries)))
        label = _("All of this region: %(region)s") % {"region": wider.name}
        yield _suggestion("whole-region", label, icp, countries=countries)


def _groups() -> list[places.Place]:
    found = (places.group_called(group) for group in places.group_ids())
    return [group for group in found if len(group.countries) <= MOST_COUNTRIES]


def _size(group: places.Place) -> int:
    return len(group.countries)


def _words(icp: Icp) -> Iterator[Suggestion]:
    """Leave the last keyword out, add what such companies are called besides, take the wider trade."""
    if icp.keywords and (len(icp.keywords) > 1 or icp.industries):
        label = _("Without the keyword “%(keyword)s”") % {"keyword": icp.keywords[-1]}
        yield _suggestion("fewer-words", label, icp, keywords=icp.keywords[:-1])
    if others := _other_words(icp)[:2]:
        quoted = ", ".join(f"“{word}”" for word in others)
        label = _("Also by other words: %(words)s") % {"words": quoted}
        yield _suggestion("other-words", label, icp, keywords=(*icp.keywords, *others))
    known = taxonomy.industries()
    narrow = [one for one in icp.industries if one in known and known[one].within]
    if narrow:
        parent = known[narrow[-1]].within
        label = _("The wider industry: %(industry)s") % {"industry": known[parent].label(_language())}
        kept = [one for one in icp.industries if one != narrow[-1]]
        yield _suggestion("wider-industry", label, icp, industries=tuple(dict.fromkeys((*kept, parent))))


def _other_words(icp: Icp) -> list[str]:
    """Return names of the profile's industries that say a word which it does not say yet, in a language that fits."""
    known = taxonomy.industries()
    asked = [known[one] for one in icp.industries if one in known] or _named_by(icp.keywords)
    said = {word for text in (*icp.keywords, *(one.label(icp.language) for one in asked)) for word in words(text)}
    return [name for one in asked for name in _names(one, icp.language) if not said.issuperset(words(name))]


def _named_by(keywords: Sequence[str]) -> list[taxonomy.Industry]:
    """Return the industries that keywords are names of."""
    hits = [hit for keyword in keywords for hit in taxonomy.names().find(words(keyword))]
    return [taxonomy.industries()[value] for value in dict.fromkeys(hit.value for hit in hits)]


def _names(industry: taxonomy.Industry, language: str) -> list[str]:
    """Return what an industry is called in `language`; of names, only English ones are told by their letters."""
    if language != "en":
        return [industry.label(language), industry.label("en")]
    # A stem, which ends in a star, is no word; a name that another language writes so is one of its labels' words.
    foreign = {word for other in taxonomy.LANGUAGES if other != "en" for word in words(industry.label(other))}
    foreign -= set(words(industry.label("en")))
    return [name for name in industry.names if name.isascii() and "*" not in name and not foreign & set(words(name))]


def _sizes(icp: Icp) -> Suggestion | None:
    """Take companies of half the least size and of twice the largest."""
    least, most = icp.employees.min, icp.employees.max
    if not icp.employees:
        return None
    wider = Range(None if least is None or least <= 2 else least // 2, None if most is None else most * 2)
    label = _("Other sizes: %(employees)s employees") if wider else _("Any size")
    return _suggestion("sizes", label % {"employees": changes.span(wider)}, icp, employees=wider)


def _ages(icp: Icp) -> Suggestion | None:
    if not icp.founded_year:
        return None
    return _suggestion("ages", _("Founded in any year"), icp, founded_year=Range())


def _language() -> str:
    return (get_language() or "en").partition("-")[0]
