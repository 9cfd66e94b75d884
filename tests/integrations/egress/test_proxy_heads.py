"""What a browser may ask of its proxy, and what is refused because two readers could understand it in two ways."""

import pytest

from integrations.egress.proxy_heads import Malformed, ProxyRequest, parse_answer, parse_request


def request(first: str, *headers: str) -> bytes:
    return "\r\n".join([first, *headers, "", ""]).encode("latin-1")


def headers_of(head: bytes) -> list[str]:
    return head.decode("latin-1").split("\r\n")[1:-2]


def test_a_tunnel_is_a_host_and_a_port() -> None:
    asked = parse_request(request("CONNECT acme.example:443 HTTP/1.1", "Host: acme.example:443"))
    assert asked == ProxyRequest("https://acme.example:443/", is_tunnel=True)
    assert parse_request(request("CONNECT [2606:4700::1]:443 HTTP/1.1")).url == "https://[2606:4700::1]:443/"


@pytest.mark.parametrize(
    "target",
    [
        *("acme.example", "acme.example:", ":443", "acme.example:443/path", "a@acme.example:443", "acme.example:443?a"),
        *("acme.example:443#a", "https://acme.example:443/", "acme.example:4433333", "acme.example:+443", "a%00b:443"),
        *("[::1:443", "::1:443", "acme.example:443:443", "acme.example: 443", "[::1%25lo]:443", "bücher.example:443"),
    ],
)
def test_a_tunnel_to_anything_else_is_malformed(target: str) -> None:
    with pytest.raises(Malformed):
        parse_request(request(f"CONNECT {target} HTTP/1.1"))


def test_a_plain_request_reaches_its_site_with_a_path_and_the_host_of_its_address() -> None:
    asked = parse_request(
        request(
            "GET http://acme.example/a?b=1 HTTP/1.1",
            "Host: other.example",
            "Accept: */*",
            "Proxy-Connection: keep-alive",
            "Proxy-Authorization: Basic x",
            "Connection: X-Private",
            "X-Private: 1",
            "Upgrade: websocket",
            "TE: trailers",
        )
    )
    assert asked.url == "http://acme.example/a?b=1"
    assert asked.head.startswith(b"GET /a?b=1 HTTP/1.1\r\n")
    assert headers_of(asked.head) == ["Host: acme.example", "Accept: */*", "Connection: close"]


@pytest.mark.parametrize(
    "address, line",
    [
        ("http://acme.example", b"GET / HTTP/1.1"),
        ("http://acme.example?q", b"GET /?q HTTP/1.1"),
        ("http://acme.example:8080/x//y", b"GET /x//y HTTP/1.1"),
        ("HTTP://ACME.example/", b"GET / HTTP/1.1"),
        ("http://acme.example/http://b/", b"GET /http://b/ HTTP/1.1"),
    ],
)
def test_the_path_is_all_that_follows_the_host(address: str, line: bytes) -> None:
    assert parse_request(request(f"GET {address} HTTP/1.1")).head.startswith(line + b"\r\n")


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5", "Content-Length: 5"],
        ["Content-Length: 5", "content-length: 0"],
        ["Content-Length: 5, 5"],
        ["Content-Length: +5"],
        ["Content-Length: -1"],
        ["Content-Length: 0x5"],
        ["Content-Length: "],
        ["Content-Length: 1_0"],
        ["Content-Length: 9999999999999"],
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked"],
        ["Transfer-Encoding: identity"],
        ["Transfer-Encoding : chunked"],
        ["Transfer_Encoding\t: chunked"],
        [" Transfer-Encoding: chunked"],
        ["X: a", "\tContent-Length: 5"],
        ["X: a\rContent-Length: 5"],
        ["X: a\nContent-Length: 5"],
        ["X: a\x00"],
        ["X"],
        [": x"],
        ["X\xe9: x"],
    ],
    ids=ascii,
)
def test_a_body_that_ends_in_two_places_is_malformed(headers: list[str]) -> None:
    with pytest.raises(Malformed):
        parse_request(request("POST http://acme.example/ HTTP/1.1", *headers))


@pytest.mark.parametrize(
    "first",
    [
        *("", "GET", "GET / HTTP/1.1", "GET http://acme.example/", "GET  http://acme.example/ HTTP/1.1"),
        *(
            "GET http://acme.example/ HTTP/2",
            "GET http://acme.example/ HTTP/1.1 ",
            "GET https://acme.example/ HTTP/1.1",
        ),
        *("GET ftp://acme.example/ HTTP/1.1", "GET http://acme.example/#a HTTP/1.1", "GET http://a b/ HTTP/1.1"),
        *("GET http://acme.example/\t HTTP/1.1", "G(T http://acme.example/ HTTP/1.1", "GET http:acme.example HTTP/1.1"),
        *("GET http://b\xfccher.example/ HTTP/1.1", "OPTIONS * HTTP/1.1", "GET acme.example:80 HTTP/1.1"),
    ],
    ids=ascii,
)
def test_what_is_no_request_line_is_malformed(first: str) -> None:
    with pytest.raises(Malformed):
        parse_request(request(first))


def test_the_length_of_a_body_cannot_be_taken_away_as_a_private_header() -> None:
    asked = parse_request(request("POST http://a.example/ HTTP/1.1", "Content-Length: 5", "Connection: content-length"))
    assert asked.body_length == 5
    assert "Content-Length: 5" in headers_of(asked.head)


def test_an_answer_is_the_last_of_its_connection() -> None:
    raw = request(
        "HTTP/1.1 200 OK", "Connection: keep-alive, X-Hop", "Keep-Alive: 5", "X-Hop: 1", "not a header", "A: b"
    )
    status, head = parse_answer(raw)
    assert status == 200
    assert headers_of(head) == ["A: b", "Connection: close"]


@pytest.mark.parametrize(
    "first", ["", "hello", "HTTP/1.1", "HTTP/1.1 20", "HTTP/1.1 0200 OK", "HTTP/2 200", "ICY 200 OK"]
)
def test_what_is_no_answer_is_malformed(first: str) -> None:
    with pytest.raises(Malformed):
        parse_answer(request(first))
