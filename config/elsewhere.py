"""Rows that are not found because they are in another workspace of the same person, who went there in another tab.

Asked only once a page was not found, by one query, and only among the person's own memberships: a row of a workspace
that is not theirs is as unknown as one that never was.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.apps import apps
from django.db.models import F
from django.http import HttpRequest

from accounts.middleware import ABOUT
from accounts.models import Workspace
from accounts.wall import as_system
from config.tenancy import OWNED

# By name of the page: the model whose row its address names by `pk`.
PAGES = {
    "hunts:detail": "hunts.Hunt",
    "hunts:run": "hunts.Run",
    "hunts:retry-run": "hunts.Run",
    "hunts:edit-preset": "hunts.Preset",
    "hunts:open-preset": "hunts.Preset",
    "hunts:schedule": "hunts.Preset",
    "leads:detail": "leads.Lead",
    "leads:merge": "leads.Lead",
    "enrichment:evidence": "leads.Lead",
    "enrichment:fact": "leads.Lead",
    "enrichment:contact": "leads.Lead",
}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """In which workspace of the person a row is, and the address that goes there and shows it."""

    workspace: str
    url: str


@as_system()
def elsewhere(request: HttpRequest) -> Elsewhere | None:
    """Return where the row of a page is that was asked for and not found; None where it is nowhere of the person's."""
    match, here = request.resolver_match, getattr(request, "workspace", None)
    if request.method != "GET" or match is None or here is None or match.view_name not in PAGES:
        return None
    label = PAGES[match.view_name]
    way = OWNED[label]
    mine = Workspace.objects.filter(memberships__user=request.user.pk, deleted_at__isnull=True).exclude(pk=here.pk)
    rows = apps.get_model(label)._base_manager.filter(pk=match.kwargs.get("pk"), **{f"{way}__in": mine})
    found = rows.values_list(F(f"{way}__pk"), F(f"{way}__name")).first()
    if found is None:
        return None
    return Elsewhere(found[1], f"{request.path}?{urlencode({ABOUT: found[0]})}")
