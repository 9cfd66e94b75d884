"""One company, one lead, also where a run finds out on the way: by where a site leads, by its pages, by its name."""

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from hunts.models import Candidate
from hunts.stages.prescreen import is_no_company
from hunts.work import Twin, Verdict, passed, rejected
from integrations.capabilities import ReadSite
from integrations.lexicon.domains import host_of, registrable_domain
from leads import dedupe, family, merging
from leads.dedupe import Found
from leads.merge_models import Clue
from leads.models import Lead

# A home page, also that of one language: acme.com/en and acme.com/de-AT/, but not acme.com/berlin.
_FRONT_DOOR = re.compile(r"/?|/[a-z]{2}(?:[-_][a-z]{2,4})?/?|/(?:index|home|default)\.\w{3,5}", re.I)


@dataclass(frozen=True, slots=True)
class RunIdentities:
    """Finds out that a candidate is a company that its run, or its workspace, has under another name."""

    candidate: Candidate

    async def twin_of(self, site: ReadSite, *, home_sha256: str) -> Twin | None:
        return await sync_to_async(self._twin)(site, home_sha256)

    def _twin(self, site: ReadSite, home_sha256: str) -> Twin | None:
        """Return who it is. What is uncertain counts within the run only: it spends nothing twice and merges nobody."""
        found = self._landed_on(site) or self._same_home(home_sha256) or self._same_name(site)
        return found if found is not None and (found.is_certain or found.is_in_run) else None

    def _landed_on(self, site: ReadSite) -> Twin | None:
        domain = landing(self.candidate, site)
        if not domain:
            return None
        other = dedupe.standing_for(self.candidate.run.workspace_id, domain)
        return self._twin_with(other, (Found(Clue.REDIRECT, site.final_url),), is_certain=is_front_door(site.final_url))

    def _same_home(self, home_sha256: str) -> Twin | None:
        if not home_sha256:
            return None
        other = self._with_home(home_sha256)
        if other is None:
            return None
        # Two strangers can both show what a web server shows before there is a site.
        is_named_alike = dedupe.have_one_name(*(merging.root_of(pk) for pk in (self.candidate.lead_id, other.pk)))
        clues = [Found(Clue.HOME_PAGE, home_sha256)] + ([Found(Clue.NAME, other.name)] if is_named_alike else [])
        return self._twin_with(other.pk, tuple(clues), is_certain=is_named_alike)

    def _with_home(self, home_sha256: str) -> Lead | None:
        """Return the lead with the same home page: of this run, where one candidate wins it, or of an earlier one."""
        others = self._others()
        # A company that is not read again, because it was judged before, is known by the page that was judged.
        found = others.filter(is_cached=True, assessment__snapshots__0=home_sha256).order_by("pk")
        lead_id = found.values_list("lead", flat=True).first()
        if lead_id is None:
            try:
                with transaction.atomic():
                    Candidate.objects.filter(pk=self.candidate.pk).update(identity=home_sha256)
            except IntegrityError:
                lead_id = others.filter(identity=home_sha256).values_list("lead", flat=True).first()
            else:
                lead_id = self._had_home(home_sha256)
        return None if lead_id is None else Lead.objects.get(pk=lead_id)

    def _had_home(self, home_sha256: str) -> int | None:
        """Return the lead that an earlier run of the workspace found with the same home page."""
        workspace_id = self.candidate.run.workspace_id
        earlier = Candidate.objects.filter(identity=home_sha256, lead__workspace=workspace_id)
        others = earlier.exclude(lead=self.candidate.lead_id).exclude(run=self.candidate.run_id)
        return others.order_by("-pk").values_list("lead", flat=True).first()

    def _same_name(self, site: ReadSite) -> Twin | None:
        other = dedupe.certain_twin(self.candidate.lead, site.pages)
        return self._twin_with(other.lead.pk, other.clues, is_certain=True) if other else None

    def _twin_with(self, lead_id: int | None, clues: tuple[Found, ...], *, is_certain: bool) -> Twin | None:
        """Return the twin, unless it is the candidate's own lead or a person said that they are two."""
        if lead_id is None:
            return None
        root_id, own = merging.root_of(lead_id), merging.root_of(self.candidate.lead_id)
        if root_id == own or root_id in family.kept_apart_from(own):
            return None
        is_in_run = self._others().filter(_in_family(root_id)).exists()
        name = Lead.objects.values_list("name", flat=True).get(pk=root_id)
        return Twin(root_id, name, clues, is_certain, is_in_run)

    def _others(self) -> QuerySet[Candidate]:
        return Candidate.objects.filter(run_id=self.candidate.run_id).exclude(pk=self.candidate.pk)


def _in_family(lead_id: int) -> Q:
    return Q(lead=lead_id) | Q(lead__merged_into=lead_id)


def landing(candidate: Candidate, site: ReadSite) -> str:
    """Return the domain that a candidate's site leads to; '' where that is its own, or many companies' common one."""
    host = host_of(site.final_url)
    domain = registrable_domain(host) if host else ""
    return "" if domain == candidate.lead.handle or is_no_company(host) else domain


def is_front_door(url: str) -> bool:
    """True where an address is a site's home page, in one language or in all."""
    return bool(_FRONT_DOOR.fullmatch(urlsplit(url).path))


def settle(candidate: Candidate, verdict: Verdict) -> tuple[Verdict, dict[str, Any]]:
    """Make one lead of a candidate's and its certain twin's; return the verdict as it stands then, and new columns.

    Call it first in the transaction of the stage, for it locks both leads. Two candidates may each have taken the
    other for its twin: the first to come here is merged, and the second goes on, for it is both. Where a person kept
    the two apart meanwhile, each goes on.
    """
    twin = verdict.twin
    if twin is None or not twin.is_certain:
        return verdict, {}
    try:
        merging.merge(twin.lead_id, candidate.lead_id, by=None, evidence=[clue.to_json() for clue in twin.clues])
    except merging.KeptApart:
        return _goes_on(verdict), {}
    except merging.OneAlready:
        if merging.root_of(candidate.lead_id) == candidate.lead_id:
            return _goes_on(verdict), {}
    root_id = merging.root_of(candidate.lead_id)
    others = Candidate.objects.filter(_in_family(root_id), run_id=candidate.run_id).exclude(pk=candidate.pk)
    if others.exists():
        return rejected(f"The same company as {twin.name}.", site=verdict.site, twin=twin), {}
    # The run has found a company that the workspace knew already, and goes on with what is known of it.
    reason = f"Found as {candidate.lead.handle}, which is the same company."
    waiting = replace(verdict, outcome="waiting", skip_to="dedupe", reason=reason)
    return waiting, {"lead_id": root_id, "is_known": True, "assessment_id": None, "answers": ""}


def _goes_on(verdict: Verdict) -> Verdict:
    pages = len(verdict.site.pages) if verdict.site else 0
    return passed(f"read {pages} pages", site=verdict.site)


def remember_landing(candidate: Candidate, site: ReadSite) -> None:
    """Keep the domain that a site leads to as another name of its lead: found again, it costs nothing."""
    domain = landing(candidate, site)
    if domain and site.pages and not site.is_parked and is_front_door(site.final_url):
        dedupe.remember_alias(candidate.lead, domain, Found(Clue.REDIRECT, site.final_url))
