"""Enrich: find whom to write to, and take a picture of the home page, at companies that are still worth it."""

from hunts.work import Tools, Verdict, Work, passed
from integrations.capabilities import FoundContact
from integrations.lexicon.persons import MARK

ENOUGH = 5


async def run(work: Work, tools: Tools) -> Verdict:
    findings = work.findings or ()
    if any(finding.criterion.kind == "must" and finding.verdict == "no" for finding in findings):
        return passed("no contacts looked for: a must is not met", contacts=())
    if any(finding.criterion.kind == "exclude" and finding.verdict == "yes" for finding in findings):
        return passed("no contacts looked for: it is excluded", contacts=())
    contacts: list[FoundContact] = []
    for finder in tools.finders:
        wanted = ENOUGH - len(contacts)
        contacts += await finder.find_contacts(work.handle, pages=work.pages, roles=work.icp.roles, limit=wanted)
        if len(contacts) >= ENOUGH:
            break
    # No picture is no reason to hold a lead back, but whoever misses it is told why.
    no_picture = await _picture(work, tools)
    told = f"{len(contacts)} contacts" if contacts else "no contact found"
    return passed(f"{told}. {no_picture}" if no_picture else told, contacts=tuple(contacts))


async def _picture(work: Work, tools: Tools) -> str:
    """Keep a picture of the home page; return why there is none, '' where there is or nothing could be read."""
    if work.site is None or not work.site.pages:
        return ""
    if MARK in work.site.pages[0].text:
        return "No picture of the home page: it shows somebody who must not be kept."
    return await tools.photographer.take(work.site.final_url)
