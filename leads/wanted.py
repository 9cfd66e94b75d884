"""The person that a request is about: what is known of them, and what is looked for by it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from integrations.lexicon import persons
from integrations.lexicon.persons import Kind

_PARTS = ("emails", "phones", "profiles", "names", "domains")
# Stands for any company, where a name is looked for without one.
ANYWHERE = "*"


def company_key(handle: str) -> str:
    """Return what a lead is compared by: its domain, or the handle of a creator, who has none."""
    return persons.domain_key(handle) or handle


class NobodyMeant(ValueError):
    """What was entered names nobody; the message says what to enter."""


@dataclass(frozen=True)
class Wanted:
    """Whose data is asked for. Names count at the companies of `domains` alone, or anywhere where there are none."""

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()

    @classmethod
    def of(cls, *, email: str = "", name: str = "", company: str = "", phone: str = "", profile: str = "") -> "Wanted":
        """Return the person that somebody entered. Raises NobodyMeant, naming the field that holds nothing usable."""
        checks = (
            (email, bool(persons.email_key(email)), _("“%s” is not an e-mail address.")),
            (phone, bool(persons.phone_keys(phone)), _("“%s” is not a phone number: begin with + and the country.")),
            (profile, bool(persons.profile_key(profile)), _("“%s” is not the address of a profile that we know.")),
            (name, bool(persons.name_forms(name)), _("“%s” is too short for a name: enter first and family name.")),
            (
                company,
                bool(persons.domain_key(company)),
                _("“%s” is not a domain: enter it like acme.com."),
            ),
        )
        for value, is_good, problem in checks:
            if value.strip() and not is_good:
                raise NobodyMeant(problem % value.strip()[:100])
        if not any(value.strip() for value in (email, name, phone, profile)):
            raise NobodyMeant(_("Enter an e-mail address, a name, a phone number or a profile."))
        given = ((email,), (phone,), (profile,), (name,), (persons.domain_key(company),))
        return cls(*(tuple(one.strip() for one in values if one.strip()) for values in given))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Wanted":
        return cls(**{name: tuple(values[name]) for name in _PARTS if name in values})

    def to_json(self) -> dict[str, list[str]]:
        return {name: list(getattr(self, name)) for name in _PARTS}

    def joined(self, other: "Wanted") -> "Wanted":
        """Return both as one person."""
        mine, theirs = self.to_json(), other.to_json()
        return Wanted.from_json({name: dict.fromkeys([*mine[name], *theirs[name]]) for name in mine})

    @cached_property
    def keys(self) -> frozenset[tuple[Kind, str]]:
        """What is compared, names without their company."""
        return frozenset(self._addresses()) | {("name", form) for form in self.forms}

    @cached_property
    def forms(self) -> frozenset[str]:
        return frozenset(form for name in self.names for form in persons.name_forms(name))

    def hashed(self) -> Iterator[tuple[Kind, str, str]]:
        """Yield kind, key and company ('' where it has none) of what a list of hashes holds of this person."""
        for kind, key in self._addresses():
            yield kind, key, ""
        for form in self.forms:
            for domain in self.domains or (ANYWHERE,):
                yield "name", form, domain

    def _addresses(self) -> Iterator[tuple[Kind, str]]:
        for email in self.emails:
            yield "email", persons.email_key(email)
        for phone in self.phones:
            for key in persons.phone_keys(phone):
                yield "phone", key
        for profile in self.profiles:
            yield "profile", persons.profile_key(profile)

    def at(self, domain: str) -> "PersonWatch":
        """Return what to look for in words that are about the company of `domain`; '' where nobody knows whose."""
        counts = not self.domains or not domain or company_key(domain) in self.domains
        return self._anywhere if counts else self._by_address

    @cached_property
    def _anywhere(self) -> "PersonWatch":
        return PersonWatch(self.keys, self.forms)

    @cached_property
    def _by_address(self) -> "PersonWatch":
        return PersonWatch(frozenset(self._addresses()), self.forms)


@dataclass(frozen=True)
class PersonWatch:
    """Looks for one person by what is known of them; `forms` are those of their names, looked for or not."""

    keys: frozenset[tuple[Kind, str]] = field(default_factory=frozenset)
    forms: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def name_sizes(self) -> frozenset[int]:
        return frozenset(len(form.split()) for kind, form in self.keys if kind == "name")

    @cached_property
    def by_address(self) -> "PersonWatch":
        """What does not go by the name."""
        return PersonWatch(frozenset(key for key in self.keys if key[0] != "name"), self.forms)

    def has(self, kind: Kind, key: str) -> bool:
        return (kind, key) in self.keys

    def is_called(self, name: str) -> bool:
        """Return whether a name is that of the person, at whatever company."""
        return persons.is_one_name(name, self.forms)

    def is_in(self, text: str) -> bool:
        """Return whether a text tells of the person. Most do not, and are not looked at closely."""
        return bool(text) and persons.may_hold(text, self.keys) and bool(persons.mentions(text, self))
