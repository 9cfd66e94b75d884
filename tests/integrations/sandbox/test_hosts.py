"""How the hosts of the sandbox answer over HTTP."""

import gzip
import time

import httpx

from integrations.sandbox.catalogue import COMPANIES, by_domain
from integrations.sandbox.hosts import FAILURES_OF_FLAKY, has_sitemap, robots
from integrations.sandbox.pages import site_of

QUIRK = {company.quirk: company for company in COMPANIES}
PLAIN = [company for company in COMPANIES if not company.quirk and not company.redirects_to]


def host_of(company):
    return httpx.URL(company.website).host


def test_every_page_of_every_plain_company_answers_and_is_linked_from_its_home_page(visitor):
    for company in PLAIN:
        home = visitor.get(host_of(company)).text
        for page in site_of(company).pages:
            assert visitor.get(host_of(company), page.path).status_code == 200
            assert f'href="{page.path}"' in home


def test_an_unknown_page_and_a_favicon_are_not_found(visitor):
    assert visitor.get(host_of(PLAIN[0]), "/no-such-page").status_code == 404
    assert visitor.get(host_of(PLAIN[0]), "/favicon.ico").status_code == 404


def test_a_name_that_nobody_has_and_one_that_is_listed_only_are_misdirected(visitor):
    assert visitor.get("nobody.example").status_code == 421
    assert visitor.get(QUIRK["gone"].domain).status_code == 421


def test_www_forwards_where_the_listing_has_none(visitor):
    company = next(company for company in PLAIN if "//www." not in company.website)
    answer = visitor.get(f"www.{company.domain}")
    assert answer.status_code == 301
    assert answer.headers["location"] == f"http://{company.domain}/"


def test_a_flaky_host_fails_with_retry_after_and_then_answers(visitor):
    host = host_of(QUIRK["flaky"])
    failed = [visitor.get(host) for _ in range(FAILURES_OF_FLAKY)]
    assert [(answer.status_code, answer.headers["retry-after"]) for answer in failed] == [(503, "1")] * len(failed)
    assert visitor.get(host).status_code == 200


def test_a_slow_host_takes_between_one_and_a_half_and_three_seconds(visitor):
    start = time.monotonic()
    assert visitor.get(host_of(QUIRK["slow"])).status_code == 200
    assert 1.4 < time.monotonic() - start < 6


def test_robots_forbids_everything_on_the_hosts_that_say_so(visitor):
    assert "Disallow: /\n" in visitor.get(host_of(QUIRK["robots"]), "/robots.txt").text


def test_robots_names_the_sitemap_and_the_sitemap_names_the_pages(visitor):
    company = next(company for company in PLAIN if has_sitemap(company) and robots(company).status == 200)
    assert f"Sitemap: http://{company.domain}/sitemap.xml" in visitor.get(host_of(company), "/robots.txt").text
    sitemap = visitor.get(host_of(company), "/sitemap.xml").text
    assert all(f"http://{company.domain}{page.path}<" in sitemap for page in site_of(company).pages)


def test_some_hosts_have_no_sitemap_and_some_no_robots(visitor):
    without_sitemap = next(company for company in PLAIN if not has_sitemap(company))
    without_robots = next(company for company in PLAIN if robots(company).status == 404)
    assert visitor.get(host_of(without_sitemap), "/sitemap.xml").status_code == 404
    assert visitor.get(host_of(without_robots), "/robots.txt").status_code == 404


def test_one_company_under_two_names_forwards(visitor):
    twin = next(company for company in COMPANIES if company.redirects_to)
    assert visitor.get(host_of(twin)).headers["location"] == f"http://{twin.redirects_to}/"


def test_a_loop_goes_round(visitor):
    host = host_of(QUIRK["loop"])
    assert visitor.get(host).headers["location"] == "/start"
    assert visitor.get(host, "/start").headers["location"] == "/"


def test_a_parked_domain_says_that_it_is_for_sale(visitor):
    assert "for sale" in visitor.get(host_of(QUIRK["parked"])).text


def test_an_empty_shell_has_a_script_that_holds_the_text(visitor):
    company = QUIRK["javascript"]
    shell = visitor.get(host_of(company)).text
    script = visitor.get(host_of(company), "/assets/app.js")
    assert company.summary not in shell
    assert "/assets/app.js" in shell
    assert company.summary in script.text
    assert script.headers["content-type"].startswith("text/javascript")


def test_charsets_are_wrong_or_only_in_the_page_where_the_catalogue_says_so(visitor):
    wrong, gbk = visitor.get(host_of(QUIRK["wrong_charset"])), visitor.get(host_of(QUIRK["gbk"]))
    assert "iso-8859-1" in wrong.headers["content-type"]
    assert QUIRK["wrong_charset"].summary in wrong.content.decode()
    assert gbk.headers["content-type"] == "text/html"
    assert QUIRK["gbk"].summary in gbk.content.decode("gb18030")


def test_a_host_that_tags_answers_304_to_the_tag_it_gave(visitor):
    company = next(company for company in PLAIN if company.pick("tags", (True, False)))
    tag = visitor.get(host_of(company)).headers["etag"]
    again = visitor.get(host_of(company), **{"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_a_host_that_zips_does_so_only_when_asked(visitor, sandbox):
    company = next(company for company in PLAIN if company.pick("zips", (True, False)))
    plain = visitor.get(host_of(company))
    assert "content-encoding" not in plain.headers
    headers = {"host": host_of(company), "accept-encoding": "gzip"}
    with visitor.client.stream("GET", "/", headers=headers) as zipped:
        assert zipped.headers["content-encoding"] == "gzip"
        assert gzip.decompress(b"".join(zipped.iter_raw())) == plain.content


def test_a_contact_form_can_be_sent(visitor):
    company = next(company for company in PLAIN if "<form" in all_text(visitor, company))
    page = next(page for page in site_of(company).pages if page.kind == "contact")
    sent = visitor.post(host_of(company), page.path, {"name": "A", "email": "a@b.example", "message": "x"})
    assert site_of(company).words["form_thanks"] in sent.text


def test_head_has_the_headers_and_no_body(visitor):
    answer = visitor.client.head("/", headers={"host": host_of(PLAIN[0])})
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) > 0
    assert answer.content == b""


def test_both_twins_are_in_the_catalogue():
    for twin in (company for company in COMPANIES if company.copy_of or company.redirects_to):
        assert by_domain(twin.domain_of_content) is not None


def all_text(visitor, company):
    return "".join(visitor.get(host_of(company), page.path).text for page in site_of(company).pages)
