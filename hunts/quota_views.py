"""The page of what a workspace may have, how much of it is used, and how often people may do what costs."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.middleware import MemberRequest, member_required
from accounts.quota_table import NEARLY, QUOTAS, Quota
from accounts.quotas import all_allowed
from hunts import places


@dataclass(frozen=True, slots=True)
class Row:
    """One limit as the page shows it; `allowed` 0 is without a limit, `used` None is not counted in places."""

    quota: Quota
    allowed: int
    used: int | None = None

    @property
    def is_reached(self) -> bool:
        return self.used is not None and 0 < self.allowed <= self.used

    @property
    def is_near(self) -> bool:
        return self.used is not None and not self.is_reached and 0 < self.allowed * NEARLY <= self.used

    @property
    def said(self) -> str:
        """What is used, and what to do about it."""
        return str(self.quota.refusal) % {"used": self.used, "allowed": self.allowed}


@require_GET
@member_required
def page(request: MemberRequest) -> HttpResponse:
    allowed, used = all_allowed(request.workspace.pk), places.used(request.workspace)
    rows = [Row(quota, allowed[name], used.get(name)) for name, quota in QUOTAS.items()]
    context = {
        "places": [row for row in rows if row.used is not None],
        "rates": [row for row in rows if row.used is None],
        "near": [row for row in rows if row.is_near or row.is_reached],
    }
    return render(request, "hunts/limits.html", context)
