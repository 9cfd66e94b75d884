"""The pages of the settings lead to each other, and nobody is led to one that they may not look at."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from accounts.models import Membership
from tests.conftest import signed_in
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


def tabs(page: str) -> dict[str, str | None]:
    """Return the pages that a page of the settings leads to, and which of them it says that it is."""
    links = LexborHTMLParser(page).css("nav.settings a")
    return {link.attributes["href"]: link.attributes.get("aria-current") for link in links}


@pytest.mark.parametrize("role", Membership.Role)
def test_every_page_of_the_settings_leads_to_all_that_one_may_look_at(workspace, role):
    client = signed_in(MembershipFactory(workspace=workspace, role=role).user)
    found = tabs(client.get("/settings/workspace").text)
    assert len(found) == (9 if role in (Membership.Role.OWNER, Membership.Role.ADMIN) else 7)
    for address in found:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert tabs(answer.text) == {other: "page" if other == address else None for other in found}


def test_the_menu_leads_to_the_same_pages(client_of_owner):
    page = client_of_owner.get("/settings/limits").text
    menu = {link.attributes["href"] for link in LexborHTMLParser(page).css("details.menu a")}
    assert tabs(page).keys() <= menu


def test_pages_elsewhere_have_no_tabs_of_the_settings(client_of_owner):
    assert tabs(client_of_owner.get("/leads/").text) == {}
