"""Crawl: read the company's own pages; find out when it is a company that the run has already."""

from hunts.work import Tools, Verdict, Work, passed, rejected

# Shorter home pages ("Welcome", "It works!") are alike without being the same company's.
TELLING_LENGTH = 200


async def run(work: Work, tools: Tools) -> Verdict:
    site = await tools.reader.read_site(work.website, topics=work.icp.topics(), max_pages=tools.pages_per_site)
    if site.is_parked:
        return rejected("The domain is parked: there is no company behind it.", site=site)
    if not site.pages and work.record is None:
        return rejected(site.problem or "No page of the site could be read.", site=site)
    home = site.pages[0].sha256 if site.pages and len(site.pages[0].text) >= TELLING_LENGTH else ""
    twin = await tools.identities.twin_of(site, home_sha256=home)
    if twin is not None and twin.is_in_run:
        return rejected(f"The same company as {twin.name}.", site=site, twin=twin)
    if twin is not None:
        return Verdict("waiting", f"It is {twin.name}, which is known.", skip_to="dedupe", twin=twin)
    if site.problem:
        return passed(f"{site.problem} Judged from what is known.", site=site)
    return passed(f"read {len(site.pages)} pages", site=site)
