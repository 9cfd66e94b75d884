"""Money raised, the stage of a company and what kind of company it is, as a sentence states them."""

import re

from integrations.lexicon.words import fold

_STAGES = (
    (r"pre[- ]?seed|种子前", "Pre-Seed"),
    (r"(?<!pre-)(?<!pre )\bseed\b(?! oil| company)|amorcage|种子轮", "Seed"),
    (r"\b(?:series|serie|runde) ([a-h])\b", "Series {}"),
    (r"\b([a-h]) ?轮", "Series {}"),
    (r"\bbootstrapped\b|self[- ]funded|autofinance\w*|eigenfinanziert", "Bootstrapped"),
)
_TYPES = (
    (r"haven't ipo'?d|not public|\bprivate (?!equity|cloud|key|label|school|market|data|network|jet|"
        r"sector)(?=\w+)|privately[- ]held|private compan\w+|family[- ]owned|still private|stayed private|bootstrapped|"
     r"never raised|familienunternehmen|"
     r"entreprise familiale|民营|私营|privatn\w+ (?:firm|kompanij)\w*", "Privately Held"),
    (r"(?<!or )\bpublic (?!sector|safety|health|transport|agenc|school|good|cloud|relation|policy|"
        r"institution)(?=\w+)|publicly[- ](?:traded|listed|held)|public compan\w+|listed (?:on|compan\w+)|"
        r"\bipo'?d\b|went public|"
     r"stock exchange|cotee? en bourse|"
     r"borsennotiert\w*|上市公司|\bnasdaq\b|\bnyse\b|recently ipo", "Public Company"),
    (r"non[- ]?profit|\bngo\b|charit(?:y|ies)|association a but non lucratif|gemeinnutzig\w*|非营利|"
     r"neprofitn\w*", "Nonprofit"),
    (r"government[- ](?:agency|agencies|owned|backed|entity|run|technology provider)|state[- ]owned|"
        r"public agency|behorde\w*|etablissement public|"
     r"国有企业|drzavn\w+", "Government Agency"),
    (r"subcontract\w*|sous[- ]traitant\w*|lohnfertiger\w*|podizvodjac\w*|外包|分包", "Subcontractor"),
)  # fmt: skip
_AMOUNT = (
    r"(?:[$€£¥]|usd|eur)?\s?\d+(?:[.,]\d+)?\s?(?:m|mn|million\w*|millionen|b|bn|billion\w*|milliard\w*|k|"
    r"万|亿)\b\+?(?:\s?(?:usd|eur|dollars|euros))?"
)
_FUNDING = re.compile(
    rf"(?:raised|raising|funding|funded|rais\w+|leve\w*|investi\w*|融资|total|over|more than|under|"
    rf"between)[^.;,]{{0,30}}?"
    rf"({_AMOUNT}(?:\s?(?:-|to|and|a|bis)\s?{_AMOUNT})?)|({_AMOUNT}(?:\s?(?:-|to|"
    rf"and)\s?{_AMOUNT})?)[^.;,]{{0,15}}(?:raised|funding|round|in capital)"
)


def stage_in(text: str) -> str:
    """Return the funding stage that `text` names (`Seed`, `Series A`), or ''."""
    folded = fold(text)
    for pattern, stage in _STAGES:
        if match := re.search(pattern, folded):
            return stage.format(match.group(1).upper()) if match.groups() else stage
    return ""


def company_type_in(text: str) -> str:
    """Return the kind of company that `text` asks for (`Public Company`, `Subcontractor`), or ''."""
    folded = fold(text)
    return next((kind for pattern, kind in _TYPES if re.search(pattern, folded)), "")


def funding_in(text: str) -> str:
    """Return the words of `text` that say how much money was raised, or ''."""
    match = _FUNDING.search(fold(text))
    return (match.group(1) or match.group(2)).strip() if match else ""
