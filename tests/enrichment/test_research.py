from enrichment.reader import SiteReader
from enrichment.research import Context, passages_in, research
from integrations.capabilities import ReadPage
from integrations.egress.policy import Policy
from integrations.lexicon.text import sha256_of
from tests.harness.fake_web import FakeWeb

AGENT = "MagnetHunter/1.0 (+https://magnet.example/bot)"


def page(path: str, text: str) -> ReadPage:
    return ReadPage(f"https://acme.example/{path}", text, sha256_of(text))


async def test_it_follows_the_context_deeper_than_the_home_page(web: FakeWeb) -> None:
    web.page("/", '<h1>Acme</h1><p>Welcome to Acme.</p><a href="/solutions">Solutions</a><a href="/news">News</a>')
    web.page("/solutions", '<h1>Solutions</h1><p>What we do.</p><a href="/solutions/dosing-pumps">Dosing pumps</a>')
    web.page("/solutions/dosing-pumps", "<h1>Dosing</h1><p>Our dosing pumps run in forty breweries across Bavaria.</p>")
    web.page("/news", "<h1>News</h1><p>We have a new coffee machine in the kitchen.</p>")
    reader = SiteReader(policy=Policy(routes=web.routes), user_agent=AGENT)
    found = await research(reader, "http://acme.example/", Context(product="dosing pumps for breweries"), max_pages=4)
    assert [passage.text for passage in found.passages] == ["Our dosing pumps run in forty breweries across Bavaria."]
    best = found.passages[0]
    assert best.text in next(page.text for page in found.site.pages if page.sha256 == best.sha256)
    assert best.words == ("brewery", "dosing", "pump")


async def test_a_context_of_another_trade_reads_other_pages(web: FakeWeb) -> None:
    links = "".join(f'<a href="/{name}">{name}</a>' for name in ("logistics", "bakery", "dentistry", "forestry"))
    web.page("/", f"<h1>Acme</h1><p>We serve many trades.</p>{links}")
    for name in ("logistics", "bakery", "dentistry", "forestry"):
        web.page(f"/{name}", f"<h1>{name}</h1><p>All that we do for customers in {name}, told at length.</p>")
    reader = SiteReader(policy=Policy(routes=web.routes), user_agent=AGENT)
    for trade in ("bakery", "forestry"):
        found = await research(reader, "http://acme.example/", Context(keywords=(trade,)), max_pages=2)
        assert [one.url for one in found.site.pages][1:] == [f"http://acme.example/{trade}"]


def test_passages_that_name_most_come_first_and_each_once():
    pages = [
        page("a", "We make pumps of all kinds and sizes.\nOur pumps and valves are for dairies and breweries."),
        page("b", "We make pumps of all kinds and sizes.\nWe have a canteen and a garden."),
    ]
    found = passages_in(pages, ["pumps", "valves", "dairies"])
    assert [passage.text for passage in found] == [
        "Our pumps and valves are for dairies and breweries.",
        "We make pumps of all kinds and sizes.",
    ]


def test_a_context_without_words_finds_nothing():
    assert passages_in([page("a", "We make pumps of all kinds and sizes.")], Context().topics) == ()


def test_an_industry_is_looked_for_in_the_languages_of_the_site():
    topics = Context(industries=("no-such-industry",), keywords=("pumps",)).topics
    assert topics == ("pumps", "no-such-industry")
