"""The doors to a retry: the page that says what it would do and cost, and the button on it."""

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.middleware import MemberRequest, editor_required, may_change, member_required
from accounts.row_numbers import row_number
from hunts import launch, retrying, views
from hunts.models import Candidate, Run


@require_http_methods(["GET", "POST"])
def retry_run(request: MemberRequest, pk: int) -> HttpResponse:
    answer: HttpResponse = do_retry(request, pk) if request.method == "POST" else retry_page(request, pk)
    return answer


@member_required
def retry_page(request: MemberRequest, pk: int) -> HttpResponse:
    """What each retry would do to the run, or to one company of it, and cost."""
    run = views.run_of(request, pk)
    asked, company = _asked(run, request.GET)
    offered, failed = retrying.previews(run, asked)
    if failed.count and (asked.failed_only or company):
        offered.insert(0, failed)
    stage = request.GET.get("stage")
    chosen = next((one for one in offered if one.asked.stage == stage), offered[0] if offered else failed)
    context = {"run": run, "company": company, "asked": asked, "offered": offered, "chosen": chosen, "failed": failed}
    return render(request, "hunts/retry.html", context | {"may_change": may_change(request)})


@editor_required
def do_retry(request: MemberRequest, pk: int) -> HttpResponse:
    """Begin again what the form names; without one, what failed."""
    run = views.run_of(request, pk)
    asked, _company = _asked(run, request.POST)

    def begun() -> Run:
        if count := launch.retry(run, asked, by=request.user):
            told = ngettext("%(n)s company begins again.", "%(n)s companies begin again.", count)
            messages.success(request, told % {"n": count})
        return run

    return views.shown(request, begun, otherwise=run)


def _asked(run: Run, params: QueryDict) -> tuple[retrying.Asked, Candidate | None]:
    """Return what an address or a form asks for, and the company that it is about, if one."""
    stage, wanted = params.get("stage", ""), params.get("candidate", "")
    if stage and stage not in retrying.STAGES:
        raise Http404
    if not wanted:
        return retrying.Asked(stage, failed_only=bool(params.get("failed"))), None
    number = row_number(wanted)
    company = run.candidates.select_related("lead").filter(pk=number).first() if number is not None else None
    if company is None:
        raise Http404
    return retrying.Asked(stage, (company.pk,)), company
