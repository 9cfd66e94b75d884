"""The industries that a sentence asks for, and which of them are meant together.

`AI legal tech` asks for both, `drug discovery and biotech` for either: the words between them tell.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from integrations.lexicon import taxonomy
from integrations.lexicon.words import Hit, Word, fold, placed_words, words

# What may stand between two industries of which either will do.
_EITHER = re.compile(
    r"(?:[\s,/&+()、，；;-]|\b(?:and|or|et|ou|und|oder|sowie|i|ili|y|o|e|as well as|plus|software|tech|technology|"
    r"companies|startups?|firms?|de|d|la|le|les|en|in|der|die|das|work)\b|和|或|与|及)*"
)
_JOINS = re.compile(r"[,/&+()、，；;]|\b(?:and|or|et|ou|und|oder|sowie|i|ili|y|o|e|plus)\b|和|或|与|及")
WAYS_OF_WORKING = ("contract_manufacturing",)
GENERIC = ("software", "manufacturing", "consulting", "hardware", *WAYS_OF_WORKING)


@lru_cache(maxsize=5_000)
def industry_groups(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the industries of `text`: all groups are asked for, of each group any one will do."""
    placed = placed_words(text)
    hits = taxonomy.names().find([word.form for word in placed])
    groups: list[list[str]] = []
    last: Hit[str] | None = None
    for hit in hits:
        if last is None:
            groups.append([hit.value])
        elif hit.start == last.start or _is_either(text, placed, last, hit):
            groups[-1].append(hit.value)
        elif taxonomy.is_within(last.value, hit.value):
            continue
        elif taxonomy.is_within(hit.value, last.value):
            groups[-1][-1] = hit.value
        else:
            groups.append([hit.value])
        last = hit
    return _settled(groups)


def grouped_industries(chosen: Sequence[str], text: str) -> tuple[tuple[str, ...], ...]:
    """Return the `chosen` industries in the groups of `text`; those that it does not name are one more, the last."""
    named = (tuple(one for one in group if one in chosen) for group in industry_groups(text))
    groups = [group for group in named if group]
    if rest := tuple(one for one in chosen if not any(one in group for group in groups)):
        groups.append(rest)
    return tuple(groups)


def _is_either(text: str, placed: Sequence[Word], last: Hit[str], hit: Hit[str]) -> bool:
    between = fold(text[placed[last.end - 1].end : placed[hit.start].start])
    return bool(_JOINS.search(between) and _EITHER.fullmatch(between))


def _settled(groups: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    """Drop what a more particular industry makes superfluous."""
    everything = [industry for group in groups for industry in group]
    kept: list[tuple[str, ...]] = []
    for group in groups:
        ids = tuple(dict.fromkeys(i for i in group if not _is_superfluous(i, group, everything)))
        if ids and not any(set(ids) <= set(other) for other in kept):
            kept.append(ids)
    return tuple(kept)


def _is_superfluous(industry: str, group: Sequence[str], everything: Sequence[str]) -> bool:
    if industry in GENERIC and any(other not in GENERIC for other in everything):
        return True
    # Inside a group both were asked for (`biotech and drug discovery`); elsewhere the particular one says it.
    others = [other for other in everything if other != industry and other not in group]
    return any(taxonomy.is_within(other, industry) for other in others)


# What German puts behind an industry to name those who are in it, in one word with it.
_COMPOUND = re.compile(
    r"\b([A-ZÄÖÜ][\wäöüß]{2,30}?)-?((?:unternehmen|firm(?:a|en)|hersteller|anbieter|betrieb|industrie|branche|dienstleister|"
    r"startup|konzern|produzent|verarbeiter|spezialist)(?:s|n|e|en|ern)?)\b"
)


def taken_apart(text: str) -> str:
    """Return `text` with German words such as `Softwareunternehmen` in two where their beginning names an industry."""

    def apart(match: re.Match[str]) -> str:
        word, branch = match.group(), match.group(1)
        is_known = bool(industry_groups(word)) or not industry_groups(branch)
        return word if is_known else f"{branch} {match.group(2)}"

    return _COMPOUND.sub(apart, text)


def passed_over(text: str, industries: Sequence[str]) -> tuple[str, ...]:
    """Return the industries that `text` names besides `industries`."""
    hits = taxonomy.names().find([word.form for word in placed_words(text)])
    return tuple(dict.fromkeys(hit.value for hit in hits if hit.value not in industries))


def ruled_out_industries(text: str) -> tuple[str, ...]:
    """Return the industries that `text`, something to be excluded, names outright.

    `manufacturing` rules the industry out; `drones` rules out drones, not all of robotics.
    """
    hits = taxonomy.leading_names().find(words(text))
    return tuple(dict.fromkeys(hit.value for hit in hits))


def without_industries(text: str, industries: Sequence[str]) -> str:
    """Return `text` without the words that only name `industries`; what narrows them down stays."""
    placed = placed_words(text)
    rest, done = [], 0
    for hit in taxonomy.names().find([word.form for word in placed]):
        start, end = placed[hit.start].start, placed[hit.end - 1].end
        if hit.value not in industries or start < done or taxonomy.is_particular(hit.phrase, hit.value):
            continue
        rest.append(text[done:start])
        done = end
    return " | ".join([*rest, text[done:]])
