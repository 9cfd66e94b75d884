"""Certificates and standards by name: `ISO 9001`, `IATF 16949`, `GMP`, `SOC 2`, in a brief and on a page."""

import re
from dataclasses import dataclass

from integrations.lexicon.words import fold

# An ISO standard by number, whatever stands around it: DIN EN ISO 9001:2015, ISO/IEC 27001, ISO-13485.
_ISO = (
    r"(?:(?:din|en|oenorm|onorm|sn|nf|bs|uni|srps|gb/t)[ -]{1,2}){0,3}iso(?:/iec|/ts)?[ :-]?\s?"
    r"(?P<iso>\d{4,5})(?:-\d)?(?::\d{4})?"
)
# Written differently, the same thing.
_NAMED = {
    "IATF 16949": r"iatf[ -]?16949|(?:iso/)?ts[ -]?16949",
    "EN 9100": r"(?:en|as|jisq)[ -]?9100(?:[ -]?[a-d])?(?::\d{4})?",
    "EN 1090": r"(?:din )?en[ -]?1090(?:-\d)?",
    "SOC 2": r"soc[ -]?(?:2|ii)(?: type (?:1|2|i|ii))?",
    "SOC 1": r"soc[ -]?(?:1|i)(?: type (?:1|2|i|ii))?(?![a-z])",
    "GMP": r"c?gmp",
    "GDP": r"gdp(?= (?:certifi|zertifi|compliant|konform))",
    "HACCP": r"haccp",
    "BRCGS": r"brc(?:gs)?(?: (?:food|grade|global))?",
    "IFS": r"ifs(?: food)?",
    "FSSC 22000": r"fssc[ -]?22000",
    "SQF": r"sqf",
    "OEKO-TEX": r"(?:o|oe)ko[ -]?tex",
    "GOTS": r"gots",
    "FSC": r"fsc",
    "TISAX": r"tisax",
    "NADCAP": r"nadcap",
    "PCI DSS": r"pci[ -]?dss",
    "HIPAA": r"hipaa",
    "FedRAMP": r"fedramp",
    "Cyber Essentials": r"cyber essentials(?: plus)?",
    "B Corp": r"b[ -]corp(?:oration)?",
    "ISO": r"iso(?= ?-?(?:certifi|zertifi|sertifi|认证))",
}
_NAMES = tuple((name, re.compile(rf"(?<![a-z\d])(?:{pattern})(?![a-z\d])")) for name, pattern in _NAMED.items())
_ISO_NUMBER = re.compile(rf"(?<![a-z\d]){_ISO}(?!\d)")
# What goes with the name of a certificate in a wish.
_WITH = re.compile(
    r"[\s-]*(?:is |are )?(?:certifi\w*|zertifi\w*|sertifi\w*|registered|accredit\w*|akkreditier\w*|compliant|"
    r"conforme\w*|认证)*"
    r"(?:\s?(?:companies|firms|suppliers|firmen|unternehmen))?"
)
_BEFORE = re.compile(
    r"(?:,?\s*\b(?:(?:must|should) (?:be|have)|certifi\w*|zertifi\w*|sertifi\w*|accredit\w*|nach|to|to be|a norme|"
    r"selon|norme|with|mit|avec|having|holding|sa|po standardu|standard\w*|an?|"
    r"eine[rnm]?)\b|通过|具有|持有)*\s*\Z"
)

_REACH = 80  # characters


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate by its common name, and where it is named in the folded text."""

    name: str
    start: int
    end: int


def certificates_in(text: str) -> list[Certificate]:
    """Return the certificates that `text` names, in its order."""
    folded = fold(text)
    found = [Certificate(f"ISO {m['iso']}", m.start(), m.end()) for m in _ISO_NUMBER.finditer(folded)]
    for name, pattern in _NAMES:
        found += [Certificate(name, m.start(), m.end()) for m in pattern.finditer(folded)]
    found.sort(key=lambda one: (one.start, -one.end))
    kept: list[Certificate] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


_OR = re.compile(r"\b(?:or|oder|ou|ili|o)\b|或|/")


@dataclass(frozen=True, slots=True)
class Asked:
    """The certificates that a wish asks for (of each group any will do) and the wish without them."""

    groups: tuple[tuple[str, ...], ...]
    rest: str


def asked_certificates(text: str) -> Asked:
    """Take the certificates out of `text`, with the words that only say `certified`."""
    found = certificates_in(text)
    if not found or len(fold(text)) != len(text):
        return Asked(_grouped(fold(text), found), text) if not found else _take(fold(text), found)
    return _take(text, found)


def _take(text: str, found: list[Certificate]) -> Asked:
    folded = fold(text)
    rest, done = [], 0
    for one in found:
        before = folded[done : one.start]
        cue = _BEFORE.search(before, max(0, len(before) - _REACH))  # bounded: a brief may be long
        rest.append(text[done : done + (cue.start() if cue else len(before))])
        match = _WITH.match(folded, one.end)
        done = match.end() if match else one.end
    return Asked(_grouped(folded, found), ", ".join([*rest, text[done:]]))


def _grouped(folded: str, found: list[Certificate]) -> tuple[tuple[str, ...], ...]:
    groups: list[list[str]] = []
    last: Certificate | None = None
    for one in found:
        between = folded[last.end : one.start] if last else ""
        if last and len(between) < 15 and _OR.search(between):
            groups[-1].append(one.name)
        else:
            groups.append([one.name])
        last = one
    return tuple(dict.fromkeys(tuple(dict.fromkeys(group)) for group in groups))


# Not held, or not yet: `ohne Zertifikat`, `bereiten wir vor`, `in Vorbereitung`, `planned`.
_NOT_HELD = re.compile(
    r"\b(?:not|never|without|no longer|nicht|ohne|kein\w*|sans|nije|nemamo|bez|not yet|noch nicht|pas encore|"
    r"jos nije)\b"
    r"[^.;]{0,40}|(?:没有|尚未|未通过|无)"
)
_PLANNED = re.compile(
    r"\b(?:plan\w*|prepar\w*|prepare|aim\w*|working towards|in progress|next year|soon|"
    r"bereit\w* .{0,60}\bvor\b|vorbereit\w*|"
    r"angestrebt\w*|streben|geplant\w*|in arbeit|nachstes jahr|nachste jahr|en cours|prevu\w*|bientot|u pripremi|"
    r"pripremamo|planiramo|uskoro)\b|正在申请|计划|筹备|申请中"
)
_OF_OTHERS = re.compile(
    r"\b(?:help\w*|audit ready|get compliant|become|achieve|prepare for|obtain\w*|your|their|listings? of|helfen|"
    r"unterstutzen|ihre[rnm]?|beratung|consult\w*|conseil|accompagn\w*|vos|votre|pomaz\w*)\b|帮助|协助|咨询|您"
)


def holds(sentence: str) -> bool | None:
    """Say whether a sentence that names a certificate says that its writer holds it; None where it speaks of others."""
    folded = fold(sentence)
    if _PLANNED.search(folded) or _NOT_HELD.search(folded):
        return False
    return None if _OF_OTHERS.search(folded) else True


_NO_CERTIFICATE = re.compile(
    r"\b(?:ohne|kein\w*|without|no|sans|aucun\w*|bez|nemamo)\s+(?:\w+\s)?(?:zertifi\w*|certifi\w*|sertifi\w*)|没有[^。]{0,6}认证"
)


def says_none(sentence: str) -> bool:
    """Say whether a sentence says that its writer holds no certificate at all."""
    return _NO_CERTIFICATE.search(fold(sentence)) is not None
