"""Whether two leads are one company: what is known of each, compared clue by clue.

Precision comes first: leads are merged without a person only where the name and the country are the same and something
else is that only one company has, or where one site leads to the other. Everything weaker is suggested.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from integrations.capabilities import ReadPage
from leads import family
from leads.merge_models import Clue, LeadAlias
from leads.models import Contact, Fact, Lead
from leads.names import legal_forms
from leads.traits import FREE_MAIL, Traits, traits_of, with_pages

MOST_SUGGESTED = 5
MOST_ALIKE = 20  # leads of one name that are looked at; more of them are a franchise or no name
MOST_COMPARED = 60  # leads that are compared with one, to suggest some of them
FEW_WORDS_MORE = 0.6  # of an address: how much of the words two ways to write it have in common

_FURTHER = frozenset({Clue.PHONE, Clue.ADDRESS, Clue.EMAIL_DOMAIN, Clue.PROFILE})


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that says that two leads are one, and what both have: the number, the address, the page."""

    kind: Clue
    detail: str = ""

    def to_json(self) -> dict[str, str]:
        return {"kind": str(self.kind), "detail": self.detail[:500]}


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
    for key in sorted(one.names.keys() & other.names.keys())[:1]:
        yield Found(Clue.NAME, other.names[key][0])
    for country in sorted(one.countries & other.countries)[:1]:
        yield Found(Clue.COUNTRY, country)
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
    if not _have_one_legal_form(one, other):
        return False
    is_elsewhere = bool(one.addresses and other.addresses) and Clue.ADDRESS not in kinds
    return not is_elsewhere or Clue.PHONE in kinds


def _have_one_legal_form(one: Traits, other: Traits) -> bool:
    """True where a name that both have is nowhere said to be of two legal forms."""
    for key in one.names.keys() & other.names.keys():
        for pair in product(one.names[key], other.names[key]):
            forms = [legal_forms(name) for name in pair]
            if not all(forms) or forms[0] == forms[1]:
                return True
    return False


def is_possible(clues: Sequence[Found], one: Traits, other: Traits) -> bool:
    """True where a person should have a look."""
    kinds = {clue.kind for clue in clues}
    if kinds & {Clue.REDIRECT, Clue.HOME_PAGE, Clue.PROFILE, Clue.EMAIL_DOMAIN}:
        return True
    abroad = one.countries and other.countries and not one.countries & other.countries
    return Clue.NAME in kinds and (not abroad or bool(kinds & _FURTHER))


def is_one_address(one: str, other: str) -> bool:
    """True where two folded addresses have the same numbers (house, postcode) and most words in common."""
    numbers, others_numbers = (set(re.findall(r"\d+", text)) for text in (one, other))
    if not numbers or numbers != others_numbers:
        return False
    words, others_words = (set(re.findall(r"[^\W\d]+", text)) for text in (one, other))
    return len(words & others_words) >= FEW_WORDS_MORE * min(len(words), len(others_words)) > 0


def possible_duplicates(lead: Lead) -> list[Possible]:
    """Return other leads of the workspace that may be the same company, the surest first: three queries.

    Whom a lead is suggested for is suggested for it.
    """
    mine = traits_of([lead.pk]).get(lead.pk)
    if mine is None:
        return []
    alike = {other.pk: other for other in _look_alikes(lead, mine)}
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


def _look_alikes(lead: Lead, mine: Traits) -> QuerySet[Lead]:
    """Return leads worth a comparison: by a name, a domain, an e-mail address at a domain, a page on a network.

    It looks from both sides: a lead whose address is at this one's domain, and one whose domain this one's address has.
    """
    workspace_id = lead.workspace_id
    domains = (mine.email_domains | mine.handles) - FREE_MAIL
    leads = Lead.objects.filter(workspace=workspace_id)
    of_lead = Coalesce("lead__merged_into", "lead")
    contacts = Contact.objects.filter(lead__workspace=workspace_id, email_domain__in=domains)
    profiles = Fact.objects.filter(lead__workspace=workspace_id, kind=Fact.Kind.PROFILE, value__in=mine.profiles)
    alike = [
        leads.filter(Q(name_key__in=mine.names) | Q(platform=Lead.Platform.WEB, handle__in=domains)).values_list(
            Coalesce("merged_into", "pk")
        ),
        LeadAlias.objects.filter(workspace=workspace_id, handle__in=domains).values_list(of_lead),
        contacts.order_by().values_list(of_lead),
        profiles.order_by().values_list(of_lead),
    ]
    apart = family.kept_apart_from(lead.pk) | {lead.pk}
    return leads.filter(pk__in=alike[0].union(*alike[1:])).exclude(pk__in=apart).order_by("pk")[:MOST_COMPARED]


def have_one_name(one_id: int, other_id: int) -> bool:
    """True where two leads have a name in common, be it one of a lead that was merged into either."""
    named = Lead.objects.exclude(name_key="")
    keys = named.family_of(one_id).values("name_key")
    return named.family_of(other_id).filter(name_key__in=keys).exists()


def certain_twin(lead: Lead, pages: Sequence[ReadPage]) -> Possible | None:
    """Return the lead that a site shows to be this one, for certain, under another domain.

    `pages` are of the lead's site; they are not rows yet. It takes one query where no other lead has the name, or had
    it before it was merged away: then it is the lead that stands for that one.
    """
    if not lead.name_key:
        return None
    named = Lead.objects.filter(workspace=lead.workspace_id, name_key=lead.name_key).exclude(pk=lead.pk)
    standing = named.order_by("pk").values_list(Coalesce("merged_into", "pk"), flat=True)
    ids = set(standing[:MOST_ALIKE]) - {lead.pk, lead.merged_into_id}
    if not ids:
        return None
    known = traits_of([*ids - family.kept_apart_from(lead.pk), lead.pk])
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
