"""Whom to reach at a company: job titles that a sentence names."""

import re

# What one is the head of.
_AREA = (
    r"(?:purchasing|procurement|sales|marketing|hr|human resources|people|it|plant|factory|production|"
    r"operations|quality|"
    r"supply chain|logistics|product|engineering|account|maintenance|finance|financial|technical|commercial|"
    r"manufacturing|business development|security|data|r&d|export|office|innovation|sustainability)"
)
_GERMAN_AREA = (
    r"(?:Einkaufs|Vertriebs|Produktions|Werks?|IT|Marketing|Personal|Betriebs|Instandhaltungs|Logistik|"
    r"Qualitäts|Finanz|"
    r"Entwicklungs|Export|Projekt|Abteilungs|Standort|Fertigungs|Labor|Technik|Verkaufs)-?"
)
_SERBIAN_AREA = (
    r"(?:nabavke|prodaje|proizvodnje|marketinga|logistike|finansija|kvaliteta|održavanja|razvoja|fabrike|pogona|"
    r"magacina|izvoza|IT(?: sektora)?)"
)
_TITLES = (
    # English, and the initials that all languages use
    r"(?-i:C[EFTIMOPRS]Os?|CISOs?|CHROs?|VPs?(?: of)? [A-Z]\w+)",
    r"(?:head|director|chief|vp|vice president|manager)s? of [a-z&]+(?: (?!at\b|in\b|of\b|or\b|and\b|for\b|to\b|"
    r"from\b|"
    r"with\b|who\b|is\b)[a-z]+)?",
    rf"{_AREA} (?:managers?|directors?|heads?|officers?|leads?|leaders?|chiefs?|teams?)",
    r"(?:managing|executive|general) (?:directors?|managers?)|(?:co-?)?founders?|(?:business )?owners?|presidents?|"
    r"decision[- ]makers?",
    # French
    r"(?-i:PDG|DAF|DRH|DSI|DG)",
    r"(?:responsable|directeur|directrice|directeurs|responsables|chef|chefs) (?:des |de la |de l['’]|du |de |"
    r"d['’])\w+"
    r"(?: (?:et|commercial|industriel|technique)\b(?: \w+)?)?",
    r"(?:responsable|directeur|directrice|directeurs|responsables) (?:commercia\w+|technique\w*|industriel\w*|"
    r"financi\w+|"
    r"généra\w+|logistique\w*|informatique\w*|marketing|achats|qualité|production|rh)",
    r"acheteu(?:r|se)s?|gérante?s?|dirigeante?s?|fondateurs?",
    # German; not Halbleiter
    r"Geschäftsführ(?:er|erin|erinnen|ern|ung)|Geschäftsleitung|Einkäufer\w*|Inhaber\w*|Vorstände?n?|"
    r"Gründer(?:in|innen|n)?"
    rf"|Entscheider\w*|{_GERMAN_AREA}(?:leiter|leitung|chef)(?:in|innen|n|s)?"
    r"|Leiter(?:in)? (?:der |des |von )?(?!aus\b|und\b)[A-ZÄÖÜ]\w+",
    # Serbian
    r"(?:generaln\w+|finansijsk\w+|izvršn\w+|tehničk\w+|komercijaln\w+|prodajn\w+|marketing) (?:direktor\w*|"
    r"menadžer\w*)",
    rf"(?:direktor\w*|šef\w*|rukovodi(?:lac|oc\w+)|menadžer\w*) {_SERBIAN_AREA}\b|direktor(?:a|u|i|e|om|ima|ka|"
    rf"ke|ku)?",
    r"vlasni(?:k|ka|ku|kom|ci|ke|ce|ca|cima|cu)|osnivač\w*|nabavljač\w*|komercijalist\w*",
    # Spanish and Italian
    r"gerentes?|director(?:es|a)? de \w+|responsabil[ei] \w+|titolar[ei]|amministrator[ei] delegat[oi]",
)
_CHINESE = (
    r"(?:采购|销售|技术|财务|市场|人事|人力资源|生产|运营|行政|信息|物流|质量|研发|产品|工程|IT)(?:经理|总监|主管|负责人|主任)|总经理|"
    r"董事长|(?:联合)?创始人|厂长|老板|首席\w{2,4}官|决策者|负责人"
)
_ROLES = re.compile(rf"\b(?:{'|'.join(_TITLES)})\b|{_CHINESE}", re.IGNORECASE)
_NO_ROLES = {"director of", "head of"}
_MAX = 6


def roles_in(text: str) -> tuple[str, ...]:
    """Return the job titles that `text` names, in its order."""
    found = (match.group().strip() for match in _ROLES.finditer(text))
    return tuple(dict.fromkeys(role for role in found if role.casefold() not in _NO_ROLES))[:_MAX]
