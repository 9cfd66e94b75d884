"""What stages found out becomes rows: one transaction, all or nothing, and only while the claim is ours."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.failpoints import failpoint
from enrichment.models import Snapshot
from hunts import answers, claims, identity, novelty, sourcing
from hunts.models import Candidate, Run, RunEvent, Stage
from hunts.work import Known, Verdict, Work
from integrations.capabilities import FoundCompany, FoundContact
from integrations.models import ProviderCall
from leads import collecting, merging, site_facts, suppression
from leads.evidence import Finding
from leads.models import Assessment, Contact, Evidence, Lead

ORDER: tuple[str, ...] = tuple(Stage.values)

# What a stage said, and all that is known with it.
Step = tuple[Verdict, Work]


def record(candidate: Candidate, steps: Sequence[Step]) -> bool:
    """Save what one stage said, or several that follow each other, and move on; return True when the way is over.

    Raises LeaseLost when another worker has the candidate now; nothing is written then.
    """
    lines: list[RunEvent] = []
    moved: dict[str, object] = {}
    with transaction.atomic():
        for verdict, work in steps:
            moved |= _take_step(candidate, verdict, work, lines)
        failpoint("record.facts_saved")
        claims.hold_on(candidate, **moved)
        failpoint("record.moved_on")
        RunEvent.objects.bulk_create(lines)
    failpoint("record.committed")
    return candidate.status != Candidate.Status.WORKING


def _take_step(candidate: Candidate, verdict: Verdict, work: Work, lines: list[RunEvent]) -> dict[str, object]:
    """Write the facts of one stage, add what it says to `lines`, and return the candidate's new columns."""
    stage = candidate.stage
    verdict, settled = identity.settle(candidate, verdict)
    columns = _facts(candidate, verdict, work) | next_step(stage, verdict) | settled
    claims.assign(candidate, columns)
    if verdict.outcome == "rejected" and verdict.score is None and stage != Stage.DEDUPE:
        # Never judged, so there is no score to tell by: parked, closed to us, or another company's second name.
        unjudged = Lead.objects.filter(pk=candidate.lead_id, status=Lead.Status.NEW)
        unjudged.update(status=Lead.Status.REJECTED)
    lines.append(_line(candidate, stage, verdict.reason))
    return columns


def next_step(stage: str, verdict: Verdict) -> dict[str, object]:
    """Return the columns of a candidate whose `stage` said `verdict`."""
    reason = {"reason": verdict.reason[:500]}
    if verdict.outcome == "rejected":
        return reason | _over(Candidate.Status.REJECTED)
    if verdict.outcome == "waiting":
        again = {"status": Candidate.Status.QUEUED, "stage": verdict.skip_to, "lease_expires_at": None}
        return reason | again | {"attempts": 0, "deaths": 0}
    if stage == ORDER[-1]:
        return _over(Candidate.Status.QUALIFIED)  # the score's reason stays: it says more than "delivered"
    following = verdict.skip_to or ORDER[ORDER.index(stage) + 1]
    return reason | {"stage": following, "attempts": 0, "deaths": 0, "lease_expires_at": Candidate.lease_end()}


def _over(status: str) -> dict[str, object]:
    return {"status": status, "finished_at": timezone.now(), "lease_expires_at": None}


def _facts(candidate: Candidate, verdict: Verdict, work: Work) -> dict[str, object]:
    """Write what the verdict carries to the lead's rows and return the candidate's own columns."""
    columns: dict[str, object] = {}
    if verdict.site is not None:
        pages = [{"url": page.url, "title": page.title, "sha256": page.sha256} for page in verdict.site.pages]
        facts = {"pages": pages, "final_url": verdict.site.final_url, "from_cache": verdict.site.from_cache}
        columns["facts"] = candidate.facts | facts
        Lead.objects.filter(pk=candidate.lead_id).update(site_problem=verdict.site.problem[:500])
        if verdict.site.pages:
            site_facts.save(candidate.lead_id, verdict.site.pages)
        if verdict.outcome == "passed":
            identity.remember_landing(candidate, verdict.site)
    if verdict.reuse is not None:
        columns |= {"assessment_id": _used_again(candidate, verdict.reuse, work), "is_cached": True}
        columns["answers"] = answers.of_findings(work.icp, verdict.reuse.findings)
    elif verdict.findings is not None:
        columns["assessment_id"] = _save_assessment(candidate, verdict, work).pk
        columns["answers"] = answers.of_findings(work.icp, verdict.findings)
    if verdict.contacts is not None:
        _save_contacts(candidate.lead, verdict.contacts)
    if verdict.score is not None:
        columns |= _save_score(candidate, verdict, work)
    return columns


def _save_assessment(candidate: Candidate, verdict: Verdict, work: Work) -> Assessment:
    if work.record is not None:
        Snapshot.keep([work.record.text])
    assessment = Assessment.objects.create(
        lead_id=candidate.lead_id,
        criteria_hash=work.icp.criteria_hash(),
        judged_by=verdict.judged_by[:100],
        judge_note=verdict.judge_note[:500],
        prompt_version=verdict.prompt_version[:40],
        snapshots=[page.sha256 for page in work.pages],
        scoring_config_id=candidate.run.scoring_config_id,
    )
    _save_evidence(assessment, verdict.findings or ())
    return assessment


def _used_again(candidate: Candidate, known: Known, work: Work) -> int:
    """Return the assessment that shows an earlier judgement: that one, or a copy where it is weighed otherwise now.

    What was judged of a lead that was merged into this one is copied, too, for the two may be parted again. A score is
    explained by the weights that stand with its verdicts, so those of an earlier run stay as they are.
    """
    if known.is_as_scored:
        return known.assessment_id
    copy = Assessment.objects.get(pk=known.assessment_id)
    copy.pk, copy._state.adding, copy.lead_id = None, True, candidate.lead_id
    copy.scoring_config_id = candidate.run.scoring_config_id
    copy.score, copy.tier = None, ""
    copy.save()
    _save_evidence(copy, known.findings)
    return copy.pk


def _save_evidence(assessment: Assessment, findings: Sequence[Finding]) -> None:
    Evidence.objects.bulk_create(
        _evidence_row(assessment, position, finding) for position, finding in enumerate(findings)
    )


def _evidence_row(assessment: Assessment, position: int, finding: Finding) -> Evidence:
    asked, place = finding.criterion, finding.place
    row = Evidence(
        assessment=assessment,
        position=position,
        criterion=asked.key,
        text=asked.text[:500],
        kind=asked.kind,
        weight=asked.weight,
        verdict=finding.verdict,
        claimed=finding.claimed,
        confidence=finding.confidence,
        reason=finding.reason[:500],
    )
    if place is not None:
        row.quote, row.url, row.snapshot_sha256 = place.text, place.url, place.sha256
        row.start, row.end, row.fetched_at = place.start, place.end, place.fetched_at
    return row


def _save_contacts(lead: Lead, contacts: Sequence[FoundContact]) -> None:
    """Add contacts that the lead does not have, and give all of them their new rank; none who must not be kept."""
    words = {one: (*_known_by(one), one.quote) for one in contacts}
    watch = suppression.watch(lead.workspace_id, lead.handle, list(words.values())) if contacts else None
    told = [one for one in contacts if not suppression.names_any(watch, *words[one])]
    dates = collecting.remember(lead.workspace_id, {one: collecting.keys_of(lead.handle, one) for one in told})
    now = timezone.now()
    Contact.objects.bulk_create(
        [
            Contact(
                lead=lead,
                name=found.name[:200],
                title=found.title[:200],
                email=found.email[:254],
                phone=found.phone[:60],
                linkedin_url=found.linkedin_url[:500],
                is_person=found.is_person,
                rank=rank,
                confidence=found.confidence,
                found_by=found.found_by,
                source_url=found.source_url,
                quote=found.quote,
                in_source=found.in_source,
                snapshot_sha256=found.snapshot_sha256,
                first_collected_at=dates[found].first,
                is_again=dates[found].is_again,
                last_seen_at=now,
            )
            for rank, found in enumerate(told)
        ],
        update_conflicts=True,
        unique_fields=["lead", "email", "name", "phone"],
        update_fields=_SEEN_AGAIN,
    )


# Since when a contact is known stays as it was.
_SEEN_AGAIN = ["rank", "title", "source_url", "quote", "in_source", "snapshot_sha256", "confidence", "last_seen_at"]


def _known_by(found: FoundContact) -> tuple[str, ...]:
    return found.email, found.name, found.phone, found.linkedin_url


def _save_score(candidate: Candidate, verdict: Verdict, work: Work) -> dict[str, object]:
    """Write the score to the assessment and to the lead, with what its table shows; return the candidate's columns."""
    score, assessment_id = verdict.score, candidate.assessment_id
    assert score is not None and assessment_id is not None, "only a judged candidate is scored"
    Assessment.objects.filter(pk=assessment_id).update(
        score=score.total, tier=score.tier, scoring_config_id=candidate.run.scoring_config_id
    )
    cost = _cost_of(candidate)
    best = best_finding(work.findings or ())
    to_write_to = Contact.objects.filter(lead=candidate.lead_id).values_list("name", "email").first() or ("", "")
    root_id = merging.hold_root(candidate.lead_id)
    Lead.objects.filter(pk=candidate.lead_id).update(
        status=Lead.Status.QUALIFIED if verdict.outcome == "passed" else Lead.Status.REJECTED,
        score=score.total,
        tier=score.tier,
        assessment_id=assessment_id,
        best_quote=best.place.text if best and best.place else "",
        best_quote_url=best.place.url if best and best.place else "",
        contact_name=to_write_to[0],
        contact_email=to_write_to[1],
        judged_at=timezone.now(),
        **_charged(candidate, cost),
    )
    if root_id is not None:  # merged away while it was judged: what was found out is the kept lead's, too
        merging.take_over(root_id)
    failpoint("record.lead_written")
    return {"score": score.total, "tier": score.tier, "cost_microusd": cost}


def _cost_of(candidate: Candidate) -> int:
    """Return what this candidate's calls cost, in micro-dollars; the journal is the truth, whoever made them."""
    calls = ProviderCall.objects.filter(candidate_ref=str(candidate.pk))
    return calls.aggregate(total=Sum("cost_microusd"))["total"] or 0


def _charged(candidate: Candidate, cost: int) -> dict[str, int]:
    """Return the lead's column of costs with `cost` of this candidate added; done again, it adds nothing."""
    if not cost:
        return {}
    others = Candidate.objects.filter(lead_id=candidate.lead_id).exclude(pk=candidate.pk)
    return {"cost_microusd": (others.aggregate(total=Sum("cost_microusd"))["total"] or 0) + cost}


def best_finding(findings: Sequence[Finding]) -> Finding | None:
    """Return the proof that says most about the company: of what it does before where it is, the surest first."""
    proven = [finding for finding in findings if finding.verdict == "yes" and finding.criterion.kind != "exclude"]
    factual = {"country", "region", "employees", "founded_year", "event"}
    return max(
        proven,
        key=lambda finding: (
            finding.criterion.facet not in factual,
            finding.criterion.weight,
            Decimal(str(finding.confidence)),
        ),
        default=None,
    )


def _line(candidate: Candidate, stage: str, message: str, level: RunEvent.Level = RunEvent.Level.INFO) -> RunEvent:
    said = f"{candidate.lead.name}: {message}"[:500]
    return RunEvent(run_id=candidate.run_id, candidate=candidate, level=level, stage=stage, message=said)


def record_failure(candidate: Candidate, message: str) -> None:
    """End a candidate's way with a reason that can be shown."""
    with transaction.atomic():
        claims.hold_on(candidate, reason=message[:500], **_over(Candidate.Status.FAILED))
        failpoint("record.failed")
        _line(candidate, candidate.stage, message, RunEvent.Level.ERROR).save()


def record_discovery(
    run: Run,
    fence: int,
    companies: Sequence[FoundCompany],
    plan: Sequence[Mapping[str, object]] = (),
    *,
    repeats: int = 0,
) -> None:
    """Make leads and candidates of what was found, and keep what was asked. Done twice, it adds nothing twice.

    `repeats` is how often the searches named a company that they had named before.
    """
    with transaction.atomic():
        ours = Run.objects.filter(pk=run.pk, discover_fence=fence, discovered_at__isnull=True)
        if not ours.update(discovered_at=timezone.now(), discover_lease_expires_at=None, plan_json=list(plan)):
            raise claims.LeaseLost
        found = sourcing.leads_of(run, companies)
        failpoint("discovery.leads_made")
        Candidate.objects.bulk_create(
            [
                Candidate(
                    run=run,
                    lead_id=one.lead_id,
                    position=place,
                    relevance=one.company.relevance,
                    is_known=one.is_known,
                )
                for place, one in enumerate(found)
            ],
            ignore_conflicts=True,
        )
        novelty.remember(run, total=len(found), new=sum(not one.is_known for one in found))
        repeats += len(companies) - len(found)
        Run.objects.filter(pk=run.pk).update(repeats=repeats)
        RunEvent.objects.create(run=run, stage="discover", message=sourcing.told(found, repeats))
