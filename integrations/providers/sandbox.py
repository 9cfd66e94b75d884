"""Sandbox: the search engine of the fictional world in `integrations.sandbox`, over HTTP on loopback. Free, no key."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar

import httpx

from integrations.capabilities import FoundCompany, Prices, SearchQuery
from integrations.errors import RequestRejected, Unavailable
from integrations.lexicon.taxonomy import industries
from integrations.providers.registry import register
from integrations.providers.wire import NEVER_SENT, NONSENSE, text_in

DEFAULT_URL = "http://127.0.0.1:8765"
_HOST = "search.sandbox.example"
_MAX_ASKED = 100  # what the engine gives at most
_MAX_QUESTIONS = 6
_MAX_WORDS = 400  # characters of one question
_LONGEST = 1_000  # characters of one fact of a company
_LONGEST_DOMAIN = 253
_TIMEOUT = 10.0


@register
class Sandbox:
    """Finds fictional companies, those that fit and some that only sound like it.

    `client` belongs to the caller, who closes it; a sandbox that does not answer is `Unavailable`.
    """

    slug: ClassVar[str] = "sandbox"
    name: ClassVar[str] = "Sandbox"
    needs_key: ClassVar[bool] = False
    prices: ClassVar[Mapping[str, Prices]] = {"search": Prices()}

    def __init__(self, client: httpx.AsyncClient, *, base_url: str = DEFAULT_URL) -> None:
        self._client = client
        self._base_url = (base_url or DEFAULT_URL).rstrip("/")

    async def search(self, query: SearchQuery, *, limit: int, offset: int = 0) -> list[FoundCompany]:
        """Return companies that may match, best first; [] where none is known."""
        answers: list[list[Mapping[str, Any]]] = []
        for question in questions_of(query):
            # Every question is asked in full, whatever the page: the merged order would differ from page to page.
            answers.append(await self._ask(question, query.countries))
        ranked = _merged(answers)[offset : offset + limit]
        return [_found(row, 1 / (1 + offset + place)) for place, row in enumerate(ranked)]

    async def _ask(self, question: str, countries: Sequence[str]) -> list[Mapping[str, Any]]:
        params = {"q": question, "limit": str(_MAX_ASKED), "country": ",".join(countries)}
        try:
            response = await self._client.get(
                f"{self._base_url}/search", params=params, headers={"Host": _HOST}, timeout=_TIMEOUT
            )
        except (*NEVER_SENT, httpx.HTTPError) as error:
            raise Unavailable(
                f"The sandbox does not answer at {self._base_url}. Start it: python -m integrations.sandbox",
                provider=self.slug,
            ) from error
        return self._rows(response)

    def _rows(self, response: httpx.Response) -> list[Mapping[str, Any]]:
        if response.status_code == 429 or response.status_code >= 500:
            raise Unavailable(f"The sandbox answered {response.status_code}.", provider=self.slug)
        if response.status_code != 200:
            raise RequestRejected(f"The sandbox refused the search ({response.status_code}).", provider=self.slug)
        try:
            rows = response.json()
        except NONSENSE as error:
            raise Unavailable("The sandbox answered something that is not JSON.", provider=self.slug) from error
        if not isinstance(rows, list):
            raise Unavailable("The sandbox answered something that is not a list.", provider=self.slug)
        return [row for row in rows if isinstance(row, dict) and text_in(row.get("domain"), _LONGEST_DOMAIN)]


def questions_of(query: SearchQuery) -> list[str]:
    """Return the short questions that `query` is asked as: each industry's names, the keywords, the sentence itself."""
    asked = [_names_of(industry) for industry in query.industries]
    asked += [" ".join(query.keywords), query.text]
    short = (" ".join(question.split())[:_MAX_WORDS] for question in asked)
    return list(islice(dict.fromkeys(question for question in short if question), _MAX_QUESTIONS))


def _names_of(industry: str) -> str:
    known = industries().get(industry)
    return " ".join(known.names[:6]) if known else industry.replace("_", " ").replace(".", " ")


def _merged(answers: Sequence[Sequence[Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    """Return the rows of all answers once each, by reciprocal rank: high in several is better than top in one."""
    scores: dict[str, float] = {}
    rows: dict[str, Mapping[str, Any]] = {}
    for answer in answers:
        for place, row in enumerate(answer):
            scores[row["domain"]] = scores.get(row["domain"], 0.0) + 1 / (10 + place)
            rows.setdefault(row["domain"], row)
    return [rows[domain] for domain in sorted(rows, key=lambda domain: -scores[domain])]


def _found(row: Mapping[str, Any], relevance: float) -> FoundCompany:
    return FoundCompany(
        name=text_in(row.get("name"), _LONGEST),
        domain=text_in(row["domain"], _LONGEST_DOMAIN),
        website=text_in(row.get("website"), _LONGEST),
        description=text_in(row.get("snippet"), _LONGEST),
        location=text_in(row.get("location"), _LONGEST),
        country=text_in(row.get("country"), 2),
        source=Sandbox.slug,
        source_url=text_in(row.get("website"), _LONGEST),
        relevance=relevance,
    )
