import pytest

from integrations.capabilities import FoundContact, ReadPage
from integrations.providers.site import Site, matches_role

CEO = FoundContact(name="Anna Schmidt", title="Geschäftsführerin", is_person=True, email="a.schmidt@acme.de", quote="q")
BUYER = FoundContact(name="Bernd Kurz", title="Leiter Einkauf", is_person=True, quote="q")
PERSONAL = FoundContact(email="c.lang@acme.de", is_person=True)
INFO = FoundContact(email="info@acme.de")
SALES = FoundContact(email="sales@acme.de")
PRESS = FoundContact(email="presse@acme.de")
FOREIGN = FoundContact(email="info@agency.com")
PHONE = FoundContact(phone="+49711229290")


def page(*contacts: FoundContact) -> ReadPage:
    return ReadPage(url="https://acme.de/", text="", sha256="", contacts=contacts)


async def ranked(*contacts: FoundContact, roles: tuple[str, ...] = (), limit: int = 10) -> list[FoundContact]:
    return await Site().find_contacts("acme.de", pages=[page(*contacts)], roles=roles, limit=limit)


async def test_people_come_first_then_their_addresses_then_desks() -> None:
    everybody = (PHONE, FOREIGN, PRESS, INFO, SALES, PERSONAL, BUYER, CEO)
    assert await ranked(*everybody) == [CEO, BUYER, PERSONAL, SALES, INFO, PRESS, FOREIGN, PHONE]


async def test_the_wanted_role_comes_before_all() -> None:
    assert await ranked(CEO, BUYER, roles=("Head of Procurement",)) == [BUYER, CEO]
    assert await ranked(BUYER, CEO, roles=("CEO", "purchasing manager")) == [CEO, BUYER]


async def test_what_several_pages_say_of_one_person_is_put_together() -> None:
    home = page(FoundContact(name="Anna Schmidt", title="CEO", is_person=True, quote="Anna Schmidt, CEO"), INFO)
    team = page(FoundContact(name="anna schmidt", is_person=True, email="anna@acme.de", phone="+49711229290"), INFO)
    contacts = await Site().find_contacts("acme.de", pages=[home, team])
    assert len(contacts) == 2
    assert (contacts[0].title, contacts[0].email, contacts[0].quote) == ("CEO", "anna@acme.de", "Anna Schmidt, CEO")


async def test_it_keeps_to_the_limit_and_knows_nothing_of_a_silent_site() -> None:
    assert len(await ranked(CEO, BUYER, INFO, limit=2)) == 2
    assert await Site().find_contacts("acme.de", pages=[page()]) == []
    assert await Site().find_contacts("acme.de") == []


@pytest.mark.parametrize(
    "title, role",
    [
        ("Geschäftsführer", "CEO"),
        ("总经理", "managing director"),
        ("Generalni direktor", "CEO"),
        ("Директор", "CEO"),
        ("PDG", "CEO"),
        ("Leiterin Einkauf", "procurement"),
        ("采购经理", "buyer"),
        ("Responsable achats", "Head of Purchasing"),
        ("Šef nabavke", "procurement"),
        ("Vertriebsleiter", "sales"),
        ("销售总监", "Sales Director"),
        ("Head of Digital Workplace", "digital workplace manager"),
    ],
)
def test_a_role_is_met_in_any_of_its_words(title: str, role: str) -> None:
    assert matches_role(title, role)


@pytest.mark.parametrize(
    "title, role", [("Leiter Einkauf", "sales"), ("Head of Sales", "head of procurement"), ("", "CEO")]
)
def test_a_shared_rank_is_no_shared_role(title: str, role: str) -> None:
    assert not matches_role(title, role)
