"""Trade fairs: which one a sentence names."""

import re

_FAIRS = (
    "Global Industrie|Hannover Messe|EMO Hannover|EMO|MIDEST|CES|MWC|Mobile World Congress|Automechanika|"
    "Interpack|Anuga|SIAL|"
    "Medica|Compamed|Bauma|Formnext|EuroBLECH|Blechexpo|SPS|Canton Fair|VivaTech|Viva Technology|Web Summit|"
    "Slush|Arab Health|"
    "LogiMAT|Automatica|Euronaval|Le Bourget|Paris Air Show|Fakuma|Electronica|embedded world|GITEX|NRF|RSA Conference|"
    "Black Hat|IFA|ISH|Batimat|Pollutec|Enlit|Intersolar|Transport Logistic|Gamescom|ITB|SIMODEC|Industrie Lyon|"
    "Industrie Paris"
)
# A name: capitalised words and years after the cue, in the sentence as it was written.
_NAME = (
    r"((?:(?:the|la|le|der|die|das) )?"
    r"[A-Z0-9À-Ž][\w'&.-]{0,30}(?: (?:[A-Z0-9À-Ž][\w'&.-]{0,30}|of|de|der|des|du)){0,6})"
)
_CUES = re.compile(
    r"(?i:exhibit(?:s|ed|ing|ors?)?|showing|booth|stand|presents?|exposants?|exposant|expos[ée]e?s?|"
    r"aussteller\w*|ausstellen\w*|"
    r"izlaga\w+|izla[žz]u|espositori|expositores|attending)"
    r" (?i:at|of|in|from|à|au|aux|du|de|sur|auf|bei|an|der|na|a|en|to|listed in)(?: (?i:the|la|le|der|die|das|"
    r"sajmu|salon))? " + _NAME
)
_KNOWN = re.compile(rf"(?<!\w)({_FAIRS})(?: (?:20\d\d))?(?!\w)")
_BEFORE = re.compile(
    r"(?<!\w)([A-Z][\w'-]{0,30}(?: [A-Z0-9][\w'-]{0,30}){0,5}) (?:exhibitors|exposants|Aussteller|izlagači)"
)
_CHINESE = re.compile(r"参加?展?([^，。、\s]{2,20}?)(?:的)?(?:展商|参展商|的?公司|展会)|([\w ]{2,20})参展商")


def events_in(text: str) -> list[tuple[str, str]]:
    """Return the fairs that `text` names: each one's name, and the words of `text` that say so."""
    found: list[tuple[str, str]] = []
    for pattern in (_CUES, _BEFORE, _KNOWN):
        for match in pattern.finditer(text):
            name = re.sub(r"^(?:the|la|le|der|die|das) ", "", match.group(1)).strip(" .")
            if name and not any(name in other or other in name for other, _ in found):
                found.append((name, match.group()))
    if not found and (said := _CHINESE.search(text)):
        found.append(((said.group(1) or said.group(2)).strip(), said.group()))
    return found


def event_name(source: str) -> str:
    """Return the fair's name from the name of a list (`global-industrie-2025`), or '' where it is no fair's."""
    name = re.sub(r"[-_]+", " ", source).strip()
    if _KNOWN_FOLDED.search(name) or re.search(r"\b(?:exhibitors?|expo|messe|fair|salon)\b", name, re.I):
        return name.title() if name.islower() else name
    return ""


_KNOWN_FOLDED = re.compile(rf"(?i)(?<!\w)(?:{_FAIRS})(?!\w)")
