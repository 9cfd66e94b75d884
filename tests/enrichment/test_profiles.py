"""Links as sites write them, and what of them is the company's own page on a network."""

import pytest

from enrichment.document import Document, Link
from enrichment.profiles import MAX_PER_NETWORK, profiles_in
from integrations.capabilities import PageFact


def found(*links: str | Link, url: str = "https://www.acme.de/", same_as: object = None) -> list[PageFact]:
    given = tuple(link if isinstance(link, Link) else Link(link, "") for link in links)
    structured = ({"@type": "Organization", "sameAs": same_as},) if same_as else ()
    return profiles_in(Document(url, links=given, json_ld=structured))


def values(*links: str | Link, url: str = "https://www.acme.de/", same_as: object = None) -> list[str]:
    return [fact.value for fact in found(*links, url=url, same_as=same_as)]


PROFILES = [
    ("LinkedIn", "https://de.linkedin.com/company/Acme/?trk=nav", "https://www.linkedin.com/company/acme"),
    ("LinkedIn", "https://www.linkedin.com/company/acme/about/", "https://www.linkedin.com/company/acme"),
    ("LinkedIn", "https://www.linkedin.com/company/123456", "https://www.linkedin.com/company/123456"),
    ("LinkedIn", "https://www.linkedin.com/school/acme-academy/", "https://www.linkedin.com/school/acme-academy"),
    ("LinkedIn", "https://linkedin.com/showcase/acme-pumps", "https://www.linkedin.com/showcase/acme-pumps"),
    ("X", "http://www.twitter.com/AcmeGmbH?lang=de", "https://x.com/acmegmbh"),
    ("X", "https://mobile.twitter.com/acme/", "https://x.com/acme"),
    ("X", "https://x.com/@acme", "https://x.com/acme"),
    ("Facebook", "https://de-de.facebook.com/AcmeGmbH/", "https://www.facebook.com/acmegmbh"),
    ("Facebook", "https://m.facebook.com/pg/acme/about/", "https://www.facebook.com/acme"),
    ("Facebook", "https://fb.com/acme", "https://www.facebook.com/acme"),
    ("Facebook", "https://www.facebook.com/pages/Acme/123456?fref=ts", "https://www.facebook.com/pages/acme/123456"),
    (
        "Facebook",
        "https://www.facebook.com/profile.php?ref=x&id=10001",
        "https://www.facebook.com/profile.php?id=10001",
    ),
    ("Facebook", "https://www.facebook.com/people/Acme/10001/", "https://www.facebook.com/people/acme/10001"),
    ("Instagram", "https://instagram.com/acme.gmbh/?hl=de", "https://www.instagram.com/acme.gmbh"),
    ("YouTube", "https://www.youtube.com/@Acme/videos", "https://www.youtube.com/@acme"),
    ("YouTube", "https://youtube.com/user/AcmeTV?feature=watch", "https://www.youtube.com/user/acmetv"),
    ("YouTube", "https://www.youtube.com/c/Acme", "https://www.youtube.com/c/acme"),
    ("YouTube", "https://m.youtube.com/channel/UCabcDEF1234567", "https://www.youtube.com/channel/UCabcDEF1234567"),
    ("YouTube", "https://www.youtube.com/acme", "https://www.youtube.com/acme"),
    ("TikTok", "https://www.tiktok.com/@acme?lang=en", "https://www.tiktok.com/@acme"),
    ("Xing", "https://www.xing.com/companies/acmegmbh", "https://www.xing.com/companies/acmegmbh"),
    ("Xing", "https://www.xing.com/pages/acme/about_us", "https://www.xing.com/pages/acme"),
    ("GitHub", "https://github.com/acme", "https://github.com/acme"),
    ("GitHub", "https://github.com/orgs/acme/repositories", "https://github.com/acme"),
    ("Pinterest", "https://www.pinterest.de/acme/_created/", "https://www.pinterest.com/acme"),
    ("Vimeo", "https://vimeo.com/acme", "https://vimeo.com/acme"),
    ("Crunchbase", "https://www.crunchbase.com/organization/acme", "https://www.crunchbase.com/organization/acme"),
    ("WeChat", "http://weixin.qq.com/r/AbCd1234", "https://weixin.qq.com/r/AbCd1234"),
    (
        "WeChat",
        "https://mp.weixin.qq.com/mp/profile_ext?action=home&__biz=MzA4Nw==&scene=1",
        "https://mp.weixin.qq.com/mp/profile_ext?__biz=MzA4Nw==",
    ),
    ("Weibo", "https://weibo.com/u/1234567890?is_all=1", "https://weibo.com/u/1234567890"),
    ("Weibo", "https://www.weibo.com/acmechina", "https://weibo.com/acmechina"),
    ("Bilibili", "https://space.bilibili.com/123456/dynamic", "https://space.bilibili.com/123456"),
    ("Douyin", "https://www.douyin.com/user/MS4wLjABAAAA", "https://www.douyin.com/user/MS4wLjABAAAA"),
    ("Zhihu", "https://www.zhihu.com/org/acme-11", "https://www.zhihu.com/org/acme-11"),
    ("Telegram", "https://telegram.me/acme_news", "https://t.me/acme_news"),
    ("Telegram", "https://t.me/s/acme_news", "https://t.me/acme_news"),
    ("WhatsApp", "https://wa.me/491701234567?text=Hi", "https://wa.me/491701234567"),
    ("WhatsApp", "https://api.whatsapp.com/send?text=Hi&phone=%2B491701234567", "https://wa.me/491701234567"),
    ("WhatsApp", "https://wa.me/message/ABCDEF123", "https://wa.me/message/ABCDEF123"),
    ("WhatsApp", "https://whatsapp.com/channel/0029VaAcme", "https://www.whatsapp.com/channel/0029VaAcme"),
    ("Kununu", "https://www.kununu.com/de/acme/kommentare", "https://www.kununu.com/de/acme"),
    (
        "Glassdoor",
        "https://www.glassdoor.de/Overview/Working-at-Acme-EI_IE12345.11,15.htm?x=1",
        "https://www.glassdoor.de/Overview/Working-at-Acme-EI_IE12345.11,15.htm",
    ),
    ("Trustpilot", "https://de.trustpilot.com/review/www.acme.de", "https://www.trustpilot.com/review/acme.de"),
    ("Trustpilot", "https://www.trustpilot.com/evaluate/acme.de", "https://www.trustpilot.com/review/acme.de"),
    ("Medium", "https://medium.com/@acme", "https://medium.com/@acme"),
    ("Medium", "https://medium.com/acme-engineering", "https://medium.com/acme-engineering"),
    ("Medium", "https://acme.medium.com/", "https://acme.medium.com"),
    ("Threads", "https://www.threads.net/@acme", "https://www.threads.net/@acme"),
    ("Threads", "https://www.threads.com/@acme?hl=de", "https://www.threads.net/@acme"),
    ("Bluesky", "https://bsky.app/profile/acme.de", "https://bsky.app/profile/acme.de"),
    ("Mastodon", "https://mastodon.social/@acme", "https://mastodon.social/@acme"),
    ("Mastodon", "https://chaos.social/web/@acme", "https://chaos.social/@acme"),
    ("Mastodon", "https://social.example.org/@acme", "https://social.example.org/@acme"),
]


@pytest.mark.parametrize("network, link, address", PROFILES, ids=[link for _, link, _ in PROFILES])
def test_it_knows_a_profile_and_writes_its_address_in_one_way(network: str, link: str, address: str) -> None:
    (fact,) = found(link)
    assert (fact.kind, fact.detail, fact.value, fact.quote) == ("profile", network, address, link)
    assert fact.in_source
    assert values(address) == [address]


@pytest.mark.parametrize(
    "link",
    [
        "https://www.linkedin.com/",
        "https://www.linkedin.com/in/erika-mustermann",
        "https://www.linkedin.com/shareArticle?mini=true&url=https://acme.de",
        "https://www.linkedin.com/sharing/share-offsite/?url=https://acme.de",
        "https://www.linkedin.com/posts/acme_activity-1",
        "https://www.linkedin.com/login",
        "https://www.linkedin.com/company/",
        "https://twitter.com/",
        "https://twitter.com/intent/tweet?text=Acme",
        "https://twitter.com/share?url=https://acme.de",
        "https://twitter.com/share",
        "https://twitter.com/acme/status/12345",
        "https://twitter.com/hashtag/acme",
        "https://x.com/login",
        "https://help.twitter.com/en",
        "https://www.facebook.com",
        "https://www.facebook.com/sharer.php?u=https://acme.de",
        "https://www.facebook.com/sharer/sharer.php?u=https://acme.de",
        "https://www.facebook.com/share.php?u=https://acme.de",
        "https://www.facebook.com/dialog/share?href=https://acme.de",
        "https://www.facebook.com/plugins/like.php?href=https://acme.de",
        "https://www.facebook.com/tr?id=1",
        "https://www.facebook.com/acme/posts/12345",
        "https://www.facebook.com/photo.php?fbid=1",
        "https://www.facebook.com/notes.php?id=1",
        "https://www.facebook.com/groups/acme",
        "https://www.facebook.com/privacy/explanation",
        "https://www.facebook.com/login.php",
        "https://developers.facebook.com/docs",
        "https://l.facebook.com/l.php?u=https://acme.de",
        "https://www.instagram.com/p/Babc123/",
        "https://www.instagram.com/reel/Babc123/",
        "https://www.instagram.com/explore/tags/acme/",
        "https://www.instagram.com/accounts/login/",
        "https://www.youtube.com/watch?v=abc",
        "https://www.youtube.com/embed/abc",
        "https://www.youtube.com/playlist?list=abc",
        "https://www.youtube.com/shorts/abc",
        "https://youtu.be/abcdefghijk",
        "https://www.tiktok.com/@acme/video/123",
        "https://www.tiktok.com/tag/acme",
        "https://www.xing.com/profile/Erika_Mustermann",
        "https://www.xing.com/spi/shares/new?url=https://acme.de",
        "https://github.com/acme/pumps",
        "https://github.com/login",
        "https://gist.github.com/acme",
        "https://www.pinterest.com/pin/create/button/?url=https://acme.de",
        "https://www.pinterest.com/pin/123/",
        "https://vimeo.com/123456789",
        "https://player.vimeo.com/video/123456789",
        "https://mp.weixin.qq.com/s/abcdef",
        "https://service.weibo.com/share/share.php?url=https://acme.de",
        "https://weibo.com/1234567890/AbCdEf",
        "https://www.bilibili.com/video/BV1",
        "https://www.douyin.com/video/123",
        "https://zhuanlan.zhihu.com/p/123",
        "https://t.me/share/url?url=https://acme.de",
        "https://t.me/acme_news/123",
        "https://t.me/joinchat/abc",
        "https://wa.me/?text=https://acme.de",
        "https://api.whatsapp.com/send?text=https://acme.de",
        "https://www.kununu.com/",
        "https://www.kununu.com/de",
        "https://www.glassdoor.de/Job/index.htm",
        "https://www.trustpilot.com/",
        "https://medium.com/",
        "https://medium.com/@acme/how-we-build-pumps-123abc",
        "https://acme.medium.com/how-we-build-pumps-123abc",
        "https://medium.com/m/signin",
        "https://www.threads.net/@acme/post/123",
        "https://bsky.app/profile/acme.de/post/123",
        "https://bsky.app/intent/compose?text=Acme",
        "https://mastodon.social/@acme/12345",
        "https://mastodon.social/share?text=Acme",
        "https://notfacebook.com/acme",
        "https://facebook.com.evil.example/acme",
        "https://acme.de/?next=https://www.facebook.com/acme",
    ],
)
def test_what_is_on_a_network_without_being_a_profile_is_passed_by(link: str) -> None:
    assert values(link) == []


def test_a_site_without_a_network_has_no_profile() -> None:
    assert values(*(f"https://www.acme.de/{number}" for number in range(200))) == []
    assert profiles_in(Document("https://acme.de/")) == []


def test_one_profile_linked_in_two_ways_is_one() -> None:
    links = ("https://www.linkedin.com/company/acme", "http://de.linkedin.com/company/ACME/?trk=foot")
    (fact,) = found(*links)
    assert fact.quote == links[0]


def test_a_name_like_the_sites_is_surer_than_another() -> None:
    (like,) = found("https://www.facebook.com/acmegmbh")
    (only,) = found("https://www.facebook.com/bluepumps")
    assert like.confidence > only.confidence


def test_beside_the_sites_own_name_a_partners_is_left_out() -> None:
    assert values("https://www.facebook.com/partner", "https://www.facebook.com/acme") == [
        "https://www.facebook.com/acme"
    ]


def test_a_directory_has_no_profile_of_its_own() -> None:
    assert values(*(f"https://www.linkedin.com/company/member{number}" for number in range(20))) == []


def test_a_directory_keeps_the_one_that_is_its_own() -> None:
    members = [f"https://www.linkedin.com/company/member{number}" for number in range(20)]
    assert values(*members, "https://www.linkedin.com/company/acme") == ["https://www.linkedin.com/company/acme"]


def test_a_link_that_is_called_after_another_company_is_less_sure() -> None:
    address = "https://www.linkedin.com/company/bluepumps"
    (named,) = found(Link(address, "Our customer Blue Pumps"))
    (plain,) = found(Link(address, "Follow us on LinkedIn"))
    assert named.confidence < plain.confidence


def test_twitter_is_still_a_name_of_x() -> None:
    (old,) = found(Link("https://twitter.com/bluepumps", "Twitter"))
    (other,) = found(Link("https://twitter.com/bluepumps", "Blue Pumps"))
    assert old.confidence > other.confidence


def test_no_network_has_more_than_a_few() -> None:
    links = (f"https://www.facebook.com/acme{number}" for number in range(20))
    assert len(found(*links)) == MAX_PER_NETWORK


@pytest.mark.parametrize("name", ["wix", "shopify", "squarespace", "yourpage", "username"])
def test_what_a_theme_left_behind_is_not_the_companys(name: str) -> None:
    assert values(f"https://www.facebook.com/{name}", f"https://www.instagram.com/{name}/") == []


def test_a_company_called_like_a_theme_has_its_own() -> None:
    assert values("https://www.facebook.com/shopify", url="https://www.shopify.com/") == [
        "https://www.facebook.com/shopify"
    ]


def test_a_networks_own_site_has_no_profiles_on_itself() -> None:
    assert values("https://github.com/acme", url="https://github.com/acme/pumps") == []


def test_structured_data_is_the_surest() -> None:
    (fact,) = found(same_as=["https://www.facebook.com/bluepumps", "https://en.wikipedia.org/wiki/Acme"])
    assert (fact.value, fact.confidence) == ("https://www.facebook.com/bluepumps", 0.95)


def test_structured_data_may_give_one_address_only() -> None:
    assert values(same_as="https://www.instagram.com/acme/") == ["https://www.instagram.com/acme"]


def test_what_structured_data_states_goes_before_the_links() -> None:
    links = [f"https://www.facebook.com/other{number}" for number in range(5)]
    assert values(*links, same_as=["https://www.facebook.com/bluepumps"]) == ["https://www.facebook.com/bluepumps"]


def test_a_publisher_is_the_company_and_an_author_who_is_a_person_is_not() -> None:
    article = {
        "@type": "Article",
        "publisher": {"@type": "Organization", "sameAs": ["https://x.com/acme"]},
        "author": {"@type": "Person", "sameAs": ["https://www.instagram.com/erika"]},
    }
    facts = profiles_in(Document("https://acme.de/", json_ld=(article,)))
    assert [fact.value for fact in facts] == ["https://x.com/acme"]


@pytest.mark.parametrize(
    "same_as", [None, 7, {}, [None, 7, {}, []], "", "not an address", "https://[", "javascript:alert(1)"]
)
def test_broken_structured_data_is_passed_by(same_as: object) -> None:
    assert values(same_as=same_as) == []


def test_structured_data_that_holds_itself_ends() -> None:
    entry: dict[str, object] = {"@type": "Organization", "sameAs": ["https://x.com/acme"]}
    entry["publisher"] = [entry] * 1_000
    assert len(profiles_in(Document("https://acme.de/", json_ld=(entry,)))) == 1


def test_100_000_links_are_gone_through() -> None:
    links = tuple(Link(f"https://www.facebook.com/member{number}", "") for number in range(100_000))
    assert profiles_in(Document("https://acme.de/", links=links)) == []


@pytest.mark.parametrize("piece", ["a", "/", "%41", "?id=", "&id=1", "id=1&", ".", "@", "phone=1", "-e1"])
def test_a_megabyte_of_address_is_no_profile(piece: str) -> None:
    hosts = (
        "www.facebook.com/profile.php?",
        "api.whatsapp.com/send?",
        "www.glassdoor.de/a/",
        "x.com/",
        "www.linkedin.com/",
    )
    links = [f"https://{host}{piece * (1_000_000 // len(piece))}!" for host in hosts]
    assert all(len(fact.value) < 500 for fact in found(*links))
