"""The form that starts a hunt: amounts and counts as people type them, what is refused, and what it says it costs."""

import pytest
from django.urls import reverse
from django.utils import translation

from hunts.amount_fields import CountField, DollarsField
from hunts.chat_models import Conversation
from hunts.forms import HuntForm
from hunts.models import Hunt, Run

pytestmark = pytest.mark.django_db

FINTECH = "Fintech companies in the United Kingdom with 11-200 employees"
LIVE = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("typed", "language", "amount"),
    [
        ("12.50", "en", "12.50"),
        ("12,50", "en", "12.50"),
        ("12,50", "sr-latn", "12.50"),
        ("12.50", "sr-latn", "12.50"),
        ("1,250", "en", "1250"),
        ("1.250", "sr-latn", "1250"),
        ("1.250,50", "en", "1250.50"),
        (" $5 ", "zh-hans", "5"),
        ("0", "en", "0"),
    ],
)
def test_amounts_are_read_as_they_are_written(typed, language, amount):
    with translation.override(language):
        assert DollarsField().clean(typed) == pytest.approx(type(DollarsField().clean("1"))(amount))


BAD_AMOUNTS = [
    "-1",
    "1e30",
    "1e3",
    "NaN",
    "Infinity",
    "five",
    "12,5,0",
    "1.234",
    "€5",
    "9" * 50,
    "10001",
    "",
    "  ",
    "5\0",
    "0,500",
    "0.500",
    "00'500",
]


@pytest.mark.parametrize("typed", BAD_AMOUNTS, ids=repr)
def test_what_is_no_amount_is_refused_at_its_field_and_stays_there(client_of_owner, conversation, typed):
    page = start(client_of_owner, conversation, action="start", max_spend=typed)
    assert page.status_code == 422
    errors = page.text.split('id="errors-max_spend"')[1].split("</div>")[0]
    assert 'role="alert"' in errors
    assert 'id="limit" name="limit" value="17"' in page.text
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed"),
    [("limit", "0"), ("limit", "-3"), ("limit", str(10**9)), ("limit", "many"), ("limit", ""), ("limit", "1.5"),
     ("limit", "0,500"), ("limit", "1,00"), ("limit", "1,000.000"),
     ("max_leads", "0"), ("max_leads", "x"), ("source", "nowhere"), ("source", ""), ("list", "999")],
)  # fmt: skip
def test_a_limit_without_sense_is_refused_at_its_field(client_of_owner, conversation, field, typed):
    page = start(client_of_owner, conversation, action="start", **{field: typed})
    assert page.status_code == 422
    assert 'role="alert"' in page.text.split(f'id="errors-{field}"')[1].split("</div>")[0]
    assert not Run.objects.exists()


@pytest.mark.parametrize(("typed", "number"), [("50", 50), ("1,000", 1_000), ("1.000", 1_000), ("1 000", 1_000)])
def test_counts_are_read_as_they_are_written(typed, number):
    assert CountField().clean(typed) == number


@pytest.fixture
def conversation(client_of_owner, workspace, sandbox) -> Conversation:
    client_of_owner.post("/hunts/new", {"brief": FINTECH})
    return Conversation.objects.get(workspace=workspace)


def start(client, conversation, **more):
    asked = {"source": "sandbox", "limit": "17", "max_spend": "5", **more}
    headers = more.pop("headers", {})
    return client.post(reverse("hunts:start", args=[conversation.pk]), asked, headers=headers)


def test_an_estimate_leaves_the_fields_as_they_are_being_typed_into(client_of_owner, conversation):
    address = reverse("hunts:start", args=[conversation.pk])
    asked = {"action": "estimate", "source": "sandbox", "limit": "abc", "max_spend": "5"}
    page = client_of_owner.post(address, asked, headers=LIVE).text
    assert 'id="start"' not in page and 'name="limit"' not in page
    assert "Write a whole number, such as 50." in page and "Correct the fields above" in page
    assert not Hunt.objects.exists()


def test_a_started_hunt_takes_its_caps_and_a_sample_is_not_cut_short_by_them(client_of_owner, conversation):
    start(client_of_owner, conversation, action="sample", max_leads="3")
    start(client_of_owner, conversation, action="start", max_leads="3", max_spend="12,50")
    sample, whole = Run.objects.order_by("pk")
    assert (sample.max_leads, whole.max_leads, whole.hunt.max_leads) == (None, 3, 3)
    assert whole.budget.cap_microusd == 12_500_000


def test_too_little_for_the_first_paid_call_is_refused_before_the_start(client_of_owner, conversation, keys):
    page = start(client_of_owner, conversation, action="start", source="exa", max_spend="0")
    errors = page.text.split('id="errors-max_spend"')[1].split("</div>")[0]
    assert "less than the first paid call may cost" in errors
    assert not Run.objects.exists()


def test_a_sample_costs_at_most_what_the_stated_limits_allow(client_of_owner, conversation, keys):
    def at_most(**stated):
        page = start(client_of_owner, conversation, action="estimate", source="exa", headers=LIVE, **stated).text
        return page.split('id="sample-cost"')[1].split("</span>")[0]

    of_five, of_two = at_most(limit="60"), at_most(limit="2")
    assert "at most $0." in of_five and "at most $0." in of_two and of_two < of_five
    assert "at most $0.02" in at_most(limit="60", max_spend="0.02")


def test_the_panel_says_how_far_a_low_limit_goes(client_of_owner, conversation, keys):
    asked = {"action": "estimate", "source": "exa", "limit": "60", "max_spend": "0.20"}
    page = client_of_owner.post(reverse("hunts:start", args=[conversation.pk]), asked, headers=LIVE).text
    assert "With a limit of $0.20 this will judge about" in page and "of 60 companies." in page


def test_a_form_that_is_only_estimated_needs_no_file(workspace):
    asked = {"source": "file", "limit": "5", "max_spend": "1"}
    assert HuntForm(asked, workspace=workspace, without_file=True).is_valid()
    assert "companies" in HuntForm(asked, workspace=workspace).errors
