"""What a sentence rules out: `not …`, `sans …`, `ohne …`, `不包括…`, `bez …`."""

import re
from dataclasses import dataclass

# What is no exclusion though it begins like one: `not more than 50`, `nicht nur`, `ne više od`.
_COMPARED = (
    r"(?! (?:only|just|more|less|fewer|later|over|under|older|younger|bigger|larger|smaller|exceeding|yet|"
    r"necessarily|"
    r"nur|weniger|mehr|älter|jünger|größer|kleiner|über|unter|plus de \d|moins|seulement|"
    r"više|vise|manje|samo|starij\w+|mlađ\w+|već\w+|preko|ispod)\b)"
)
_CUE = (
    rf"(?:but not\b{_COMPARED}|and not\b{_COMPARED}|\bnot\b{_COMPARED}|\b(?:do(?:es)?n[o']?t|do not) (?:want|"
    rf"include|need)\b|"
    rf"\bwithout\b|\bexcluding\b|\bexclud(?:e|es)\b|\bexcept(?: for)?\b|\bno\b{_COMPARED}|\bnone (?:of|from|in)\b|"
    r"\bother than\b|\bavoid\b|\brather than\b|\binstead of\b|\bvs\.? |\bminus\b|\bleave out\b|"
    r"\bnothing (?:in|from)\b|\bneither\b|"
    r"\bsauf\b|\bhors\b|\bsans\b|\bà l'exception d\w*|\bà l'exclusion d\w*|\bpas (?:de|d'|en|des?)(?! \d)|"
    r"\bexcept[ée]s?\b|"
    r"\bexclu(?:re|ant|s|es)\b|\baucune?s?\b|\bni\b|\bnon pas\b|"
    rf"\bkeine?[nrms]?\b{_COMPARED}|\bohne\b|\baußer\b|\bausgenommen\b|\bausschließen\b|\bnicht\b{_COMPARED}|"
    rf"\bweder\b|"
    rf"\bbez\b|\bosim\b|\bsem\b|\bizuzev\b|\bne\b{_COMPARED}(?= [a-zčćđšž]+)|\bnikako\b|\bisključi\w*|\bnipošto\b|"
    r"不包括|不包含|不含|不要|不想要|不需要|不考虑|除了|排除|剔除|而非|而不是|不是|非(?![洲营盈])|\bsin\b|\bexcepto\b|\bsenza\b|\btranne\b|"
    r"\besclus[eio]\b)"
)
# What is ruled out may go on in brackets: `not Polish (the language)`.
_RULED_OUT = re.compile(rf"[(,;，；、]?\s*{_CUE}\s*([^.,;:!?()，。；、\n]*)(\([^()\n]{{0,100}}\))?", re.IGNORECASE)
_NON = re.compile(r"\b[Nn]on-([A-Z]\w+) ?")  # of `non-German banks`, the banks are wanted
_CHINESE_CUE = re.compile("[\u4e00-\u9fff]")
# Where what is ruled out ends and the wish goes on. Behind `the`, a place still tells which thing is meant.
_SIZE = (
    r"(?:at least|at most|more than|fewer than|less than|over|under|between|only|with|based|from|mindestens|"
    r"höchstens|"
    r"mehr als|weniger als|über|unter|nur|mit|au moins|plus de|moins de|seulement|avec|bar|barem|najmanje|"
    r"najviše|više|"
    r"manje|preko|samo|sa|\d)"
)
_GOES_ON = re.compile(
    r"(?:,| but | aber | sondern | mais | ali | već | nego | with | located | based | headquartered | in the | avec |"
    r" mit | sa | die |"
    rf" (?:and|und|et|i|y|e) (?={_SIZE}\b)| (?=at least |mindestens |au moins |najmanje |more than \d|over \d)|"
    r" (?:in|u|en) (?=[A-ZČĆĐŠŽ])|但|至少|以外的?|之外的?)"
)
_TO_THE_END = re.compile(r"\s*(?:the|le|la|der|das) ", re.IGNORECASE)
_CHINESE_TAIL = re.compile(r"(?:的|以外|之外|公司|企业)+$")


@dataclass(frozen=True, slots=True)
class Split:
    """A sentence without what it rules out, and that."""

    wanted: str
    ruled_out: tuple[str, ...]


def split(text: str) -> Split:
    """Take what `text` rules out away from what it asks for."""
    ruled_out: list[str] = []

    def keep(match: re.Match[str]) -> str:
        rest = match.group(1)
        end = None if _TO_THE_END.match(rest) else _GOES_ON.search(rest)
        said = rest[: end.start()] if end else rest
        cleaned = _CHINESE_TAIL.sub("", said.strip(" ,-–'’)")) if _CHINESE_CUE.match(said) else said.strip(" ,-–'’)")
        if cleaned:
            ruled_out.append(cleaned)
        return ", " + (rest[end.start() :] if end else "")

    ruled_out += _NON.findall(text)
    text = _NON.sub("", text)
    return Split(re.sub(r"\s+,", ",", _RULED_OUT.sub(keep, text)).strip(" ,"), tuple(ruled_out))
