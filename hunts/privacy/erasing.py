"""Erasing a person: from then on nobody keeps them, and every row that tells of them is emptied or goes.

The list of those who must not be kept is written first, so that nothing new comes while the old goes. Then every table
is gone over, some rows at a time, each in a transaction of its own; cut off anywhere, it goes on with the table that it
was at. When whatever was in a worker's hands has been written, all is gone over once more, and then the request forgets
whom it was about.
"""

from collections.abc import Iterator
from typing import Any

import structlog
from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.utils import timezone

from accounts import audit
from accounts.audit_models import Verb
from accounts.failpoints import failpoint
from accounts.models import User
from enrichment.models import Page, Screenshot, Snapshot
from hunts.privacy import asking, leases, rows, texts
from hunts.privacy.finding import watch_of
from hunts.privacy.leases import hold_on
from hunts.privacy.models import Erasure
from hunts.privacy.reach import Reach
from hunts.privacy.registry import STEPS
from hunts.privacy.widening import widened
from integrations.lexicon.persons import domain_key
from leads import collecting, suppression
from leads.wanted import PersonWatch, Wanted

logger = structlog.get_logger(__name__)
PICTURES = "enrichment.Screenshot"
Hit = tuple[models.Model, PersonWatch]


def begin(wanted: Wanted, *, workspace_id: int | None, by: User | None, is_whole: bool = False) -> Erasure:
    """Keep a person out of a workspace, or with None out of the installation, and return the work that is to be done.

    Who is meant is widened by what is known, unless that was done and somebody saw it (`is_whole`). The caller nudges a
    worker, or goes on with `work_on`.
    """
    whole = wanted if is_whole else widened(wanted, Reach(workspace_id))
    with transaction.atomic():
        suppression.suppress(workspace_id, whole, by=by)
        erasure = Erasure.objects.create(workspace_id=workspace_id, wanted=whole.to_json(), asked_by=by)
        if workspace_id is None:
            asking.take_on(erasure)
        audit.record(Verb.PERSON_ERASED, erasure, workspace_id=workspace_id, by=by)
    return erasure


def work_on(erasure_id: int) -> bool:
    """Go over everything that is left of one erasure; False where somebody else is at it, or it is not yet time."""
    erasure = leases.claim(Erasure.objects.due(), erasure_id)
    if erasure is None:
        return False
    try:
        _go_on(erasure)
    except leases.LeaseLost:
        return False
    except (DatabaseError, OSError) as error:
        leases.put_off(erasure, error)
    return True


def _go_on(erasure: Erasure) -> None:
    reach = Reach(erasure.workspace_id)
    if erasure.status == Erasure.Status.SETTLING and erasure.step == 0 and erasure.reached is None:
        _widen_again(erasure, reach)
    while erasure.step < len(STEPS):
        label = STEPS[erasure.step]
        for last, hits in _hits(label, erasure, reach):
            _erase(label, hits, last, erasure, reach)
        hold_on(erasure, step=erasure.step + 1, wanted=erasure.wanted_at(None))
        failpoint("erasure.step_done")
    _end_round(erasure)


def _widen_again(erasure: Erasure, reach: Reach) -> None:
    """Take what has come of the person since the first round began."""
    whole = widened(erasure.person, reach)
    with transaction.atomic():
        suppression.suppress(erasure.workspace_id, whole, by=erasure.asked_by)
        hold_on(erasure, wanted=whole.to_json())


def _hits(label: str, erasure: Erasure, reach: Reach) -> Iterator[tuple[Any, list[Hit]]]:
    """Yield the rows that tell of the person, some at a time, and the key of the last row that was looked at."""
    wanted = erasure.person
    for batch in reach.batches(label, after=erasure.reached):
        found = [(row, watch) for row in batch if (watch := watch_of(row, wanted, reach)) is not None]
        if label == PICTURES:
            found = [(row, wanted.at("")) for row in batch if _shows_them(row, erasure)]
        yield batch[-1].pk, found


def _shows_them(picture: models.Model, erasure: Erasure) -> bool:
    """Return whether a page of the site was blanked for this erasure: what a picture shows cannot be read."""
    assert isinstance(picture, Screenshot)
    blanked = Page.objects.filter(snapshot__blanked_at__gte=erasure.asked_at)
    return picture.host in {domain_key(host) for host in blanked.values_list("host", flat=True).distinct()}


def _erase(label: str, hits: list[Hit], last: Any, erasure: Erasure, reach: Reach) -> None:
    """Take the person out of these rows, as they are by now, all or none of them; go on behind `last` from then on."""
    watches = {row.pk: watch for row, watch in hits}
    with transaction.atomic():
        counts = erasure.counts | {label: erasure.counts.get(label, 0) + len(hits)}
        hold_on(erasure, counts=counts if hits else erasure.counts, wanted=erasure.wanted_at(last))
        if not hits:
            return
        for row in apps.get_model(label)._base_manager.select_for_update().filter(pk__in=watches).order_by("pk"):
            _erase_row(row, watches[row.pk], reach)
        failpoint("erasure.rows_erased")


def _erase_row(row: models.Model, watch: PersonWatch, reach: Reach) -> None:
    if isinstance(row, Snapshot):
        texts.erase(row, watch, reach)
    elif isinstance(row, Page) and reach.workspace_id is not None:
        texts.keep_own_page(row, watch, reach.workspace_id)
    else:
        rows.erase(row, watch)


def _end_round(erasure: Erasure) -> None:
    """Wait for what is under way after the first round, and forget whom it was about after the second."""
    now = timezone.now()
    with transaction.atomic():
        # Since when they are known goes in both rounds, for a page in a worker's hands writes that, too.
        collecting.forget_person(erasure.workspace_id, erasure.person)
        asking.ask(erasure)
        if erasure.status == Erasure.Status.RUNNING:
            again = {"status": Erasure.Status.SETTLING, "step": 0, "not_before": now + Erasure.SETTLES_AFTER}
            hold_on(erasure, **again, wanted=erasure.wanted_at(None))
        else:
            words = ", ".join(f"{label} {count}" for label, count in erasure.counts.items())
            by = erasure.asked_by
            audit.record(Verb.PERSON_GONE, erasure, workspace_id=erasure.workspace_id, words=words, by=by)
            asking.close(erasure)
            hold_on(erasure, status=Erasure.Status.DONE, wanted={}, finished_at=now)
        leases.let_go(erasure)
    failpoint("erasure.round_ended")
    logger.info("erasure.round_ended", erasure=erasure.pk, status=erasure.status, rows=erasure.total)
