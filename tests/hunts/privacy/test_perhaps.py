"""Who may be the person by another spelling of the name is shown, and erased only where somebody says so."""

import io

import pytest
from django.core.management import call_command
from django.urls import reverse

from hunts.privacy import looking
from hunts.privacy.lookup_models import Lookup
from hunts.privacy.models import Erasure
from integrations.lexicon.persons import perhaps_in
from leads.models import Contact
from leads.wanted import Wanted
from tests.factories import LeadFactory
from tests.hunts.privacy.conftest import finish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Ann Lee", "Ask Ann B. Lee today", ["Ann B. Lee"]),
        ("Ann Lee", "Lee, Ann B. is here", ["Lee, Ann B"]),
        ("Ann B. Lee", "Ask Ann Lee today", ["Ann Lee"]),
        ("Ann Barbara Lee", "Ann B. Lee and ANN LEE", ["Ann B. Lee", "ANN LEE"]),
        ("Ann B. Lee", "Ann Barbara Lee", ["Ann Barbara Lee"]),
        ("Jörg Müller", "Joerg K. Müller", []),  # another spelling and an initial at once
        ("Jörg Müller", "Jörg K. Müller", ["Jörg K. Müller"]),
        ("Ann B. Lee", "Ann C. Lee", []),
        ("Ann Lee", "Ann Lee", []),
        ("Ann Lee", "Ann sold Lee", []),
        ("Ann Lee", "Anna B. Lee", []),
        ("李明", "李小明", []),
    ],
)
def test_a_name_is_perhaps_that_of_another_spelling(name, text, found):
    assert sorted(perhaps_in(text, [name])) == sorted(found)


@pytest.fixture
def acme(workspace):
    lead = LeadFactory(workspace=workspace, handle="acme.com", description="Founded by Ann B. Lee and Ann C. Lee.")
    Contact.objects.create(lead=lead, name="Ann Lee", email="ann@acme.com", found_by="site")
    Contact.objects.create(lead=lead, name="Ann B. Lee", email="abl@acme.com", found_by="site")
    other = LeadFactory(workspace=workspace, handle="other.com", description="Write to abl@acme.com")
    Contact.objects.create(lead=other, name="Ann B. Lee", email="ann@other.com", found_by="site")
    return lead


@pytest.fixture
def lookup(acme, workspace) -> Lookup:
    lookup = looking.begin(Wanted.of(name="Ann Lee", company="acme.com"), workspace, by=None)
    assert looking.work_on(lookup.pk)
    lookup.refresh_from_db()
    return lookup


def emails() -> set[str]:
    return set(Contact.objects.values_list("email", flat=True))


def test_those_who_may_be_meant_are_shown_beside_who_is(lookup, client_of_owner):
    assert (lookup.count, lookup.person.emails) == (1, ("ann@acme.com",))
    first, second = lookup.like_them
    assert (first.names, first.emails) == (("Ann B. Lee",), ("abl@acme.com",))
    assert second.names == ("Ann C. Lee",) or second.names == ("Ann C. Lee.",)
    told = {(place.perhaps, place.told["table"]) for place in lookup.places.exclude(perhaps="")}
    # By the address that they have at the one company they are found at the other.
    assert told == {("Ann B. Lee", "leads.Contact"), ("Ann B. Lee", "leads.Lead")}
    page = client_of_owner.get(lookup.get_absolute_url()).content.decode()
    assert "Perhaps the same person" in page
    assert "abl@acme.com" in page
    told = client_of_owner.get(reverse("privacy:export", args=[lookup.pk])).json()["items"]
    assert {one.get("perhaps", "") for one in told} == {"", "Ann B. Lee"}


def test_who_is_not_ticked_is_left_alone(lookup, acme, client_of_owner):
    client_of_owner.post(reverse("privacy:erase", args=[lookup.pk]))
    finish(Erasure.objects.get())
    assert emails() == {"abl@acme.com", "ann@other.com"}
    acme.refresh_from_db()
    assert "Ann B. Lee" in acme.description


def test_who_is_ticked_is_erased_with_all_that_was_shown_of_them(lookup, acme, client_of_owner):
    client_of_owner.post(reverse("privacy:erase", args=[lookup.pk]), {"also": ["Ann B. Lee", "Somebody Else"]})
    erasure = Erasure.objects.get()
    assert set(erasure.person.names) == {"Ann Lee", "Ann B. Lee"}
    finish(erasure)
    assert emails() == {"ann@other.com"}
    acme.refresh_from_db()
    assert "Ann B. Lee" not in acme.description
    assert "Ann C. Lee" in acme.description


def test_the_command_names_them_and_takes_them_along_when_it_is_told(acme):
    said = io.StringIO()
    call_command("person", "find", "--name=Ann Lee", "--company=acme.com", stdout=said)
    assert "perhaps: Ann B. Lee" in said.getvalue()
    call_command("person", "erase", "--name=Ann Lee", "--company=acme.com", "--also=Ann B. Lee", "--yes", stdout=said)
    assert emails() == {"ann@other.com"}
