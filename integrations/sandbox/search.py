"""The sandbox's own search engine: terms against what the companies are known for, best first.

It finds what fits and, like any search engine, what only sounds like it; telling them apart is the reader's job.
"""

import math
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from integrations.sandbox.answers import Answer, as_json, plain
from integrations.sandbox.catalogue import COMPANIES, SandboxCompany
from integrations.sandbox.hostile import orders_of

SEARCH_HOST = "search.sandbox.example"
MAX_RESULTS = 100

_WORD = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
# Words are compared by their beginnings, a stemmer for all the sandbox's languages at once.
_STEM = 6
_IN_COUNTRY = 0.1
_NO_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are at by company companies firm for from have in is no not of on or our that the their to we who "
        "with und oder mit in der die das für ohne et ou de des la le les sans i ili u sa za bez koje",
    )
)


def terms_of(text: str) -> list[str]:
    """Return the search terms of `text`: beginnings of words without accents, and pairs of Chinese characters."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    folded = "".join(character for character in folded if not unicodedata.combining(character))
    pairs = [run[start : start + 2] for run in _HAN.findall(folded) for start in range(max(1, len(run) - 1))]
    words = (word[:_STEM] for word in _WORD.findall(_HAN.sub(" ", folded)) if word not in _NO_WORDS)
    return [word for word in words if len(word) > 1 and word not in _NO_WORDS] + pairs


def search(text: str, *, countries: Iterable[str] = (), limit: int = 20, offset: int = 0) -> list[SandboxCompany]:
    """Return companies for `text`, best first; with `countries` only theirs, even those that fit no word."""
    wanted = {country.upper() for country in countries}
    terms = set(terms_of(text))
    scored = []
    for position, company in enumerate(COMPANIES):
        if wanted and company.country not in wanted:
            continue
        score = _score(terms, company.domain) + (_IN_COUNTRY if wanted else 0)
        if score > 0:
            scored.append((-score, position, company))
    return [company for _, _, company in sorted(scored, key=lambda row: row[:2])][offset : offset + limit]


def answer_search(path: str, query_string: bytes) -> Answer:
    """Answer `GET /search?q=&limit=&offset=&country=`; `country` is one code or several with commas."""
    if path != "/search":
        return plain("This host answers /search only.\n", 404)
    asked = {name: values[-1] for name, values in parse_qs(query_string.decode("ascii", "replace")).items()}
    try:
        limit, offset = int(asked.get("limit", "20")), int(asked.get("offset", "0"))
    except ValueError:
        return as_json({"error": "limit and offset must be whole numbers."}, 400)
    if not 1 <= limit <= MAX_RESULTS or offset < 0:
        return as_json({"error": f"limit must be 1 to {MAX_RESULTS}, offset not negative."}, 400)
    countries = [code for code in asked.get("country", "").split(",") if code]
    found = search(asked.get("q", ""), countries=countries, limit=limit, offset=offset)
    return as_json([_result(company) for company in found])


def _result(company: SandboxCompany) -> dict[str, str]:
    return {
        "name": company.name,
        "domain": company.domain,
        "website": company.website,
        "snippet": _snippet(company),
        "country": company.country,
        "location": ", ".join(part for part in (company.city, company.region, company.country) if part),
    }


def _snippet(company: SandboxCompany) -> str:
    """Return what the engine shows; a hostile site has written its orders where engines look."""
    orders = orders_of(company)
    return orders.structured if orders else f"{company.tagline}. {company.summary}"


def _score(terms: set[str], domain: str) -> float:
    counts = _index()[domain]
    return sum(_rarity(term) * math.sqrt(min(counts[term], 3)) for term in terms if counts[term])


@cache
def _index() -> dict[str, Counter[str]]:
    words = tomllib.loads((Path(__file__).parent / "data" / "industries.toml").read_text(encoding="utf-8"))
    return {company.domain: Counter(terms_of(_known_for(company, words))) for company in COMPANIES}


def _known_for(company: SandboxCompany, words: dict[str, str]) -> str:
    offers = " ".join(f"{offer.name} {offer.text}" for offer in company.offers)
    place = f"{company.city} {company.region} {words[company.country]}"
    return f"{company.name} {_snippet(company)} {offers} {company.serves} {place} {words.get(company.industry, '')}"


@cache
def _rarity(term: str) -> float:
    holders = sum(1 for counts in _index().values() if counts[term])
    return math.log(1 + len(COMPANIES) / (1 + holders))
