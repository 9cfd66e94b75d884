"""The page of trends. All that it shows is in its address; its days are those of whoever reads it."""

from zoneinfo import ZoneInfo

from csp.constants import NONCE
from csp.decorators import csp_update
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.middleware import MemberRequest, member_required
from accounts.row_numbers import row_number
from hunts import analytics, charts
from hunts.analytics import SPANS, USUAL_SPAN, Span
from hunts.models import Hunt, Source

MOST_HUNTS = 200  # to choose from, the newest first
LABELS = {
    "7d": gettext_lazy("7 days"),
    "30d": gettext_lazy("30 days"),
    "90d": gettext_lazy("90 days"),
    "12m": gettext_lazy("12 months"),
}


@require_GET
@csp_update({"style-src": [NONCE]})  # the charts' library makes style elements of its own
@member_required
def page(request: MemberRequest) -> HttpResponse:
    """Show what the runs of the workspace found and cost over time."""
    hunts = Hunt.objects.visible_to(request.workspace)
    hunt = _hunt(request)
    source = request.GET.get("source", "")
    zone = ZoneInfo(request.user.time_zone)
    shown = analytics.trends(
        request.workspace,
        span=_span(request.GET.get("range", "")),
        today=timezone.localdate(timezone=zone),
        zone=zone,
        hunt=hunt,
        source=source if source in Source.values else "",
    )
    drawn = charts.charts(shown)
    context = {
        "trends": shown,
        "headlines": charts.headlines(shown),
        "charts": drawn,
        "data": [chart.to_json() for chart in drawn if not chart.is_empty],
        "spans": [(span, LABELS[span]) for span in SPANS],
        "hunts": hunts.order_by("-pk").only("pk", "name")[:MOST_HUNTS],
        "hunt": hunt,
        "sources": Source.choices,
        "source": source,
    }
    return render(request, "hunts/analytics.html", context)


def _span(asked: str) -> Span:
    return next((span for span in SPANS if span == asked), USUAL_SPAN)


def _hunt(request: MemberRequest) -> Hunt | None:
    """Return the hunt that the address names, if any. Raises Http404 where the workspace has none such."""
    asked = request.GET.get("hunt", "")
    if not asked:
        return None
    number = row_number(asked)
    if number is None:
        raise Http404(_("There is no such hunt."))
    return get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=number)
