"""Every operation of the API keeps to its description, whatever it is sent: schemathesis, with all of its checks.

Each operation is asked by examples, by the bounds of each value (coverage) and at random (fuzzing), in a workspace that
has a row for it. What is sent is the same each time. `SCHEMATHESIS_EXAMPLES=300 pytest tests/api` goes deeper.
"""

import os
from itertools import count

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import ignored_auth

from accounts.models import Workspace
from accounts.token_models import Scope
from config.scopes import PEOPLE_ONLY, PUBLIC, SCOPES
from tests.api.conftest import RolledBack, described
from tests.api.filled import Filled, token_of
from tests.conftest import signed_in
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))
DEEPLY = "SCHEMATHESIS_EXAMPLES" in os.environ
DONE = {200, 201, 202, 204}
UNSHRUNK = settings(suppress_health_check=[*HealthCheck], deadline=None)
# Coverage writes out every mixture of what an operation may be sent, thousands for some: beyond MANY, each EVERYth.
MANY, EVERY = 200, 10
# It asks three times more. Once for each operation is enough: whoever comes in is looked at before anything else.
ASKED_WITHOUT_A_TOKEN: set[str] = set()


schema = described(RolledBack(), EXAMPLES)


def _name(operation) -> str:
    return operation.definition.raw["operationId"]


@pytest.fixture
def seen(request):
    """What an operation answered; it is to have done what it is there for."""
    statuses: set[int] = set()
    yield statuses
    if not statuses & DONE:
        pytest.fail(f"{request.node.name} never came to its end: {sorted(statuses)}")


def aim(case, here: Filled) -> None:
    """Name rows that are there, where a case has no intention of its own with a number."""
    name = _name(case.operation)
    if not case.meta.is_negative_at(ParameterLocation.PATH):
        for parameter in case.path_parameters or {}:
            case.path_parameters[parameter] = here.id_for(name, parameter) or case.path_parameters[parameter]
    for location, values in ((ParameterLocation.QUERY, case.query), (ParameterLocation.BODY, case.body)):
        if isinstance(values, dict) and not case.meta.is_negative_at(location):
            for key in values.keys() & {*here.ids, "candidate_ids"}:
                if values[key] is not None:
                    values[key] = here.id_for(name, key) or values[key]


def asked(case, here: Filled, seen: set[int], **how) -> None:
    aim(case, here)
    label = case.operation.label
    # Nor is it asked of a session, which the check would not take away; tests/config/test_api.py asks without one.
    is_known = label in ASKED_WITHOUT_A_TOKEN or "cookies" in how
    answer = case.call_and_validate(excluded_checks=[ignored_auth] if is_known else [], **how)
    seen.add(answer.status_code)
    if answer.status_code in DONE:
        ASKED_WITHOUT_A_TOKEN.add(label)


@pytest.fixture
def is_too_many():
    """Tell of each case of an operation whether it is left out."""
    counted = count()
    return lambda: (n := next(counted)) > MANY and n % EVERY != 0 and not DEEPLY


@pytest.fixture
def bearer(here) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(here.owner, here.workspace, *Scope)[1]}"}


@pytest.fixture
def session(here) -> dict[str, dict[str, str]]:
    """The headers of a browser in which the owner is signed in, with the token that its pages carry."""
    client = signed_in(here.owner)
    client.get("/accounts/email/")
    cookies = {name: cookie.value for name, cookie in client.cookies.items()}
    return {"headers": {"X-CSRFToken": cookies["csrftoken"]}, "cookies": cookies}


@schema.parametrize()
@UNSHRUNK
def test_every_operation_keeps_to_its_description(case, here, bearer, session, seen, is_too_many):
    if is_too_many():
        return
    name = _name(case.operation)
    if name == "restore_workspace":
        Workspace.objects.filter(pk=here.workspace.pk).update(deleted_at=timezone.now())
    asked(case, here, seen, **(session if name in PEOPLE_ONLY else {"headers": bearer}))


@pytest.mark.parametrize("most", Scope)
def test_a_token_of_each_scope_does_what_it_may_and_is_told_of_the_rest(here, most):
    """In the words of the description: each operation once, as plainly as it can be asked."""
    scopes = list(Scope)[: list(Scope).index(most) + 1]
    headers = {"Authorization": f"Bearer {token_of(here.owner, here.workspace, *scopes)[1]}"}
    for operation in (found.ok() for found in schema.get_all_operations()):
        name = _name(operation)
        case = operation.Case(path_parameters=_path(operation, here), **_body(operation, here))
        answer = case.call_and_validate(headers=headers, excluded_checks=[ignored_auth])
        may = name in PUBLIC or SCOPES.get(name) in scopes
        assert (answer.status_code == 403) != may, (name, answer.status_code)


@pytest.mark.parametrize("who", ["a stranger", "nobody"])
def test_another_workspace_is_not_found_by_any_operation(here, who):
    place = MembershipFactory()
    token = token_of(place.user, place.workspace, *Scope)[1] if who == "a stranger" else "mh_live_none"
    for operation in (found.ok() for found in schema.get_all_operations()):
        name = _name(operation)
        if name in PUBLIC | PEOPLE_ONLY or not (path := _path(operation, here)):
            continue
        case = operation.Case(path_parameters=path, **_body(operation, here))
        answer = case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=[ignored_auth])
        assert answer.status_code == (404 if who == "a stranger" else 401), name


# As plainly as an operation with a body can be asked; ids are put in.
BODIES = {
    "create_hunt": {"brief": "Fintech companies in the United Kingdom"},
    "estimate_run": {},
    "retry_run": {},
    "raise_limit": {"max_spend_microusd": 9_000_000},
    "merge_lead": {"other": 0},
    "keep_apart": {"other": 0},
    "suggest_again": {"other": 0},
    "unmerge_lead": {"merge_id": 0},
    "create_preset": {"hunt_id": 0, "name": "A third"},
    "change_preset": {"version": 1, "name": "Renamed"},
    "put_schedule": {"frequency": "daily", "at": "09:30", "max_spend_microusd": 0, "version": 1},
    "look_up_person": {"email": "ada@people.example"},
    "erase_person": {},
    "rename_workspace": {"name": "Acme"},
    "rename_company_list": {"name": "Another name"},
    "change_member": {"role": "viewer"},
    "invite_member": {"email": "ada@people.example"},
    "create_token": {"name": "A program", "scopes": ["read"]},
}


def _path(operation, here: Filled) -> dict[str, object]:
    names = [parameter.name for parameter in operation.path_parameters]
    return {name: here.id_for(_name(operation), name) or "cancel" for name in names}


def _body(operation, here: Filled) -> dict[str, object]:
    name = _name(operation)
    if name not in BODIES:
        return {}
    body = {key: here.id_for(name, key) or value for key, value in BODIES[name].items()}
    return {"body": body, "media_type": "application/json"}
