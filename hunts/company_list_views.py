"""The doors to company lists: their page, a new one, another name, the file, and deleting with its Undo."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import Truncator, get_valid_filename
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit, quotas
from accounts.audit_models import Verb
from accounts.middleware import MemberRequest, editor_required, may_change, member_required
from accounts.quotas import QuotaReached
from accounts.row_numbers import row_number
from hunts import company_lists, uploads
from hunts.forms import check_size
from hunts.keeping import KEPT_FOR
from leads import csv_files, list_files
from leads.importing import ImportFailed
from leads.models import CompanyList

PAGE_ROWS = 50
MOST_DELETED = 100


class UploadForm(forms.Form):
    """A file of companies that becomes a list."""

    companies = forms.FileField(
        validators=[check_size],
        error_messages={
            "required": gettext_lazy("Choose a file of companies: CSV, XLSX or JSONL."),
            "empty": gettext_lazy("The file is empty. Choose one with a row for each company."),
        },
    )


@require_GET
@member_required
def page(request: MemberRequest) -> HttpResponse:
    return _page(request)


@require_POST
@editor_required
def upload(request: MemberRequest) -> HttpResponse:
    """Read a file into a list of its own."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form)
    file = form.cleaned_data["companies"]
    try:
        report = uploads.read_anew(file, request.workspace, by=request.user)
    except ImportFailed as error:
        form.add_error("companies", str(error))
        return _page(request, form)
    if told := uploads.left_out(report, file):
        messages.warning(request, told)
    messages.success(request, _("The list “%(name)s” is there.") % {"name": _short(report.list)})
    return redirect("company_lists:page")


@require_http_methods(["GET", "POST"])
@editor_required
def rename(request: MemberRequest, pk: int) -> HttpResponse:
    companies = _one(request, pk)
    context: dict[str, Any] = {"list": companies, "name": companies.name}
    if request.method == "POST":
        context["name"] = request.POST.get("name", "")
        try:
            company_lists.rename(companies, context["name"])
        except company_lists.NotPossible as error:
            return render(request, "hunts/company_list_rename.html", context | {"problem": str(error)}, status=422)
        messages.success(request, _("The list is called “%(name)s” now.") % {"name": _short(companies)})
        return redirect("company_lists:page")
    return render(request, "hunts/company_list_rename.html", context)


@require_GET
@member_required
def download(request: MemberRequest, pk: int) -> StreamingHttpResponse:
    """Hand out a list as a file."""
    companies = _one(request, pk)
    quotas.take(request.workspace.pk, "exports", by=request.user)
    audit.record(Verb.LIST_DOWNLOADED, companies, workspace_id=request.workspace.pk, words=companies.name)
    answer = StreamingHttpResponse(list_files.csv_file(companies), content_type=csv_files.CONTENT_TYPE)
    name = get_valid_filename(f"list {companies.pk} {companies.name.removesuffix('.csv')}")[:100]
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{name}.csv")
    return answer


@require_http_methods(["GET", "POST"])
@editor_required
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Say what a list is needed for; then delete it, and offer to take that back."""
    companies = _one(request, pk)
    if request.method == "POST":
        company_lists.delete(companies)
        return redirect(f"{reverse('company_lists:page')}?deleted={companies.pk}")
    context = {
        "list": companies,
        "size": company_lists.sizes([companies]).get(companies.pk, 0),
        "uses": company_lists.uses_of(companies, request.user),
        "days": KEPT_FOR.days,
    }
    return render(request, "hunts/company_list_delete.html", context)


@require_POST
@editor_required
def restore(request: MemberRequest, pk: int) -> HttpResponse:
    companies = get_object_or_404(company_lists.deleted(request.workspace), pk=pk)
    try:
        company_lists.restore(companies)
    except (company_lists.NotPossible, QuotaReached) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The list “%(name)s” is back.") % {"name": _short(companies)})
    return redirect("company_lists:page")


def _short(companies: CompanyList) -> str:
    """Return a list's name as a message has it, which covers the page while it is shown."""
    return Truncator(companies.name).chars(80)


def _one(request: MemberRequest, pk: int) -> CompanyList:
    return get_object_or_404(CompanyList.objects.visible_to(request.workspace), pk=pk)


def _page(request: MemberRequest, form: UploadForm | None = None) -> HttpResponse:
    """Show the lists, the newest first; where a file that was sent could not be read, with the reason."""
    cursor, just = (row_number(request.GET.get(name, "")) for name in ("cursor", "deleted"))
    lists = CompanyList.objects.visible_to(request.workspace).select_related("uploaded_by").order_by("-pk")
    found = list((lists.filter(pk__lt=cursor) if cursor else lists)[: PAGE_ROWS + 1])
    shown = found[:PAGE_ROWS]
    sizes = company_lists.sizes(shown)
    deleted = list(company_lists.deleted(request.workspace)[:MOST_DELETED])
    context = {
        "rows": [(one, sizes.get(one.pk, 0)) for one in shown],
        "older": shown[-1].pk if len(found) > PAGE_ROWS else None,
        "cursor": cursor,
        "deleted": deleted,
        "just_deleted": next((one for one in deleted if one.pk == just), None),
        "days": KEPT_FOR.days,
        "form": form or UploadForm(),
        "may_change": may_change(request),
    }
    return render(request, "hunts/company_lists.html", context, status=422 if form else 200)
