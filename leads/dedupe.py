"""Whether two leads are one company: what is known of each, compared clue by clue.

Precision comes first: leads are merged without a person only where the name and the country are the same and something
else is that only one company has, or where one site leads to the other. Everything weaker is suggested.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import phonenumbers
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from integrations.capabilities import ReadPage
from integrations.lexicon.words import fold
from leads import merging
from leads.merge_models import Clue, LeadAlias
from leads.models import Contact, Fact, Lead
from leads.names import legal_forms

MOST_SUGGESTED = 5
MOST_ALIKE = 20  # leads of one name that are looked at; more of them are a franchise or no name
FEW_WORDS_MORE = 0.6  # of an address: how much of the words two ways to write it have in common

# Whoever has no domain writes from these.
FREE_MAIL = frozenset(
    {
        *(
            "gmail.com",
            "googlemail.com",
            "outlook.com",
            "hotmail.com",
            "hotmail.fr",
            "live.com",
            "msn.com",
            "yahoo.com",
        ),
        *("yahoo.fr", "yahoo.de", "icloud.com", "me.com", "aol.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de"),
        *("t-online.de", "freenet.de", "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "laposte.net", "libero.it"),
        *("qq.com", "163.com", "126.com", "sina.com", "foxmail.com", "aliyun.com", "mail.ru", "yandex.ru", "seznam.cz"),
        *("proton.me", "protonmail.com", "bluewin.ch", "btinternet.com", "eunet.rs", "sbb.rs", "open.telekom.rs"),
    }
)
_STREET = re.compile(r"str(?:asse|\.)?(?=\W|$)|\bstreet\b|\bst\b")
_FURTHER = frozenset({Clue.PHONE, Clue.ADDRESS, Clue.EMAIL_DOMAIN, Clue.PROFILE})


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that says that two leads are one, and what both have: the number, the address, the page."""

    kind: Clue
    detail: str = ""

    def to_json(self) -> dict[str, str]:
        return {"kind": str(self.kind), "detail": self.detail[:500]}


@dataclass(frozen=True, slots=True)
class Traits:
    """What a company can be told by, in one form: phones in E.164, addresses folded, domains registrable."""

    name: str = ""
    name_key: str = ""
    country: str = ""
    handles: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    email_domains: frozenset[str] = frozenset()
    profiles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Possible:
    """Another lead that may be the same company, and what says so."""

    lead: Lead
    clues: tuple[Found, ...]
    is_certain: bool = False


def compare(one: Traits, other: Traits) -> tuple[Found, ...]:
    """Return what the two have in common."""
    return tuple(_in_common(one, other))


def _in_common(one: Traits, other: Traits) -> Iterator[Found]:
    if one.name_key and one.name_key == other.name_key:
        yield Found(Clue.NAME, other.name)
    if one.country and one.country == other.country:
        yield Found(Clue.COUNTRY, other.country)
    for handle in sorted(one.handles & other.handles):
        yield Found(Clue.REDIRECT, handle)
    for phone in sorted(one.phones & other.phones):
        yield Found(Clue.PHONE, phone)
    for address in sorted(one.addresses):
        if any(is_one_address(address, there) for there in other.addresses):
            yield Found(Clue.ADDRESS, address)
            break
    for domain in sorted(
        (one.email_domains & (other.email_domains | other.handles)) | (one.handles & other.email_domains)
    ):
        yield Found(Clue.EMAIL_DOMAIN, domain)
    for profile in sorted(one.profiles & other.profiles):
        yield Found(Clue.PROFILE, profile)


def is_certain(one: Traits, other: Traits, clues: Sequence[Found]) -> bool:
    """True where nobody needs to be asked.

    Two branches of one name in two towns, two legal forms at one address, a brand's shops that all show the brand's
    page: what speaks against it leaves the question to a person.
    """
    kinds = {clue.kind for clue in clues}
    if not {Clue.NAME, Clue.COUNTRY} <= kinds or not kinds & _FURTHER:
        return False
    forms = legal_forms(one.name), legal_forms(other.name)
    if all(forms) and forms[0] != forms[1]:
        return False
    is_elsewhere = bool(one.addresses and other.addresses) and Clue.ADDRESS not in kinds
    return not is_elsewhere or Clue.PHONE in kinds


def is_possible(clues: Sequence[Found], one: Traits, other: Traits) -> bool:
    """True where a person should have a look."""
    kinds = {clue.kind for clue in clues}
    if kinds & {Clue.REDIRECT, Clue.HOME_PAGE, Clue.PROFILE, Clue.EMAIL_DOMAIN}:
        return True
    abroad = one.country and other.country and one.country != other.country
    return Clue.NAME in kinds and (not abroad or bool(kinds & _FURTHER))


def is_one_address(one: str, other: str) -> bool:
    """True where two folded addresses have the same numbers (house, postcode) and most words in common."""
    numbers, others_numbers = (set(re.findall(r"\d+", text)) for text in (one, other))
    if not numbers or numbers != others_numbers:
        return False
    words, others_words = (set(re.findall(r"[^\W\d]+", text)) for text in (one, other))
    return len(words & others_words) >= FEW_WORDS_MORE * min(len(words), len(others_words)) > 0


def phone_key(phone: str, country: str) -> str:
    """Return a number in E.164; without its country the digits, where there are enough to tell a company by."""
    try:
        return phonenumbers.format_number(
            phonenumbers.parse(phone, country or None), phonenumbers.PhoneNumberFormat.E164
        )
    except phonenumbers.NumberParseException:
        digits = re.sub(r"\D", "", phone)
        return digits if len(digits) >= 8 else ""


def address_key(address: str) -> str:
    return " ".join(re.findall(r"\w+", _STREET.sub("str ", fold(address))))[:300]


def _email_domain(email: str) -> str:
    domain = email.rpartition("@")[2].lower()
    return "" if domain in FREE_MAIL else domain


def with_pages(traits: Traits, pages: Iterable[ReadPage]) -> Traits:
    """Return `traits` with what pages of the company's site say of it."""
    facts = [fact for page in pages for fact in page.facts]
    contacts = [contact for page in pages for contact in page.contacts]
    country = traits.country or next((fact.value for fact in facts if fact.kind == "country"), "")
    return replace(
        traits,
        country=country,
        phones=traits.phones | _filled(phone_key(one.phone, country) for one in contacts if one.phone),
        addresses=traits.addresses | _filled(address_key(one.value) for one in facts if one.kind == "address"),
        email_domains=traits.email_domains | _filled(_email_domain(one.email) for one in contacts),
        profiles=traits.profiles | _filled(one.value for one in facts if one.kind == "profile"),
    )


def _filled(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value for value in values if value)


def traits_of(lead_ids: Iterable[int]) -> dict[int, Traits]:
    """Return what is known of each lead and of those merged into it, by lead: four queries for any number."""
    ids = list(lead_ids)
    members = list(Lead.objects.filter(Q(pk__in=ids) | Q(merged_into__in=ids)))
    stands_for = {member.pk: member.merged_into_id or member.pk for member in members}
    found: defaultdict[int, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    kept = {member.pk: member for member in members if not member.merged_into_id}
    for member in members:
        mine = found[stands_for[member.pk]]
        mine["handles"].add(member.handle)
        if member.phone:
            mine["phones"].add(phone_key(member.phone, member.country))
    for lead_id, handle in LeadAlias.objects.filter(lead__in=stands_for).values_list("lead", "handle"):
        found[stands_for[lead_id]]["handles"].add(handle)
    for lead_id, kind, value in Fact.objects.filter(lead__in=stands_for).values_list("lead", "kind", "value"):
        if kind == Fact.Kind.ADDRESS:
            found[stands_for[lead_id]]["addresses"].add(address_key(value))
        elif kind == Fact.Kind.PROFILE:
            found[stands_for[lead_id]]["profiles"].add(value)
    for lead_id, email, phone in Contact.objects.filter(lead__in=stands_for).values_list("lead", "email", "phone"):
        root = stands_for[lead_id]
        found[root]["email_domains"].add(_email_domain(email))
        if phone:
            found[root]["phones"].add(phone_key(phone, kept[root].country if root in kept else ""))
    return {
        pk: Traits(lead.name, lead.name_key, lead.country, **{name: _filled(has) for name, has in found[pk].items()})
        for pk, lead in kept.items()
    }


def possible_duplicates(lead: Lead) -> list[Possible]:
    """Return other leads of the workspace that may be the same company, the surest first."""
    mine = traits_of([lead.pk]).get(lead.pk)
    if mine is None:
        return []
    alike = _look_alikes(lead, mine)
    found = []
    for pk, theirs in traits_of(alike).items():
        clues = compare(mine, theirs)
        if is_possible(clues, mine, theirs):
            found.append(Possible(alike[pk], clues, is_certain(mine, theirs, clues)))
    return sorted(found, key=lambda one: (-one.is_certain, -len(one.clues), one.lead.pk))[:MOST_SUGGESTED]


def evidence_of(lead: Lead, other: Lead) -> list[dict[str, str]]:
    """Return what says that two leads are one, as a merge keeps it."""
    traits = traits_of([lead.pk, other.pk])
    if len(traits) < 2:
        return []
    return [clue.to_json() for clue in compare(traits[lead.pk], traits[other.pk])]


def _look_alikes(lead: Lead, mine: Traits) -> Mapping[int, Lead]:
    """Return leads worth a comparison: by name, by a domain of the other's, by a page on a network."""
    named = Q(name_key=mine.name_key) if mine.name_key else Q(pk__in=[])
    domains = mine.email_domains | mine.handles
    known = Lead.objects.filter(workspace=lead.workspace_id)
    ids = set(_standing(known.filter(named | Q(platform=Lead.Platform.WEB, handle__in=domains))[:MOST_ALIKE]))
    shown = Fact.objects.filter(kind=Fact.Kind.PROFILE, value__in=mine.profiles, lead__workspace=lead.workspace_id)
    ids |= set(shown.values_list(Coalesce("lead__merged_into", "lead"), flat=True)[:MOST_ALIKE])
    return Lead.objects.filter(merged_into__isnull=True).in_bulk(ids - {lead.pk} - merging.parted_from(lead.pk))


def _standing(leads: Iterable[Lead]) -> Iterator[int]:
    return (lead.merged_into_id or lead.pk for lead in leads)


def certain_twin(lead: Lead, pages: Sequence[ReadPage]) -> Possible | None:
    """Return the lead that a site shows to be this one, for certain, under another domain.

    `pages` are of the lead's site; they are not rows yet. It takes one query where no other lead has the name.
    """
    if not lead.name_key:
        return None
    named = Lead.objects.filter(workspace=lead.workspace_id, name_key=lead.name_key).exclude(pk=lead.pk)
    ids = set(_standing(named[:MOST_ALIKE])) - {lead.pk, lead.merged_into_id}
    if not ids:
        return None
    known = traits_of([*ids - merging.parted_from(lead.pk), lead.pk])
    mine = with_pages(known.pop(lead.pk, Traits()), pages)
    for pk, theirs in sorted(known.items()):
        clues = compare(mine, theirs)
        if is_certain(mine, theirs, clues):
            return Possible(Lead.objects.get(pk=pk), clues, is_certain=True)
    return None


def by_alias(workspace_id: int, domains: Iterable[str]) -> dict[str, int]:
    """Return the domains that are another name of a lead, and which lead stands for it."""
    aliases = LeadAlias.objects.filter(workspace=workspace_id, platform=Lead.Platform.WEB, handle__in=list(domains))
    return dict(aliases.values_list("handle", Coalesce(F("lead__merged_into"), F("lead"))))


def standing_for(workspace_id: int, domain: str) -> int | None:
    """Return the lead that stands for a domain: its own, the one that this was merged into, or whose alias it is."""
    own = Lead.objects.filter(workspace=workspace_id, platform=Lead.Platform.WEB, handle=domain)
    found = own.values_list(Coalesce(F("merged_into"), F("pk")), flat=True).first()
    return found or by_alias(workspace_id, [domain]).get(domain)


def remember_alias(lead: Lead, handle: str, clue: Found) -> None:
    """Remember that a domain is this lead's, so that finding it again makes no new one. Done twice, it is done once."""
    if not Lead.objects.filter(workspace=lead.workspace_id, platform=lead.platform, handle=handle).exists():
        LeadAlias.objects.bulk_create(
            [
                LeadAlias(
                    workspace_id=lead.workspace_id,
                    lead=lead,
                    platform=lead.platform,
                    handle=handle,
                    kind=clue.kind,
                    detail=clue.detail[:1000],
                )
            ],
            ignore_conflicts=True,
        )
