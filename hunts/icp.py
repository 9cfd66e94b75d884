"""The ideal customer profile: what a hunt looks for, as one frozen value."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from enrichment.research import Context
from integrations.capabilities import Criterion, Range, SearchQuery


@dataclass(frozen=True, slots=True)
class Icp:
    """Whom to sell to, read out of a brief and edited by its owner.

    `countries` are ISO 3166 alpha-2 codes, `industries` ids of the taxonomy, `language` is the
    brief's own (ISO 639-1), `read_by` says who read the brief (`rules` or `provider/model`). `product` is what is
    sold and `value` what a customer has of it; the examples are names or domains of companies.
    """

    brief: str = ""
    product: str = ""
    value: str = ""
    industries: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    employees: Range = Range()
    founded_year: Range = Range()
    funding: str = ""
    funding_stage: str = ""
    company_type: str = ""
    roles: tuple[str, ...] = ()
    good_examples: tuple[str, ...] = ()
    bad_examples: tuple[str, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    language: str = "en"
    read_by: str = "rules"

    def query(self) -> SearchQuery:
        """Return what a searcher is asked for this profile."""
        return SearchQuery(
            text=self.brief,
            industries=self.industries,
            keywords=self.keywords,
            excluded=self.excluded,
            countries=self.countries,
            regions=self.regions,
            events=self.events,
            employees=self.employees,
            founded_year=self.founded_year,
        )

    def topics(self) -> tuple[str, ...]:
        """Return what a company's pages should be about to be worth reading for this profile."""
        return Context(self.product, self.industries, self.keywords).topics

    def criteria_hash(self) -> str:
        """Return a hash of the criteria's words and kinds; equal hashes can share verdicts."""
        return criteria_hash(self.criteria)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Icp":
        """Return the profile that `to_json` wrote; missing fields take their defaults."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        for name in ("employees", "founded_year"):
            if name in known:
                known[name] = Range(**known[name])
        if "criteria" in known:
            known["criteria"] = tuple(Criterion(**criterion) for criterion in known["criteria"])
        typed: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in known.items()
        }
        return cls(**typed)


def criteria_hash(criteria: tuple[Criterion, ...]) -> str:
    """Return the SHA-256 of what is asked; the order of the criteria does not matter."""
    asked = sorted((criterion.text, criterion.kind) for criterion in criteria)
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()


def criterion_key(text: str) -> str:
    """Return the name of a criterion: stable while its sentence is."""
    return hashlib.sha256(text.strip().casefold().encode()).hexdigest()[:12]
