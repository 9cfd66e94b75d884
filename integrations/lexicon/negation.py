"""What a sentence rules out: `not …`, `sans …`, `ohne …`, `不包括…`, `bez …`."""

import re
from dataclasses import dataclass

_CUE = (
    r"(?:but not|and not|\bnot\b(?! only)|\bwithout\b|\bexcluding\b|\bexclude\b|\bexcept(?: for)?\b|"
    r"\bno\b(?! (?:more|less|fewer|later)\b)|"
    r"\bother than\b|\bavoid\b|\brather than\b|\binstead of\b|\bvs\.? |\bminus\b|"
    r"\bsauf\b|\bhors\b|\bsans\b|\bà l'exception d\w*|\bà l'exclusion d\w*|\bpas (?:de|d')|\bexcept[ée]s?\b|"
    r"\bkeine?[nrms]?\b|\bohne\b|\baußer\b|\bausgenommen\b|\bnicht\b(?! weniger| mehr)|"
    r"\bbez\b|\bosim\b|\bizuzev\b|\bne\b(?= [a-zčćđšž]+)|\bnikako\b|"
    r"不包括|不含|不要|除了|排除|非(?!洲)|\bsin\b|\bexcepto\b|\bsenza\b|\btranne\b|\besclus[eio]\b)"
)
_RULED_OUT = re.compile(rf"[(,;，；、]?\s*{_CUE}\s*([^.;:!?()，。；、\n]*)", re.IGNORECASE)
# Where what is ruled out ends and the wish goes on.
_GOES_ON = re.compile(
    r"(?:,| but | aber | mais | ali | nego | with | located | based | headquartered | in the | in [A-Z]| avec |"
    r" mit | sa | u [A-Z]| en [A-Z]| die )"
)


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
        end = _GOES_ON.search(rest)
        said = rest[: end.start()] if end else rest
        cleaned = said.strip(" ,-–'’)")
        if cleaned:
            ruled_out.append(cleaned)
        return ", " + (rest[end.start() :] if end else "")

    return Split(re.sub(r"\s+,", ",", _RULED_OUT.sub(keep, text)).strip(" ,"), tuple(ruled_out))
