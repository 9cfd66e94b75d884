"""Pages of made-up companies, of which is known which words are content and which are boilerplate.

Every paragraph of content carries a mark of its own (`ck…`), every piece of boilerplate another (`bp…`), so that recall
and boilerplate are counted and not judged. All of it follows from the number of the site.
"""

import json
import random
from dataclasses import dataclass

PATHS = ("/", "/about", "/products", "/contact")
_NAMES = {"/": "Home", "/about": "About us", "/products": "Products", "/contact": "Contact"}
# Addresses that stand on every page but lead to no page that is measured.
_MENU = ("/news", "/careers", "/downloads", "/privacy", "/terms", "/partners", "/events", "/sustainability")
_WORDS = """pumps valves seals bearings housings castings machining tolerance steel aluminium brewery dairy process line
assembly quality inspection delivery workshop engineers customers projects maintenance spare parts series production
plant automation drives sensors control pressure temperature medium flow rate certified training service contract
installation commissioning laboratory testing prototype small large batches family export""".split()  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Known:
    """One page and what is known of it."""

    html: str
    content: frozenset[str]
    boilerplate: frozenset[str]
    fetched: str = ""  # JSON that its script asks for
    fetched_from: str = ""


def page(site: int, path: str, *, is_shell: bool) -> Known:
    """Return the page at `path` of a site. A shell has no content but a script that writes it."""
    chance = random.Random(f"{site}{path}")
    marks = _Marks(_letters(site * len(PATHS) + PATHS.index(path)))
    name = f"Company {site}"
    body = _body(chance, marks, name, path)
    style = _style(chance)
    title = f"{name}: {_NAMES[path]}"
    head = f'<meta charset="utf-8"><title>{title}</title><meta name="description" content="{_sentence(chance)}">'
    fetched = fetched_from = ""
    if is_shell and site % 2:
        fetched, fetched_from = json.dumps(body), f"/content{path}".rstrip("/")
        body = _shell(f"fetch('{fetched_from}').then((answer) => answer.json()).then(write);")
    elif is_shell:
        data = json.dumps(body).replace("</", "<\\/")  # or the first </script> in it would end the script
        body = _shell(f"setTimeout(() => write({data}), 100);")
    html = f'<!doctype html><html lang="en"><head>{head}{style}</head><body>{body}</body></html>'
    return Known(html, frozenset(marks.content), frozenset(marks.boilerplate), fetched, fetched_from)


def _shell(script: str) -> str:
    write = "const write = (page) => { document.getElementById('root').innerHTML = page; };"
    return f'<div id="root"></div><script>{write}\n{script}</script>'


class _Marks:
    """Hands out the marks of one page and remembers them."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.content: list[str] = []
        self.boilerplate: list[str] = []

    def for_content(self) -> str:
        self.content.append(f"ck{self._prefix}{_letters(len(self.content))}")
        return self.content[-1]

    def for_boilerplate(self) -> str:
        self.boilerplate.append(f"bp{self._prefix}{_letters(len(self.boilerplate))}")
        return self.boilerplate[-1]


def _letters(number: int) -> str:
    """Return `number` in three letters, so that marks look like words and not like data."""
    return "".join(chr(97 + number // 26**place % 26) for place in range(3))


def _sentence(chance: random.Random, words: int = 14) -> str:
    return " ".join(chance.choices(_WORDS, k=words)).capitalize() + "."


def _body(chance: random.Random, marks: _Marks, name: str, path: str) -> str:
    menu = "".join(
        f'<li class="menu-item item-{place}"><a class="link" href="{address}" data-track="nav-{place}">'
        f"{_NAMES.get(address, address.strip('/').capitalize())} {marks.for_boilerplate()}</a></li>"
        for place, address in enumerate((*PATHS, *_MENU))
    )
    header = (
        f'<header class="site-header"><div class="logo"><a href="/">{name}</a></div><nav><ul>{menu}</ul></nav></header>'
    )
    cookies = (
        f'<div class="cookie-banner" id="cookie-consent"><p>We use cookies {marks.for_boilerplate()}.</p>'
        "<button>Accept</button><button>Reject</button></div>"
    )
    side = f'<aside class="sidebar"><h3>Latest {marks.for_boilerplate()}</h3><ul>{_teasers(chance, marks)}</ul></aside>'
    footer = (
        f'<footer><div class="cols"><p>Imprint {marks.for_boilerplate()}</p><p>{name} Ltd</p><p>Industrial Road 12</p>'
        f"<p>Newsletter {marks.for_boilerplate()}</p></div><ul>{_teasers(chance, marks)}</ul></footer>"
    )
    return f"{header}{cookies}<main>{_main(chance, marks, name, path)}</main>{side}{footer}{_dead_weight(chance)}"


def _teasers(chance: random.Random, marks: _Marks) -> str:
    return "".join(
        f'<li><a href="/news/{number}">{_sentence(chance, 4)} {marks.for_boilerplate()}</a></li>' for number in range(8)
    )


def _main(chance: random.Random, marks: _Marks, name: str, path: str) -> str:
    parts = [f"<h1>{name}: {_NAMES[path]}</h1>"]
    for number in range(10):
        parts.append(f"<section class='block b-{number}'><h2>{_sentence(chance, 4)}</h2>")
        parts += [f"<p>{_sentence(chance, 30)} {marks.for_content()} {_sentence(chance, 18)}</p>" for _ in range(3)]
        cells = "".join(f"<tr><td>{_sentence(chance, 2)}</td><td>{marks.for_content()}</td></tr>" for _ in range(2))
        parts.append(f"<table class='spec'>{cells}</table></section>")
    if path == "/contact":
        parts.append(
            "<form action='/send' method='post'><label>Name <input name='name'></label><label>E-mail <input"
            " type='email' name='email'></label><textarea name='message'></textarea><button>Send</button></form>"
            f"<p>Write to office@company{chance.randrange(10**6)}.example or call"
            f" +49 89 {chance.randrange(10**6, 10**7)}.</p>"
        )
    return "".join(parts)


def _style(chance: random.Random) -> str:
    rules = (
        f".c{chance.randrange(10**6)}{{margin:{chance.randrange(40)}px;color:#{chance.randrange(4096):03x}}}"
        for _ in range(150)
    )
    return f"<style>{''.join(rules)}</style>"


def _dead_weight(chance: random.Random) -> str:
    """What real pages carry beside all that: icons and data for scripts, to 35 to 65 kB in all."""
    path = '<path d="M{0} {1}l5 5v{2}z"/>'
    icons = "".join(
        '<svg class="icon" viewBox="0 0 24 24">'
        + path.format(chance.randrange(24), chance.randrange(24), chance.randrange(9))
        + "</svg>"
        for _ in range(30)
    )
    data = json.dumps({f"key{n}": _sentence(chance, 6) for n in range(chance.randrange(150, 620))})
    return f'{icons}<script type="application/json" id="state">{data}</script>'
