"""Redirects are followed by us, one by one, and every step is judged anew."""

import asyncio

import pytest

from integrations.egress.errors import EgressError, RedirectLoop, Refused
from integrations.egress.fetch import Fetched, fetch
from integrations.egress.policy import Policy
from integrations.egress.transport import guarded_client
from tests.harness.fake_web import Asked, FakeWeb, Handler, Listener, answer


async def read(
    web: FakeWeb, url: str = "http://acme.example/", ports: frozenset[int] = frozenset({80, 443})
) -> Fetched:
    policy = Policy(routes=web.routes, ports=ports)
    async with guarded_client(policy) as client:
        return await fetch(client, url, policy=policy)


def raw(head: bytes) -> Handler:
    async def handler(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    return handler


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_every_kind_of_redirect_is_followed(web: FakeWeb, status: int) -> None:
    web.page("/", "", status, location="/there")
    web.page("/there", "here")
    assert (await read(web)).body == b"here"


@pytest.mark.parametrize("status", [300, 304, 305, 399, 200, 201])
async def test_a_location_of_another_status_is_not(web: FakeWeb, status: int) -> None:
    web.page("/", "", status, location="/there")
    assert (await read(web)).status == status
    assert web.paths() == ["/"]


async def test_a_redirect_that_names_no_place_is_an_answer(web: FakeWeb) -> None:
    web.page("/", "moved", 301)
    assert (await read(web)).status == 301


@pytest.mark.parametrize(
    "location, path",
    [
        ("/b", "/b"),
        ("b", "/a/b"),
        ("../b", "/b"),
        ("?c=1", "/a/?c=1"),
        ("//acme.example/b", "/b"),
        ("http://other.example/b#part", "/b"),
        ("  /b  ", "/b"),
        ("/a b", "/a%20b"),
        ("HTTP://ACME.EXAMPLE/B", "/B"),
        ("/b/%e4", "/b/%e4"),
    ],
)
async def test_a_place_is_read_as_browsers_read_it(web: FakeWeb, location: str, path: str) -> None:
    web.redirect("/a/", location)
    got = await read(web, "http://acme.example/a/#top")
    assert web.paths() == ["/a/", path]
    assert "#" not in got.final_url


@pytest.mark.parametrize(
    "location, path", [(b"/caf\xc3\xa9", "/caf%C3%A9"), (b"/caf\xe9", "/caf%E9"), (b"/\xff?q=\xfe", "/%FF?q=%FE")]
)
async def test_bytes_that_are_not_ascii_stay_the_bytes_they_are(web: FakeWeb, location: bytes, path: str) -> None:
    # The cookie, in an encoding of its own, must not change how the place is read.
    web.pages["/"] = raw(b"HTTP/1.1 302 Found\r\nSet-Cookie: a=\xe9\r\nLocation: " + location)
    await read(web)
    assert web.paths() == ["/", path]


@pytest.mark.parametrize(
    "location, words",
    [
        ("file:///etc/passwd", "file"),
        ("gopher://acme.example/", "gopher"),
        ("data:text/html,hello", "data"),
        ("javascript:alert(1)", "javascript"),
        ("ftp://acme.example/", "ftp"),
        ("http://user:secret@acme.example/", "user name"),
        ("http://acme.example:22/", "22"),
        ("http://[::1", "not a web address"),
        ("http://127.0.0.1/", "not on the public internet"),
    ],
)
async def test_a_redirect_to_where_we_do_not_go_is_refused_in_plain_words(
    web: FakeWeb, location: str, words: str
) -> None:
    web.redirect("/", location)
    with pytest.raises(EgressError, match=words) as refused:
        await read(web)
    assert web.paths() == ["/"]
    assert not refused.value.is_passing
    assert "secret" not in refused.value.reason


async def test_a_chain_that_ends_inside_is_refused_at_its_last_step(web: FakeWeb, inside: Listener) -> None:
    web.redirect("/", "http://b.example/1")
    web.redirect("b.example/1", "http://c.example/2")
    web.redirect("c.example/2", f"http://[::ffff:127.0.0.1]:{inside.port}/")
    with pytest.raises(Refused):
        await read(web, ports=frozenset({80, inside.port}))
    assert web.paths() == ["/", "/1", "/2"]
    assert inside.accepts == 0


async def test_a_page_that_redirects_to_itself_ends(web: FakeWeb) -> None:
    web.redirect("/", "")
    with pytest.raises(RedirectLoop):
        await read(web)


@pytest.mark.parametrize("headers", [{"refresh": "0; url=/there"}, {"Refresh": "0;/there"}], ids=["refresh", "Refresh"])
async def test_a_refresh_is_the_readers_business(web: FakeWeb, headers: dict[str, str]) -> None:
    web.page("/", '<meta http-equiv="refresh" content="0; url=/there">', **headers)
    got = await read(web)
    assert (got.status, got.final_url, web.paths()) == (200, "http://acme.example/", ["/"])


@pytest.mark.parametrize(
    "steps, is_downgraded",
    [
        (["https://a.example/", "http://a.example/"], True),
        (["http://a.example/", "https://a.example/"], False),
        (["https://a.example/", "http://a.example/", "https://a.example/"], True),
        (["https://a.example/"], False),
    ],
)
def test_a_step_from_https_to_http_is_noted(steps: list[str], is_downgraded: bool) -> None:
    *redirects, final_url = steps
    answered = Fetched(final_url, 200, {}, b"", 0.0, tuple(redirects))  # type: ignore[arg-type]
    assert answered.is_downgraded is is_downgraded


async def test_a_site_that_sets_a_cookie_and_sends_us_round_once_is_read(web: FakeWeb) -> None:
    async def wall(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.headers.get("cookie") == "seen=yes":
            await answer(writer, b"welcome", 200, {})
        else:
            await answer(writer, b"", 302, {"Set-Cookie": "seen=yes; Path=/; HttpOnly", "Location": "/"})

    web.pages["/"] = wall
    assert (await read(web)).body == b"welcome"


async def test_a_cookie_reaches_no_other_site_and_no_other_reading(web: FakeWeb) -> None:
    web.page("/", "", 302, location="http://other.example/", set_cookie="id=1; Domain=.example; Path=/")
    web.page("other.example/", "", 302, location="http://acme.example/end", set_cookie="id=2; Domain=acme.example")
    web.page("/end", "end", set_cookie="id=3")
    policy = Policy(routes=web.routes)
    async with guarded_client(policy) as client:
        for _ in range(2):
            await fetch(client, "http://acme.example/", policy=policy)
        assert not client.cookies
    sent = [(asked.host, asked.path, asked.headers.get("cookie")) for asked in web.asked]
    assert sent == 2 * [
        ("acme.example", "/", None),
        ("other.example", "/", None),
        ("acme.example", "/end", "id=1"),
    ]


async def test_huge_cookies_are_left_out(web: FakeWeb) -> None:
    lines = b"".join(b"Set-Cookie: c%d=%s\r\n" % (number, b"x" * 900) for number in range(60))
    web.pages["/"] = raw(
        b"HTTP/1.1 302 Found\r\n" + lines + b"Set-Cookie: bad=\x01\r\nSet-Cookie: bad value; x\r\nLocation: /next"
    )
    await read(web)
    cookies = web.asked[-1].headers["cookie"]
    assert web.asked[-1].path == "/next"
    assert 0 < len(cookies) < 9_000
    assert "bad" not in cookies
