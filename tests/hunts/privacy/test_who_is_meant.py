"""Who is erased: the person with all that is theirs, and nobody beside them."""

import pytest

from hunts.privacy import erasing, finding
from hunts.privacy.reach import Reach
from hunts.privacy.widening import widened
from leads import suppression
from leads.models import Contact, Lead
from leads.wanted import Wanted
from tests.factories import LeadFactory
from tests.hunts.privacy.conftest import finish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme(workspace):
    return LeadFactory(workspace=workspace, handle="acme.com")


def contact(lead: Lead, name: str = "", email: str = "", phone: str = "") -> Contact:
    return Contact.objects.create(lead=lead, name=name, email=email, phone=phone, found_by="site")


def erased(lead: Lead, **known: str) -> None:
    finish(erasing.begin(Wanted.of(**known), workspace_id=lead.workspace_id, by=None))


def left() -> set[tuple[str, str]]:
    return set(Contact.objects.values_list("name", "email"))


def keeps_out(lead: Lead, text: str) -> bool:
    return suppression.names_any(suppression.watch(lead.workspace_id, lead.handle, text), text)


def test_a_number_that_is_dialled_alike_in_another_country_is_somebody_elses(acme, workspace):
    fjord = LeadFactory(workspace=workspace, handle="fjord.no")
    contact(acme, "Bo Jensen", "bo@acme.com", "+45 22 33 44 55")
    contact(fjord, "Kari Nordmann", "kari@fjord.no", "+47 22 33 44 55")
    erased(fjord, phone="+47 22 33 44 55")
    assert left() == {("Bo Jensen", "bo@acme.com")}
    assert not keeps_out(acme, "bo@acme.com")
    assert keeps_out(fjord, "kari@fjord.no")
    assert keeps_out(fjord, "Call 22334455")
    assert not keeps_out(fjord, "+45 22334455")


def test_a_desk_that_has_the_number_too_loses_the_number_alone(acme):
    desk = contact(acme, "", "sales@acme.com", "+45 22 33 44 55")
    erased(acme, name="Bo Jensen", phone="+45 22 33 44 55", company="acme.com")
    desk.refresh_from_db()
    assert (desk.email, desk.phone) == ("sales@acme.com", "")


def test_a_general_mailbox_is_not_the_persons(acme):
    for name in ("Anna Meier", "Ben Koch", ""):
        contact(acme, name, "info@acme.com")
    erased(acme, name="Anna Meier", company="acme.com")
    assert left() == {("Ben Koch", "info@acme.com"), ("", "info@acme.com")}
    assert not keeps_out(acme, "info@acme.com")
    assert keeps_out(acme, "Anna Meier")


def test_an_address_that_somebody_of_another_name_has_is_not_the_persons_at_any_company(acme, workspace):
    holding = LeadFactory(workspace=workspace, handle="holding.com", description="Ben Koch leads it")
    contact(acme, "Anna Meier", "desk9@holding.com")
    contact(holding, "Ben Koch", "desk9@holding.com", "+43 316 555666")
    contact(holding, "Ben Koch", "ben.koch@holding.com")
    erased(acme, name="Anna Meier", company="acme.com")
    assert left() == {("Ben Koch", "desk9@holding.com"), ("Ben Koch", "ben.koch@holding.com")}
    holding.refresh_from_db()
    assert holding.description == "Ben Koch leads it"
    assert not keeps_out(holding, "Ben Koch")


def test_an_address_of_two_people_names_neither_of_them(acme):
    contact(acme, "Anna Meier", "x@acme.com")
    contact(acme, "Ben Koch", "x@acme.com", "+43 316 555666")
    assert widened(Wanted.of(email="x@acme.com"), Reach(acme.workspace_id)) == Wanted.of(email="x@acme.com")
    erased(acme, email="x@acme.com")
    assert left() == {("Anna Meier", ""), ("Ben Koch", "")}


def test_somebody_is_followed_from_address_to_address(acme):
    acme.description = "Write to a.private@mail.example"
    acme.save()
    contact(acme, "Anna Meier", "a.private@mail.example")
    contact(acme, "Anna Meier", "anna@acme.com")
    whole = widened(Wanted.of(email="anna@acme.com"), Reach(acme.workspace_id))
    assert set(whole.emails) == {"anna@acme.com", "a.private@mail.example"}
    assert {item.table for item in finding.found(whole, Reach(acme.workspace_id))} == {"leads.Contact", "leads.Lead"}
    erased(acme, email="anna@acme.com")
    acme.refresh_from_db()
    assert "private" not in acme.description
    assert keeps_out(acme, "a.private@mail.example")


def test_the_second_round_finds_what_came_since_the_first(acme):
    contact(acme, "Anna Meier", "anna@acme.com")
    erasure = erasing.begin(Wanted.of(email="anna@acme.com"), workspace_id=acme.workspace_id, by=None)
    assert erasing.work_on(erasure.pk)
    # It was in a worker's hands.
    contact(acme, "Anna Meier", "a.private@mail.example")
    finish_second(erasure.pk)
    assert left() == set()
    assert keeps_out(acme, "a.private@mail.example")


def finish_second(pk: int) -> None:
    erasing.Erasure.objects.filter(pk=pk).update(not_before=None)
    assert erasing.work_on(pk)
