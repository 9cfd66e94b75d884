"""One person under many spellings, and others who are only nearly called so."""

import pytest

from integrations.lexicon import persons
from leads.wanted import NobodyMeant, PersonWatch, Wanted


def watch(**known: str) -> PersonWatch:
    return Wanted.of(**known).at("")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna.Meier@Acme.de", "anna.meier@acme.de"),
        ("mailto:anna@acme.de", "anna@acme.de"),
        ("anna [at] acme [dot] de", "anna@acme.de"),
        ("anna.meier+news@gmail.com", "annameier@googlemail.com"),
        ("anna+x@outlook.com", "anna@outlook.com"),
        ("anna@münchen.de", "anna@xn--mnchen-3ya.de"),
    ],
)
def test_one_address_has_one_key(one, other):
    assert persons.email_key(one) == persons.email_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna.meier@acme.de", "annameier@acme.de"),  # dots are letters there
        ("anna+x@acme.de", "anna@acme.de"),  # and so are tags
        ("anna@acme.de", "anna@acme.com"),
    ],
)
def test_two_addresses_have_two_keys(one, other):
    assert persons.email_key(one) != persons.email_key(other)


@pytest.mark.parametrize("text", ["+49 89 123456", "0049 (0)89/123-456", "+49 (0) 89 12 34 56", "(089) 123 456"])
def test_a_number_is_found_however_it_is_dialled(text):
    assert persons.mentions(f"Call {text} now", watch(phone="+49 89 123456"))


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("+47 22 33 44 55", "Call +45 22 33 44 55"),  # of another country, where it is dialled alike
        ("+47 22 33 44 55", "Order 22334455"),
        ("+47 22 33 44 55", "invoice no. 22334455 of May"),
        ("22334455", "see ORD-22334455"),
    ],
)
def test_a_number_that_only_looks_alike_is_another(known, text):
    assert not persons.mentions(text, watch(phone=known))


@pytest.mark.parametrize(
    ("known", "text"),
    [("+47 22 33 44 55", "Tlf. 22334455"), ("22 33 44 55", "+47 22334455"), ("22 33 44 55", "22334455")],
)
def test_a_number_without_its_country_is_that_with_it(known, text):
    assert persons.mentions(text, watch(phone=known))


@pytest.mark.parametrize(
    "text",
    [
        "Anna Müller",
        "ANNA MÜLLER",
        "Anna Mueller",
        "Müller, Anna",
        "Dr. Anna Mu\u0308ller",
        "Anna\nMüller",
        "anna-müller",
        "anna.mueller@acme.de",
    ],
)
def test_a_name_is_found_in_any_spelling(text):
    assert watch(name="Anna Müller").is_in(text)


@pytest.mark.parametrize(
    "text",
    ["Annabell Müller", "Anna Müllermeister", "Joanna Müller", "Anna Miller", "Anna. Our Müller", "Anna", "Müller"],
)
def test_a_near_name_is_somebody_else(text):
    assert not watch(name="Anna Müller").is_in(text)


def test_one_who_writes_their_name_without_an_umlaut_is_not_one_who_has_none():
    assert not watch(name="Michael Meier").is_in("Michal Meier")
    assert watch(name="Anna Mueller").is_in("Anna Müller")
    assert watch(name="王芳").is_in("总经理：王芳")


def test_marks_are_as_long_as_what_they_stand_for():
    text = "CEO Anna\nMüller; anna@acme.de, Annabell Müller"
    blank = persons.blanked(text, Wanted.of(name="Anna Müller").joined(Wanted.of(email="anna@acme.de")).at(""))
    assert len(blank) == len(text)
    assert blank == "CEO ████\n██████; ████████████, Annabell Müller"


def test_a_name_counts_at_its_company_alone():
    wanted = Wanted.of(name="Anna Meier", company="https://www.acme.de/")
    assert wanted.at("acme.de").is_in("Anna Meier")
    assert not wanted.at("other.de").is_in("Anna Meier")


def test_a_profile_is_one_under_all_of_its_addresses():
    key = persons.profile_key("https://de.linkedin.com/in/anna-meier/?trk=x")
    assert key == persons.profile_key("linkedin.com/in/Anna-Meier") == "linkedin.com/in/anna-meier"
    assert persons.profile_key("instagram/anna") == persons.profile_key("https://www.instagram.com/anna/")


@pytest.mark.parametrize(
    "entered",
    [{}, {"name": "Anna"}, {"email": "anna"}, {"phone": "12"}, {"profile": "@anna"}, {"name": "A B", "company": "x"}],
)
def test_what_names_nobody_is_refused(entered):
    with pytest.raises(NobodyMeant):
        Wanted.of(**entered)
