"""Whom to reach at a company: job titles that a sentence names."""

import re

_ROLES = re.compile(
    r"\b(?:C[EFTIMOPRS]O|CISO|VPs?(?: of)? [A-Z]\w+|(?:head|director|chief|vp|manager)s? of [a-z]+(?: [a-z]+)?|"
    r"founders?|co-founders?|owners?|"
    r"(?:purchasing|procurement|sales|marketing|hr|it|plant|production|operations|quality|supply chain|product|"
    r"engineering|account|maintenance) "
    r"(?:managers?|directors?|heads?|officers?|leads?)|decision[- ]makers?|buyers?|"
    r"(?:responsable|directeur|directrice|chef)s? (?:des |de la |du |de |d'|commercial|technique|"
    r"industriel)\w*(?: \w+)?|acheteurs?|gérants?|dirigeants?|"
    r"(?:Geschäftsführer|Einkäufer|Einkaufsleiter|Vertriebsleiter|Produktionsleiter|Werksleiter|IT-Leiter|"
    r"Inhaber|Leiter \w+)\w*|"
    r"direktor\w*(?: \w+)?|vlasni\w+|menadžer\w* \w+|nabavk\w+)\b|采购经理|采购负责人|"
    r"创始人|总经理|销售总监|首席\w{2,4}官|负责人",
    re.IGNORECASE,
)
_NO_ROLES = {"director of", "head of", "buyers"}
_MAX = 6


def roles_in(text: str) -> tuple[str, ...]:
    """Return the job titles that `text` names, in its order."""
    found = (match.group().strip() for match in _ROLES.finditer(text))
    return tuple(dict.fromkeys(role for role in found if role.casefold() not in _NO_ROLES))[:_MAX]
