import pytest

from integrations.egress.errors import Refused
from integrations.egress.policy import Policy

# Loopback, private and inside addresses in the ways that people have written them to get past a filter.
LITERALS = [
    # short, decimal, octal, hexadecimal
    *(
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
    ),
    *("127.000.000.001", "0", "0x0", "0.0.0.0", "3232235777", "0300.0250.1.1", "0xa9fea9fe", "00000177.1"),
    # private, shared, link-local, the clouds' own, reserved
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200"),
    *("192.0.0.192", "168.63.129.16", "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    # IPv6 of its own
    *("[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[fe80::1]", "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]"),
    *("[100::1]", "[4000::1]", "[2001:db8::1]", "[::1%25lo]", "[::1%lo]"),
    # IPv4 in IPv6: compatible, mapped, translated, NAT64, local NAT64, 6to4, Teredo's server and client, ISATAP
    *("[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:168.63.129.16]", "[::ffff:0:127.0.0.1]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b::a83f:8110]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
    *("[2001:0:7f00:1::]", "[2001:0:808:808::80ff:fffe]", "[fe80::5efe:7f00:1]", "[2606:4700::5efe:7f00:1]"),
    "[2606:4700::200:5efe:a00:1]",
    # other dots, other digits, escapes
    *("127.0.0.1.", "127。0。0。1", "127．0．0．1", "127｡0｡0｡1", "①②⑦.0.0.1", "１２７.0.0.1", "%31%32%37.0.0.1"),
    *("127.0.0.1%00.example", "127.0.0.1%2f.example", "127.0.0.1%20", "127.0.0.1 ", " 127.0.0.1", "127.0.0.1\t"),
    # a name before the host, and what only looks like one
    *("user@127.0.0.1", "acme.com@127.0.0.1", "acme.com:80@127.0.0.1", "@127.0.0.1", ":@127.0.0.1"),
    *("acme.com\\@127.0.0.1", "8.8.8.8%2f@127.0.0.1", "127.0.0.1\\", "127.0.0.1#@acme.com", "127.0.0.1?@acme.com"),
    # this machine by name
    *("localhost", "localhost.", "LOCALHOST", "localhost。", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "LocalHost%2e"),
]
# Names that lead inside wherever there is such an inside.
INSIDE_NAMES = [
    *(
        "localhost",
        "a.localhost",
        "localhost.localdomain",
        "ip6-localhost",
        "metadata.google.internal",
        "instance-data",
    ),
    *("metadata", "instance-data.ec2.internal", "kubernetes.default.svc", "host.docker.internal", "router.local"),
    *("127.0.0.1.nip.example", "printer", "db.corp."),
]


@pytest.mark.parametrize(
    "url", ["http://[fe80::1%25eth0]/", "http://8.8.8.8%2f@127.0.0.1/", "http://127.0.0.1%00.example/"]
)
def test_it_refuses_tricks_in_the_host(url: str) -> None:
    with pytest.raises(Refused):
        Policy().check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.com:0/",
        "http://acme.com:65536/",
        "http://acme.com:-1/",
        "http://acme.com:８０/",
        "http://acme.com:80:80/",
        "http://acme.com:80 /",
        " http://acme.com/",
        "http://acme.com/\r\nHost: other",
        "http://ac\tme.com/",
        "http://acme.com/\x00",
        "http:/127.0.0.1/",
        "http:\\\\127.0.0.1/",
        "http:127.0.0.1",
        "http:///127.0.0.1",
        "http://" + "a" * 300 + ".com/",
        "http://acme.com/" + "a" * 9000,
    ],
    ids=ascii,
)
def test_it_refuses_addresses_that_two_readers_could_read_in_two_ways(url: str) -> None:
    with pytest.raises(Refused):
        Policy().check_url(url)


def test_an_empty_port_is_the_usual_one() -> None:
    assert Policy().check_url("http://acme.com:/").port == 80


def test_a_name_is_judged_as_it_will_be_asked_for() -> None:
    assert Policy().check_url("http://faß.example/").host == "xn--fa-hia.example"


@pytest.mark.parametrize("scheme", ["ftp", "file", "gopher", "javascript", "data"])
def test_what_is_not_the_web_is_named_in_plain_words(scheme: str) -> None:
    with pytest.raises(Refused, match=f"and this is {scheme}"):
        Policy().check_url(f"{scheme}://acme.com/")


@pytest.mark.parametrize(
    "url", ["ftp://acme.com/", "file:///etc/passwd", "gopher://acme.com/", "javascript:alert(1)", "//acme.com", ""]
)
def test_it_refuses_what_is_not_the_web(url: str) -> None:
    with pytest.raises(Refused):
        Policy().check_url(url)


@pytest.mark.parametrize("host", [host for host in LITERALS if host.startswith("[") and "%" not in host])
def test_no_inside_address_passes_the_table_in_any_wrapping(host: str) -> None:
    assert not Policy().is_public(host.strip("[]"))
    with pytest.raises(Refused, match="not on the public internet"):
        Policy().check_url(f"http://{host}/")


@pytest.mark.parametrize("port", [22, 25, 6379, 5432, 11211, 1])
def test_it_refuses_ports_where_no_website_lives(port: int) -> None:
    with pytest.raises(Refused):
        Policy().check_url(f"http://acme.com:{port}/")


def test_it_refuses_a_user_name_before_the_host() -> None:
    with pytest.raises(Refused):
        Policy().check_url("http://acme.com@127.0.0.1/")
    with pytest.raises(Refused):
        Policy(trusted=frozenset({"http://127.0.0.1:9000"})).check_url("http://acme.com@127.0.0.1:9000/")


@pytest.mark.parametrize(
    "address",
    ["::1%lo", "fe80::1%eth0", "2606:4700::1%eth0", "no address", "", "1.1.1", "2606:4700::5efe:7f00:1"],
)
def test_what_is_no_plain_public_address_does_not_pass(address: str) -> None:
    assert not Policy().is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_it_lets_public_addresses_pass(address: str) -> None:
    assert Policy().is_public(address)


def test_a_name_with_one_private_address_is_refused_as_a_whole() -> None:
    with pytest.raises(Refused, match="not on the public internet"):
        Policy().check_addresses("acme.com", ["93.184.216.34", "10.0.0.7"])


def test_a_route_leads_a_suffix_and_nothing_that_only_resembles_it() -> None:
    policy = Policy(routes={".example": ("127.0.0.1", 8765), "one.test": ("127.0.0.1", 1)})
    assert policy.route("acme.example") == ("127.0.0.1", 8765)
    assert policy.route("one.test") == ("127.0.0.1", 1)
    assert policy.route("two.one.test") is None
    assert policy.route("acme.example.com") is None


def test_what_the_operator_trusts_is_reached_by_providers_and_not_by_pages() -> None:
    policy = Policy(trusted=frozenset({"http://127.0.0.1:9000"}))
    assert policy.check_url("http://127.0.0.1:9000/v1/models").port == 9000
    with pytest.raises(Refused):
        policy.check_url("http://127.0.0.1:9001/")
    with pytest.raises(Refused):
        policy.for_strangers().check_url("http://127.0.0.1:9000/v1/models")


def test_a_refusal_is_one_sentence_for_people() -> None:
    with pytest.raises(Refused) as refused:
        Policy().check_url("http://127.0.0.1/")
    assert refused.value.reason == "The address 127.0.0.1 may not be visited: it is not on the public internet."
