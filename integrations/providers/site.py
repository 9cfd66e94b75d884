"""Site: contacts that a company publishes on its own pages. Costs nothing and asks nobody."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from integrations.capabilities import FoundContact, Prices, ReadPage

# One role in many words. A wish that names any word of a group is met by a title that names any other.
_ROLES: tuple[str, ...] = (
    r"\bceo\b|chief executive|managing director|general manager|president\b|geschäftsführ\w*|geschaeftsfuehr\w*"
    r"|vorstand\w*|pdg\b|directeur général|directrice générale"
    r"|gérante?|director general|gerente|amministrator\w+ delegat\w+|总经理|董事长|总裁|首席执行官|法人"
    r"|generalni direktor|direktor(?:ka)?\b|генерални директор|директор",
    r"founder|owner|inhaber\w*|gründer\w*|gesellschafter\w*|fondat\w+|fundador\w*|propietari\w+|titolare|创始人|创办人"
    r"|osnivač\w*|vlasni\w+|оснивач|власник",
    r"procurement|purchas\w+|buyer|sourcing|supply chain|einkauf\w*|einkäufer\w*|beschaffung|achats?\b|acheteu\w+"
    r"|compras|acquisti|采购|供应链|nabavk\w+|nabavn\w+|набавк\w*",
    r"\bsales\b|business development|account (?:manager|executive)|vertrieb\w*|verkauf\w*|ventes?\b|commercial\w*"
    r"|ventas|vendite|销售|业务|商务|prodaj\w+|продај\w*",
    r"\bmarketing\b|\bcmo\b|brand|communications?|kommunikation|市场|品牌|маркетинг",
    r"\bcto\b|technical|technology|engineering|technische?\w*|technik\w*|entwicklung\w*|technique|tecnic\w+|技术|工程"
    r"|首席技术官|tehnič\w+|техничк\w*",
    r"\br&d\b|research|forschung\w*|recherche|innovation|研发|razvoj\w*|развој\w*",
    r"\bcoo\b|operations|production|plant manager|manufacturing|betriebs\w*|produktions?\w*|werks?leit\w*"
    r"|fertigung\w*|operaciones|produzione|运营|生产|厂长|proizvodn\w+|производњ\w*",
    r"\bcfo\b|financ\w+|accounting|controller|finanz\w*|buchhaltung|kaufmännisch\w*|finanzas|财务|首席财务官|finansij\w+"
    r"|финансиј\w*",
    r"\bhr\b|human resources|people\b|talent|recruit\w*|personal\w*|ressources humaines|recursos humanos"
    r"|risorse umane|人力资源|人事|招聘|ljudski\w* resurs\w*",
    r"quality|qualität\w*|qualité|calidad|qualità|质量|品质|kvalitet\w*|квалитет\w*",
    r"\bcio\b|information technology|\bit\b|edv|信息|informacion\w+ tehnologij\w+",
    r"export|international|ausfuhr|exportation|出口|外贸|国际|izvoz\w*|извоз\w*",
    r"logisti\w+|shipping|warehouse|lager\w*|物流|仓储|logistik\w*",
    r"compliance|legal|counsel|recht\w*|juridique|法务|合规|pravn\w+",
)
_GROUPS = tuple(re.compile(words, re.I) for words in _ROLES)
# Who decides, where no role is asked for.
_DECIDERS = (_GROUPS[0], _GROUPS[1])
_WORD = re.compile(r"[\w&]{2,}")
_STOP = frozenset(
    [
        "head",
        "of",
        "the",
        "and",
        "manager",
        "director",
        "chief",
        "officer",
        "vp",
        "vice",
        "lead",
        "leiter",
        "leiterin",
        "in",
        "for",
        "de",
        "du",
        "der",
        "die",
        "und",
        "responsable",
    ]
)
_DESKS = (
    "sales",
    "vertrieb",
    "verkauf",
    "ventas",
    "ventes",
    "prodaja",
    "export",
    "info",
    "contact",
    "kontakt",
    "office",
    "hello",
)


class Site:
    """The capability `ContactFinder` over pages that were already read: no call, no price."""

    slug = "site"
    name = "Company site"
    prices = Prices()

    async def find_contacts(
        self, domain: str, *, pages: Sequence[ReadPage] = (), roles: Sequence[str] = (), limit: int = 5
    ) -> list[FoundContact]:
        """Return contacts found on `pages`: people in the wanted roles, people, personal addresses, desks."""
        merged = _merged(contact for page in pages for contact in page.contacts)
        reachable = [contact for contact in merged if contact.email or contact.phone or contact.name]
        ranked = sorted(reachable, key=lambda contact: _rank(contact, domain, roles), reverse=True)
        return ranked[: max(0, limit)]


def matches_role(title: str, role: str) -> bool:
    """Return whether somebody with `title` does what `role` names, across languages and synonyms."""
    groups = [group for group in _GROUPS if group.search(role)]
    if groups:
        return any(group.search(title) for group in groups)
    wanted = {word.casefold() for word in _WORD.findall(role)} - _STOP
    return bool(wanted & {word.casefold() for word in _WORD.findall(title)})


def _rank(contact: FoundContact, domain: str, roles: Sequence[str]) -> tuple[float, ...]:
    """Return what sorts better contacts higher: role, person, a way to write, own domain, the right desk."""
    place = next((index for index, role in enumerate(roles) if matches_role(contact.title, role)), len(roles))
    in_role = len(roles) - place
    decides = any(group.search(contact.title) for group in _DECIDERS)
    local, _, host = contact.email.partition("@")
    is_own = bool(domain) and (host == domain or host.endswith(f".{domain}"))
    desk = next((len(_DESKS) - index for index, word in enumerate(_DESKS) if local.startswith(word)), 0)
    return (
        float(in_role if contact.name else 0),
        float(bool(contact.name and contact.title)),
        float(contact.is_person),
        float(bool(contact.email)),
        float(is_own),
        float(decides),
        float(desk),
        contact.confidence,
    )


def _merged(contacts: Iterable[FoundContact]) -> list[FoundContact]:
    """Return each person, address and number once, with what the pages say of it put together."""
    kept: list[FoundContact] = []
    for contact in contacts:
        index = next((index for index, other in enumerate(kept) if _is_same(contact, other)), None)
        if index is None:
            kept.append(contact)
        else:
            kept[index] = _completed(kept[index], contact)
    return kept


def _is_same(one: FoundContact, other: FoundContact) -> bool:
    if one.name and other.name:
        return one.name.casefold() == other.name.casefold()
    if one.email or other.email:
        return one.email == other.email
    if one.phone or other.phone:
        return one.phone == other.phone
    return one.linkedin_url == other.linkedin_url


def _completed(one: FoundContact, other: FoundContact) -> FoundContact:
    """Return the better proved of the two, with its gaps filled from the other."""
    first, second = (
        (one, other) if (bool(one.name), bool(one.quote)) >= (bool(other.name), bool(other.quote)) else (other, one)
    )
    return replace(
        first,
        email=first.email or second.email,
        title=first.title or second.title,
        phone=first.phone or second.phone,
        linkedin_url=first.linkedin_url or second.linkedin_url,
        confidence=max(first.confidence, second.confidence),
    )
