"""robots.txt as RFC 9309 has it, in the order of the 21 groups of cases that Google's own parser is held to.

https://www.rfc-editor.org/rfc/rfc9309 and https://github.com/google/robotstxt. Where the two disagree the RFC is
followed; those cases say so.
"""

import httpx
import pytest

from integrations.egress.fetch import Fetched
from integrations.egress.robots import Robots, Rules

ORIGIN = "https://acme.example"
# So long that a line with it in it is cut inside of the last path segment.
LONG = "/x/" + "a" * (16_664 - len("/x/") - len("disallow: ") + 1)


async def rules_of(text: str | bytes, agent: str = "FooBot", *, is_cut: bool = False) -> Rules:
    body = text if isinstance(text, bytes) else text.encode()

    async def get(url: str) -> Fetched:
        return Fetched(url, 200, httpx.Headers(), body, 0.0, (), is_cut)

    return await Robots(agent).rules(ORIGIN, get)


async def check(text: str | bytes, agent: str, allowed: str, forbidden: str) -> None:
    """`allowed` and `forbidden` are paths, separated by spaces."""
    rules = await rules_of(text, agent)
    for path in allowed.split():
        assert rules.allows(ORIGIN + path), f"{path} should be allowed"
    for path in forbidden.split():
        assert not rules.allows(ORIGIN + path), f"{path} should be forbidden"


GROUPS = """\
allow: /nobody/
user-agent: FooBot
disallow: /
allow: /x/
user-agent: BarBot
disallow: /
allow: /y/


allow: /w/
user-agent: BazBot

user-agent: FooBot
allow: /z/
disallow: /
"""


# 1. The whole at once
async def test_an_empty_file_allows_everything_and_an_empty_address_is_the_home_page() -> None:
    await check("", "FooBot", "/ /any", "")
    assert not (await rules_of("user-agent: FooBot\ndisallow: /\n")).allows("")
    assert (await rules_of("")).allows("")


# 2. A line is a name, a colon and a value
@pytest.mark.parametrize(
    "text, is_allowed",
    [
        ("user-agent: FooBot\ndisallow: /\n", False),
        ("foo: FooBot\nbar: /\n", True),
        ("user-agent FooBot\ndisallow /\n", False),
    ],
    ids=["as it should be", "unknown names", "without colons"],
)
async def test_a_line_is_read_as_it_was_meant(text: str, is_allowed: bool) -> None:
    assert (await rules_of(text)).allows(f"{ORIGIN}/x/y") is is_allowed


# 3. Groups
@pytest.mark.parametrize(
    "agent, allowed, forbidden",
    [
        ("FooBot", "/x/b /z/d", "/y/c /nobody/"),
        ("BarBot", "/y/c /w/a", "/z/d /nobody/"),
        ("BazBot", "/z/d", "/nobody/"),
    ],
)
async def test_groups_of_one_name_are_one_and_rules_outside_of_groups_are_nobodys(
    agent: str, allowed: str, forbidden: str
) -> None:
    await check(GROUPS, agent, allowed, forbidden)


# 4. Lines that are not of the standard do not end a group
@pytest.mark.parametrize("between", ["Sitemap: https://acme.example/map", "Invalid-Unknown-Line: unknown"])
@pytest.mark.parametrize("agent", ["FooBot", "BarBot"])
async def test_another_line_does_not_part_names_from_their_rules(between: str, agent: str) -> None:
    await check(f"User-agent: FooBot\n{between}\nUser-agent: *\nDisallow: /\n", agent, "", "/")


@pytest.mark.xfail(reason="Crawl-delay, which the RFC does not know, counts as a rule, as those who write it mean it.")
async def test_a_crawl_delay_does_not_part_names_from_their_rules() -> None:
    await check("User-agent: *\nCrawl-delay: 9\n\nUser-agent: BadBot\nDisallow: /\n", "FooBot", "", "/")


# 5. The names of lines in any case
@pytest.mark.parametrize(
    "write", [str.upper, str.lower, str.title, str.swapcase], ids=["upper", "lower", "title", "mixed"]
)
async def test_the_names_of_lines_may_be_written_in_any_case(write: object) -> None:
    assert callable(write)
    text = f"{write('user-agent')}: FooBot\n{write('Allow')}: /x/\n{write('disAllow')}: /\n"
    await check(text, "FooBot", "/x/y", "/a/b")


# 6. Which names a robot may have
@pytest.mark.parametrize("name", ["Foobot", "Foobot-Bar", "Foo_Bar"])
def test_letters_hyphens_and_underscores_make_a_name(name: str) -> None:
    Robots(name)


@pytest.mark.parametrize("name", ["", "ツ", "Foobot*", " Foobot ", "Foobot/2.1", "Foobot Bar"])
def test_nothing_else_makes_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Robots(name)


# 7. The names of robots in any case
@pytest.mark.parametrize("written", ["FOO BAR", "foo bar", "FoO bAr"])
@pytest.mark.parametrize("agent", ["Foo", "foo"])
async def test_the_names_of_robots_may_be_written_in_any_case(written: str, agent: str) -> None:
    await check(f"User-Agent: {written}\nAllow: /x/\nDisallow: /\n", agent, "/x/y", "/a/b")


# 8. A name ends at the first character that cannot be in one
@pytest.mark.parametrize("written", ["Foo Bar", "Foo/2.1", "foo*", "FOO # that is you"])
async def test_a_name_is_read_up_to_what_cannot_be_in_one(written: str) -> None:
    await check(f"User-Agent: *\nDisallow: /\nUser-Agent: {written}\nAllow: /x/\nDisallow: /\n", "Foo", "/x/y", "/a")


@pytest.mark.parametrize("written", ["Fo", "F", "FooBotOther", "My-FooBot", "Bot", "", "*Foo", "Foo-Bot"])
async def test_part_of_a_name_is_another_name(written: str) -> None:
    await check(f"User-agent: {written}\nDisallow: /\n", "FooBot", "/x", "")


# 9. The group for everybody else
@pytest.mark.parametrize(
    "agent, text, is_allowed",
    [
        ("FooBot", "", True),
        ("FooBot", "user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n", False),
        ("BarBot", "user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n", True),
        ("BarBot", "user-agent: * # all\ndisallow: /\nuser-agent: FooBot\nallow: /\n", False),
        ("QuxBot", "user-agent: FooBot\nallow: /\nuser-agent: BarBot\ndisallow: /\n", True),
    ],
    ids=["no group", "named", "everybody else", "with a comment", "nobody of ours"],
)
async def test_who_is_not_named_is_everybody_else(agent: str, text: str, is_allowed: bool) -> None:
    assert (await rules_of(text, agent)).allows(f"{ORIGIN}/x/y") is is_allowed


# 10. Paths in their own case
async def test_paths_are_compared_in_their_own_case() -> None:
    await check("user-agent: FooBot\ndisallow: /x/\n", "FooBot", "/X/y", "/x/y")
    await check("user-agent: FooBot\ndisallow: /X/\n", "FooBot", "/x/y", "/X/y")


# 11. The longest rule decides, and of two the kinder
@pytest.mark.parametrize(
    "rules, allowed, forbidden",
    [
        ("disallow: /x/page.html\nallow: /x/", "/x/", "/x/page.html"),
        ("allow: /x/page.html\ndisallow: /x/", "/x/page.html", "/x/"),
        ("disallow:\nallow:", "/x/page.html", ""),
        ("disallow: /\nallow: /", "/x/page.html", ""),
        ("disallow: /x\nallow: /x/", "/x/", "/x"),
        ("disallow: /x/page.html\nallow: /x/page.html", "/x/page.html", ""),
        ("allow: /page\ndisallow: /*.html", "/page", "/page.html"),
        ("allow: /x/page.\ndisallow: /*.html", "/x/page.html", "/x/y.html"),
    ],
)
async def test_the_longest_rule_decides_and_of_two_the_kinder(rules: str, allowed: str, forbidden: str) -> None:
    await check(f"user-agent: FooBot\n{rules}\n", "FooBot", allowed, forbidden)


async def test_a_group_of_ones_own_replaces_the_one_for_everybody() -> None:
    await check("User-agent: *\nDisallow: /x/\nUser-agent: FooBot\nDisallow: /y/\n", "FooBot", "/x/page", "/y/page")


# 12. Percent signs. Here the RFC's table goes further than Google's parser: an escaped letter is that letter.
@pytest.mark.parametrize(
    "rule, path",
    [
        ("/foo/bar?qux=taz&baz=http://foo.bar?tar&par", "/foo/bar?qux=taz&baz=http://foo.bar?tar&par"),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%E3%83%84", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%e3%83%84", "/foo/bar/ツ"),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
        ("/foo/bar/baz", "/foo/bar/%62%61%7A"),
        ("/foo/bar%2Fbaz", "/foo/bar%2fbaz"),
    ],
)
async def test_the_same_path_may_be_escaped_or_not(rule: str, path: str) -> None:
    await check(f"User-agent: FooBot\nDisallow: /\nAllow: {rule}\n", "FooBot", path, "/foo")


async def test_an_escaped_slash_is_no_slash() -> None:
    await check("User-agent: FooBot\nDisallow: /foo/bar\n", "FooBot", "/foo%2Fbar", "/foo/bar")


# 13. # begins a comment, * stands for anything, $ for the end
@pytest.mark.parametrize(
    "rules, allowed, forbidden",
    [
        ("Disallow: /foo/bar/quz\nAllow: /foo/*/qux", "/foo/quz /foo//quz /foo/bax/quz", "/foo/bar/quz"),
        ("Disallow: /foo/bar$\nAllow: /foo/bar/qux", "/foo/bar/qux /foo/bar/ /foo/bar/baz", "/foo/bar"),
        ("# Disallow: /\nDisallow: /foo/quz#qux\nAllow: /", "/foo/bar", "/foo/quz"),
        ("Disallow: /a%24\nDisallow: /b%2A", "/a /b/c", "/a$ /b*"),
    ],
    ids=["star", "dollar", "comment", "escaped"],
)
async def test_special_characters_mean_what_they_should(rules: str, allowed: str, forbidden: str) -> None:
    await check(f"User-agent: FooBot\n{rules}\n", "FooBot", allowed, forbidden)


# 14. index.html is its folder
async def test_an_allowed_index_page_is_its_folder() -> None:
    text = "User-Agent: *\nAllow: /open/index.html\nDisallow: /\n"
    await check(text, "FooBot", "/open/ /open/index.html", "/open/index.htm /other")


# 15. Lines that are too long
async def test_a_line_that_is_too_long_counts_as_far_as_it_is_read() -> None:
    await check(f"user-agent: FooBot\ndisallow: {LONG}/qux\n", "FooBot", "/fux", f"{LONG}/fux")
    other = LONG.replace("a", "b")
    text = f"user-agent: FooBot\ndisallow: /\nallow: {LONG}/qux\nallow: {other}/qux\n"
    await check(text, "FooBot", f"{LONG}/qux {other}/fux", "/")


# 16. What Google's documentation says of paths
@pytest.mark.parametrize(
    "rule, allowed, forbidden",
    [
        (
            "/fish",
            "/fish /fish.html /fish/salmon.html /fishheads /fish.html?id=any",
            "/bar /Fish.asp /catfish /?id=fish",
        ),
        (
            "/fish*",
            "/fish /fish.html /fish/salmon.html /fishheads /fish.html?id=any",
            "/bar /Fish.bar /catfish /?id=fish",
        ),
        ("/fish/", "/fish/ /fish/salmon /fish/?salmon /fish/?id=any", "/bar /fish /fish.html /Fish/Salmon.html"),
        (
            "/*.php",
            "/file.php /folder/file.php?a=b //folder/any.php.html /index?f=f.php/",
            "/php/ /index?php /windows.PHP",
        ),
        (
            "/*.php$",
            "/file.php /folder/file.php",
            "/file.php?a /file.php/ /file.php5 /php/ /f?php /aphpa //windows.PHP",
        ),
        ("/fish*.php", "/fish.php /fishheads/catfish.php?parameters", "/bar /Fish.PHP"),
        ("/p", "/page", "/other"),
        ("/$", "/", "/page.html"),
    ],
)
async def test_paths_match_as_the_documentation_says(rule: str, allowed: str, forbidden: str) -> None:
    await check(f"user-agent: FooBot\ndisallow: /\nallow: {rule}\n", "FooBot", allowed, forbidden)


@pytest.mark.parametrize(
    "rules, path, is_allowed",
    [
        ("allow: /folder\ndisallow: /folder", "/folder/page", True),
        ("allow: /page\ndisallow: /*.htm", "/page.htm", False),
    ],
)
async def test_precedence_is_as_the_documentation_says(rules: str, path: str, is_allowed: bool) -> None:
    assert (await rules_of(f"user-agent: FooBot\n{rules}\n")).allows(ORIGIN + path) is is_allowed


# 17. Ends of lines
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("last", [True, False], ids=["ended", "open"])
async def test_lines_end_in_any_of_three_ways(end: str, last: bool) -> None:
    lines = ["User-Agent: foo", "Allow: /some/path", "User-Agent: bar", "", "", "Disallow: /"]
    text = end.join(lines) + (end if last else "")
    await check(text, "foo", "/some/path /x", "")
    await check(text, "bar", "", "/some/path /x")


async def test_lines_may_end_each_in_its_own_way() -> None:
    await check("User-Agent: foo\nDisallow: /a\r\nDisallow: /b\r\rDisallow: /c", "foo", "/d", "/a /b /c")


@pytest.mark.parametrize("character", ["\v", "\f", "\x1c", "\x85", "\u2028"], ids=ascii)
async def test_nothing_else_ends_a_line(character: str) -> None:
    await check(f"User-Agent: foo\nUnknown: {character}Disallow: /a\nDisallow: /b\n", "foo", "/a", "/b")


# 18. Byte order marks
@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xef\xbb", b"\xef"], ids=["whole", "two bytes", "one byte"])
async def test_a_mark_at_the_beginning_is_skipped(mark: bytes) -> None:
    await check(mark + b"User-Agent: foo\nDisallow: /x\n", "foo", "/y", "/x")


async def test_a_mark_that_is_none_spoils_its_line_and_no_other() -> None:
    await check(b"\xef\x11\xbfUser-Agent: foo\nDisallow: /x\n", "foo", "/x", "")
    await check("User-Agent: foo\n\ufeffDisallow: /x\nDisallow: /y\n", "foo", "/x", "/y")


# 19. Sitemaps
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "last"])
async def test_a_sitemap_may_be_named_anywhere(is_first: bool) -> None:
    sitemap, groups = f"Sitemap: {ORIGIN}/map.xml\n", "User-Agent: foo\nAllow: /some/path\nUser-Agent: bar\n\n\n"
    rules = await rules_of(sitemap + groups if is_first else groups + sitemap, "foo")
    assert rules.sitemaps == (f"{ORIGIN}/map.xml",)


# 20. What of an address is compared
@pytest.mark.parametrize(
    "url, path",
    [
        ("https://acme.example", "/"),
        ("https://acme.example/", "/"),
        ("https://acme.example/a", "/a"),
        ("https://acme.example/a/", "/a/"),
        ("https://acme.example/a/b?c=http://d.e/", "/a/b?c=http://d.e/"),
        ("https://acme.example/a/b?c=d&e=f#fragment", "/a/b?c=d&e=f"),
        ("https://acme.example?a", "/?a"),
        ("https://acme.example/a;b#c", "/a;b"),
        ("//acme.example/b/c", "/b/c"),
        ("/a", "/a"),
    ],
)
async def test_the_path_and_the_query_are_compared(url: str, path: str) -> None:
    assert not (await rules_of(f"user-agent: FooBot\ndisallow: {path}$\n")).allows(url)
    assert (await rules_of(f"user-agent: FooBot\ndisallow: /\nallow: {path}$\n")).allows(url)


# 21. How a rule is escaped
@pytest.mark.parametrize(
    "rule, path",
    [("/a/b/c", "/a/b/c"), ("/á", "/%C3%A1"), ("/%aa", "/%AA"), ("http://acme.example", "/http://acme.example")],
)
async def test_a_rule_is_escaped_before_it_is_compared(rule: str, path: str) -> None:
    await check(f"user-agent: FooBot\ndisallow: {rule}\n", "FooBot", "/a/b", path)


# Beside the groups
async def test_a_file_that_was_cut_loses_the_line_that_was_cut() -> None:
    text = b"User-agent: *\nDisallow: /a\nDisallow: /"
    assert (await rules_of(text, is_cut=True)).allows(f"{ORIGIN}/b")
    assert not (await rules_of(text, is_cut=True)).allows(f"{ORIGIN}/a")
    assert not (await rules_of(text, is_cut=False)).allows(f"{ORIGIN}/b")


async def test_the_file_itself_may_always_be_read() -> None:
    await check("User-agent: *\nDisallow: /\n", "FooBot", "/robots.txt", "/robots.html")
