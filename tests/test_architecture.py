"""What no linter says of this house: that there is one door out.

ruff's list of banned names (pyproject.toml) stops the plain import of a module that opens sockets. Here the source is
read for what gets past a list: names bound to other names, methods of an event loop, imports by a string, clients
that are made or inherited from, and vendors' libraries that would open sockets of their own.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from integrations.capabilities import SearchQuery
from integrations.egress.transport import GuardedTransport
from integrations.egress.vendors import vendor_client
from integrations.errors import ProviderError
from integrations.providers.exa import Exa
from integrations.providers.kimi import Kimi
from integrations.providers.openai import OpenAI
from tests.harness.fake_web import FakeWeb, Listener

ROOT = Path(__file__).parent.parent
APPS = ("accounts", "billing", "config", "enrichment", "hunts", "integrations", "leads", "outreach")
# What opens connections, by where it is imported from.
SOCKETS = (
    *("socket", "_socket", "ssl", "socketserver", "asyncore", "http.client", "http.server", "urllib.request"),
    *("xmlrpc", "smtplib", "imaplib", "poplib", "ftplib", "telnetlib", "nntplib", "urllib3", "requests", "aiohttp"),
    *("httpcore", "httpcore2", "httpx2", "websockets", "websocket", "anyio.connect_tcp", "playwright", "paramiko"),
    *("pycurl", "dns", "aiodns", "asyncio.open_connection", "asyncio.open_unix_connection", "asyncio.start_server"),
    *("asyncio.start_unix_server", "httpx.Client", "httpx.HTTPTransport", "httpx.AsyncHTTPTransport", "httpx.get"),
    *("httpx.post", "httpx.put", "httpx.patch", "httpx.delete", "httpx.head", "httpx.options", "httpx.request"),
    *("httpx.stream", "ssrfguard.httpx", "ssrfguard.requests", "ssrfguard.connect", "ssrfguard.resolvers"),
)
# These may be named, in an annotation for example, but not made: `guarded_client` and `vendor_client` make them.
MADE_BY_US = ("httpx.AsyncClient",)
# These must be given the client that they use.
GIVEN_A_CLIENT = ("openai.OpenAI", "openai.AsyncOpenAI", "openai.AzureOpenAI", "openai.AsyncAzureOpenAI")
LOOP_METHODS = frozenset(
    {"create_connection", "create_unix_connection", "create_datagram_endpoint", "create_server", "sock_connect"}
)
# Where sockets may be opened, and why.
DOORS = {
    "integrations/egress/": "the door",
    "integrations/sandbox/": "listens on loopback, connects to nobody",
    "hunts/sandboxed.py": "asks whether its own port of loopback is taken",
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(tuple(DOORS)):
                yield name, ast.parse(path.read_text(encoding="utf-8"))


class Names(ast.NodeVisitor):
    """Collects every use of something imported under its full name, whatever the file calls it."""

    def __init__(self, tree: ast.Module) -> None:
        self.uses: list[tuple[int, str]] = []
        self.made: list[tuple[int, str, frozenset[str | None]]] = []
        self._bound: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
        # A second name for a name: `client = httpx.AsyncClient`. Twice, for a name of a name.
        for _ in range(2):
            for node in ast.walk(tree):
                if isinstance(node, ast.Assign) and (full := self.full_name(node.value)):
                    self._bound |= {target.id: full for target in node.targets if isinstance(target, ast.Name)}
        self.visit(tree)

    def full_name(self, node: ast.expr) -> str:
        """Return `httpx.AsyncClient` for `h.AsyncClient` after `import httpx as h`; '' for what is not imported."""
        if isinstance(node, ast.Name):
            return self._bound.get(node.id, "")
        if isinstance(node, ast.Attribute) and (owner := self.full_name(node.value)):
            return f"{owner}.{node.attr}"
        if isinstance(node, ast.Call) and self._is_called(node, "getattr") and len(node.args) > 1:
            owner, name = self.full_name(node.args[0]), node.args[1]
            return f"{owner}.{name.value}" if owner and isinstance(name, ast.Constant) else ""
        return ""

    def visit_Name(self, node: ast.Name) -> None:
        self._use(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._use(node)
        if node.attr in LOOP_METHODS:
            self.uses.append((node.lineno, f"asyncio loop.{node.attr}"))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self._use(node)
        if full := self.full_name(node.func):
            self.made.append((node.lineno, full, frozenset(keyword.arg for keyword in node.keywords)))
        is_import = self._is_called(node, "__import__") or self.full_name(node.func) == "importlib.import_module"
        if is_import and node.args and isinstance(node.args[0], ast.Constant):
            self.uses.append((node.lineno, str(node.args[0].value)))
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.made += [(node.lineno, full, frozenset()) for base in node.bases if (full := self.full_name(base))]
        self.generic_visit(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                full = f"{node.module}.{alias.name}" if not node.level else ""
                self._bound[alias.asname or alias.name] = full
            else:
                full = alias.name
                first = full.partition(".")[0]
                self._bound[alias.asname or first] = full if alias.asname else first
            self.uses.append((node.lineno, full))

    def _use(self, node: ast.expr) -> None:
        if full := self.full_name(node):
            self.uses.append((node.lineno, full))

    @staticmethod
    def _is_called(node: ast.Call, name: str) -> bool:
        return isinstance(node.func, ast.Name) and node.func.id == name


def is_within(full: str, names: tuple[str, ...]) -> bool:
    return any(full == name or full.startswith(f"{name}.") for name in names)


def trespasses(tree: ast.Module) -> list[str]:
    """Return each place where a file opens a socket of its own, in words."""
    names = Names(tree)
    found = [f"line {line}: {full}" for line, full in names.uses if is_within(full, (*SOCKETS, "asyncio loop"))]
    found += [f"line {line}: makes {full}" for line, full, _ in names.made if is_within(full, MADE_BY_US)]
    found += [
        f"line {line}: {full} without http_client"
        for line, full, keywords in names.made
        if full in GIVEN_A_CLIENT and "http_client" not in keywords
    ]
    return sorted(set(found))


def test_sockets_are_opened_in_one_place() -> None:
    found = {name: trespasses(tree) for name, tree in sources()}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import socket",
        "from urllib import request",
        "import urllib.request as wget",
        "import httpx as h\nclient = h.AsyncClient()",
        "import httpx\nmaker = httpx.AsyncClient\nother = maker\nother()",
        "from httpx import AsyncClient as Harmless\nclass Client(Harmless): ...",
        "import httpx\nhttpx.get('https://acme.example')",
        "import httpx\ngetattr(httpx, 'Client')()",
        "import asyncio\na = asyncio\na.open_connection('acme.example', 80)",
        "import asyncio\nasyncio.get_running_loop().create_connection(None, 'acme.example', 80)",
        "import importlib\nimportlib.import_module('socket')",
        "__import__('requests')",
        "from asyncio import open_connection",
        "import openai\nopenai.AsyncOpenAI(api_key='x')",
        "from playwright.async_api import async_playwright",
    ],
)
def test_the_rule_sees_through_other_names(source: str) -> None:
    assert trespasses(ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "import httpx\ndef read(client: httpx.AsyncClient) -> httpx.Response: ...",
        "import asyncio\nasyncio.timeout(1)",
        "import openai\nopenai.AsyncOpenAI(api_key='x', http_client=None)",
        "from urllib.parse import urlsplit",
        "from http import HTTPStatus",
    ],
)
def test_the_rule_lets_the_harmless_pass(source: str) -> None:
    assert trespasses(ast.parse(source)) == []


def test_every_exception_to_the_rule_is_still_there() -> None:
    assert all((ROOT / place).exists() for place in DOORS)


def test_a_vendors_client_is_guarded() -> None:
    client = vendor_client("http://[::1]:9000/v1")
    assert isinstance(client._transport, GuardedTransport)
    assert not client.trust_env
    assert not client.follow_redirects


@pytest.mark.parametrize("maker", [OpenAI, Kimi])
async def test_a_language_model_does_not_follow_its_vendor_inwards(maker: type[OpenAI] | type[Kimi]) -> None:
    async with FakeWeb() as vendor, Listener() as inside:
        vendor.redirect("/v1/chat/completions", f"http://127.0.0.1:{inside.port}/")
        model = maker(api_key="sk-test", base_url=f"http://127.0.0.1:{vendor.port}/v1", model="any")
        with pytest.raises(ProviderError):
            await model.complete(system="", user="hello")
        await model.aclose()
        assert vendor.paths() == ["/v1/chat/completions"]
        assert inside.accepts == 0


async def test_a_search_does_not_follow_its_vendor_inwards() -> None:
    async with FakeWeb() as vendor, Listener() as inside:
        vendor.redirect("/search", f"http://127.0.0.1:{inside.port}/")
        exa = Exa(api_key="exa-test", base_url=f"http://127.0.0.1:{vendor.port}")
        with pytest.raises(ProviderError):
            await exa.search(SearchQuery(text="pumps"), limit=5)
        await exa.aclose()
        assert vendor.paths() == ["/search"]
        assert inside.accepts == 0


async def test_a_vendors_client_goes_to_its_vendor_alone() -> None:
    async with FakeWeb() as vendor, Listener() as inside:
        vendor.page("/", "ok")
        async with vendor_client(f"http://127.0.0.1:{vendor.port}") as client:
            assert (await client.get(f"http://127.0.0.1:{vendor.port}/")).text == "ok"
            with pytest.raises(Exception, match="may not be visited"):
                await client.get(f"http://127.0.0.1:{inside.port}/")
        assert inside.accepts == 0
        assert isinstance(client, httpx.AsyncClient)
