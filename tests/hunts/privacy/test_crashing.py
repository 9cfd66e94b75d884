"""An erasure that is killed anywhere goes on where it was, and ends whole."""

import pytest

from hunts.privacy import erasing
from hunts.privacy.models import Erasure
from leads.person_models import Suppression
from tests.hunts.privacy.conftest import SHARED, left, seed, wanted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

JOBS = "tests.hunts.crash_jobs"
PLACES = ("erasure.rows_erased:1", "erasure.rows_erased:5", "erasure.step_done:3", "erasure.round_ended:1")


@pytest.mark.parametrize("place", PLACES)
def test_an_erasure_that_is_killed_is_finished_by_another_worker(nursery, workspace, media, place):
    lead = seed(workspace)
    erasure = erasing.begin(wanted(), workspace_id=lead.workspace_id, by=None)
    child = nursery.start(f"{JOBS}.erase", erasure.pk, CRASH_AT=place, MEDIA_ROOT=str(media))
    assert child.was_killed
    assert Suppression.objects.exists()  # kept out from the first moment on
    while Erasure.objects.exclude(status=Erasure.Status.DONE).exists():
        Erasure.objects.update(lease_expires_at=None, not_before=None)
        assert erasing.work_on(erasure.pk)
    assert left(without=SHARED) == {}
