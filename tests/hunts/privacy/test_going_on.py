"""An erasure of many rows goes on where it was, and one that cannot go on says why and stops no other."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.brokers import get_broker

from enrichment.models import Screenshot
from hunts.privacy import erasing, reach, tasks
from hunts.privacy.models import Erasure
from hunts.privacy.registry import STEPS
from leads.models import Contact
from leads.wanted import Wanted
from tests.factories import LeadFactory
from tests.hunts.privacy.conftest import DOMAIN, finish, seed, wanted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def erasure(workspace, monkeypatch):
    monkeypatch.setattr(reach, "BATCH", 2)
    lead = LeadFactory(workspace=workspace, handle=DOMAIN)
    for number in range(7):
        Contact.objects.create(lead=lead, email=f"desk{number}@{DOMAIN}", found_by="site")
    Contact.objects.create(lead=lead, email="zita@mail.example", found_by="site")
    return erasing.begin(Wanted.of(email="zita@mail.example"), workspace_id=workspace.pk, by=None)


def test_every_batch_is_written_down_and_holds_the_work_a_while_longer(erasure):
    Erasure.objects.filter(pk=erasure.pk).update(fence=1, lease_expires_at=timezone.now())
    erasure.refresh_from_db()
    rows = list(Contact.objects.order_by("pk"))
    erasing._erase(STEPS[0], [], rows[3].pk, erasure, reach.Reach(erasure.workspace_id))
    erasure.refresh_from_db()
    assert erasure.lease_expires_at > timezone.now() + timedelta(minutes=4)
    assert erasure.reached == rows[3].pk
    # Whoever goes on begins behind it.
    batches = [last for last, _hits in erasing._hits(STEPS[0], erasure, reach.Reach(erasure.workspace_id))]
    assert batches == [rows[5].pk, rows[7].pk]


def test_many_batches_end(erasure):
    assert finish(erasure).status == Erasure.Status.DONE
    assert Contact.objects.count() == 7


def test_what_cannot_go_on_says_why_and_is_tried_again_later(workspace, media):
    seed(workspace)
    erasure = erasing.begin(wanted(), workspace_id=None, by=None)
    # A folder with something in it lies where the picture should be, and cannot be deleted.
    picture = media / Screenshot.objects.get().file.name
    picture.unlink()
    picture.mkdir()
    (picture / "x").touch()
    erasing.work_on(erasure.pk)
    erasure.refresh_from_db()
    assert "tried again by itself" in erasure.problem
    assert erasure.not_before > timezone.now() + timedelta(minutes=1)
    assert not Erasure.objects.due().exists()
    assert finish(erasure).status == Erasure.Status.DONE
    assert erasure.problem == ""


def test_each_erasure_is_a_task_of_its_own(workspace):
    for number in range(3):
        erasing.begin(Wanted.of(email=f"zita{number}@mail.example"), workspace_id=workspace.pk, by=None)
    assert tasks.sweep() == 3
    assert get_broker().queue_size() == 3
