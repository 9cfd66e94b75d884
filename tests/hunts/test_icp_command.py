"""`manage.py icp`, as people and scripts use it."""

import io
import json
import sys

import pycountry
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

FIELDS = [
    "product", "industries", "keywords", "countries", "regions", "employees", "founded_year", "funding",
    "funding_stage", "company_type", "roles", "criteria", "language", "read_by",
]  # fmt: skip
BRIEF = (
    "Contract manufacturers of precision machined parts in Germany or Austria with 20 to 500 employees, founded before "
    "2000, ISO 9001 certified, nice to have: medical technology customers, no distributors. Reach the head of sales."
)


def icp(brief: str, **options: bool) -> str:
    out = io.StringIO()
    call_command("icp", brief, stdout=out, **options)
    return out.getvalue()


def test_json_has_every_field_and_nothing_else():
    read = json.loads(icp(BRIEF, as_json=True))
    assert list(read) == FIELDS
    assert read["industries"] == ["machining"]
    assert read["countries"] == ["DE", "AT"]
    assert read["employees"] == {"min": 20, "max": 500}
    assert read["founded_year"] == {"min": None, "max": 1999}
    assert read["roles"] == ["head of sales"]
    assert {"text": "The company has 20 to 500 employees.", "kind": "must", "weight": 5} in read["criteria"]
    assert {criterion["kind"] for criterion in read["criteria"]} == {"must", "nice", "exclude"}
    assert (read["language"], read["read_by"]) == ("en", "rules")


@pytest.mark.parametrize("brief", ["robots", "物流软件公司", "Fabrike hrane u Srbiji", "<b>🤖</b>"])
def test_json_of_a_short_brief_has_the_same_fields(brief):
    read = json.loads(icp(brief, as_json=True))
    assert list(read) == FIELDS
    assert read["employees"] == {"min": None, "max": None}
    assert all(pycountry.countries.get(alpha_2=code) for code in read["countries"])


def test_industries_are_named_in_english_whatever_the_language_of_the_brief():
    assert json.loads(icp("Maschinenbau in Bayern", as_json=True))["industries"] == ["industrial equipment"]
    assert json.loads(icp("德国的网络安全公司", as_json=True))["industries"] == ["cybersecurity"]


def test_people_see_names_open_ends_and_the_criteria():
    shown = icp("Fintech companies in the Nordics and Austria with more than 50 employees, no [brackets]")
    for said in ("fintech", "Austria (AT)", "Nordics", "50 or more", "The company has at least 50 employees."):
        assert said in shown
    assert "[brackets]" in icp("Machining in Italy, no [brackets]")
    assert "Founded" not in shown


def test_a_brief_can_come_from_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("Robotics companies in Japan\n"))
    assert json.loads(icp("-", as_json=True))["countries"] == ["JP"]


@pytest.mark.parametrize(
    ("brief", "says"), [("", "empty"), (" \n\t", "empty"), ("?! …", "empty"), ("x" * 20_001, "20,000")]
)
def test_what_cannot_be_read_ends_with_2_and_says_what_to_do(brief, says):
    with pytest.raises(CommandError) as caught:
        icp(brief, as_json=True)
    assert caught.value.returncode == 2
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
