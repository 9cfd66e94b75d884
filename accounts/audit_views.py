"""The door to the audit log: owners and admins of a workspace may look."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit_page
from accounts.audit_models import Verb
from accounts.middleware import MemberRequest, admin_required
from accounts.row_numbers import row_number


@require_GET
@admin_required
def show(request: MemberRequest) -> HttpResponse:
    asked, members = request.GET, audit_page.people(request.workspace)
    before, person = row_number(asked.get("before", "")), asked.get("person", "")
    context = {
        "page": audit_page.page(audit_page.narrowed(request.workspace, asked), members, before=before),
        "people": members,
        "verbs": [one for one in Verb.choices if not one[0].startswith("operator.")],  # they are of no workspace
        "person": person if person == audit_page.NOBODY else row_number(person),
        "verb": asked.get("verb", ""),
        "day": audit_page.day_of(asked.get("day", "")),
        "is_narrowed": any(asked.get(name) for name in ("person", "verb", "day")),
        "before": before,
    }
    return render(request, "accounts/audit.html", context)
