"""Prescreen: rules that spare a crawl and a judgement. They only reject what is certain."""

from hunts.work import Tools, Verdict, Work, passed, rejected

# Sites that host many companies, or none: never a company's own site.
NOT_A_COMPANYS_OWN = frozenset(
    {
        "facebook.com", "instagram.com", "linkedin.com", "x.com", "twitter.com", "youtube.com", "tiktok.com",
        "wikipedia.org", "crunchbase.com", "glassdoor.com", "indeed.com", "yelp.com", "yellowpages.com", "kompass.com",
        "europages.com", "europages.co.uk", "wlw.de", "alibaba.com", "made-in-china.com", "thomasnet.com", "amazon.com",
        "ebay.com", "github.com", "medium.com", "reddit.com", "google.com", "bloomberg.com", "zoominfo.com",
    }
)  # fmt: skip


async def run(work: Work, tools: Tools) -> Verdict:
    if work.handle in NOT_A_COMPANYS_OWN:
        return rejected("Not a company's own site.")
    if work.country and work.icp.countries and work.country not in work.icp.countries:
        return rejected(f"In {work.country}, which is not among the places asked for.")
    if work.icp.employees and work.employees and not work.icp.employees.overlaps(work.employees):
        return rejected("Its number of employees is outside the range asked for.")
    return passed("fits the places and sizes asked for, as far as is known")
