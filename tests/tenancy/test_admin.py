"""The operators' console: nobody comes in who is no operator with a second step, whatever they ask for."""

import pytest

from tests.factories import UserFactory
from tests.tenancy.callers import Caller, signed_in
from tests.tenancy.doors import ADMIN, Route, routes
from tests.tenancy.world import World, digest_of, owned_models

pytestmark = pytest.mark.django_db

# Those of the console itself that send to the login, out of it, or say their words to scripts.
OPEN = frozenset({"admin:login", "admin:logout", "admin:jsi18n"})
CONSOLE = [one for one in routes() if one.pattern.startswith(ADMIN) and one.name not in OPEN]


def address(route: Route, world: World) -> str:
    """Return the address of a page of the console about a row of B."""
    path, label = f"/{route.pattern}", "/".join(route.pattern.split("/")[1:3])
    row = next((world.b[name] for name in world.b.rows if _of(world.b[name]) == label), world.b.workspace)
    known = {"object_id": row.pk, "app_label": "hunts", "content_type_id": 1, "url": "nothing", "pk": row.pk}
    for name in route.parameters:
        for kind in ("path:", "int:", "str:", ""):
            path = path.replace(f"<{kind}{name}>", str(known.get(name, row.pk)))
    return path.replace("^(?P<app_label>", "").split("(?P")[0].replace("$", "")


def _of(row) -> str:
    return row._meta.label_lower.replace(".", "/")


@pytest.fixture
def operator(world) -> Caller:
    """Somebody who works here, and has no second step."""
    return signed_in("operator", UserFactory(is_staff=True, is_superuser=True))


def test_nobody_comes_in_who_is_no_operator_with_a_second_step(world, cast, operator, settings, theirs):
    settings.ADMIN_NEEDS_SECOND_STEP = True
    wrong = []
    asking = [(cast["stranger"], "GET"), (cast["owner"], "GET"), (operator, "GET"), (operator, "POST")]
    for path in sorted({address(route, world) for route in CONSOLE}):
        for caller, method in asking:
            answer = caller.ask(method, path, {"action": "delete_selected"} if method == "POST" else None)
            if answer.status not in (302, 403, 404) or world.b.word in answer.everything:
                wrong.append(f"{caller}: {method} {path}: {answer.status}")
    assert not wrong, "\n".join(wrong)
    assert digest_of(world.b) == theirs


def test_the_console_has_pages_about_rows_of_workspaces():
    """The walk above would prove nothing over an empty console."""
    labels = {"/".join(one.pattern.split("/")[1:3]) for one in CONSOLE}
    assert len(labels & {model._meta.label_lower.replace(".", "/") for model in owned_models().values()}) > 15
