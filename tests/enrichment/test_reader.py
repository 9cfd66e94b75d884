import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from enrichment.cache import CachedPage
from enrichment.reader import PARKED, SiteReader, addresses_to_try
from integrations.capabilities import ReadSite
from integrations.egress.browser import Browser, find_executable
from integrations.egress.policy import Policy
from integrations.lexicon.text import sha256_of
from tests.harness.fake_web import Asked, FakeWeb, Listener, answer

AGENT = "MagnetHunter/1.0 (+https://magnet.example/bot)"
HOME = """<html lang=en><title>Acme</title><nav><a href="/about">About us</a><a href="/blog/1">A post</a>
<a href="/contact">Contact</a><a href="/products">Products</a><a href="/privacy">Privacy</a>
<a href="https://elsewhere.example/about">Partner</a></nav>
<main><h1>Acme pumps</h1><p>We make pumps for breweries.</main>"""


class Pauses(list[float]):
    """A clock that does not wait but remembers for how long it was asked to."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


class Memory(dict[str, CachedPage]):
    """A page cache in a dictionary. The real one is a table."""

    async def get(self, url: str) -> CachedPage | None:  # type: ignore[override]
        return super().get(url)

    async def put(self, page: CachedPage) -> CachedPage:
        self[page.url] = page
        return page


@pytest.fixture
async def pauses() -> AsyncIterator[Pauses]:
    yield Pauses()


def reader(web: FakeWeb, pauses: Pauses | None = None, **more: object) -> SiteReader:
    return SiteReader(
        policy=Policy(routes=web.routes),
        user_agent=AGENT,
        sleep=Pauses() if pauses is None else pauses,
        deadline=5,
        **more,  # type: ignore[arg-type]
    )


def site(web: FakeWeb) -> None:
    web.page("/", HOME)
    for path in ("about", "contact", "products", "blog/1"):
        web.page(f"/{path}", f"<h1>{path}</h1><p>All that there is to say about {path} at Acme, in one sentence.")


def paths(read: ReadSite) -> list[str]:
    return [page.url.removeprefix("http://acme.example") for page in read.pages]


async def test_it_reads_home_first_and_then_the_pages_that_say_most(web: FakeWeb) -> None:
    site(web)
    read = await reader(web).read_site("acme.example", max_pages=4)
    assert paths(read) == ["/", "/products", "/about", "/contact"]
    assert read.problem == ""
    assert read.final_url == "http://acme.example/"
    home = read.pages[0]
    assert (home.title, home.language, home.how) == ("Acme", "en", "http")
    assert home.sha256 == sha256_of(home.text)
    assert home.text == "Acme pumps\nWe make pumps for breweries."


async def test_a_topic_draws_its_page_forward(web: FakeWeb) -> None:
    site(web)
    read = await reader(web).read_site("http://acme.example/", topics=["blog"], max_pages=2)
    assert paths(read) == ["/", "/blog/1"]


async def test_it_says_who_we_are_and_asks_for_robots_first(web: FakeWeb) -> None:
    site(web)
    await reader(web).read_site("http://acme.example/", max_pages=1)
    assert web.paths() == ["/robots.txt", "/"]
    assert web.asked[0].headers["user-agent"] == AGENT


async def test_a_forbidden_site_is_left_alone(web: FakeWeb) -> None:
    site(web)
    web.page("/robots.txt", "User-agent: *\nDisallow: /", content_type="text/plain")
    read = await reader(web).read_site("http://acme.example/")
    assert (read.pages, "robots.txt" in read.problem) == ((), True)
    assert web.paths() == ["/robots.txt"]


async def test_a_forbidden_page_is_left_out(web: FakeWeb) -> None:
    site(web)
    web.page("/robots.txt", "User-agent: MagnetHunter\nDisallow: /about\nCrawl-delay: 1", content_type="text/plain")
    pauses = Pauses()
    read = await reader(web, pauses).read_site("http://acme.example/", max_pages=3)
    assert "/about" not in web.paths()
    assert paths(read) == ["/", "/products", "/contact"]
    assert pauses and all(0 < pause <= 1 for pause in pauses)


async def test_a_redirect_to_a_site_that_forbids_us_is_not_followed(web: FakeWeb) -> None:
    web.redirect("acme.example/", "http://private.example/")
    web.page("private.example/", HOME)
    web.page("private.example/robots.txt", "User-agent: *\nDisallow: /", content_type="text/plain")
    read = await reader(web).read_site("http://acme.example/")
    assert "robots.txt" in read.problem
    assert [asked.path for asked in web.asked if asked.host == "private.example"] == ["/robots.txt"]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_site_with_a_bad_minute_is_asked_again(web: FakeWeb, status: int) -> None:
    failures = [status, status]

    async def flaky(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if failures:
            await answer(writer, b"busy", failures.pop(), {"Retry-After": "3"})
        else:
            await answer(writer, HOME.encode(), 200, {"Content-Type": "text/html"})

    web.pages["/"] = flaky
    pauses = Pauses()
    read = await reader(web, pauses).read_site("http://acme.example/", max_pages=1)
    assert (read.problem, len(read.pages)) == ("", 1)
    assert [round(pause) for pause in pauses] == [3, 3]


async def test_it_gives_up_after_three_tries_and_at_once_on_a_refusal(web: FakeWeb) -> None:
    web.page("/", "broken", 500)
    pauses = Pauses()
    read = await reader(web, pauses).read_site("http://acme.example/", max_pages=1)
    assert "500" in read.problem
    assert web.paths().count("/") == 3
    assert 0.25 <= pauses[0] <= 0.5 <= pauses[1] <= 1
    web.asked.clear()
    web.page("/", "no", 403)
    read = await reader(web).read_site("http://acme.example/", max_pages=1)
    assert "403" in read.problem
    assert web.paths().count("/") == 1


async def test_one_request_at_a_time_goes_to_a_site_however_many_want_it(web: FakeWeb) -> None:
    async def slow(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.02)
        await answer(writer, HOME.encode(), 200, {"Content-Type": "text/html"})

    web.pages["/"] = slow
    one = reader(web)
    await asyncio.gather(*(one.read_site("http://acme.example/", max_pages=2) for _ in range(5)))
    assert web.most_open == 1


async def test_many_sites_are_read_at_the_same_time(web: FakeWeb) -> None:
    together = asyncio.Barrier(5)

    async def meeting(asked: Asked, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(4):
            await together.wait()
        await answer(writer, HOME.encode(), 200, {"Content-Type": "text/html"})

    web.pages["/"] = meeting
    one = reader(web)
    reads = await asyncio.gather(*(one.read_site(f"http://a{n}.example/", max_pages=1) for n in range(5)))
    assert all(read.pages for read in reads)


async def test_a_name_that_does_not_exist_is_an_answer(web: FakeWeb) -> None:
    async def nobody(host: str, port: int) -> Sequence[str]:
        return []

    read = await reader(web, resolver=nobody).read_site("no-such-company.com")
    assert read.problem == "The name no-such-company.com does not exist."
    assert read.pages == ()


@pytest.mark.parametrize(
    "website", ["", "   ", "http://", "ftp://acme.example", "mailto:a@b.c", "http://[", "not a website"]
)
async def test_what_is_no_address_is_an_answer(web: FakeWeb, website: str) -> None:
    assert (await reader(web).read_site(website)).problem


async def test_it_tries_www_and_plain_http(web: FakeWeb) -> None:
    async def only_www(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34"] if host.startswith("www.") else []

    web.page("/", HOME)
    policy = Policy(routes={"www.acme.com": ("127.0.0.1", web.port)})
    one = SiteReader(policy=policy, user_agent=AGENT, resolver=only_www, sleep=Pauses())
    read = await one.read_site("acme.com", max_pages=1)
    assert read.final_url == "http://www.acme.com/"


def test_an_address_with_a_port_is_taken_at_its_word() -> None:
    assert addresses_to_try("http://acme.example:8080/x") == ["http://acme.example:8080/x"]
    assert addresses_to_try("acme.de") == [
        "https://acme.de/",
        "https://www.acme.de/",
        "http://acme.de/",
        "http://www.acme.de/",
    ]


@pytest.mark.parametrize(
    "website", ["http://127.0.0.1:{port}/", "localhost:{port}", "http://[::1]:{port}", "http://127.1:{port}"]
)
async def test_it_never_goes_inside(web: FakeWeb, inside: Listener, website: str) -> None:
    policy = Policy(ports=frozenset({80, 443, inside.port}), trusted=frozenset({f"http://127.0.0.1:{inside.port}"}))
    read = await SiteReader(policy=policy, user_agent=AGENT, sleep=Pauses()).read_site(website.format(port=inside.port))
    assert read.problem
    assert inside.accepts == 0


async def test_redirects_sitemaps_and_robots_do_not_lead_it_inside(web: FakeWeb, inside: Listener) -> None:
    url = f"http://127.0.0.1:{inside.port}/"
    web.page("/", f'<base href="{url}"><h1>Acme</h1><p>Text enough to read<a href="/about">About</a>')
    web.page("/robots.txt", f"User-agent: *\nAllow: /\nSitemap: {url}sitemap.xml", content_type="text/plain")
    web.page("/sitemap.xml", f"<urlset><url><loc>{url}about</loc></url></urlset>")
    web.redirect("/about", url)
    policy = Policy(routes=web.routes, ports=frozenset({80, 443, inside.port}))
    read = await SiteReader(policy=policy, user_agent=AGENT, sleep=Pauses()).read_site("http://acme.example/")
    assert len(read.pages) == 1
    assert inside.accepts == 0


async def test_a_parked_domain_is_called_so(web: FakeWeb) -> None:
    web.page("/", "<h1>acme.example</h1><p>This domain is for sale. Make an offer.")
    read = await reader(web).read_site("http://acme.example/")
    assert (read.is_parked, read.problem) == (True, PARKED)


async def test_without_a_browser_it_says_what_is_missing(web: FakeWeb) -> None:
    web.page("/", '<div id="root"></div><script src="/a.js"></script>')
    read = await reader(web, no_browser_hint="Install one with: playwright install chromium").read_site(
        "http://acme.example/"
    )
    assert read.needs_browser
    assert read.pages == ()
    assert "playwright install chromium" in read.problem


@pytest.mark.browser
@pytest.mark.skipif(not find_executable(), reason="no Chromium on this machine")
async def test_with_a_browser_it_reads_what_scripts_write(web: FakeWeb) -> None:
    text = "We build machines that fill bottles, and have done so since the year 1961 in our works at Graz. "
    web.page("/", f'<div id="root"></div><script>document.getElementById("root").innerText = "{text * 2}"</script>')
    async with Browser(Policy(routes=web.routes), executable=find_executable()) as browser:
        read = await reader(web, browser=browser).read_site("http://acme.example/", max_pages=1)
    assert (read.problem, read.pages[0].how) == ("", "browser")
    assert "fill bottles" in read.pages[0].text


@pytest.mark.parametrize(
    "body, kind", [(b"%PDF-1.7 ...", "application/pdf"), (b"\x89PNG....", "text/html"), (b"{}", "application/json")]
)
async def test_what_is_not_a_page_is_an_answer(web: FakeWeb, body: bytes, kind: str) -> None:
    web.page("/", body, content_type=kind)
    read = await reader(web).read_site("http://acme.example/", max_pages=1)
    assert "not a web page" in read.problem


async def test_a_site_without_links_is_read_by_its_sitemap(web: FakeWeb) -> None:
    web.page("/", "<h1>Acme</h1><p>Pumps for breweries since 1990.")
    web.page(
        "/sitemap.xml", "<urlset><url><loc>http://acme.example/about</loc></url></urlset>", content_type="text/xml"
    )
    web.page("/about", "<p>About Acme: we are twelve people in Graz.")
    assert paths(await reader(web).read_site("http://acme.example/")) == ["/", "/about"]


async def test_and_by_common_paths_where_there_is_none(web: FakeWeb) -> None:
    web.page("/", "<h1>Acme</h1><p>Pumps for breweries since 1990.")
    web.page("/contact", "<p>Write to us: info@acme.example, we answer within a day.")
    assert paths(await reader(web).read_site("http://acme.example/")) == ["/", "/contact"]


async def test_contacts_come_with_the_page_and_the_snapshot(web: FakeWeb) -> None:
    web.page(
        "/", "<main><p>Pumps for breweries since 1990.</main><footer>Anna Schmidt, CEO<br>anna@acme.example</footer>"
    )
    [page] = (await reader(web).read_site("http://acme.example/", max_pages=1)).pages
    [contact] = page.contacts
    assert (contact.name, contact.email, contact.snapshot_sha256) == ("Anna Schmidt", "anna@acme.example", page.sha256)
    assert contact.quote in page.text


async def test_fresh_pages_are_not_asked_for_again(web: FakeWeb) -> None:
    site(web)
    cache = Memory()
    first = await reader(web, cache=cache).read_site("acme.example", max_pages=3)
    web.asked.clear()
    second = await reader(web, cache=cache).read_site("acme.example", max_pages=3)
    assert web.asked == []
    assert (first.from_cache, second.from_cache) == (False, True)
    assert second.pages == first.pages


async def test_stale_pages_are_asked_for_with_their_validators(web: FakeWeb) -> None:
    async def conditional(asked: Asked, writer: asyncio.StreamWriter) -> None:
        status = 304 if asked.headers.get("if-none-match") == '"v1"' else 200
        await answer(
            writer, b"" if status == 304 else HOME.encode(), status, {"Content-Type": "text/html", "ETag": '"v1"'}
        )

    web.pages["/"] = conditional
    cache = Memory()
    first = await reader(web, cache=cache).read_site("http://acme.example/", max_pages=1)
    for url, kept in cache.items():
        cache[url] = replace(kept, fetched_at=datetime.now(UTC) - timedelta(days=30))
    second = await reader(web, cache=cache).read_site("http://acme.example/", max_pages=1)
    assert web.asked[-1].headers["if-none-match"] == '"v1"'
    assert second.pages == first.pages
    assert cache["http://acme.example/"].fetched_at > datetime.now(UTC) - timedelta(minutes=1)
