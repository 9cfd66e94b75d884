"""The doors to hunts: their list, and the page of one."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from accounts.middleware import MemberRequest, may_change, member_required
from accounts.row_numbers import row_number
from hunts import changes, listing, preset_page, profile, startpage
from hunts.chat_views import EXAMPLES
from hunts.models import Hunt
from integrations.storable import storable_text

PAGE_ROWS = 50
LONGEST_SEARCH = 100


@require_GET
@member_required
def hunt_list(request: MemberRequest) -> HttpResponse:
    before = row_number(request.GET.get("before", ""))
    words = storable_text(request.GET.get("q", "").strip())[:LONGEST_SEARCH]
    hunts = listing.hunts_found(request.workspace, request.user, words)
    if before is not None:
        hunts = hunts.filter(pk__lt=before)
    found = list(hunts[: PAGE_ROWS + 1])
    shown = found[:PAGE_ROWS]
    context = {
        "rows": listing.rows(shown, request.workspace, request.user),
        "examples": EXAMPLES,
        "older": shown[-1].pk if len(found) > PAGE_ROWS else None,
        "before": before,
        "q": words,
        "may_change": may_change(request),
    }
    return render(request, "hunts/list.html", context)


@require_GET
@member_required
def hunt_detail(request: MemberRequest, pk: int) -> HttpResponse:
    hunt = get_object_or_404(
        Hunt.objects.visible_to(request.workspace).select_related("workspace", "company_list"), pk=pk
    )
    panel = preset_page.panel(hunt, request.workspace, request.user)
    context = {
        "hunt": hunt,
        "icp": hunt.icp,
        "lists": [(label, profile.labelled(hunt.icp, name)) for name, label in changes.LISTS.items()],
        "panel": panel,
        "runs": preset_page.counted(hunt.runs.kept()).order_by("-pk")[: preset_page.RUNS],
        "may_change": may_change(request),
        "again": startpage.again(hunt, panel.preset) if may_change(request) else None,
    }
    return render(request, "hunts/detail.html", context)
