"""Which addresses we open a connection to. Decided here, once, for HTTP, the proxy and the browser.

The table is that of PyPI `ssrfguard` (IANA's special-purpose registries; it decodes IPv4 addresses that are
wrapped in IPv6), because `ipaddress.is_global` lets NAT64 and 6to4 forms of loopback pass. Of IPv6, only what
is given out as global unicast may be reached: a list of what is forbidden would miss what nobody has named yet.
"""

import functools
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import httpx
import ssrfguard

from integrations.egress.errors import Refused

PORTS = frozenset({80, 443, 8080, 8443})
SCHEMES = frozenset({"http", "https"})
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

# Azure's platform address: public by the registries, but an inside service to whoever runs there.
# https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
_PLATFORM = ssrfguard.Block(
    network=ipaddress.ip_network("168.63.129.16/32"),
    name="Azure's platform service",
    rfc="Microsoft Learn",
    reach=ssrfguard.Reach.DENIED,
)
# The longest prefix decides, so these two speak only for what no other block names.
# https://www.iana.org/assignments/ipv6-address-space
_UNASSIGNED = ssrfguard.Block(
    network=ipaddress.ip_network("::/0"), name="not given out", rfc="RFC4291", reach=ssrfguard.Reach.DENIED
)
_GLOBAL_UNICAST = ssrfguard.Block(
    network=ipaddress.ip_network("2000::/3"), name="Global Unicast", rfc="RFC4291", reach=ssrfguard.Reach.PERMITTED
)
_TABLE = ssrfguard.AddressTable((*ssrfguard.DEFAULT_DENIED.blocks, _PLATFORM, _UNASSIGNED, _GLOBAL_UNICAST))
# An ISATAP interface identifier is this (with or without the bit for "unique") and then an IPv4 address, under any
# prefix at all. https://www.rfc-editor.org/rfc/rfc5214#section-6.1
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})
# Scheme, host, port and an ASCII path, all of which are read alike by whoever reads addresses.
_PLAIN = re.compile(r"(https?://[a-z0-9.-]{1,253}(?::[1-9][0-9]{0,4})?/)[!$-\[\]_a-z~?]{0,2000}")


@dataclass(frozen=True)
class Target:
    """An origin that may be reached as far as its URL tells; its addresses are judged on connecting."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True)
class Policy:
    """What may be reached. Only the operator fills in `routes` and `trusted`, never a customer or a page.

    `routes` leads a host, or every host that ends in a key beginning with a dot, to one literal address and
    port. `trusted` holds exact origins (`http://127.0.0.1:1234`) of its own services,
    reached wherever they are by providers, never by what reads pages (`for_strangers`).
    """

    ports: frozenset[int] = PORTS
    schemes: frozenset[str] = SCHEMES
    routes: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    trusted: frozenset[str] = frozenset()
    _rules: ssrfguard.Policy = field(init=False, repr=False, compare=False)
    _trusted_places: frozenset[tuple[str, int]] = field(init=False, repr=False, compare=False)
    _checked: Callable[[str], Target] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rules = ssrfguard.Policy(allowed_schemes=self.schemes, allowed_ports=self.ports, denied_networks=_TABLE)
        places = frozenset((target.host, target.port) for target in map(_origin, map(_parsed, self.trusted)))
        object.__setattr__(self, "_rules", rules)
        object.__setattr__(self, "_trusted_places", places)
        object.__setattr__(self, "_checked", functools.lru_cache(maxsize=1_024)(self._check))

    def check_url(self, url: str) -> Target:
        """Return where `url` leads, as far as can be said without the network. Raises `Refused`."""
        # Of an address without anything odd in it only the origin counts, and a site's pages share theirs.
        plain = _PLAIN.fullmatch(url) if isinstance(url, str) else None
        return self._checked(plain[1]) if plain else self._check(url)

    def _check(self, url: str) -> Target:
        parsed = _parsed(url)
        if parsed.scheme and parsed.scheme not in self.schemes:
            raise Refused(f"Only web addresses (http, https) are read, and this is {parsed.scheme[:20]}.")
        if parsed.userinfo:
            raise Refused("An address with a user name in it may not be visited.")
        target = _origin(parsed)
        if self.is_trusted(target.host, target.port):
            return target
        try:
            checked = self._rules.check_url(url)
        except ssrfguard.SSRFGuardError as error:
            if isinstance(error.__cause__, ssrfguard.BlockedAddressError):
                raise Refused(_not_public(target.host)) from error
            raise Refused(f"The address may not be visited: {getattr(error, 'reason', error)}.") from error
        if checked.is_literal_address and not self.is_public(checked.host):
            raise Refused(_not_public(target.host))
        # The host as httpx writes it, for that is the one that is connected to.
        return Target(checked.scheme, target.host, checked.port)

    def for_strangers(self) -> "Policy":
        """Return the policy for addresses that customers and pages name: the operator's own services are not theirs."""
        return replace(self, trusted=frozenset())

    def check_port(self, port: int) -> None:
        """Raise `Refused` unless web servers are reached at `port`."""
        if port not in self.ports:
            raise Refused(f"Port {port} may not be visited.")

    def check_addresses(self, host: str, addresses: Sequence[str]) -> None:
        """Raise `Refused` if one of the addresses of `host` is not public: a mixed answer is an attack or a mistake."""
        for address in addresses:
            if not self.is_public(address):
                raise Refused(f"The name {host} leads to {address}, which is not on the public internet.")

    def is_public(self, address: str) -> bool:
        """Return whether the literal `address` may be reached; what cannot be parsed or has a zone may not."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and not self._is_plain(parsed):
            return False
        return self._rules.permits_address(parsed)

    def _is_plain(self, address: ipaddress.IPv6Address) -> bool:
        """Return whether `address` has no zone and carries no inside IPv4 address in its last half."""
        identifier, embedded = (int(address) >> 32) & 0xFFFF_FFFF, ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        return address.scope_id is None and (identifier not in _ISATAP or self._rules.permits_address(embedded))

    def is_trusted(self, host: str, port: int) -> bool:
        """Return whether the operator named this host and port."""
        return (host, port) in self._trusted_places

    def route(self, host: str) -> tuple[str, int] | None:
        """Return the literal address and port that the operator leads `host` to, if any."""
        for suffix, place in self.routes.items():
            if host == suffix or (suffix.startswith(".") and host.endswith(suffix)):
                return place
        return None


def _not_public(host: str) -> str:
    return f"The address {host} may not be visited: it is not on the public internet."


def _parsed(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise Refused("This is not a web address.") from error


def _origin(url: httpx.URL) -> Target:
    host = url.raw_host.decode("ascii").lower()
    if not host:
        raise Refused("This is not a web address: it names no host.")
    return Target(url.scheme, host, url.port or DEFAULT_PORTS.get(url.scheme, 0))
