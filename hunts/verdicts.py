"""The verdict cache: what was judged of a lead is used again for VERDICT_TTL_DAYS while what it rests on is the same.

It rests on the texts (by their hashes), the criteria (their hash: words and kinds, not weights), the version of the
prompt and the tier of the judge: a rule-based judge's verdicts do not stand in for a language model's, nor the other
way round; between language models of one chain they do, for which of them answers depends on whose turn it is.
A lead belongs to one workspace, and so do its verdicts.

Leads that are one company have one set of verdicts: what was judged of a lead before it was merged away is used again
for the one that stands for it, while the texts that it rests on are what they were (its own pages, and its own record).
Where two verdicts that stand say different things, the newer one counts, whichever name it was judged under. It is
copied, and not moved, so that each lead has its own again when the merge is undone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from enrichment.models import Page
from hunts.icp import Icp
from hunts.stages.qualify import PROMPT_VERSION
from hunts.work import Known
from integrations.capabilities import Criterion, CriterionKind
from integrations.lexicon.text import sha256_of
from integrations.providers.local import Local
from leads import family
from leads.evidence import Finding, Place
from leads.models import Assessment, Evidence, Lead
from leads.scoring import Verdict as Answer

RULES = f"{Local.slug}/"  # how the names of judges begin that are no language model


def earlier(icp: Icp, lead_ids: Iterable[int], *, judge: str, scoring_config_id: int) -> Mapping[int, Sequence[Known]]:
    """Return by lead the judgements of its company that stand for one by `judge` of these texts, the newest first."""
    families = family.families(lead_ids)
    asked = {criterion.key: criterion for criterion in icp.criteria}
    rows = _young(icp, families, judge).prefetch_related("evidence").select_related("lead")
    return _by_lead(families, rows, lambda row: _known(row, asked, scoring_config_id))


def leads_standing(icp: Icp, records: Mapping[int, str], *, judge: str) -> frozenset[int]:
    """Return the leads that would be neither read nor judged again by `judge`; three queries for any number of them.

    `records` are the directory's records, '' without one, by lead.
    """
    families = family.families(records)
    rows = _young(icp, families, judge).select_related("lead")
    found = _by_lead(families, rows, lambda row: Known(row.pk, row.judged_at, (), frozenset(row.snapshots)))
    fresh = fresh_texts({text for judged in found.values() for known in judged for text in known.snapshots})
    hashes = {lead_id: sha256_of(records[lead_id]) if records[lead_id] else "" for lead_id in found}
    return frozenset(lead_id for lead_id, judged in found.items() if standing(judged, fresh, hashes[lead_id]))


def _by_lead(
    families: Mapping[int, Sequence[int]], rows: Iterable[Assessment], known_of: Callable[[Assessment], Known]
) -> dict[int, list[Known]]:
    """Return by lead what was judged of it, and of the others of its family: those rest on records of their own."""
    asked_by: defaultdict[int, list[int]] = defaultdict(list)
    for lead_id, members in families.items():
        for member in members:
            asked_by[member].append(lead_id)
    found: defaultdict[int, list[Known]] = defaultdict(list)
    for row in rows:
        known = known_of(row)
        for lead_id in asked_by[row.lead_id]:
            found[lead_id].append(known if lead_id == row.lead_id else _of_another(known, row.lead))
    return found


def _of_another(known: Known, lead: Lead) -> Known:
    return replace(known, is_as_scored=False, own_record=sha256_of(lead.record) if lead.record else "")


def _young(icp: Icp, families: Mapping[int, Iterable[int]], judge: str) -> QuerySet[Assessment]:
    """Return the judgements of these leads by these criteria that may be used again still, the newest first."""
    since = timezone.now() - timedelta(days=settings.VERDICT_TTL_DAYS)
    leads = {member for members in families.values() for member in members}
    rows = Assessment.objects.filter(
        _of_the_tier(judge), lead_id__in=leads, criteria_hash=icp.criteria_hash(), judged_at__gte=since
    )
    return rows.order_by("-judged_at", "-pk")


def _of_the_tier(judge: str) -> Q:
    if judge.startswith(RULES):
        return Q(judged_by=judge)  # its version is part of its name
    return ~Q(judged_by__startswith=RULES) & Q(prompt_version=PROMPT_VERSION)


def _known(row: Assessment, asked: Mapping[str, Criterion], scoring_config_id: int) -> Known:
    """Return what was found out, weighed as this profile weighs it."""
    evidence = list(row.evidence.all())
    weighed_alike = all(one.weight == asked[one.criterion].weight for one in evidence if one.criterion in asked)
    return Known(
        row.pk,
        row.judged_at,
        tuple(finding(one, asked.get(one.criterion)) for one in evidence),
        frozenset(row.snapshots),
        is_as_scored=weighed_alike and row.scoring_config_id == scoring_config_id,
    )


def finding(row: Evidence, asked: Criterion | None) -> Finding:
    """Return a stored verdict as a stage sees it; `asked` is its criterion as it is weighed now."""
    criterion = asked or Criterion(row.criterion, row.text, cast(CriterionKind, row.kind), row.weight)
    place = None
    if row.start is not None and row.end is not None:
        place = Place(row.url, row.snapshot_sha256, row.start, row.end, row.quote, row.fetched_at)
    return Finding(criterion, cast(Answer, row.verdict), row.claimed, row.confidence, row.reason, place)


def fresh_texts(hashes: Iterable[str]) -> frozenset[str]:
    """Return which of the texts some page still shows that was read within PAGE_TTL_DAYS."""
    since: datetime = timezone.now() - timedelta(days=settings.PAGE_TTL_DAYS)
    shown = Page.objects.filter(snapshot_id__in=list(hashes), fetched_at__gte=since)
    return frozenset(shown.values_list("snapshot_id", flat=True))


def standing(earlier: Sequence[Known], fresh: frozenset[str], record_sha256: str) -> Known | None:
    """Return the newest judgement that needs no page to be read again: all its texts are what would be read now.

    `record_sha256` is of the directory's record, or ''; a judgement of a lead that is the same company by a merge rests
    on that lead's record instead. One of a record alone never stands: its site may be back.
    """
    for known in earlier:
        record = frozenset(filter(None, [record_sha256 if known.own_record is None else known.own_record]))
        site = known.snapshots - record
        if site and site <= fresh and record <= known.snapshots:
            return known
    return None
