"""What a company can be told by: its names, countries, domains, phones, addresses and pages, each in one form."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import phonenumbers
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from integrations.capabilities import ReadPage
from integrations.lexicon.words import fold
from leads.merge_models import LeadAlias
from leads.models import Contact, Fact, Lead
from leads.names import name_key

# Whoever has no domain writes from these.
_FREE_MAIL = (
    "gmail.com googlemail.com outlook.com hotmail.com hotmail.fr live.com msn.com yahoo.com yahoo.fr yahoo.de "
    "icloud.com me.com aol.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de orange.fr wanadoo.fr "
    "free.fr sfr.fr laposte.net "
    "libero.it qq.com 163.com 126.com sina.com foxmail.com aliyun.com mail.ru yandex.ru seznam.cz "
    "proton.me protonmail.com bluewin.ch btinternet.com eunet.rs sbb.rs open.telekom.rs"
)
FREE_MAIL = frozenset(_FREE_MAIL.split())
_STREET = re.compile(r"str(?:asse|\.)?(?=\W|$)|\bstreet\b|\bst\b")


@dataclass(frozen=True)
class Traits:
    """What a company can be told by, in one form: phones in E.164, addresses folded, domains registrable.

    What stands under `other_` is of leads that were merged into it: a company is found by its former name, too.
    """

    name: str = ""
    name_key: str = ""
    country: str = ""
    other_names: frozenset[str] = frozenset()
    other_countries: frozenset[str] = frozenset()
    handles: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    email_domains: frozenset[str] = frozenset()
    profiles: frozenset[str] = frozenset()

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """Every name that has a key, by its key; the lead's own comes first."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        if self.name_key:
            found[self.name_key].append(self.name)
        for name in sorted(self.other_names):
            if key := name_key(name):
                found[key].append(name)
        return dict(found)

    @property
    def countries(self) -> frozenset[str]:
        return _filled([self.country, *self.other_countries])


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing that is known of a lead, or of one merged into it; a phone's `detail` is the country it is of."""

    is_own: bool
    kind: str
    value: str
    detail: str


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
    """Return what is known of each lead that stands, and of those merged into it; one query for any number."""
    found: defaultdict[int, list[Trait]] = defaultdict(list)
    for root_id, is_own, *told in _rows(list(lead_ids)):
        found[root_id].append(Trait(bool(is_own), *told))
    return {root_id: _traits(rows) for root_id, rows in found.items()}


def _rows(ids: list[int]) -> Iterable[tuple[int, int, str, str, str]]:
    """Return (root, 1 for its own and 0 for a merged lead's, kind, value, detail) of everything that tells a company.

    One union, because each kind stands in another table and none alone says much.
    """
    if not ids:
        return ()
    leads = Lead.objects.filter(Q(pk__in=ids, merged_into=None) | Q(merged_into__in=ids))
    # Looked up first, by two indexes: a condition on joined leads would have PostgreSQL join all of them.
    of_lead = Q(lead__in=leads.order_by().values("pk"))
    contacts, facts = Contact.objects.filter(of_lead), Fact.objects.filter(of_lead)
    parts = [
        _part(leads, "name", "name"),
        _part(leads.exclude(country=""), "country", "country"),
        _part(leads, "handle", "handle"),
        _part(leads.exclude(phone=""), "phone", "phone", "country"),
        _part(LeadAlias.objects.filter(of_lead), "handle", "handle"),
        _part(facts.filter(kind=Fact.Kind.ADDRESS), "address", "value"),
        _part(facts.filter(kind=Fact.Kind.PROFILE), "profile", "value"),
        _part(contacts.exclude(email=""), "email_domain", "email_domain"),
        _part(contacts.exclude(phone=""), "phone", "phone"),
    ]
    return parts[0].union(*parts[1:], all=True)


def _part(rows: QuerySet[Any], kind: str, value: str, detail: str | None = None) -> QuerySet[Any]:
    lead, merged_into = ("pk", "merged_into") if rows.model is Lead else ("lead", "lead__merged_into")
    is_own = Case(When(**{f"{merged_into}__isnull": True}, then=Value(1)), default=Value(0))
    told = {"root": Coalesce(F(merged_into), F(lead)), "is_own": is_own, "told_kind": Value(kind), "told": F(value)}
    told["told_detail"] = F(detail) if detail else Value("")
    found: QuerySet[Any] = rows.order_by().annotate(**told).values_list(*told)
    return found


def _traits(rows: list[Trait]) -> Traits:
    has: defaultdict[str, list[Trait]] = defaultdict(list)
    for row in rows:
        has[row.kind].append(row)
    name, country = (next((row.value for row in has[kind] if row.is_own), "") for kind in ("name", "country"))
    return Traits(
        name,
        name_key(name),
        country,
        _filled(row.value for row in has["name"] if not row.is_own),
        _filled(row.value for row in has["country"] if not row.is_own),
        handles=_filled(row.value for row in has["handle"]),
        phones=_filled(phone_key(row.value, row.detail or country) for row in has["phone"]),
        addresses=_filled(address_key(row.value) for row in has["address"]),
        email_domains=_filled(row.value for row in has["email_domain"] if row.value not in FREE_MAIL),
        profiles=_filled(row.value for row in has["profile"]),
    )
