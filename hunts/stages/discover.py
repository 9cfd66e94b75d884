"""Discover: ask the searcher for companies. The one stage that works for the run and not for a candidate."""

from integrations.capabilities import FoundCompany, Searcher, SearchQuery

# What one question asks for at most; vendors cap their answers at about this.
PAGE_SIZE = 100


async def run(query: SearchQuery, searcher: Searcher, *, limit: int) -> list[FoundCompany]:
    """Return at most `limit` companies, best first, each domain once; companies without a domain are left out."""
    found: dict[str, FoundCompany] = {}
    offset = 0
    while len(found) < limit:
        page = await searcher.search(query, limit=min(PAGE_SIZE, limit), offset=offset)
        for company in page:
            if company.domain:
                found.setdefault(company.domain, company)
        offset += len(page)
        if len(page) < min(PAGE_SIZE, limit):
            break
    return list(found.values())[:limit]
