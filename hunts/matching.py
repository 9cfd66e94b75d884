"""Which companies a run would find, and what is there already of each: asked of our own rows, with no call outside."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.cache import cache
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from enrichment.models import Page
from hunts import searches, verdicts
from hunts.filter_models import FilterHistory
from hunts.icp import Icp
from hunts.models import Candidate, Source
from hunts.stages import discover
from integrations.providers.directory import Directory
from leads import dedupe
from leads.directory import DatabaseIndex
from leads.models import Company, Lead

COUNTED = (Source.DIRECTORY, Source.FILE)
# A search of a large directory takes tenths of a second; whoever tries several limits looks at one result.
KEPT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Matching:
    """The companies that a run is about to find, by their domains. Of them the workspace has `known` as leads.

    `reused` of those need neither reading nor judging: an earlier judgement stands. Of the rest the pages of `fetched`
    were read lately. `is_counted` is True for the answer of a search made now, False for what the last run found.
    """

    handles: tuple[str, ...]
    known: int = 0
    reused: int = 0
    fetched: int = 0
    is_counted: bool = True


def matching(
    workspace_id: int,
    icp: Icp,
    *,
    source: str,
    limit: int,
    company_list_id: int | None,
    last: FilterHistory | None,
    judge: str,
) -> Matching | None:
    """Return what a run would find: counted where that costs nothing, else as in the `last` run with these filters.

    `None` where nobody can tell: a source that is paid was not asked yet, or the file is not here yet.
    """
    if source == Source.DIRECTORY or (source == Source.FILE and company_list_id):
        handles = _searched(workspace_id, icp, source, limit, company_list_id)
        return _looked_up(workspace_id, icp, handles, judge, is_counted=True)
    if source != Source.FILE and last is not None and last.run_id:
        found = Candidate.objects.filter(run_id=last.run_id).order_by("position")
        handles = tuple(found.values_list("lead__handle", flat=True)[:limit])
        return _looked_up(workspace_id, icp, handles, judge, is_counted=False)
    return None


def _searched(workspace_id: int, icp: Icp, source: str, limit: int, company_list_id: int | None) -> tuple[str, ...]:
    """Return the domains that discovery would find in the imported lists, from memory where they are as they were."""
    index = DatabaseIndex(workspace_id=workspace_id, list_id=company_list_id)
    lists = index.lists()
    newest = Company.objects.filter(list__in=lists).order_by("-pk").values_list("pk", "domain").first()
    query = icp.query()
    asked = [workspace_id, sorted(lists), newest, limit, icp.language, repr(query)]
    key = f"matching:{hashlib.sha256(json.dumps(asked).encode()).hexdigest()}"
    known: tuple[str, ...] | None = cache.get(key)
    if known is not None:
        return known
    plan = searches.plan(icp, source=source, limit=limit)
    found = async_to_sync(discover.run)(plan, Directory(index), limit=limit)
    handles = tuple(company.domain for company in found)
    cache.set(key, handles, KEPT_SECONDS)
    return handles


def _looked_up(workspace_id: int, icp: Icp, handles: Sequence[str], judge: str, *, is_counted: bool) -> Matching:
    """Return what is there of these companies; two that are one lead, by a merge or an alias, count once."""
    leads = _leads_of(workspace_id, handles)
    first = {leads.get(handle, handle): handle for handle in reversed(handles)}
    companies = tuple(handle for handle in handles if first[leads.get(handle, handle)] == handle)
    records = dict(Lead.objects.filter(pk__in=leads.values()).values_list("pk", "record"))
    standing = verdicts.leads_standing(icp, records, judge=judge)
    unspared = [handle for handle in companies if leads.get(handle) not in standing]
    return Matching(
        companies,
        known=len(records),
        reused=len(companies) - len(unspared),
        fetched=_fetched(workspace_id, unspared),
        is_counted=is_counted,
    )


def _leads_of(workspace_id: int, handles: Sequence[str]) -> dict[str, int]:
    """Return by domain the number of the lead that the workspace knows it as, where it does."""
    rows = Lead.objects.filter(workspace_id=workspace_id, platform=Lead.Platform.WEB, handle__in=handles)
    own = dict(rows.values_list("handle", Coalesce(F("merged_into"), F("pk"))))
    return dedupe.by_alias(workspace_id, handles) | own


def _fetched(workspace_id: int, handles: Sequence[str]) -> int:
    """Return how many of these sites have a page that was read lately and will not be fetched again.

    Pages are everybody's, but which sites others read is not to be found out: what the workspace itself read counts.
    """
    leads = Lead.objects.filter(workspace_id=workspace_id, platform=Lead.Platform.WEB, handle__in=handles)
    own = set(leads.filter(candidacies__facts__has_key="pages").values_list("handle", flat=True))
    since = timezone.now() - timedelta(days=settings.PAGE_TTL_DAYS)
    hosts = [*handles, *(f"www.{handle}" for handle in handles)]
    read = Page.objects.filter(host__in=hosts, fetched_at__gte=since).values_list("host", flat=True).distinct()
    return len({host.removeprefix("www.") for host in read} & own)
