"""Small pages as vendors' snippets make them, and what they give away."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

import enrichment.technologies
from enrichment.markup import parse
from enrichment.technologies import MAX_TECHNOLOGIES, is_telling, technologies_in
from integrations.capabilities import PageFact

CLUES = tomllib.loads(Path(enrichment.technologies.__file__).with_suffix(".toml").read_text("utf-8"))
SORTS = {
    "hosts",
    "paths",
    "scripts",
    "generators",
    "metas",
    "ids",
    "classes",
    "attributes",
    "comments",
    "headers",
    "cookies",
    "implies",
}
NAMES = [(category, name) for category, technologies in CLUES.items() for name in technologies]


def found(html: str, headers: Mapping[str, str] | None = None) -> dict[str, PageFact]:
    return {fact.value: fact for fact in technologies_in(html, parse(html), headers or {})}


def page(head: str = "", body: str = "") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    "piece, technology, category",
    [
        ('<script src="https://js-eu1.hs-scripts.com/1.js">', "HubSpot", "marketing automation"),
        ("<script src='//cdn.shopify.com/s/files/1/theme.js'>", "Shopify", "online shop"),
        ("<script src=HTTPS://JS.Stripe.com/v3/>", "Stripe", "payment"),
        ('<script src="https://js.stripe.com:443/v3/">', "Stripe", "payment"),
        ('<script src="  https://js.stripe.com/v3/ ">', "Stripe", "payment"),
        ('<link rel=stylesheet href="/wp-content/themes/a/style.css">', "WordPress", "CMS"),
        ('<link rel=stylesheet href="wp-content/themes/a/style.css">', "WordPress", "CMS"),
        ('<script src="/typo3temp/assets/a.js">', "TYPO3", "CMS"),
        ('<meta name="generator" content="TYPO3 CMS">', "TYPO3", "CMS"),
        ('<META NAME="Generator" CONTENT="Joomla! - Open Source">', "Joomla", "CMS"),
        ('<meta name="generator" content="Drupal 10 (https://www.drupal.org)">', "Drupal", "CMS"),
        ('<meta name="generator" content="Contao Open Source CMS">', "Contao", "CMS"),
        ('<meta name="generator" content="WordPress.com">', "WordPress.com", "CMS"),
        ('<meta name="shopify-digital-wallet" content="/1/wallets">', "Shopify", "online shop"),
        ('<script src="/bundles/storefront/storefront.js">', "Shopware", "online shop"),
        ('<script src="/static/version123/frontend/a/require.js">', "Magento", "online shop"),
        ('<script src="/_ui/responsive/common/js/a.js">', "SAP Commerce", "online shop"),
        ('<script src="https://static.parastorage.com/a.js">', "Wix", "website builder"),
        ('<script src="https://munchkin.marketo.net/munchkin.js">', "Marketo", "marketing automation"),
        ('<script src="https://hm.baidu.com/hm.js?1">', "Baidu Tongji", "analytics"),
        ('<script src="https://res.wx.qq.com/open/js/jweixin-1.6.0.js">', "WeChat", "social widget"),
        ('<script src="https://www.googletagmanager.com/gtag/js?id=G-1">', "Google Analytics", "analytics"),
        ('<script src="https://www.googletagmanager.com/gtm.js?id=GTM-1">', "Google Tag Manager", "tag manager"),
        ('<script id="Cookiebot" src="/local/uc.js">', "Cookiebot", "consent"),
        ('<script type="text/plain" data-src="https://static.hotjar.com/c/1.js">', "Hotjar", "session recording"),
        ('<script src="/wp-content/plugins/borlabs-cookie/a.js">', "Borlabs Cookie", "consent"),
        ('<script src="/lib/jquery-3.7.1.min.js">', "jQuery", "JavaScript library"),
        ('<script src="/_next/static/chunks/main.js">', "Next.js", "JavaScript framework"),
        ("<!-- This site is optimized with the Yoast SEO plugin v22 -->", "Yoast SEO", "SEO"),
    ],
)
def test_the_head_gives_away(piece: str, technology: str, category: str) -> None:
    html = page(piece)
    fact = found(html)[technology]
    assert (fact.kind, fact.detail, fact.in_source) == ("technology", category, True)
    assert fact.quote in html
    assert 0.5 < fact.confidence < 1


@pytest.mark.parametrize(
    "before, quote, after",
    [
        ('<script src="', "https://JS.stripe.com/v3/?a=b#c", '">'),
        ("<script src='  ", "//js.stripe.com/v3/", " '>"),
        ('<link rel=stylesheet href="', "wp-content/a.css", '">'),
        ('<meta name="generator" content="', "WordPress 6.5.2", '">'),
        ("<!-- ", "This site is optimized with the Yoast SEO plugin v22", " -->"),
        ('<script id="', "Cookiebot", '" src="/a.js">'),
        ("<script>s.src='https:", "//static.hotjar.com/c/hotjar-", "'+id</script>"),
        (r'<script>a="https:\/\/', "widget.intercom.io", r'\/widget"</script>'),
    ],
)
def test_the_quote_is_the_piece_of_the_source_that_proves_it(before: str, quote: str, after: str) -> None:
    assert quote in [fact.quote for fact in found(page(f"{before}{quote}{after}")).values()]


@pytest.mark.parametrize(
    "piece, technology",
    [
        ('<div id="__next"></div>', "Next.js"),
        ("<main><div id=__nuxt></div></main>", "Nuxt"),
        ('<div ng-version="17.0.0"></div>', "Angular"),
        ('<app-root _nghost-ng-c123=""></app-root>', "Angular"),
        ('<div data-v-app=""></div>', "Vue.js"),
        ("<div data-reactroot></div>", "React"),
        ('<iframe src="https://www.googletagmanager.com/ns.html?id=GTM-1"></iframe>', "Google Tag Manager"),
        ('<noscript><img src="https://www.facebook.com/tr?id=1&amp;ev=PageView"></noscript>', "Meta Pixel"),
        ('<img src="https://images.ctfassets.net/a/b.png">', "Contentful"),
        ('<iframe data-src="https://www.youtube-nocookie.com/embed/a"></iframe>', "YouTube embed"),
        ('<form action="https://acme.us1.list-manage.com/subscribe/post"></form>', "Mailchimp"),
        ('<form action="https://webto.salesforce.com/servlet/servlet.WebToLead"></form>', "Salesforce"),
        ('<div><div><p><form class="wpcf7-form init"></form></p></div></div>', "Contact Form 7"),
        ("<form id=mktoForm_1></form>", "Marketo"),
    ],
)
def test_the_body_gives_away(piece: str, technology: str) -> None:
    html = page(body=piece)
    assert found(html)[technology].quote in html


@pytest.mark.parametrize(
    "script, technology",
    [
        ("(function(w,d){j.src='https://www.googletagmanager.com/gtm.js?id='+i})(window)", "Google Tag Manager"),
        ('s.src = "https://static.hotjar.com/c/hotjar-" + id', "Hotjar"),
        ('var _paq = []; _paq.push(["trackPageView"]); var u="//stats.acme.de/";', "Matomo"),
        (r'{"widget":"https:\/\/widget.intercom.io\/widget\/1"}', "Intercom"),
        ("!function(f){t.src='https://connect.facebook.net/de_DE/fbevents.js'}(window)", "Meta Pixel"),
        ("piAId = '1'; s.src = ('https:' == p ? 'https://pi' : 'http://cdn') + '.pardot.com/pd.js'", "Pardot"),
    ],
)
def test_an_inline_script_gives_away_what_it_loads(script: str, technology: str) -> None:
    html = page(f"<script>{script}</script>")
    assert found(html)[technology].quote in html


@pytest.mark.parametrize("kind", ["application/ld+json", "application/json", "text/x-template"])
def test_data_in_a_script_loads_nothing(kind: str) -> None:
    assert found(page(f'<script type="{kind}">{{"url":"https://js.stripe.com/v3/"}}</script>')) == {}


@pytest.mark.parametrize(
    "html",
    [
        page(body='<a href="https://www.hubspot.com/">We like HubSpot</a>'),
        page(body="<p>Put https://js.stripe.com/v3/ and /wp-content/ into your page</p>"),
        page(body='<a href="https://js.stripe.com/v3/">script</a>'),
        page('<link rel="canonical" href="https://acme.myshopify.com/">'),
        page('<link rel="alternate" href="https://blog.example/wp-content/feed">'),
        page('<script src="https://notjs.stripe.com.evil.example/v3/"></script>'),
        page('<script src="https://evilstripe.com/v3/"></script>'),
        page('<script src="https://cdn.example/?u=https://js.stripe.com/"></script>'),
        page('<script src="https://www.facebook.com/other"></script>'),
        page('<meta name="description" content="WordPress">'),
        page('<meta name="generator" content="made without WordPress">'),
        page('<img src="https://blog.example/wp-content/uploads/logo.png">'),
        page('<img src="data:image/png;base64,//js.stripe.com/v3/">'),
        page(body='<p class="wordpress" id="wordpress">'),
        page("<!-- nothing to see -->"),
        "",
        "just text",
    ],
)
def test_a_mention_is_no_use(html: str) -> None:
    assert found(html) == {}


@pytest.mark.parametrize(
    "header, value, technology",
    [
        ("server", "nginx/1.24.0", "nginx"),
        ("server", "Apache/2.4.57 (Debian)", "Apache"),
        ("server", "Apache", "Apache"),
        ("server", "Microsoft-IIS/10.0", "Microsoft IIS"),
        ("server", "cloudflare", "Cloudflare"),
        ("cf-ray", "8a1b2c3d4e5f-FRA", "Cloudflare"),
        ("x-served-by", "cache-fra-eddf1-FRA", "Fastly"),
        ("x-vercel-id", "fra1::abc", "Vercel"),
        ("x-nf-request-id", "01H", "Netlify"),
        ("x-powered-by", "PHP/8.2.1", "PHP"),
        ("x-powered-by", "ASP.NET", "ASP.NET"),
        ("via", "1.1 varnish, 1.1 abc.cloudfront.net (CloudFront)", "Amazon CloudFront"),
        ("link", '<https://acme.de/wp-json/>; rel="https://api.w.org/"', "WordPress"),
        ("x-magento-cache-debug", "HIT", "Magento"),
    ],
)
def test_a_header_gives_away(header: str, value: str, technology: str) -> None:
    fact = found("", {header: value})[technology]
    assert fact.quote == f"{header}: {value}"
    assert is_telling(header)


def test_apache_coyote_is_tomcat_and_not_apache() -> None:
    names = found("", {"server": "Apache-Coyote/1.1"})
    assert "Apache Tomcat" in names
    assert "Apache" not in names


@pytest.mark.parametrize(
    "cookies, technology, quote",
    [
        ("PHPSESSID=secret; path=/", "PHP", "set-cookie: PHPSESSID"),
        (
            "a=1; expires=Wed, 21 Oct 2026 07:28:00 GMT, laravel_token=secret",
            "Laravel",
            "set-cookie: laravel_token",
        ),
        ("a=1; path=/\nASP.NET_SessionId=secret", "ASP.NET", "set-cookie: ASP.NET_SessionId"),
        ("_shopify_y=secret", "Shopify", "set-cookie: _shopify_y"),
        ("BIGipServerpool_www=secret", "F5 BIG-IP", "set-cookie: BIGipServerpool_www"),
    ],
)
def test_a_cookie_gives_away_by_its_name_and_keeps_its_value(cookies: str, technology: str, quote: str) -> None:
    facts = found("", {"set-cookie": cookies})
    assert facts[technology].quote == quote
    assert not any("secret" in fact.quote for fact in facts.values())


@pytest.mark.parametrize("header", ["date", "content-type", "etag", "content-length"])
def test_most_headers_tell_nothing(header: str) -> None:
    assert not is_telling(header)


def test_what_it_cannot_be_had_without_comes_with_the_same_proof_and_is_less_sure() -> None:
    facts = found(page('<meta name="generator" content="WooCommerce 9.1">'))
    assert {"WooCommerce", "WordPress", "PHP"} <= facts.keys()
    assert {fact.quote for fact in facts.values()} == {"WooCommerce 9.1"}
    assert facts["WooCommerce"].confidence > facts["WordPress"].confidence > facts["PHP"].confidence


def test_each_technology_is_told_once() -> None:
    html = page(
        '<script src="https://js.stripe.com/v3/"></script>' * 3 + '<script src="https://m.stripe.network/a"></script>'
    )
    assert [fact.value for fact in technologies_in(html, parse(html), {})] == ["Stripe"]


def test_one_address_may_give_away_several() -> None:
    assert found(page('<script src="https://cdn.jsdelivr.net/npm/jquery@3/dist/jquery.min.js"></script>')).keys() == {
        "jsDelivr",
        "jQuery",
    }


@pytest.mark.parametrize("written", ["?id=1&amp;ev=2", "?id=1&#038;ev=2", "?id=1&ev=2"])
def test_the_quote_stands_in_the_source_however_the_source_writes_it(written: str) -> None:
    html = page(f'<script src="https://js.stripe.com/v3/{written}"></script>')
    assert found(html)["Stripe"].quote in html


def test_a_quote_is_short() -> None:
    html = page(f'<script src="https://js.stripe.com/{"a" * 5_000}"></script>')
    assert len(found(html)["Stripe"].quote) == 200


def test_the_tree_stays_as_it_is() -> None:
    tree = parse(html := page('<script src="https://js.stripe.com/v3/"></script>', "<div id=__next>Hello</div>"))
    before = tree.html
    technologies_in(html, tree, {"server": "nginx"})
    assert tree.html == before


@pytest.mark.parametrize(
    "html",
    [
        page('<link rel="stylesheet" href="/a.css">' * 100_000),
        page('<script src="https://a.b.c.d.e.f.g/x.js"></script>' * 30_000),
        page(body='<img src="//images.example/a.png">' * 100_000),
        page(body="<form id=a class=b action=/c></form>" * 30_000),
        page(f'<script src="{"/wp" * 400_000}"></script>'),
        page(f'<script src="//{"a." * 500_000}"></script>'),
        page(f"<script>{'https://' * 150_000}</script>"),
        page(f"<script>{'//a.b' * 200_000}</script>"),
        page(f"<script>//{'a.' * 500_000}!</script>"),
        page(f'<meta name="generator" content="{"WordPres" * 120_000}">'),
        page(f'<meta name="{"generator" * 110_000}">'),
        page(body=f'<div class="{"et_p " * 200_000}" id="{"__nex" * 200_000}">'),
        page("<!--" * 250_000),
        page("<!-- yoast" * 100_000),
        page(f'<script src="//js.stripe.com/{"İ" * 100_000}"></script>'),
    ],
    ids=lambda html: html[39:79],
)
def test_a_hostile_page_is_gone_through(html: str) -> None:
    assert len(technologies_in(html, parse(html), {})) <= MAX_TECHNOLOGIES


@pytest.mark.parametrize("value", ["nginx" * 200_000, " ,\n" * 300_000, "a=" * 500_000, "\n" * 1_000_000])
def test_a_hostile_header_is_gone_through(value: str) -> None:
    headers = dict.fromkeys(("server", "set-cookie", "via", "x-powered-by"), value)
    assert all(len(fact.quote) <= 200 for fact in found("", headers).values())
    assert len(found("", {f"x-magento-{number}": "a" for number in range(100_000)})) <= 2


def test_a_page_that_has_everything_is_cut_off() -> None:
    hosts = (
        technology["hosts"][0] for group in CLUES.values() for technology in group.values() if "hosts" in technology
    )
    html = page("".join(f'<script src="https://{host}"></script>' for host in hosts))
    assert len(technologies_in(html, parse(html), {})) == MAX_TECHNOLOGIES


def test_a_salesperson_finds_what_they_ask_for() -> None:
    assert len(NAMES) >= 150
    assert len({name for _, name in NAMES}) == len(NAMES)


@pytest.mark.parametrize("category, name", NAMES, ids=[name for _, name in NAMES])
def test_every_clue_is_written_as_the_file_says(category: str, name: str) -> None:
    clues = CLUES[category][name]
    assert clues.keys() <= SORTS
    assert clues.keys() - {"implies"}
    assert all(other in {known for _, known in NAMES} for other in clues.get("implies", ()))
    assert all("." in host.partition("/")[0] and "*" not in host for host in clues.get("hosts", ()))
    assert all(path.startswith("/") for path in clues.get("paths", ()))
    assert all(":" in header for header in clues.get("headers", ()))


@pytest.mark.parametrize("category, name", NAMES, ids=[name for _, name in NAMES])
def test_every_host_and_path_gives_its_technology_away(category: str, name: str) -> None:
    clues = CLUES[category][name]
    hosts = [host if "/" in host else f"{host}/a" for host in clues.get("hosts", ())]
    for address in (*hosts, *(f"acme.de/sub{path}x" for path in clues.get("paths", ()))):
        assert name in found(page(f'<script src="https://{address}"></script>')), address
