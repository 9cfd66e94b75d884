"""Sequences of operations, each with what the one before answered: nothing that was deleted is found again."""

import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.specs.openapi.checks import ignored_auth

from accounts.token_models import Scope
from tests.api.conftest import Served, described
from tests.api.filled import filled, token_of
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db

SEQUENCES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "12"))


def test_sequences_of_operations_keep_to_the_description():
    answers: list[tuple[str, int]] = []

    class InAFreshWorkspace(described(Served()).as_state_machine()):
        """Each sequence begins with the same rows, and what it changed is undone after it."""

        def setup(self):
            self.undone = transaction.atomic()
            self.undone.__enter__()
            place = MembershipFactory()
            self.here = filled(place.workspace, place.user)
            _row, token = token_of(place.user, place.workspace, *Scope)
            self.headers = {"Authorization": f"Bearer {token}"}

        def get_call_kwargs(self, case):
            return {"headers": self.headers}

        def validate_response(self, response, case, additional_checks=(), **how):
            # Whether a token is needed is asked of each operation by itself; here it would be asked with the token.
            case.validate_response(response, excluded_checks=[ignored_auth])

        def after_call(self, response, case):
            answers.append((case.operation.label, response.status_code))

        def teardown(self):
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)

    how = settings(
        max_examples=SEQUENCES,
        stateful_step_count=8,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    run_state_machine_as_test(InAFreshWorkspace, settings=how)
    assert len(answers) > SEQUENCES
    assert {status for _label, status in answers} & {200, 201, 204}
