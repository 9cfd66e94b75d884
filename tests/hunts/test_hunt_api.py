"""Creating a hunt by the API: its limit of leads is checked and kept as the form does, and documented."""

import pytest

from config.api import api
from hunts.models import Hunt, Run
from tests.conftest import signed_in

BRIEF = "Fintech companies in the United Kingdom with 11-200 employees"
HUNTS = "/api/hunts"

pytestmark = pytest.mark.django_db


def create(client, **values):
    body = {"brief": BRIEF, "source": "sandbox", **values}
    return client.post(HUNTS, body, content_type="application/json")


@pytest.mark.parametrize("most", [1, 25, 1_000, None])
def test_a_hunt_keeps_how_many_leads_it_wants_at_most_and_its_runs_stop_there(sandbox, client_of_owner, most):
    answer = create(client_of_owner, max_leads=most)
    assert answer.status_code == 201
    hunt = answer.json()
    assert hunt["max_leads"] == most == Hunt.objects.get().max_leads
    assert client_of_owner.get(f"{HUNTS}/{hunt['id']}").json()["max_leads"] == most
    client_of_owner.post(f"{HUNTS}/{hunt['id']}/runs")
    assert Run.objects.get().max_leads == most


def test_without_it_there_is_no_limit_of_leads(sandbox, client_of_owner):
    assert create(client_of_owner).json()["max_leads"] is None


@pytest.mark.parametrize(
    ("most", "told"),
    [
        (0, "greater than or equal to 1"),
        (-3, "greater than or equal to 1"),
        (1_001, "less than or equal to 1000"),
        (10**30, "less than or equal to 1000"),
        (2.5, "valid integer"),
        ("many", "valid integer"),
        ([], "valid integer"),
    ],
)
def test_a_limit_of_leads_without_sense_is_refused_with_where_and_why(sandbox, client_of_owner, most, told):
    answer = create(client_of_owner, max_leads=most)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["location"][-1] == "max_leads" and told in error["message"]
    assert not Hunt.objects.exists()


def test_a_viewer_creates_none(sandbox, viewer):
    assert create(signed_in(viewer), max_leads=5).status_code == 403
    assert not Hunt.objects.exists()


def test_the_limit_is_in_the_documentation():
    schemas = api.get_openapi_schema()["components"]["schemas"]
    said = schemas["HuntIn"]["properties"]["max_leads"]
    assert "qualified leads" in said["description"]
    assert {"type": "integer", "minimum": 1, "maximum": 1_000} in [
        {key: one[key] for key in ("type", "minimum", "maximum") if key in one} for one in said["anyOf"]
    ]
    assert "max_leads" in schemas["HuntOut"]["properties"]
