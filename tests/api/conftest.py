"""What all tests by schemathesis have in common."""

import logging
from copy import deepcopy

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from schemathesis.config import SchemathesisConfig
from schemathesis.config._checks import POSITIVE_DATA_ACCEPTANCE_EXPECTED_STATUSES

from config.api import api
from tests.api.filled import Filled, filled

# Where a value that the schema allows is refused all the same, because what is wrong with it no schema can say.
ACCEPTED = [*POSITIVE_DATA_ACCEPTANCE_EXPECTED_STATUSES]
BEYOND_A_SCHEMA = {
    "create_hunt": [*ACCEPTED, "422"],  # a brief has words of some language; a source may not be set up here
    "change_preset": [*ACCEPTED, "422"],  # the same source, and a file where that is the source
    "rename_workspace": [*ACCEPTED, "422"],  # a name has neither web addresses nor signs that cannot be seen
    "look_up_person": [*ACCEPTED, "422"],  # whoever is looked for has an address, a number, a profile or a name
    "create_token": [*ACCEPTED, "422"],  # a token does not expire in the past
    "list_leads": [*ACCEPTED, "400"],  # a cursor was made by us, for the same list
}


class Served:
    """The application as it is served, over the connection of the test, which stays open after each request."""

    def __init__(self) -> None:
        self.application = get_wsgi_application()

    def __call__(self, environ, start_response):
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
        try:
            answer = self.application(environ, start_response)
            body = [*answer]
            answer.close()
        finally:
            for signal in (request_started, request_finished):
                signal.connect(close_old_connections)
        return body


class RolledBack(Served):
    """Whatever a request changed is undone, so that none meets another's traces."""

    def __call__(self, environ, start_response):
        with transaction.atomic():
            body = super().__call__(environ, start_response)
            transaction.set_rollback(True)
        return body


def described(application, examples: int = 1):
    """Return the description of the API for schemathesis, all checks on, asked of a WSGI application."""
    config = SchemathesisConfig.from_dict(
        {
            "seed": 20_260,
            # The tests send real sessions and tokens; `ignored_auth` asks without, and with a wrong one.
            "generation": {
                "with-security-parameters": False,
                "max-examples": examples,
                "deterministic": True,
                "no-shrink": True,
            },
            "operations": [
                {"include-operation-id": name, "checks": {"positive_data_acceptance": {"expected-statuses": statuses}}}
                for name, statuses in BEYOND_A_SCHEMA.items()
            ],
        }
    )
    schema = schemathesis.openapi.from_dict(deepcopy(api.get_openapi_schema()), config=config)  # it writes into it
    schema.app = application
    return schema


@pytest.fixture(autouse=True)
def unheard_and_uncounted(settings):
    settings.API_TOKEN_REQUESTS_A_MINUTE = settings.API_SESSION_REQUESTS_A_MINUTE = 0
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def here(workspace, owner) -> Filled:
    return filled(workspace, owner)
