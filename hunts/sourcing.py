"""From what a search found to leads of the workspace: each company once, under whatever name it is known."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hunts.models import Run
from integrations.capabilities import FoundCompany
from leads import dedupe, suppression
from leads.models import Lead


@dataclass(frozen=True, slots=True)
class Sourced:
    """A company that was found, the lead that it is, and whether the workspace had that lead before."""

    company: FoundCompany
    lead_id: int
    is_known: bool


def leads_of(run: Run, companies: Sequence[FoundCompany]) -> list[Sourced]:
    """Return the lead of each company, new ones made, in the order of the first that named it.

    Two companies that are one lead, by a merge or an alias, come back as one. Nobody who must not be kept comes with
    them. Four queries for any number, besides those that a database takes to insert many rows. Call it inside a
    transaction.
    """
    companies = suppression.companies_without(run.workspace_id, companies)
    aliases = dedupe.by_alias(run.workspace_id, (company.domain for company in companies))
    # In one order for all, so that two runs that find the same companies do not wait for each other in a circle.
    made = [_lead_of(run, one) for one in sorted(companies, key=lambda one: one.domain) if one.domain not in aliases]
    Lead.objects.bulk_create(made, ignore_conflicts=True)
    stored = _stored(run, [company.domain for company in companies])
    # Ours is the row that was created at the moment at which we made it; somebody else may have been there first.
    ours = {lead.handle for lead in made if stored[lead.handle][1] == lead.created_at}
    found: dict[int, Sourced] = {}
    for company in companies:
        lead_id = stored[company.domain][0] if company.domain in stored else aliases[company.domain]
        found.setdefault(lead_id, Sourced(company, lead_id, is_known=company.domain not in ours))
    return list(found.values())


def _stored(run: Run, domains: Sequence[str]) -> dict[str, tuple[int, object]]:
    """Return by domain which lead stands for it, and when the domain's own lead was made."""
    rows = Lead.objects.filter(workspace=run.workspace_id, platform=Lead.Platform.WEB, handle__in=domains)
    columns = rows.values_list("handle", Coalesce(F("merged_into"), F("pk")), "created_at")
    return {handle: (lead_id, created_at) for handle, lead_id, created_at in columns}


def _lead_of(run: Run, company: FoundCompany) -> Lead:
    return Lead(
        workspace_id=run.workspace_id,
        handle=company.domain,
        name=company.name[:300] or company.domain,
        website=company.website[:1000] or f"https://{company.domain}/",
        description=company.description,
        location=company.location[:500],
        country=company.country,
        employees_min=company.employees.min,
        employees_max=company.employees.max,
        founded_year=company.founded_year,
        phone=company.phone[:60],
        source=company.source,
        source_url=company.source_url[:1000],
        record=company.record,
    )


def told(found: Sequence[Sourced], repeats: int) -> str:
    """Say what a search found: "312 found, 48 already known, 264 new"."""
    known = sum(one.is_known for one in found)
    text = _("%(found)s found, %(known)s already known, %(new)s new.") % {
        "found": len(found),
        "known": known,
        "new": len(found) - known,
    }
    if repeats:
        again = ngettext("%(n)s answer named one again.", "%(n)s answers named one again.", repeats)
        text += " " + again % {"n": repeats}
    return text
