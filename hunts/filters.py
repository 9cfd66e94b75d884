"""The filters of a profile in one plain form: what decides which companies a source finds, however it was written.

Two profiles that would be asked for the same companies have the same filters. So the order, the case, spaces, other
words for one industry and other names of one place make no difference; another place, size or word does. What only
judges companies that were found is no filter: criteria and their weights, the product, roles, examples. Nor is a
spending limit, nor how many companies are asked for: that stands beside the hash, see `hunts.filter_models`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping

from hunts.icp import Icp
from hunts.models import Source
from integrations.capabilities import Range
from integrations.lexicon import places, taxonomy
from integrations.lexicon.industry_words import grouped_industries
from integrations.lexicon.words import words

# In which way filters are put in plain form: another way makes other hashes, and no run of before counts for them.
VERSION = 1

Filters = Mapping[str, object]


def normalised(icp: Icp, *, source: str, company_list_id: int | None = None) -> Filters:
    """Return the filters of `icp` over a source as plain, ordered JSON values."""
    regions, countries = _places(icp)
    filters: dict[str, object] = {
        "version": VERSION,
        "source": source,
        "list": company_list_id if source == Source.FILE else None,
        "industries": _industries(icp),
        "keywords": _ordered(map(_keyword, icp.keywords)),
        "excluded": _ordered(map(_keyword, icp.excluded)),
        "countries": countries,
        "regions": regions,
        "events": _ordered(map(_plain, icp.events)),
        "employees": _ends(icp.employees),
        "founded_year": _ends(icp.founded_year),
    }
    if not icp.industries and not icp.keywords:
        # Without a trade the brief's own words are what is searched for.
        filters["words"] = _ordered(words(icp.brief))
    return filters


def filters_sha256(icp: Icp, *, source: str, company_list_id: int | None = None) -> str:
    """Return the name of the filters: the SHA-256 of their plain form."""
    filters = normalised(icp, source=source, company_list_id=company_list_id)
    return hashlib.sha256(json.dumps(filters, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _industries(icp: Icp) -> list[list[str]]:
    """Return the industries in groups: of each group any will do, and all groups are asked for."""
    return sorted(map(_ordered, grouped_industries(icp.industries, icp.brief)))


def _keyword(text: str) -> str:
    """Return the industry that a keyword is another word for, or its own words."""
    forms = words(text)
    for hit in taxonomy.names().find(forms):
        if (hit.start, hit.end) == (0, len(forms)):
            return f"industry:{hit.value}"
    return " ".join(forms)


def _places(icp: Icp) -> tuple[list[str], list[str]]:
    """Return regions and countries; a group of countries is its countries, and a region its code where it has one."""
    regions, countries = set[str](), {code.strip().upper() for code in icp.countries}
    for name in icp.regions:
        place = places.lookup(name)
        if place is None:
            regions.add(_plain(name))
        elif place.kind in ("country", "group"):
            countries.update(place.countries)
        else:
            # A city is told by its name: its region is that of others too.
            name = place.region if place.kind == "region" else _plain(place.name)
            regions.add(f"{place.kind}:{name}:{','.join(sorted(place.countries))}")
    return _ordered(regions), _ordered(countries)


def _plain(text: str) -> str:
    return " ".join(words(text))


def _ordered(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})


def _ends(of: Range) -> list[int | None]:
    return [of.min, of.max]
