"""How many questions a page asks of the database does not depend on how much there is to show."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import User, Workspace
from hunts.models import Candidate
from leads import distinct, merging
from leads.models import Contact, ContactForm, Evidence, Fact, Lead, LeadAlias
from tests.factories import CandidateFactory, HuntFactory, JudgedLeadFactory, LeadFactory, RunFactory

pytestmark = pytest.mark.django_db

MOST = 12
PAGES = {
    "the page": "/leads/{}/",
    "its costs": "/leads/{}/costs",
    "its other names": "/leads/{}/identity",
    "its research": "/leads/{}/research",
    "the list": "/leads/?status=all&q=acme",
    "the API": "/api/leads/{}",
    "the API's list": "/api/leads?status=all",
    "the API's duplicates": "/api/leads/{}/duplicates",
}


def rich(workspace: Workspace, owner: User) -> Lead:
    """Return a lead with all that one can have, several times over."""
    lead = JudgedLeadFactory(workspace=workspace, name="Acme", country="DE")
    members = [JudgedLeadFactory(workspace=workspace, name="Acme GmbH", country="DE") for _ in range(4)]
    for member in members:
        merging.merge(lead.pk, member.pk, by=owner)
    for number, member in enumerate([lead, *members] * 3):
        Contact.objects.create(lead=member, email=f"{number}@acme.example", phone=f"+49 30 {number}", found_by="site")
        Fact.objects.create(lead=member, kind="address", value=f"Street {number}", quote="S", found_at=timezone.now())
        ContactForm.objects.create(lead=member, url=f"https://{number}.example/", found_at=timezone.now())
        LeadAlias.objects.create(
            workspace=workspace, lead=member, platform="web", handle=f"a{number}.example", kind="redirect"
        )
        run = RunFactory(hunt__workspace=workspace)
        CandidateFactory(run=run, lead=member, status=Candidate.Status.QUALIFIED, assessment=member.assessment)
    proof = lead.assessment.evidence.get()
    for number in range(8):
        proof.pk, proof.criterion, proof.position = None, f"more-{number}", number + 1
        Evidence.objects.bulk_create([proof])
    for other in [JudgedLeadFactory(workspace=workspace, name="Acme KG", country="DE") for _ in range(8)][:3]:
        distinct.keep_apart(lead.pk, other.pk, by=owner)
    HuntFactory.create_batch(5, workspace=workspace)
    return lead


def poor(workspace: Workspace, owner: User) -> Lead:
    return LeadFactory(workspace=workspace, name="Acme")


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("make", [rich, poor])
def test_a_lead_takes_few_queries_however_much_is_known_of_it(
    workspace, owner, client_of_owner, django_assert_max_num_queries,
    make: Callable[[Workspace, User], Lead], address: str,
):  # fmt: skip
    lead = make(workspace, owner)
    counts_requests = address.startswith("/api/")
    with django_assert_max_num_queries(MOST + counts_requests):
        answer = client_of_owner.get(address.format(lead.pk), headers={"HX-Request": "true"})
    assert answer.status_code == 200


def test_the_whole_page_and_its_parts_tell_all_of_a_rich_lead(workspace, owner, client_of_owner):
    lead = rich(workspace, owner)
    page, part, api = (
        client_of_owner.get(PAGES[of].format(lead.pk)) for of in ("the page", "its other names", "the API")
    )
    assert all(f"{number}@acme.example" in page.text for number in range(15))
    assert all(f"a{number}.example" in part.text for number in range(15))
    assert part.text.count("Unmerge") == 8 and part.text.count("said by") == 3  # a label, and its name for the ear
    assert len(api.json()["contacts"]) == 20 and len(api.json()["also_known_as"]) == 19
    for address in ("identity", "costs", "research"):
        assert f'hx-get="/leads/{lead.pk}/{address}"' in page.text
