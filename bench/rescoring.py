"""Other weights tried on 10,000 stored sets of verdicts, as staff do before they add a scoring config.

The peer is the least that has to be done: the same rows read by the same queries, and nothing computed of them.
"""

import json
import os
import sys
import tempfile
import time

FOLDER = tempfile.TemporaryDirectory(prefix="bench")
SETS, VERDICTS, SECONDS = 10_000, 6, 5
os.environ |= {"DATABASE_URL": f"sqlite:///{FOLDER.name}/bench.sqlite3", "REDIS_URL": "", "LOG_LEVEL": "ERROR"}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402 - the database has to be named before Django reads its settings

django.setup()

from django.core.management import call_command  # noqa: E402

from accounts.models import Workspace  # noqa: E402
from leads import rescoring  # noqa: E402
from leads.models import Assessment, Evidence, Lead, ScoringConfig  # noqa: E402
from leads.scoring import Config  # noqa: E402

ANSWERS = ("yes", "no", "unclear", "yes", "unverified", "yes")
KINDS = ("must", "must", "nice", "nice", "must", "exclude")
STRICTER = Config(yes_floor=200, cutoff_a=85, cutoff_b=65)


def main() -> int:
    call_command("migrate", verbosity=0)
    store()
    began = time.perf_counter()
    tried = rescoring.trial(rescoring.latest(SETS), STRICTER)
    took = time.perf_counter() - began
    assert tried.count == SETS
    least = read_only()
    print(f"{SETS:,} sets of {VERDICTS} verdicts: {tried.changed:,} would be in another tier")
    line = {
        "name": f"rescoring {SETS:,} sets of verdicts",
        "ours": round(took, 2),
        "peer": round(least, 2),
        "peer_name": "reading the same rows",
        "unit": "s",
        "ratio": round(took / least, 2),
        "target": f"< {SECONDS} s",
        "met": took < SECONDS,
    }
    print(json.dumps(line))
    return 0


def store() -> None:
    """Keep leads whose verdicts differ from one to the next, and their scores of now."""
    workspace, config = Workspace.start("Bench"), ScoringConfig.current()
    leads = Lead.objects.bulk_create(
        Lead(workspace=workspace, handle=f"firm{n}.example", name=f"Firm {n}") for n in range(SETS)
    )
    sets = Assessment.objects.bulk_create(
        Assessment(lead=lead, criteria_hash="bench", judged_by="bench", scoring_config=config, score=50, tier="C")
        for lead in leads
    )
    Evidence.objects.bulk_create(
        (
            Evidence(
                assessment=one,
                position=place,
                criterion=f"criterion{place}",
                text=f"The company meets criterion {place}.",
                kind=KINDS[place],
                weight=1 + (number + place) % 10,
                verdict=(answer := ANSWERS[(number + place * (number % 5)) % len(ANSWERS)]),
                claimed=answer,
                confidence=(number % 100) / 100,
                quote="It says so." if answer == "yes" else "",
                start=0,
                end=11,
            )
            for number, one in enumerate(sets)
            for place in range(VERDICTS)
        ),
        batch_size=1_000,
    )


def read_only() -> float:
    """Return the seconds that the same queries take, read as the same values."""
    began = time.perf_counter()
    ids = rescoring.latest(SETS)
    for start in range(0, SETS, rescoring.BATCH):
        some = ids[start : start + rescoring.BATCH]
        list(Assessment.objects.filter(pk__in=some).values_list("pk", "lead_id", "tier", "score"))
        rows = Evidence.objects.filter(assessment__in=some).order_by("assessment", "position")
        list(rows.values_list("assessment", "criterion", "text", "kind", "weight", "verdict", "confidence"))
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
