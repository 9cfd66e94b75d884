"""The verdict cache: what was judged of a lead is used again for VERDICT_TTL_DAYS while what it rests on is the same.

It rests on the texts (by their hashes), the criteria (their hash: words and kinds, not weights), the version of the
prompt and the tier of the judge: a rule-based judge's verdicts do not stand in for a language model's, nor the other
way round; between language models of one chain they do, for which of them answers depends on whose turn it is.
A lead belongs to one workspace, and so do its verdicts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
from leads.evidence import Finding, Place
from leads.models import Assessment, Evidence
from leads.scoring import Verdict as Answer

RULES = f"{Local.slug}/"  # how the names of judges begin that are no language model


def earlier(icp: Icp, lead_ids: Iterable[int], *, judge: str, scoring_config_id: int) -> Mapping[int, Sequence[Known]]:
    """Return by lead the judgements that stand for one by `judge` of the same texts, the newest first."""
    rows = _young(icp, lead_ids, judge)
    asked = {criterion.key: criterion for criterion in icp.criteria}
    found: defaultdict[int, list[Known]] = defaultdict(list)
    for row in rows.order_by("-judged_at", "-pk").prefetch_related("evidence"):
        found[row.lead_id].append(_known(row, asked, scoring_config_id))
    return found


def leads_standing(icp: Icp, records: Mapping[int, str], *, judge: str) -> frozenset[int]:
    """Return the leads that would be neither read nor judged again by `judge`; two queries for any number of them.

    `records` are the directory's records, '' without one, by lead.
    """
    found: defaultdict[int, list[Known]] = defaultdict(list)
    for row in _young(icp, records, judge).order_by("-judged_at", "-pk"):
        found[row.lead_id].append(Known(row.pk, row.judged_at, (), frozenset(row.snapshots)))
    fresh = fresh_texts({text for judged in found.values() for known in judged for text in known.snapshots})
    hashes = {lead_id: sha256_of(records[lead_id]) if records[lead_id] else "" for lead_id in found}
    return frozenset(lead_id for lead_id, judged in found.items() if standing(judged, fresh, hashes[lead_id]))


def _young(icp: Icp, lead_ids: Iterable[int], judge: str) -> QuerySet[Assessment]:
    """Return the judgements of these leads by these criteria that are young enough to be used again."""
    since = timezone.now() - timedelta(days=settings.VERDICT_TTL_DAYS)
    return Assessment.objects.filter(
        _of_the_tier(judge), lead_id__in=list(lead_ids), criteria_hash=icp.criteria_hash(), judged_at__gte=since
    )


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

    `record_sha256` is of the directory's record, or ''. One of a record alone never stands: its site may be back.
    """
    record = frozenset(filter(None, [record_sha256]))
    for known in earlier:
        site = known.snapshots - record
        if site and site <= fresh and record <= known.snapshots:
            return known
    return None
