"""Industries: a tree of ids with what seekers call them and what such companies write about themselves.

The words stand in `data/industries.toml`; they come from knowledge of the trades, not from labelled companies.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from integrations.lexicon.words import Phrases, fold

DATA = Path(__file__).with_name("data") / "industries.toml"
LANGUAGES = ("en", "fr", "de", "zh", "sr")
STRONG, WEAK, INHERITED = 1.0, 0.25, 0.8


@dataclass(frozen=True, slots=True)
class Industry:
    """One industry. `labels` is its name by language; the phrases are as in the data file."""

    id: str
    within: str
    labels: dict[str, str]
    names: tuple[str, ...]
    says: tuple[str, ...]
    hints: tuple[str, ...]
    never: tuple[str, ...]

    def label(self, language: str) -> str:
        """Return its name in `language`, or in English."""
        return self.labels.get(language, self.labels["en"])


@cache
def industries() -> dict[str, Industry]:
    """Return every industry by its id."""
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return {key: _industry(key, table) for key, table in data.items()}


def _industry(key: str, table: dict[str, str]) -> Industry:
    labels = {language: table[language] for language in LANGUAGES}
    phrases = {kind: _split(table.get(kind, "")) for kind in ("names", "says", "hints", "never")}
    return Industry(id=key, within=table.get("within", ""), labels=labels, **phrases)


def _split(phrases: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in phrases.split("|") if phrase.strip())


def is_within(industry: str, ancestor: str) -> bool:
    """Say whether `industry` is `ancestor` or a part of it, at any depth."""
    while industry:
        if industry == ancestor:
            return True
        industry = industries()[industry].within if industry in industries() else ""
    return False


@cache
def names() -> Phrases[str]:
    """Return what seekers call each industry, standing for its id."""
    return Phrases.of(
        (phrase, industry.id)
        for industry in industries().values()
        for phrase in dict.fromkeys((*industry.names, *industry.labels.values()))
    )


@cache
def evidence_of(industry: str) -> dict[str, float]:
    """Return the phrases that show a company to be in `industry`, with their weights (0-1)."""
    weights: dict[str, float] = {}
    own = industries()[industry]
    for phrase in own.hints:
        weights[phrase] = WEAK
    for child in industries().values():
        if child.id != industry and is_within(child.id, industry):
            weights |= dict.fromkeys((*_unambiguous(child), *child.says), INHERITED)
    for phrase in (*_unambiguous(own), *own.says, *_new_labels(own)):
        weights[phrase] = STRONG
    for phrase in own.never:
        weights[phrase] = 0.0  # the longer phrase is found first and so hides the shorter one in it
    return weights


def _new_labels(industry: Industry) -> Iterable[str]:
    """Return the labels that are not among the names in another spelling: each counts once."""
    known = {fold(phrase) for phrase in (*industry.names, *industry.says)}
    return (label for label in industry.labels.values() if fold(label) not in known)


def is_particular(phrase: str, industry: str) -> bool:
    """Say whether `phrase`, a name of `industry`, narrows it down rather than only naming it: décolletage, not "
    "usinage."""
    own = industries()[industry]
    return phrase in own.says and phrase not in own.names[:5] and phrase not in own.labels.values()


@cache
def leading_names() -> Phrases[str]:
    """Return the labels and first names of each industry, standing for its id: what is meant when it is ruled out."""
    return Phrases.of(
        (phrase, industry.id)
        for industry in industries().values()
        for phrase in dict.fromkeys((*industry.labels.values(), *_leading(industry)))
    )


# Industries that are ruled out by any of their names, for all of them mean it outright.
_RULED_OUT_BY_ANY_NAME = frozenset({"distribution"})


def _leading(industry: Industry) -> tuple[str, ...]:
    return industry.names if industry.id in _RULED_OUT_BY_ANY_NAME else industry.names[:5]


def _unambiguous(industry: Industry) -> Iterable[str]:
    hinted = set(industry.hints)
    return (phrase for phrase in industry.names if phrase not in hinted)
