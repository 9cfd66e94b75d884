import pytest

from integrations.capabilities import Range
from leads.company_rows import Unusable, columns_for, company_of, country_of, employees_of


def company(**values):
    return company_of(values, columns_for(values))


@pytest.mark.parametrize(
    "header",
    [
        ["Company Name", "Website", "Country", "Employees"],
        ["companyName", "company_url", "countryCode", "teamSize"],
        ["Firma", "Webseite", "Land", "Mitarbeiter"],
        ["Société", "Site web", "Pays", "Effectif"],
        ["公司名称", "网址", "国家", "员工人数"],
        ["Naziv", "Sajt", "Zemlja", "Broj zaposlenih"],
        ["Назив", "Сајт", "Земља", "Број запослених"],
        ["NAME *", "Web:", "LAND", "Anzahl Mitarbeiter"],
    ],
)
def test_it_understands_columns_in_the_languages_of_our_users(header):
    assert columns_for(header) == dict(zip(["name", "website", "country", "employees"], header, strict=True))


def test_columns_that_mean_nothing_are_left_out_and_the_first_of_two_wins():
    assert columns_for(["id", "Firma", "Company", "favourite colour", 7]) == {"name": "Firma"}


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.acme.co.uk/en?x=1", "acme.co.uk"),
        ("ACME.com", "acme.com"),
        ("http:\\\\acme.com", "acme.com"),
        ("https//www.acme.com", "acme.com"),
        ("www.acme.com / www.acme.de", "acme.com"),
        ("facebook.com/acme; acme.rs", "acme.rs"),
        ("info@acme.com", "acme.com"),
        ("acme.com:8080/path", "acme.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("公司.中国", "xn--55qx5d.xn--fiqs8s"),
        ("acme.com.", "acme.com"),
    ],
)
def test_it_takes_the_registrable_domain_of_what_people_write(website, domain):
    assert company(name="Acme", website=website).domain == domain


def test_a_domain_of_its_own_counts_before_a_page_at_somebody_elses():
    assert company(name="Acme", domain="facebook.com", website="https://acme.com").domain == "acme.com"


@pytest.mark.parametrize("website", ["", "NaN", "n/a", "-"])
def test_a_row_without_a_website_says_so(website):
    with pytest.raises(Unusable, match="no domain and no website"):
        company(name="Acme", website=website)


@pytest.mark.parametrize(
    "website", ["+49 89 1234", "localhost", "127.0.0.1", "[::1]", "/product/7", "a" * 5_000, "com", "http://", "x\0y"]
)
def test_what_is_no_address_is_unusable(website):
    with pytest.raises(Unusable):
        company(name="Acme", website=website)


@pytest.mark.parametrize("website", ["https://www.facebook.com/acme", "acme@gmail.com", "linkedin.com/company/acme"])
def test_a_page_or_a_mailbox_at_a_host_of_many_is_no_domain(website):
    with pytest.raises(Unusable, match="hosts the pages of many"):
        company(name="Acme", website=website)


def test_a_row_without_a_name_is_unusable():
    with pytest.raises(Unusable, match="no company name"):
        company(name=" \u200b ", website="acme.com")


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ("https://www.acme.com/de/", "https://www.acme.com/de/"),
        ("www.acme.com", "https://www.acme.com"),
        ("javascript:alert(1)", "https://acme.com"),
        ("javascript://acme.com/%0aalert(1)", "https://acme.com"),
        ("data:text/html,x", "https://acme.com"),
        ("ftp://acme.com/x", "https://acme.com"),
        ("https://user:secret@acme.com/", "https://acme.com"),
        ("info@acme.com", "https://acme.com"),
        ("", "https://acme.com"),
        ("https://acme.com/" + "x" * 2_000, "https://acme.com"),
    ],
)
def test_a_website_is_a_web_address_or_made_of_the_domain(stated, kept):
    assert company(name="Acme", domain="acme.com", website=stated).website == kept


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("6", Range(6, 6)),
        ("6.0", Range(6, 6)),
        ("11-50", Range(11, 50)),
        ("11 – 50 employees", Range(11, 50)),
        ("1,000+", Range(1000, None)),
        ("1.000 - 5.000", Range(1000, 5000)),
        ("10 000", Range(10_000, 10_000)),
        ("5k-10k", Range(5000, 10_000)),
        ("> 500", Range(500, None)),
        ("< 10", Range(None, 10)),
        ("moins de 20", Range(None, 20)),
        ("200人以上", Range(200, None)),
        ("50-11", Range(11, 50)),
        ("", Range()),
        ("unknown", Range()),
        ("9" * 500, Range()),
    ],
)
def test_it_reads_how_many_people_a_company_has(text, size):
    assert employees_of(text) == size


def test_numbers_of_spreadsheets_are_whole():
    assert company(name="Acme", domain="acme.com", employees=6.0).employees == Range(6, 6)
    assert company(name=42.0, domain="acme.com").name == "42"
    assert company(name="Acme", domain="acme.com", phone=float("nan")).phone == ""


@pytest.mark.parametrize(
    ("text", "year"),
    [("1998", 1998), ("2001年", 2001), ("2010-05-01", 2010), (2005.0, 2005), ("19987", None), ("", None)],
)
def test_it_reads_when_a_company_was_founded(text, year):
    assert company(name="Acme", domain="acme.com", founded=text).founded_year == year


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ("Germany", "DE"),
        ("DE", "DE"),
        ("deu", "DE"),
        ("Allemagne", "DE"),
        ("中国", "CN"),
        ("Srbija", "RS"),
        ("UK", "GB"),
    ],
)
def test_it_reads_the_country_that_is_stated(stated, code):
    assert country_of(stated, "", "", "acme.com") == code


def test_a_country_that_is_not_stated_is_taken_from_the_address():
    assert country_of("", "Lyon, France", "", "acme.com") == "FR"
    assert country_of("Atlantis", "München, Deutschland", "", "acme.com") == "DE"
    assert country_of("", "", "", "acme.com") == ""


def test_a_place_in_parts_is_one_line():
    found = company(name="Acme", domain="acme.com", plz="80331", stadt="München", land="Deutschland")
    assert found.location == "80331, München, Deutschland"


def test_texts_fit_their_columns_whatever_comes():
    hostile = "\0\u202e\ud800é" * 30_000
    found = company(
        name=hostile,
        domain="acme.com",
        description=hostile,
        slogan=hostile,
        phone=hostile,
        city=hostile,
        source=hostile,
    )
    for field in found._meta.concrete_fields:
        value = getattr(found, field.attname)
        if isinstance(value, str):
            assert len(value) <= (field.max_length or 20_000)
            assert "\0" not in value
            value.encode()


def test_the_apostrophe_of_an_export_is_taken_off_again():
    assert company(name="Acme", domain="acme.com", phone="'+49 89 1234").phone == "+49 89 1234"
    assert company(name="'t Hoekje", domain="acme.com").name == "'t Hoekje"
