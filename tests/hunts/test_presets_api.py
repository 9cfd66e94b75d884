"""Presets and their schedules by the API."""

import json

import pytest
from django.test import Client

from hunts import presets
from hunts.models import Hunt, Run, Source
from hunts.preset_models import Preset, Schedule
from tests.factories import HuntFactory

pytestmark = pytest.mark.django_db

BY_API = {"frequency": "weekly", "weekday": 0, "at": "09:00", "time_zone": "Europe/Belgrade", "max_spend_microusd": 1}


@pytest.fixture
def preset(workspace, owner, sandbox) -> Preset:
    return presets.save(HuntFactory(workspace=workspace), "Parts", by=owner, is_shared=True)


def send(client: Client, method: str, path: str, body: object = None):
    return client.generic(method, f"/api/presets{path}", "" if body is None else json.dumps(body), "application/json")


def test_the_api_does_what_the_pages_do(client_of_owner, workspace, sandbox):
    hunt = HuntFactory(workspace=workspace)
    made = send(client_of_owner, "POST", "", {"hunt_id": hunt.pk, "name": "Parts", "is_shared": True})
    assert made.status_code == 201, made.text
    one = f"/{made.json()['id']}"
    changed = send(client_of_owner, "PATCH", one, {"version": 1, "limit": 7, "max_leads": 3}).json()
    assert (changed["hunt"]["limit"], changed["version"], changed["name"]) == (7, 2, "Parts")
    schedule = send(client_of_owner, "PUT", f"{one}/schedule", BY_API)
    assert (schedule.status_code, schedule.json()["weekday"]) == (200, 0)
    assert send(client_of_owner, "GET", "").json()["items"][0]["schedule"]["time_zone"] == "Europe/Belgrade"
    assert send(client_of_owner, "POST", f"{one}/run").status_code == 201
    assert Run.objects.get().trigger == "api"
    assert send(client_of_owner, "POST", f"{one}/run").status_code == 409
    assert send(client_of_owner, "POST", f"{one}/clone").json()["name"] == "Parts (copy)"
    assert send(client_of_owner, "DELETE", f"{one}/schedule").status_code == 204
    assert send(client_of_owner, "DELETE", f"{one}/schedule").status_code == 404
    assert send(client_of_owner, "DELETE", one).status_code == 204
    assert send(client_of_owner, "GET", one).status_code == 404


def test_the_api_refuses_a_change_on_an_old_version_a_taken_name_and_a_run_that_cannot_start(client_of_owner, preset):
    one = f"/{preset.pk}"
    assert send(client_of_owner, "PATCH", one, {"version": 2, "limit": 7}).status_code == 409
    taken = send(client_of_owner, "POST", "", {"hunt_id": preset.hunt_id, "name": "parts", "is_shared": True})
    assert taken.status_code == 409
    Hunt.objects.update(source=Source.EXA)
    refused = send(client_of_owner, "POST", f"{one}/run")
    assert (refused.status_code, "EXA_API_KEY" in refused.json()["detail"]) == (409, True)


NO_TERMS: tuple[dict[str, object], ...] = (
    {"version": 1, "max_spend_microusd": -1},
    {"version": 1, "max_spend_microusd": 10**20},
    {"version": 1, "max_spend_microusd": 0.5},
    {"version": 1, "limit": 0},
    {"version": 1, "max_leads": 0},
    {"version": 1, "name": ""},
    {"version": 1, "name": None},
    {"version": 1, "source": "exa"},
    {"version": 1, "source": "file"},
    {"version": 1, "is_shared": "yes"},
    {"limit": 7},
)


def test_the_api_refuses_terms_that_make_no_sense(client_of_owner, preset):
    for body in NO_TERMS:
        assert (send(client_of_owner, "PATCH", f"/{preset.pk}", body).status_code, body) == (422, body)
    preset.refresh_from_db()
    assert preset.version == 1


NO_SCHEDULE_BY_API: tuple[dict[str, object], ...] = (
    {"weekday": 7},
    {"weekday": None},
    {"day": 3},
    {"frequency": "monthly"},
    {"frequency": "monthly", "weekday": None, "day": 32},
    {"at": "24:00"},
    {"at": "09:00+02:00"},
    {"time_zone": "Mars/Olympus"},
    {"max_spend_microusd": -1},
    {"version": -1},
)


def test_the_api_refuses_a_schedule_that_makes_no_sense(client_of_owner, preset):
    for change in NO_SCHEDULE_BY_API:
        answer = send(client_of_owner, "PUT", f"/{preset.pk}/schedule", BY_API | change)
        assert (answer.status_code, change) == (422, change)
    assert not Schedule.objects.exists()
