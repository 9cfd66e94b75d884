"""Enrich: find whom to write to, and take a picture of the home page, at companies that are still worth it."""

from hunts.work import Tools, Verdict, Work, passed
from integrations.capabilities import FoundContact

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
    no_picture = await tools.photographer.take(work.site.final_url) if work.site and work.site.pages else ""
    told = f"{len(contacts)} contacts" if contacts else "no contact found"
    return passed(f"{told}. {no_picture}" if no_picture else told, contacts=tuple(contacts))
