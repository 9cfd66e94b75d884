"""The API finds, hands out and erases by the functions of the pages, and tells how that stands."""

import pytest
from django.test import Client
from django_q.brokers import get_broker

from accounts.models import Membership
from accounts.token_models import Scope
from hunts.privacy import erasing, looking
from hunts.privacy.lookup_models import Lookup
from hunts.privacy.models import Erasure
from leads.models import Contact
from tests.api.filled import token_of
from tests.factories import MembershipFactory
from tests.hunts.privacy.conftest import DOMAIN, EMAIL, NAME, SHARED, finish, left, seed, wanted

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = {"email": EMAIL, "name": NAME, "company": DOMAIN}


class Program:
    """A client with an API token."""

    def __init__(self, person, workspace, *scopes: Scope) -> None:
        self.headers = {"Authorization": f"Bearer {token_of(person, workspace, *scopes)[1]}"}

    def get(self, path: str):
        return Client().get(f"/api/people/{path}", headers=self.headers)

    def post(self, path: str, body: dict, **headers: str):
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        return Client().post(f"/api/people/{path}", body, content_type="application/json", headers=sent)


@pytest.fixture
def program(workspace, owner, media) -> Program:
    seed(workspace)
    Lookup.objects.all().delete()
    return Program(owner, workspace, *Scope)


def test_somebody_is_found_handed_out_and_erased(program):
    begun = program.post("lookups", ASKED)
    assert (begun.status_code, begun.json()["status"]) == (202, "queued")
    path = f"lookups/{begun.json()['id']}"
    assert program.get(f"{path}/export").status_code == 409
    assert program.post(f"{path}/erase", {}).status_code == 409
    looking.work_on(begun.json()["id"])
    told = program.get(path).json()
    assert (told["status"], told["steps_done"]) == ("done", told["steps"])
    assert told["person"]["emails"] == [EMAIL]
    items = program.get(f"{path}/export").json()["items"]
    assert len(items) == told["places"] > 20
    assert any(item["table"] == "leads.Contact" and item["source"] for item in items)
    erased = program.post(f"{path}/erase", {})
    assert erased.status_code == 202
    finish(Erasure.objects.get())
    assert left(without=SHARED) == {}
    after = program.get(f"erasures/{erased.json()['id']}").json()
    assert (after["status"], after["rows"] > 20, after["done_by_operator_at"]) == ("done", True, None)
    assert after["asked_of_operator_at"]
    assert program.get(path).status_code == 404  # what was found goes with the person


def test_the_same_request_with_the_same_key_is_done_once(program):
    answers = [program.post("lookups", ASKED, idempotency_key="one").json()["id"] for _twice in range(2)]
    assert answers[0] == answers[1]
    assert (Lookup.objects.count(), get_broker().queue_size()) == (1, 1)
    looking.work_on(answers[0])
    erased = [program.post(f"lookups/{answers[0]}/erase", {}, idempotency_key="two").json() for _twice in range(2)]
    assert erased[0] == erased[1]
    assert Erasure.objects.count() == 1


def test_who_may_be_the_same_is_erased_only_when_named(program, workspace):
    lead = Contact.objects.filter(email=EMAIL).get().lead
    Contact.objects.create(lead=lead, name="Zita Q. Quendel", email="zqq@acme.example", found_by="site")
    lookup = looking.begin(wanted(), workspace, by=None)
    looking.work_on(lookup.pk)
    perhaps = program.get(f"lookups/{lookup.pk}").json()["perhaps"]
    assert ["zqq@acme.example"] in [one["emails"] for one in perhaps]
    program.post(f"lookups/{lookup.pk}/erase", {"also": ["Zita Q. Quendel"]})
    erasing.work_on(Erasure.objects.get().pk)
    assert not Contact.objects.filter(name__contains="Quendel").exists()


def test_whoever_names_nobody_is_told_what_to_send(program):
    for body in ({}, {"name": "Zita"}, {"email": 5}, {"company": DOMAIN}):
        assert program.post("lookups", body).status_code == 422
    assert not Lookup.objects.exists()


def test_it_takes_the_scope_and_the_role(program, workspace, owner):
    lookup = looking.begin(wanted(), workspace, by=None)
    looking.work_on(lookup.pk)
    paths = (f"lookups/{lookup.pk}", f"lookups/{lookup.pk}/export")
    weak = Program(owner, workspace, Scope.READ, Scope.WRITE, Scope.RUN)
    member = Program(MembershipFactory(workspace=workspace, role=Membership.Role.MEMBER).user, workspace, *Scope)
    for one in (weak, member):
        assert {one.get(path).status_code for path in paths} == {403}
        assert one.post("lookups", ASKED).status_code == 403
        assert one.post(f"lookups/{lookup.pk}/erase", {}).status_code == 403
    admin = Program(MembershipFactory(workspace=workspace, role=Membership.Role.ADMIN).user, workspace, *Scope)
    assert [admin.get(path).status_code for path in paths] == [200, 403]
    assert not Erasure.objects.exists()
