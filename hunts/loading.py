"""From rows to `Work`: what a stage is told of a candidate, also when another process did the stages before it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from django.conf import settings
from django.utils import timezone

from enrichment import pages
from hunts.icp import Icp
from hunts.models import Candidate, Run, Stage
from hunts.work import Known, Work
from integrations.capabilities import Criterion, CriterionKind, FoundContact, ReadSite
from leads.evidence import Finding, Place
from leads.models import Assessment, Evidence
from leads.scoring import Config
from leads.scoring import Verdict as Answer


def works(run: Run, candidates: Sequence[Candidate], *, judge: str) -> list[Work]:
    """Return the work of each candidate, in order; the candidates learn which run they belong to."""
    if not candidates:
        return []
    icp, scoring = run.icp, run.scoring_config.config
    known = _known(icp, candidates, judge)
    for candidate in candidates:
        candidate.run = run
    return [_work(candidate, icp, scoring, known.get(candidate.lead_id)) for candidate in candidates]


def _work(candidate: Candidate, icp: Icp, scoring: Config, known: Known | None) -> Work:
    lead = candidate.lead
    begun = candidate.stage != Stage.DEDUPE
    return Work(
        handle=lead.handle,
        name=lead.name,
        website=lead.website,
        icp=icp,
        scoring=scoring,
        description=lead.description,
        location=lead.location,
        country=lead.country,
        employees=lead.employees,
        record=pages.record_page(lead.source_url or lead.website, lead.record) if lead.record else None,
        known=None if begun else known,
        site=_site(candidate) if begun else None,
        findings=_findings(candidate.assessment) if candidate.assessment else None,
        contacts=tuple(_contacts(candidate)) if candidate.stage == Stage.SCORE else (),
    )


def _known(icp: Icp, candidates: Sequence[Candidate], judge: str) -> dict[int, Known]:
    """Return by lead the newest judgement that may be used again for candidates that have just begun."""
    begun = [candidate.lead_id for candidate in candidates if candidate.stage == Stage.DEDUPE]
    fresh_since = timezone.now() - timedelta(days=settings.VERDICT_TTL_DAYS)
    usable = Assessment.objects.filter(
        lead_id__in=begun,
        criteria_hash=icp.criteria_hash(),
        judged_by=judge,
        score__isnull=False,
        created_at__gte=fresh_since,
    )
    rows = usable.order_by("created_at", "pk").prefetch_related("evidence") if begun else ()
    # The criteria's weights are this profile's: only what was found out is used again.
    asked = {criterion.key: criterion for criterion in icp.criteria}
    return {
        row.lead_id: Known(
            row.pk, row.created_at, tuple(_finding(e, asked.get(e.criterion)) for e in row.evidence.all())
        )
        for row in rows
    }


def _site(candidate: Candidate) -> ReadSite | None:
    if "pages" not in candidate.facts:
        return None
    return ReadSite(final_url=candidate.facts["final_url"], pages=pages.reload(candidate.facts["pages"]))


def _findings(assessment: Assessment) -> tuple[Finding, ...]:
    return tuple(_finding(row, None) for row in assessment.evidence.all())


def _finding(row: Evidence, asked: Criterion | None) -> Finding:
    criterion = asked or Criterion(row.criterion, row.text, cast(CriterionKind, row.kind), row.weight)
    place = None
    if row.start is not None and row.end is not None:
        place = Place(row.url, row.snapshot_sha256, row.start, row.end, row.quote, row.fetched_at)
    return Finding(criterion, cast(Answer, row.verdict), row.claimed, row.confidence, row.reason, place)


def _contacts(candidate: Candidate) -> list[FoundContact]:
    return [
        FoundContact(email=row.email, name=row.name, title=row.title, phone=row.phone, is_person=row.is_person)
        for row in candidate.lead.contacts.all()
    ]
