"""From rows to `Work`: what a stage is told of a candidate, also when another process did the stages before it."""

from collections.abc import Sequence

from django.conf import settings

from enrichment import pages
from hunts import verdicts
from hunts.models import Candidate, Run, Stage
from hunts.preset_models import Known as KnownCompanies
from hunts.work import Known, Work
from integrations.capabilities import FoundContact, ReadPage, ReadSite
from leads.evidence import Finding
from leads.models import Assessment

_BEFORE_A_VERDICT = (Stage.DEDUPE, Stage.PRESCREEN, Stage.CRAWL, Stage.QUALIFY)


def works(run: Run, candidates: Sequence[Candidate], *, judge: str) -> list[Work]:
    """Return the work of each candidate, in order; the candidates learn which run they belong to."""
    if not candidates:
        return []
    for candidate in candidates:
        candidate.run = run
    unjudged = [candidate.lead_id for candidate in candidates if candidate.stage in _BEFORE_A_VERDICT]
    config_id = run.scoring_config_id
    earlier = verdicts.earlier(run.icp, unjudged, judge=judge, scoring_config_id=config_id) if unjudged else {}
    fresh = verdicts.fresh_texts({text for known in earlier.values() for one in known for text in one.snapshots})
    return [_work(candidate, earlier.get(candidate.lead_id, ()), fresh) for candidate in candidates]


def _work(candidate: Candidate, earlier: Sequence[Known], fresh: frozenset[str]) -> Work:
    lead, run = candidate.lead, candidate.run
    begun = candidate.stage != Stage.DEDUPE
    record = pages.record_page(lead.source_url or lead.website, lead.record) if lead.record else None
    return Work(
        handle=lead.handle,
        name=lead.name,
        website=lead.website,
        icp=run.icp,
        scoring=run.scoring_config.config,
        description=lead.description,
        location=lead.location,
        country=lead.country,
        employees=lead.employees,
        record=record,
        known=None if begun else _standing(earlier, fresh, record),
        # A retry from qualify wants the judge's answer of now.
        earlier=tuple(earlier) if candidate.anew_stage != Stage.QUALIFY else (),
        is_left_out=candidate.is_known and run.known == KnownCompanies.LEAVE_OUT,
        is_last_try=candidate.attempts >= settings.CANDIDATE_MAX_ATTEMPTS,
        site=_site(candidate) if begun else None,
        findings=_findings(candidate.assessment) if candidate.assessment else None,
        contacts=tuple(_contacts(candidate)) if candidate.stage == Stage.SCORE else (),
    )


def _standing(earlier: Sequence[Known], fresh: frozenset[str], record: ReadPage | None) -> Known | None:
    return verdicts.standing(earlier, fresh, record.sha256 if record else "")


def _site(candidate: Candidate) -> ReadSite | None:
    if "pages" not in candidate.facts:
        return None
    read = pages.reload(candidate.facts["pages"], candidate.run.workspace_id)
    return ReadSite(final_url=candidate.facts["final_url"], pages=read)


def _findings(assessment: Assessment) -> tuple[Finding, ...]:
    return tuple(verdicts.finding(row, None) for row in assessment.evidence.all())


def _contacts(candidate: Candidate) -> list[FoundContact]:
    return [
        FoundContact(email=row.email, name=row.name, title=row.title, phone=row.phone, is_person=row.is_person)
        for row in candidate.lead.contacts.all()
    ]
