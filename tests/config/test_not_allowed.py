"""What an address answers that does not take a method: in the form of everything else that goes wrong there."""

import pytest

from tests.accounts.test_tokens import is_problem

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("path", "allowed"), [("/api/hunts", "GET, POST"), ("/api/health", "GET")])
def test_the_api_says_it_as_a_problem_with_what_is_allowed(client_of_owner, path, allowed):
    answer = client_of_owner.put(path)
    assert is_problem(answer, 405)
    assert answer["Allow"] == allowed
    assert "PUT" in answer.json()["detail"]


@pytest.mark.parametrize(("path", "allowed"), [("/support/end", "POST"), ("/inbox/read", "POST")])
def test_a_page_says_what_to_do_in_our_design(client_of_owner, path, allowed):
    answer = client_of_owner.get(path)
    assert (answer.status_code, answer["Allow"]) == (405, allowed)
    assert "This cannot be done here" in answer.text
    assert answer["Content-Type"].startswith("text/html")


def test_where_a_method_is_taken_nothing_changes(client_of_owner):
    assert client_of_owner.get("/hunts/").status_code == 200
    assert client_of_owner.get("/api/hunts").status_code == 200
