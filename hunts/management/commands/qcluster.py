"""`manage.py qcluster`: the workers as django-q2 starts them, but they leave in good order and schedules keep."""

import os
import time
from datetime import timedelta
from typing import Any

import structlog
from django.core.management import CommandError
from django.db import Error, connection
from django.db.models.functions import Now
from django_q.cluster import Cluster
from django_q.management.commands import qcluster
from django_q.models import Schedule

from hunts import leaving

logger = structlog.get_logger(__name__)

LOOK_SECONDS = 60.0
NAP_SECONDS = 0.5
# A sentinel that was told to stop, too, is gone by then.
SENTINEL_SECONDS = 1.0


class LeavingCluster(Cluster):
    """A cluster that tells its workers when it is told to stop, instead of waiting until their tasks are done."""

    sentinel: Any
    has_to_stop = False

    def stop(self) -> bool:
        """Note that it has to stop. A signal may call this at any moment, so no lock is taken here."""
        leaving.ask_all()
        self.has_to_stop = True
        return True

    def finish(self) -> None:
        """End the cluster's other processes, and return when they have ended."""
        # Where the whole group was told, the sentinel is dead already, and would not take a word from us any more.
        self.sentinel.join(SENTINEL_SECONDS)
        if self.sentinel.is_alive():
            super().stop()


class Command(qcluster.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        if options["cluster_name"]:
            os.environ["Q_CLUSTER_NAME"] = options["cluster_name"]
        cluster = LeavingCluster()
        cluster.start()
        if options["run_once"]:
            cluster.stop()
        looks_at = time.monotonic() + LOOK_SECONDS
        while not cluster.has_to_stop and cluster.sentinel.is_alive():
            time.sleep(NAP_SECONDS)
            if time.monotonic() >= looks_at:
                _look()
                looks_at = time.monotonic() + LOOK_SECONDS
        time.sleep(NAP_SECONDS)  # a group that is told to stop is told one by one
        if not cluster.has_to_stop:
            raise CommandError("The process that looks after the workers died. Start this command again.")
        cluster.finish()


def _look() -> None:
    try:
        keep_schedules_in_reach()
    except Error as error:
        logger.error("schedules.not_looked_at", error=str(error))
        connection.close()


def keep_schedules_in_reach() -> int:
    """Bring back the schedules that are put off by more than their own period, and return how many.

    django-q2 goes by the clock of the machine that it is on: one that was an hour fast, and has been put right, would
    leave all machines without a sweep for an hour.
    """
    rows = Schedule.objects.filter(schedule_type=Schedule.MINUTES).annotate(now=Now())
    far = timedelta(minutes=1)
    astray = [
        row for row in rows if row.next_run and row.next_run - row.now > far + timedelta(minutes=row.minutes or 0)
    ]
    for row in astray:
        Schedule.objects.filter(pk=row.pk, next_run=row.next_run).update(next_run=Now())
    return len(astray)
