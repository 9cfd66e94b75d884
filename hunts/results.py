"""A run's outcome as plain values: what `--json` prints."""

from typing import Any

from django.db.models import F

from hunts import reports
from hunts.models import Candidate, Run
from leads.models import Evidence


def ranked(run: Run) -> list[Candidate]:
    """Return the run's candidates, best first; those that were never scored come last, in the searcher's order."""
    rows = run.candidates.select_related("lead", "assessment").prefetch_related(
        "assessment__evidence", "lead__contacts"
    )
    return list(rows.order_by(F("score").desc(nulls_last=True), "position"))


def as_json(run: Run) -> dict[str, Any]:
    """Return one object: the run, and its leads best first."""
    now = reports.progress(run)
    return {
        "run": {
            "id": run.pk,
            "status": run.status,
            "summary": run.summary,
            "note": run.note,
            "counts": {
                "found": now.found,
                "known": now.known,
                "new": now.new,
                "repeats": now.repeats,
                "cached": now.cached,
                **now.reached,
                **{status: now.by_status[status] for status in Candidate.OVER},
                "tiers": now.by_tier,
            },
            "spent_microusd": now.spent_microusd,
            "duration_s": round(now.seconds, 3),
        },
        "icp": run.icp_json,
        "leads": [_lead(candidate) for candidate in ranked(run)],
    }


def _lead(candidate: Candidate) -> dict[str, Any]:
    lead, assessment = candidate.lead, candidate.assessment
    return {
        "domain": lead.handle,
        "name": lead.name,
        "tier": candidate.tier,
        "score": None if candidate.score is None else float(candidate.score),
        "status": candidate.status,
        "stage": candidate.stage,
        "reason": candidate.reason,
        "cached": candidate.is_cached,
        "cost_microusd": candidate.cost_microusd,
        "site_problem": lead.site_problem,
        "judged_by": assessment.judged_by if assessment else "",
        "judge_note": assessment.judge_note if assessment else "",
        "verdicts": [_verdict(row) for row in assessment.evidence.all()] if assessment else [],
        "contacts": [
            {
                "name": contact.name,
                "title": contact.title,
                "email": contact.email,
                "phone": contact.phone,
                "linkedin_url": contact.linkedin_url,
                "source_url": contact.source_url,
            }
            for contact in lead.contacts.all()
        ],
    }


def _verdict(row: Evidence) -> dict[str, Any]:
    return {
        "criterion": row.text,
        "kind": row.kind,
        "weight": row.weight,
        "verdict": row.verdict,
        "confidence": row.confidence,
        "reason": row.reason,
        "quote": row.quote,
        "url": row.url,
        "snapshot_sha256": row.snapshot_sha256,
        "start": row.start,
        "end": row.end,
    }
