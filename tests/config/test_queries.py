"""How many questions any page asks of the database: few, and as many for thirty rows as for three.

The addresses are those of the resolver: a new page is tested by being there.
"""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User, Workspace
from accounts.token_models import ApiToken, Scope
from accounts.tokens import digests, drawn
from tests.conftest import signed_in
from tests.harness.abundance import more
from tests.harness.addresses import addresses, world

pytestmark = pytest.mark.django_db

MOST = 12
# The console is for operators and asks about all workspaces; files are written while they are sent.
ELSEWHERE = re.compile(r"/admin/|/leads/export\.|/accounts/logout/")
# The count of a minute's requests, which the API's answers tell, where there is no Redis to count in.
COUNTED = re.compile(r"accounts_requestcount")
# They show who is a member, and as what.
ABOUT_MEMBERS = re.compile(r"/(settings|api)/(members|audit|tokens|workspace|invitations)|/workspaces/|/account/")
PERMISSIONS = re.compile(r'"accounts_membership"')


def asked(client: Client, address: str, **headers: str) -> list[str] | None:
    """Return the statements that a page takes once it is warm; None for what is no page."""
    if client.get(address, headers=headers).status_code in (404, 405):
        return None
    with CaptureQueriesContext(connection) as queries:
        client.get(address, headers=headers)
    statements = [one["sql"] for one in queries.captured_queries]
    return [sql for sql in statements if not COUNTED.search(sql) and not sql.startswith(("SAVEPOINT", "RELEASE"))]


def walked(client: Client, rows: dict[str, object]) -> dict[str, list[str]]:
    found = {one: asked(client, one) for one in addresses(rows) if not ELSEWHERE.match(one)}
    return {address: statements for address, statements in found.items() if statements is not None}


@pytest.mark.timeout(600)  # it asks for every page of the site, several times
def test_every_page_takes_few_queries_and_as_many_for_thirty_rows_as_for_three(workspace: Workspace, owner: User):
    rows = world(workspace, owner)
    more(workspace, owner, rows, 3)
    client = signed_in(owner)
    client.get("/")
    few = walked(client, rows)
    more(workspace, owner, rows, 27)
    many = walked(client, rows)
    assert len(many) > 90
    grown = {one: (len(few[one]), len(many[one])) for one in few.keys() & many.keys() if len(many[one]) > len(few[one])}
    above = {address: len(statements) for address, statements in many.items() if len(statements) > MOST}
    assert (grown, above) == ({}, {})


@pytest.mark.timeout(600)
def test_who_may_is_asked_at_most_once_a_request(workspace: Workspace, owner: User):
    rows = world(workspace, owner)
    client = signed_in(owner)
    client.get("/")
    pages = walked(client, rows)
    twice = {
        address: checks
        for address, statements in pages.items()
        if not ABOUT_MEMBERS.match(address)
        and len(checks := [sql for sql in statements if PERMISSIONS.search(sql.split("WHERE")[0])]) > 1
    }
    assert not twice


def test_a_token_is_looked_up_with_the_role_of_its_person_in_one_query(workspace: Workspace, owner: User):
    secret = drawn()
    ApiToken.objects.create(
        workspace=workspace, user=owner, name="CI", shown="mh", digest=digests(secret)[0], scopes=[Scope.READ]
    )
    statements = asked(Client(), "/api/leads", Authorization=f"Bearer {secret}")
    assert statements is not None and len([sql for sql in statements if PERMISSIONS.search(sql)]) == 1
