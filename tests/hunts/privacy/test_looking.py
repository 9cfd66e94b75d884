"""A lookup is done by a worker: it goes on where it was cut off, says why it failed, and is kept for some days."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone
from django_q.brokers import get_broker

from enrichment.models import Snapshot
from hunts.privacy import looking, reach, retention, tasks
from hunts.privacy.finding import found
from hunts.privacy.lookup_models import FoundPlace, Lookup
from hunts.privacy.reach import Reach
from leads.models import Contact
from leads.wanted import Wanted
from tests.factories import LeadFactory
from tests.hunts.privacy.conftest import DOMAIN, EMAIL, seed, wanted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lookup(workspace, media, monkeypatch):
    monkeypatch.setattr(reach, "BATCH", 2)
    seed(workspace)
    Lookup.objects.all().delete()
    return looking.begin(wanted(), workspace, by=None)


def done(lookup: Lookup) -> Lookup:
    Lookup.objects.update(not_before=None, lease_expires_at=None)
    assert looking.work_on(lookup.pk)
    lookup.refresh_from_db()
    return lookup


def test_what_was_cut_off_goes_on_and_lists_every_place_once(lookup, monkeypatch):
    monkeypatch.setattr(looking, "failpoint", Killed(after=4))
    with pytest.raises(KeyboardInterrupt):
        looking.work_on(lookup.pk)
    monkeypatch.undo()
    before = FoundPlace.objects.count()
    assert before
    assert not looking.work_on(lookup.pk)  # its lease is not over yet
    assert done(lookup).status == Lookup.Status.DONE
    told = [(place.told["table"], str(place.told["id"])) for place in lookup.places.all()]
    should = [(item.table, str(item.pk)) for item in found(lookup.person, Reach(lookup.workspace_id))]
    assert sorted(told) == sorted(should)
    assert (len(set(told)), lookup.count) == (len(told), len(told))
    assert before < len(told)
    pages = [place.told["told"] for place in lookup.places.all() if place.told["table"] == "enrichment.Snapshot"]
    assert pages and all(page.keys() == {"text"} for page in pages)  # in a word that people know


class Killed:
    """A worker that ends at its nth batch."""

    def __init__(self, *, after: int) -> None:
        self.left = after

    def __call__(self, _name: str) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def test_an_address_leads_to_the_whole_person_before_anything_is_looked_at(workspace):
    lead = LeadFactory(workspace=workspace, handle=DOMAIN)
    Contact.objects.create(lead=lead, name="Anna Meier", email=EMAIL, found_by="site")
    lookup = done(looking.begin(Wanted.of(email=EMAIL), workspace, by=None))
    assert lookup.person.names == ("Anna Meier",)
    assert lookup.finished_at is not None


def test_what_cannot_be_read_is_tried_again_later_and_fails_in_the_end(lookup):
    # A text that is none: whatever reads it breaks.
    Snapshot.objects.update(compressed=b"")
    for attempt in range(1, Lookup.MOST_ATTEMPTS + 1):
        Lookup.objects.update(not_before=None, lease_expires_at=None)
        with pytest.raises(Exception, match="incomplete"):
            looking.work_on(lookup.pk)
        lookup.refresh_from_db()
        assert lookup.attempts == attempt
    done(lookup)
    assert lookup.status == Lookup.Status.FAILED
    assert lookup.problem
    assert not Lookup.objects.due().exists()
    kept = FoundPlace.objects.count()
    assert kept
    Snapshot.objects.all().update(compressed=Snapshot.of("x").compressed)
    assert looking.again(lookup)
    assert done(lookup).status == Lookup.Status.DONE
    assert FoundPlace.objects.count() >= kept
    assert not looking.again(lookup)


def test_a_database_that_is_away_is_said_and_waited_for(lookup):
    looking._give_up_or_wait(claimed(lookup), DatabaseError("no space left"))
    lookup.refresh_from_db()
    assert "no space left. It is tried again by itself." in lookup.problem
    assert lookup.not_before > timezone.now()
    Lookup.objects.update(attempts=Lookup.MOST_ATTEMPTS)
    looking._give_up_or_wait(claimed(lookup), DatabaseError("no space left"))
    lookup.refresh_from_db()
    assert (lookup.status, lookup.problem) == (Lookup.Status.FAILED, "no space left")


def claimed(lookup: Lookup) -> Lookup:
    return Lookup.objects.get(pk=lookup.pk)


def test_what_was_found_is_deleted_when_its_days_are_over(lookup):
    done(lookup)
    in_a_week = timezone.now() + Lookup.KEPT
    assert Lookup.objects.kept().exists()
    assert looking.forget_old(in_a_week - timedelta(hours=1)) == 0
    retention.run(now=in_a_week + timedelta(minutes=1))
    assert not Lookup.objects.exists()
    assert not FoundPlace.objects.exists()


def test_what_is_too_old_is_not_shown_though_nobody_deleted_it_yet(lookup):
    Lookup.objects.update(expires_at=timezone.now())
    assert not Lookup.objects.kept().exists()


def test_a_lost_nudge_is_made_up_for_by_the_sweep(lookup):
    assert tasks.sweep() == 1
    assert get_broker().queue_size() == 1
    done(lookup)
    assert tasks.sweep() == 0
