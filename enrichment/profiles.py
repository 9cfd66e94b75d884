"""The company's own pages on social networks, told by its links and its structured data (schema.org sameAs).

A network's addresses are written as its own pages write them; what is no profile there (share buttons, single posts,
the sign-in page) does not fit the pattern or is a reserved word.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from urllib.parse import unquote

from enrichment.document import Document
from integrations.capabilities import PageFact
from integrations.lexicon.domains import host_of, registrable_domain

MAX_PER_NETWORK = 3
_MAX_ADDRESS = 1_000
_MAX_SAME_AS = 100
_MAX_ENTRIES = 50
# Links to more members than these, none of them like the site's name, are a directory: whose they are nobody knows.
_MAX_STRANGERS = 2
_STATED, _ALIKE, _ONLY, _ONE_OF_TWO = 0.95, 0.9, 0.75, 0.5

_ADDRESS = re.compile(r"https?://([a-z0-9.-]{3,253})(?::\d{1,5})?(/[^?\s]*)?(?:\?(\S*))?", re.I)
_LETTERS = re.compile(r"[^\W_]+")
# Hosts that are not known by name: *.medium.com, and servers of Mastodon that are called so.
_BELOW_MEDIUM, _ANY_MASTODON = "*.medium.com", "mastodon.*"
# Where structured data of a page names whose site it is.
_OF_THE_COMPANY = ("publisher", "author", "provider", "mainEntity", "about", "isPartOf", "copyrightHolder")
# What themes and site builders leave in a page's foot.
_OF_THEMES = (
    "wix squarespace shopify wordpress wordpressdotcom weebly webflow jimdo elementor envato themeforest example "
    "username yourname yourpage yourprofile your-profile yourcompany your-company youraccount mycompany company "
    "profile page user name"
)
_LEFT_BY_THEMES = frozenset(_OF_THEMES.split())


@dataclass(frozen=True, slots=True)
class _Network:
    """How a network writes the addresses of its members' pages.

    `path` fits a whole path (with the query, where it has one that counts) and takes the member's part, of which
    `address` makes the canonical form; `reserved` are names that no member has. Most networks take `Acme` and `acme`
    for one member.
    """

    name: str
    hosts: str
    path: str
    address: str
    reserved: str = ""
    ignores_case: bool = True


_NETWORKS = (
    _Network("LinkedIn", "linkedin.com", r"/(company)(?:-beta)?/([^/]+)(?:/.*)?", "https://www.linkedin.com/{}/{}"),
    _Network("LinkedIn", "linkedin.com", r"/(school|showcase)/([^/]+)(?:/.*)?", "https://www.linkedin.com/{}/{}"),
    _Network(
        "X",
        "twitter.com x.com",
        r"/@?(\w{1,15})",
        "https://x.com/{}",
        "about account compose download explore hashtag home i intent jobs login logout messages notifications oauth "
        "privacy search settings share signup statuses tos who_to_follow widgets",
    ),
    _Network("Facebook", "facebook.com fb.com", r"/(pages/[^/]+/\d+)(?:/.*)?", "https://www.facebook.com/{}"),
    _Network(
        "Facebook", "facebook.com fb.com", r"/(pages/category/[^/]+/[^/]+)(?:/.*)?", "https://www.facebook.com/{}"
    ),
    _Network("Facebook", "facebook.com fb.com", r"/(p(?:eople)?/[^/]+(?:/\d+)?)", "https://www.facebook.com/{}"),
    _Network(
        "Facebook",
        "facebook.com fb.com",
        r"/profile\.php\?(?:.*&)?id=(\d+)(?:&.*)?",
        "https://www.facebook.com/profile.php?id={}",
    ),
    _Network(
        "Facebook",
        "facebook.com fb.com",
        r"/(?:pg/)?(?!\w+\.php)([\w.%-]{2,100})(?:/(?:about|community|events|home|info|photos|reviews|services|shop|timeline|videos))?",
        "https://www.facebook.com/{}",
        "ad_campaign ads business careers dialog events gaming groups hashtag help home.php l.php legal login "
        "login.php marketplace me media messages notes pages people permalink.php pg photo photo.php plugins policies "
        "policy.php posts privacy profile.php public recover reel settings share share.php sharer sharer.php "
        "stories story.php terms terms.php tr video.php watch",
    ),
    _Network(
        "Instagram",
        "instagram.com",
        r"/@?([\w.]{1,30})(?:/(?:reels|tagged))?",
        "https://www.instagram.com/{}",
        "about accounts challenge developer developers direct directory download emails explore legal oauth p press "
        "privacy reel reels share static stories terms tv web",
    ),
    _Network("YouTube", "youtube.com", r"/(channel/[\w-]{10,40})(?:/.*)?", "https://www.youtube.com/{}", "", False),
    _Network("YouTube", "youtube.com", r"/((?:c|user)/[^/]+|@[^/]+)(?:/.*)?", "https://www.youtube.com/{}"),
    _Network(
        "YouTube",
        "youtube.com",
        r"/([a-z0-9]{3,60})(?:/(?:about|featured|playlists|videos))?",
        "https://www.youtube.com/{}",
        "about account ads attribution channels clip creators embed feed gaming hashtag howyoutubeworks kids live "
        "login movies music oembed playlist playlists post premium redirect results reporthistory shorts signin source "
        "subscriptions t trending upload user v watch yt",
    ),
    _Network("TikTok", "tiktok.com", r"/@([\w.-]{2,40})", "https://www.tiktok.com/@{}"),
    _Network("Xing", "xing.com", r"/(compan(?:y|ies)|pages)/([^/]+)(?:/.*)?", "https://www.xing.com/{}/{}"),
    _Network("GitHub", "github.com", r"/orgs/([\w-]{1,40})(?:/.*)?", "https://github.com/{}"),
    _Network(
        "GitHub",
        "github.com",
        r"/([\w-]{1,40})",
        "https://github.com/{}",
        "about apps collections contact customer-stories enterprise events explore features issues join login "
        "marketplace new notifications orgs pricing pulls readme search security settings signup site sponsors team "
        "topics trending",
    ),
    _Network(
        "Pinterest",
        "pinterest.com pinterest.de pinterest.at pinterest.ch pinterest.fr pinterest.it pinterest.es pinterest.co.uk "
        "pinterest.ca pinterest.com.au pinterest.com.mx pinterest.jp pinterest.pt pinterest.se pinterest.dk",
        r"/([\w-]{3,30})(?:/(?:_created|_saved|boards|pins))?",
        "https://www.pinterest.com/{}",
        "about business categories explore ideas join login pin search settings today topics",
    ),
    _Network(
        "Vimeo",
        "vimeo.com",
        r"/(?!\d+/*\Z)(\w{2,60})(?:/videos)?",
        "https://vimeo.com/{}",
        "about album analytics blog categories channels create event features groups help join jobs log_in login "
        "manage ondemand privacy search settings share showcase stock terms upgrade upload watch",
    ),
    _Network(
        "Crunchbase",
        "crunchbase.com",
        r"/(?:organization|company)/([^/]+)(?:/.*)?",
        "https://www.crunchbase.com/organization/{}",
    ),
    _Network("WeChat", "weixin.qq.com", r"/r/([\w-]{6,60})", "https://weixin.qq.com/r/{}", "", False),
    _Network(
        "WeChat",
        "mp.weixin.qq.com",
        r"/mp/(?:profile_ext|homepage|getmasssendmsg)\?(?:.*&)?__biz=([\w%=]{6,60})(?:&.*)?",
        "https://mp.weixin.qq.com/mp/profile_ext?__biz={}",
        "",
        False,
    ),
    _Network(
        "Weibo",
        "weibo.com m.weibo.cn weibo.cn",
        r"/(?:u/|profile/)(\d{4,20})(?:/(?:home|profile))?",
        "https://weibo.com/u/{}",
    ),
    _Network(
        "Weibo",
        "weibo.com e.weibo.com",
        r"/((?:n|p)/[^/]{2,60}|[\w-]{3,40})(?:/(?:home|profile))?",
        "https://weibo.com/{}",
        "hot login login.php newlogin n p search share signup tv u visitor",
    ),
    _Network("Bilibili", "space.bilibili.com", r"/(\d+)(?:/.*)?", "https://space.bilibili.com/{}"),
    _Network("Douyin", "douyin.com", r"/user/([\w-]{5,120})", "https://www.douyin.com/user/{}", "", False),
    _Network("Zhihu", "zhihu.com", r"/org/([^/]+)(?:/.*)?", "https://www.zhihu.com/org/{}"),
    _Network(
        "Telegram",
        "t.me telegram.me",
        r"/(?:s/)?(\w{4,32})",
        "https://t.me/{}",
        "addlist addstickers boost contact invoice joinchat login proxy setlanguage share socks",
    ),
    _Network("WhatsApp", "wa.me", r"/\+?(\d{6,15})(?:\?.*)?", "https://wa.me/{}"),
    _Network("WhatsApp", "wa.me", r"/(message/\w{6,40})(?:\?.*)?", "https://wa.me/{}", "", False),
    _Network(
        "WhatsApp",
        "api.whatsapp.com web.whatsapp.com",
        r"/(?:send/*)\?(?:.*&)?phone=(?:\+|%2b)?(\d{6,15})(?:&.*)?",
        "https://wa.me/{}",
    ),
    _Network("WhatsApp", "whatsapp.com", r"/(channel/\w{6,60})", "https://www.whatsapp.com/{}", "", False),
    _Network("Kununu", "kununu.com", r"/([a-z]{2}/[^/]+)(?:/.*)?", "https://www.kununu.com/{}"),
    _Network(
        "Glassdoor",
        "glassdoor.com glassdoor.de glassdoor.at glassdoor.ch glassdoor.co.uk glassdoor.fr glassdoor.it glassdoor.es "
        "glassdoor.nl glassdoor.be glassdoor.ie glassdoor.ca glassdoor.com.au glassdoor.co.in glassdoor.sg",
        r"/([^/]{2,40}/[^/]{1,200}-e(?:i_ie)?\d+[^/]{0,60}\.htm)",
        "https://www.{host}/{}",
        ignores_case=False,
    ),
    _Network(
        "Trustpilot",
        "trustpilot.com",
        r"/(?:review|evaluate)/(?:www\.)?([\w.-]+\.[a-z]{2,20})",
        "https://www.trustpilot.com/review/{}",
    ),
    _Network("Medium", "medium.com", r"/(@[\w.]{2,60})(?:/(?:about|followers))?", "https://medium.com/{}"),
    _Network(
        "Medium",
        "medium.com",
        r"/([\w-]{2,60})",
        "https://medium.com/{}",
        "about browse collections creators earn gift jobs m me membership new-story p plans policy search tag tags "
        "topic topics",
    ),
    _Network("Medium", _BELOW_MEDIUM, "", "https://{host}"),
    _Network("Threads", "threads.net threads.com", r"/@([\w.]{1,30})", "https://www.threads.net/@{}"),
    _Network("Bluesky", "bsky.app", r"/profile/([\w.:-]{3,100})", "https://bsky.app/profile/{}"),
    _Network(
        "Mastodon",
        f"{_ANY_MASTODON} chaos.social det.social fosstodon.org hachyderm.io hostux.social infosec.exchange mas.to "
        "mstdn.social muenchen.social norden.social nrw.social piaille.fr social.bund.de social.tchncs.de "
        "techhub.social troet.cafe",
        r"/(?:web/)?@([\w.-]{1,60})",
        "https://{host}/@{}",
    ),
)
_Rule = tuple[re.Pattern[str], _Network, frozenset[str]]  # the compiled path, its network, the reserved names
# What stands before a network's host and changes nothing: a country, a device.
_PREFIX = re.compile(r"(?:www|m|mobile|touch|web|[a-z]{2}|[a-z]{2}-[a-z]{2})\.(?=[^.]+\.)")


def _by_host() -> dict[str, list[_Rule]]:
    rules: dict[str, list[_Rule]] = {}
    for network in _NETWORKS:
        rule = (re.compile(f"{network.path}/*", re.I), network, frozenset(network.reserved.split()))
        for host in network.hosts.split():
            rules.setdefault(host, []).append(rule)
    return rules


_RULES = _by_host()


@dataclass(frozen=True, slots=True)
class _Found:
    """A member's page that the site links to. `label` is the link's text, '' for an icon."""

    network: str
    url: str
    member: str
    quote: str
    label: str = ""
    is_stated: bool = False


def profiles_in(document: Document) -> list[PageFact]:
    """Return the company's own pages on networks, at most `MAX_PER_NETWORK` of one, the surest first.

    The value is the page's canonical address, the detail its network. Pages that may as well be somebody else's (a
    directory links to many) are left out.
    """
    site = registrable_domain(host_of(document.url))
    found: dict[str, dict[str, _Found]] = {}
    for one in (*_stated(document, site), *_linked(document, site)):
        found.setdefault(one.network, {}).setdefault(one.url.lower(), one)
    name = _letters(site.partition(".")[0])
    return [fact for members in found.values() for fact in _own(list(members.values()), name)]


def _linked(document: Document, site: str) -> Iterator[_Found]:
    """Yield the members' pages among the links. Most links lead to few hosts: each host is looked up once."""
    is_network: dict[str, bool] = {}
    for link in document.links:
        host = link.url.split("/", 3)[2]
        known = is_network.get(host)
        if known is None:
            known = is_network[host] = bool(_rules_of(host.lower())[0])
        if known and (one := _member_at(link.url, site)):
            yield replace(one, label=link.text)


def _stated(document: Document, site: str) -> Iterator[_Found]:
    """Yield the pages that the site's structured data calls the company's. https://schema.org/sameAs"""
    for address in islice(_same_as(document.json_ld, 3), _MAX_SAME_AS):
        if one := _member_at(address.strip(), site):
            yield replace(one, is_stated=True)


def _same_as(entries: Iterable[Any], depth: int) -> Iterator[str]:
    for entry in islice(entries, _MAX_ENTRIES):
        if not isinstance(entry, Mapping) or "Person" in str(entry.get("@type"))[:_MAX_ADDRESS]:
            continue
        stated = entry.get("sameAs")
        yield from (url for url in (stated if isinstance(stated, list) else [stated]) if isinstance(url, str))
        if depth:
            inner = (entry.get(key) for key in _OF_THE_COMPANY)
            yield from _same_as(
                (each for value in inner for each in (value if isinstance(value, list) else [value])), depth - 1
            )


def _rules_of(host: str) -> tuple[list[_Rule], str]:
    """Return the rules for `host` (lower case) and the host without what changes nothing."""
    short = _PREFIX.sub("", host, count=1)
    if host in _RULES:
        return _RULES[host], host
    if short in _RULES:
        return _RULES[short], short
    if host.endswith(".medium.com"):
        return _RULES[_BELOW_MEDIUM], host
    if host.startswith(("mastodon.", "mstdn.", "social.")):
        return _RULES[_ANY_MASTODON], host
    return [], host


def _member_at(url: str, site: str) -> _Found | None:
    """Return the member's page at `url`, None where that is none or on the site's own network."""
    parts = _ADDRESS.fullmatch(url[:_MAX_ADDRESS].partition("#")[0])
    if parts is None:
        return None
    rules, host = _rules_of(parts[1].lower())
    if registrable_domain(host) == site:
        return None
    for pattern, network, reserved in rules:
        target = f"{parts[2] or ''}?{parts[3] or ''}" if r"\?" in network.path else parts[2] or ""
        match = pattern.fullmatch(target)
        if match is None:
            continue
        member = match[match.lastindex or 0] or host
        if member.lower() in reserved or (member.lower() in _LEFT_BY_THEMES and member.lower() not in site):
            continue
        groups = [group.lower() if network.ignores_case else group for group in match.groups()]
        return _Found(network.name, network.address.format(*groups, host=host), unquote(member), url[:_MAX_ADDRESS])
    return None


def _own(members: list[_Found], name: str) -> Iterator[PageFact]:
    """Yield those of one network's `members` that are the company's, which is called `name` in its domain."""
    sure = [
        (one, _STATED if one.is_stated else _ALIKE) for one in members if one.is_stated or _is_like(one.member, name)
    ]
    if not sure and len(members) <= _MAX_STRANGERS:
        sure = [(one, _ONLY if len(members) == 1 and _names_network(one) else _ONE_OF_TWO) for one in members]
    for one, confidence in sorted(sure, key=lambda pair: -pair[1])[:MAX_PER_NETWORK]:
        yield PageFact(
            kind="profile", value=one.url, detail=one.network, quote=one.quote, in_source=True, confidence=confidence
        )


def _is_like(member: str, name: str) -> bool:
    """True when a member's name and the site's are the same, one is in the other, or both begin alike."""
    letters = _letters(member)
    if min(len(letters), len(name)) < 3:
        return bool(name) and letters == name
    return letters in name or name in letters or (len(name) > 5 and letters[:5] == name[:5])


def _names_network(one: _Found) -> bool:
    """True for an icon and for a label such as "Follow us on LinkedIn"; another label may name another company."""
    names = ("twitter", one.network) if one.network == "X" else (one.network,)
    return not one.label or any(name.lower() in one.label.lower() for name in names)


def _letters(name: str) -> str:
    return "".join(_LETTERS.findall(name.lower()))
