"""A token is nowhere but in the answer that made it: no row, no message, no log, no report of an error."""

import json
import logging
import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.test import RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone
from django.views.debug import ExceptionReporter
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from accounts import tokens
from accounts.token_models import Scope
from tests.accounts.test_tokens import BRIEF, bearer, made_for, post
from tests.conftest import signed_in
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db

KEY = {"Idempotency-Key": "canary"}


def everything_kept() -> str:
    """Return every row of every table, and every message of the queue as a worker reads it, as text."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    rows = [serializers.serialize("json", model._base_manager.all()) for model in models]
    raw = [str(list(model._base_manager.values_list())) for model in models]
    return "\n".join([*rows, *raw, *map(str, queued())])


def queued() -> list[dict]:
    """Return the messages that wait for a worker."""
    if settings.Q_CLUSTER.get("redis"):
        broker = get_broker()
        return [SignedPackage.loads(one) for one in broker.connection.lrange(broker.list_key, 0, -1)]
    return [SignedPackage.loads(one.payload) for one in OrmQ.objects.all()]


def traces(token: str) -> list[str]:
    """Return what would give a token away: itself, or its random part, in text, in hexadecimal, or as it is signed."""
    random = token[len(tokens.PREFIX) :]
    return [token, random, random[4:], random.encode().hex(), json.dumps(token)]


@pytest.mark.django_db(transaction=True)  # messages are queued when a transaction ends
def test_the_canary_is_in_no_row_no_message_and_no_line(owner, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    CompanyFactory()
    made = [made_for(owner, *Scope.values)[1]]
    page = signed_in(owner).post(reverse("tokens:create"), {"name": "x", "scopes": ["read"], "expires": "never"})
    made.append(re.search(r"mh_live_[0-9A-Za-z]{36}", page.text)[0])
    client = bearer(made[0])
    body = {"name": "x", "scopes": ["read"], "expires_at": (timezone.now() + timedelta(days=5)).isoformat()}
    answer = post(client, "/api/tokens", body, **KEY)
    made.append(answer.json()["token"])
    hunt = post(client, "/api/hunts", {"brief": BRIEF}, **KEY).json()
    assert post(client, f"/api/hunts/{hunt['id']}/runs", **KEY).status_code == 201
    for told in (*made, made[0][:-1] + "!", tokens.drawn()):
        bearer(told).get("/api/tokens")
        post(bearer(told), "/api/runs/1/cancel", {"odd": 1})
    assert queued()
    kept = everything_kept()
    said = caplog.text + "".join(capfd.readouterr())
    assert "create_hunt" in kept  # the answers of the API are among what is looked through
    for token in made:
        assert [trace for trace in traces(token) if trace in kept or trace in said] == []


@override_settings(DEBUG=False)
def test_an_error_that_is_reported_does_not_show_the_token(owner):
    _row, token = made_for(owner)
    request = RequestFactory().get("/api/hunts", headers={"Authorization": f"Bearer {token}"})
    try:
        _fails_with(token)
    except ZeroDivisionError as error:
        report = ExceptionReporter(request, type(error), error, error.__traceback__).get_traceback_text()
    assert "ZeroDivisionError" in report
    assert token not in report


def _fails_with(token: str) -> None:
    tokens.known(token) and 1 / 0
