import pytest

from enrichment.document import Document, Link
from enrichment.links import is_same_site, rank_links

HOME = "https://www.acme.de/"


def ranked(*links: tuple[str, str], topics: tuple[str, ...] = (), max_pages: int = 5) -> list[str]:
    document = Document(HOME, links=tuple(Link(HOME.rstrip("/") + path, text) for path, text in links))
    return [url.removeprefix(HOME.rstrip("/")) for url in rank_links(document, topics, max_pages)]


def test_each_kind_comes_once_before_any_comes_twice() -> None:
    links = [
        ("/produkte/a", "A"),
        ("/produkte", "Produkte"),
        ("/kontakt", "Kontakt"),
        ("/ueber-uns", "Über uns"),
        ("/team", "Team"),
    ]
    assert ranked(*links) == ["/produkte/a", "/ueber-uns", "/team", "/kontakt"]


@pytest.mark.parametrize(
    "link",
    [
        ("/x1", "Unternehmen"),
        ("/x2", "关于我们"),
        ("/x3", "公司产品中心"),
        ("/x4", "О нама"),
        ("/x5", "O nama"),
        ("/x6", "Qui sommes-nous"),
        ("/x7", "Quiénes somos"),
        ("/x8", "Chi siamo"),
        ("/lösungen", ""),
        ("/en/about-us.html", ""),
        ("/proizvodi", ""),
    ],
)
def test_it_understands_the_languages_of_our_users(link: tuple[str, str]) -> None:
    assert ranked(("/blog", "Blog"), link, max_pages=2) == [link[0]]


def test_it_passes_by_what_is_no_page_of_the_company() -> None:
    links = [
        ("/brochure.pdf", "Products"),
        ("/wp-login.php", "Login"),
        ("/privacy", "Privacy"),
        ("/", "Home"),
        ("/index.html", "Home"),
    ]
    assert ranked(*links) == []


def test_it_does_not_leave_the_site() -> None:
    document = Document(
        HOME, links=(Link("https://acme.com/about", "About"), Link("https://shop.acme.de/about", "About"))
    )
    assert rank_links(document) == ["https://shop.acme.de/about"]
    assert not is_same_site("https://a.co.uk/", "https://b.co.uk/")


def test_a_topic_comes_first_and_the_budget_is_kept() -> None:
    links = [("/about", "About"), ("/pumps", "Centrifugal pumps"), ("/contact", "Contact")]
    assert ranked(*links, topics=("centrifugal pumps",), max_pages=3) == ["/pumps", "/about"]
    assert ranked(*links, max_pages=1) == []


def test_who_it_is_comes_before_jobs_and_legal_pages() -> None:
    links = [
        ("/karriere", "Karriere"),
        ("/impressum", "Impressum"),
        ("/firma", "Über uns"),
        ("/leistungen", "Leistungen"),
    ]
    assert ranked(*links, max_pages=3) == ["/leistungen", "/firma"]
