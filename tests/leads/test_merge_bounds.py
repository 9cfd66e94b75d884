"""What a merge shows, undoes and locks, and what it does not; and what a person parted stays apart."""

from threading import Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Workspace
from leads import family, merge_page, merging
from leads.models import Contact, Fact, Lead, Merge
from tests.factories import CandidateFactory, LeadFactory
from tests.harness.processes import start_python, until

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_merge_is_undone_at_its_own_lead_only(workspace, client_of_owner, door):
    kept, middle, leaf, stranger = LeadFactory.create_batch(4, workspace=workspace)
    inner, outer = merging.merge(middle.pk, leaf.pk, by=None), merging.merge(kept.pk, middle.pk, by=None)

    def undone(lead: Lead, made: Merge) -> int:
        if door == "page":
            return client_of_owner.post(f"/leads/{lead.pk}/unmerge/{made.pk}/").status_code
        body = {"merge_id": made.pk}
        return client_of_owner.post(f"/api/leads/{lead.pk}/unmerge", body, "application/json").status_code

    assert undone(stranger, inner) == undone(stranger, outer) == 404
    assert Merge.objects.standing().count() == 2
    assert {undone(kept, inner), undone(kept, outer)} <= {200, 302}
    assert not Merge.objects.standing().exists()


def test_a_preview_counts_what_both_have_once_as_the_page_does(workspace):
    kept, merged, inner = LeadFactory.create_batch(3, workspace=workspace)
    merging.merge(merged.pk, inner.pk, by=None)
    for lead, email in ((kept, "ada@x.example"), (merged, "ADA@x.example"), (inner, "bob@x.example")):
        Contact.objects.create(lead=lead, name="Ada", email=email, found_by="site")
        Fact.objects.create(lead=lead, kind="country", value="DE", quote="D", found_at=timezone.now())
        CandidateFactory(run__hunt__workspace=workspace, lead=lead)
    assert merge_page.preview(kept, merged).added == {"contacts": 1, "facts": 0, "candidacies": 2}


def test_what_a_person_parted_stays_apart_whoever_stands_for_it_and_whoever_leaves(workspace, owner):
    one, other, taken_in = LeadFactory.create_batch(3, workspace=workspace)
    merging.unmerge(merging.merge(one.pk, other.pk, by=None).pk, by=owner)
    merging.merge(taken_in.pk, other.pk, by=owner)
    owner.delete()
    assert family.kept_apart_from(one.pk) == {taken_in.pk}
    with pytest.raises(merging.KeptApart):
        merging.merge(one.pk, taken_in.pk, by=None)


MERGE = """
import time
from pathlib import Path
from django.db import transaction
from leads import merging
with transaction.atomic():
    merging.merge(int(sys.argv[1]), int(sys.argv[2]), by=None)
    print("merging", flush=True)
    while not Path(sys.argv[3]).exists():
        time.sleep(0.001)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="there a transaction has the whole database for itself")
def test_whoever_saves_a_judgement_waits_for_a_merge_of_its_lead_and_knows_of_it(tmp_path):
    kept, merged = LeadFactory.create_batch(2, workspace=Workspace.start("Acme"))
    held: list[int | None] = []

    def save() -> None:
        with transaction.atomic():
            held.append(merging.hold_root(merged.pk))
        connection.close()

    merging_one = start_python(MERGE, str(kept.pk), str(merged.pk), str(tmp_path / "go"))
    assert merging_one.stdout.readline() == "merging\n"
    saving = Thread(target=save)
    saving.start()
    until(lambda: held or somebody_waits())
    (tmp_path / "go").touch()
    saving.join(60)
    assert merging_one.wait(60) == 0
    assert held == [kept.pk]


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return cursor.fetchone() is not None
