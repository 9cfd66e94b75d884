"""Which part of a brief is a must and which is only nice to have, and whom the companies are to serve."""

import re
from dataclasses import dataclass

# With a colon, or as a heading, the rest of the sentence is nice to have; as an adverb, the rest of the clause.
_NICE = re.compile(
    r"(?P<open>\b(?:nice[- ]to[- ]haves?|would be (?:nice|great|a plus)|bonus(?: points)?|(?:as )?a plus|pluspunkte?|"
    r"optional(?:ly)?|un plus|en option|plus je|pozeljno je|wunschenswert|wünschenswert|schön wäre|von vorteil)\s*"
    r"(?:if|for|wenn|si|ako)?\s*[:：-]?|加分项?[:：]?)"
    r"|(?P<adverb>\b(?:ideally|preferably|if possible|idealerweise|vorzugsweise|bevorzugt|möglichst|wenn möglich|gerne|"
    r"idéalement|de préférence|si possible|po mogu[ćc]stvu|po mogu[ćc]nosti|po želji|poželjno|idealno|"
    r"idealmente|preferibilmente)\b|最好(?:是|有|能)?|优先(?:考虑)?)\s*[:：]?",
    re.IGNORECASE,
)
# Where the wish turns to what must be again.
_MUST = re.compile(
    r"\b(?:must(?: be| have)?|required?|mandatory|zwingend|pflicht|obligatoire\w*|il faut|doit|doivent|obavezno|"
    r"moraju?)\b"
    r"|必须|一定要",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.;。；!?\n]")
_CLAUSE = re.compile(r"[.,;，。；!?\n]")
_SUFFIX = re.compile(
    r"(?:^|(?<=[,;.，；。]))([^,;.，；。]{3,80}?)\s*(?:(?:is|are|would be) )?"
    r"(?:\b(?:preferred|a plus|nice to have|bevorzugt|von vorteil|souhaitée?s?|appréciée?s?|poželjn\w*|optional)\b"
    r"|优先)\s*(?=$|[,;.，；。])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """A brief in two: what must be, and what is only nice to have."""

    must: str
    nice: str


def split(text: str) -> Wishes:
    """Return the parts of `text` that must be and those that are only nice to have."""
    must, nice, at = [], [], 0
    for match in _NICE.finditer(text):
        if match.start() < at or _is_suffix(text, match):
            continue
        end = _end(text, match.end(), _SENTENCE if match["open"] is not None else _CLAUSE)
        must.append(text[at : match.start()])
        nice.append(text[match.end() : end])
        at = end
    rest = "".join([*must, text[at:]])
    nice += [match[1] for match in _SUFFIX.finditer(rest)]
    return Wishes(_SUFFIX.sub("", rest).strip(" ,"), "; ".join(part.strip(" ,:") for part in nice if part.strip(" ,:")))


def _is_suffix(text: str, match: re.Match[str]) -> bool:
    """Say whether the cue stands behind what it is about: `experience in aerospace a plus`."""
    rest = text[match.end() :].lstrip()
    return not rest or rest[0] in ",.;，。；"


def _end(text: str, start: int, ending: re.Pattern[str]) -> int:
    stops = [found.start() for found in (ending.search(text, start), _MUST.search(text, start)) if found]
    return min(stops, default=len(text))


_CUSTOMER = (
    r"(?:customers?|clients?|clientele|end markets?|kunden|kundschaft|abnehmer\w*|clientèle|kup(?:ci|ce|aca)|"
    r"klijent\w*|客户)"
)
_BEFORE = re.compile(
    rf"\b(?:with|serving|supplying|who serve|that serve|that supply|mit|avec|sa)\s+(?P<topic>[^\s,;:./&-]{{1,40}}"
    rf"(?:[ /&-]{{1,3}}[^\s,;:./&-]{{1,40}}){{0,3}}?)[ -]{{1,2}}{_CUSTOMER}\b",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"\b{_CUSTOMER}\s+(?:in|from|within|aus|im|in der|im bereich|aus der|dans|du|de la|des|iz|u)\s+"
    rf"(?:the |der |dem |den |le |la |les |l')?(?P<topic>[^,;:.]{{3,60}})",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"(?:服务于?|客户(?:为|是|来自|包括))(?P<topic>[\u4e00-\u9fff]{2,8}?)"
                      r"(?:客户|行业|领域|企业|$|[,，。;；])"
                      r"|(?P<before>[\u4e00-\u9fff]{2,8}?)(?:行业|领域)?(?:的)?客户")  # fmt: skip
_ANY = re.compile(rf"\b{_CUSTOMER}\b|客户", re.IGNORECASE)
_EDGES = re.compile(
    r"^(?:(?:with|serving|supplying|for|mit|avec|sa|und|and|et|i|having|some|the|有|具有)\s*)+|\s*(?:s|'s)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Served:
    """Whom the companies are to serve, as the brief says it, and the brief without that."""

    topics: tuple[str, ...]
    rest: str


def served_in(text: str, *, is_nice: bool = False) -> Served:
    """Take out whom the companies serve. In what is nice to have, `X customers` says so without a verb."""
    topics: list[str] = []

    def keep(match: re.Match[str]) -> str:
        said = next((match[name] for name in match.groupdict() if match[name]), "")
        topics.append(_EDGES.sub("", said.strip(" ,")))
        return ", "

    for pattern in (_AFTER, _BEFORE, _CHINESE):
        text = pattern.sub(keep, text)
    if is_nice:
        kept = []
        for piece in re.split(r"[,;，；]", text):
            if _ANY.search(piece) and (said := _EDGES.sub("", _ANY.sub(" ", piece).strip(" ,-")).strip(" -")):
                topics.append(said)
            else:
                kept.append(piece)
        text = ", ".join(kept)
    return Served(tuple(dict.fromkeys(topic for topic in topics if topic)), text)
