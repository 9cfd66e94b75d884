"""The doors to conversations: who may, which row, one call, answer. They work the same without JavaScript."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect, retarget

from accounts.middleware import MemberRequest, editor_required, may_change, member_required
from accounts.row_numbers import row_number
from hunts import chat, chat_writer, chatpage, launch, profile, startpage, uploads
from hunts.chat_models import Conversation, Message
from hunts.forms import HuntForm
from hunts.models import Hunt, SavedIcp, Source
from hunts.suggestions import suggested
from hunts.views import shown
from leads.importing import ImportFailed
from leads.models import CompanyList

LATEST = 6
PAGE_ROWS = 50
EXAMPLES = (
    "Contract manufacturers of precision machined parts in Germany or Austria with 20-500 employees, no distributors",
    "Fintech companies in the United Kingdom with fewer than 50 employees",
    "德国的物流软件公司",
    "Proizvođači nameštaja u Srbiji sa više od 50 zaposlenih",
)


def _is_live(request: HttpRequest) -> bool:
    """Return whether the page can take parts and streams: htmx sent the request."""
    return request.headers.get("HX-Request") == "true"


def conversation_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Give the view the conversation in the place of its number; in other workspaces it does not exist."""

    @wraps(view)
    def found(request: MemberRequest, pk: int, *args: Any, **kwargs: Any) -> Any:
        visible = Conversation.objects.visible_to(request.workspace).select_related(
            "workspace", "budget", "hunt__company_list"
        )
        return view(request, get_object_or_404(visible, pk=pk), *args, **kwargs)

    return found


@require_http_methods(["GET", "POST"])
@editor_required
def new_hunt(request: MemberRequest) -> HttpResponse:
    """A place to say whom one sells to, or to begin with a saved profile or an earlier hunt."""
    if request.method == "POST":
        return _begin(request)
    return _show_new(request, request.GET.get("brief", "")[: chat.MOST_SAID])


def _show_new(request: MemberRequest, brief: str, problem: str = "", status: int = 200) -> HttpResponse:
    context = {
        "brief": brief,
        "problem": problem,
        "examples": EXAMPLES,
        "saved_icps": SavedIcp.objects.visible_to(request.workspace).order_by("-changed_at")[:20],
        "conversations": Conversation.objects.visible_to(request.workspace).order_by("-changed_at")[:LATEST],
    }
    return render(request, "hunts/new.html", context, status=status)


def _begin(request: MemberRequest) -> HttpResponse:
    if hunt_id := request.POST.get("hunt", ""):
        hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=row_number(hunt_id) or 0)
        conversation = chat.begin(request.workspace, by=request.user, icp=hunt.icp, title=hunt.name)
        Conversation.objects.filter(pk=conversation.pk).update(hunt=hunt)
        if chosen := suggested(hunt.icp, request.POST.get("suggestion", "")):
            chat.edit(conversation, chosen.icp, seen=conversation.version)
        return redirect(conversation)
    if saved_id := request.POST.get("icp", ""):
        known = get_object_or_404(SavedIcp.objects.visible_to(request.workspace), pk=row_number(saved_id) or 0)
        return redirect(chat.begin(request.workspace, by=request.user, icp=known.icp, title=known.name))
    brief = request.POST.get("brief", "")
    try:
        chat.cleaned(brief)
        conversation = chat.begin(request.workspace, by=request.user)
        message = chat.say(conversation, brief, by=request.user)
    except chat.NotSaid as error:
        return _show_new(request, brief[: chat.MOST_SAID], str(error), status=422)
    if not _is_live(request):
        _write_now(message)
    return redirect(conversation)


def _write_now(message: Message) -> None:
    """Write an answer before the page is shown, for browsers that take no streams."""
    claimed = chat.claim(message.pk)
    if claimed is not None:
        async_to_sync(_written)(claimed)


async def _written(message: Message) -> None:
    async for _piece in chat_writer.write(message):
        pass


@require_GET
@member_required
@conversation_required
def conversation_page(request: MemberRequest, conversation: Conversation) -> HttpResponse:
    context = chatpage.context(conversation, may_change=may_change(request)) | startpage.start_context(conversation)
    return render(request, "hunts/chat.html", context)


@require_GET
@member_required
def conversation_list(request: MemberRequest) -> HttpResponse:
    before = row_number(request.GET.get("before", ""))
    rows = Conversation.objects.visible_to(request.workspace).order_by("-pk").select_related("created_by", "hunt")
    if before:
        rows = rows.filter(pk__lt=before)
    counted = rows.annotate(said=Count("messages", filter=Q(messages__role=Message.Role.USER)))
    found = list(counted[: PAGE_ROWS + 1])
    shown = found[:PAGE_ROWS]
    older = shown[-1].pk if len(found) > PAGE_ROWS else None
    return render(request, "hunts/conversations.html", {"conversations": shown, "older": older, "before": before})


@require_POST
@editor_required
@conversation_required
def say(request: MemberRequest, conversation: Conversation) -> HttpResponse:
    said = request.POST.get("said", "")
    try:
        message = chat.say(conversation, said, by=request.user)
    except chat.NotSaid as error:
        if not _is_live(request):
            messages.error(request, str(error))
            return redirect(conversation)
        context = {"conversation": conversation, "said_before": said[: chat.MOST_SAID], "problem": str(error)}
        return render(request, "hunts/_composer.html", context)
    if not _is_live(request):
        _write_now(message)
        return redirect(conversation)
    new = conversation.messages.filter(pk__lte=message.pk).order_by("-pk")[:2]
    return render(request, "hunts/_said.html", {"conversation": conversation, "new": reversed(new), "may_change": True})


@require_POST
@editor_required
@conversation_required
def ask_again(request: MemberRequest, conversation: Conversation, message_id: int) -> HttpResponse:
    """Ask the model for an answer that it did not give."""
    message = get_object_or_404(conversation.messages.filter(role=Message.Role.ASSISTANT), pk=message_id)
    try:
        again = chat.ask_again(message, by=request.user)
    except chat.NotSaid as error:
        messages.error(request, str(error))
        return redirect(conversation)
    if not _is_live(request):
        _write_now(again)
    return redirect(conversation)


@require_POST
@editor_required
@conversation_required
def edit_profile(request: MemberRequest, conversation: Conversation) -> HttpResponse:
    """Take an edit of the profile beside the chat, and tell it in the chat."""
    action, seen, problem = request.POST.get("action", "update"), row_number(request.POST.get("version", "")) or 0, ""
    base = chat.at_version(conversation, seen)
    mine = profile.profile_of(request.POST, base)
    if action == "undo":
        note = chat.undo(conversation)
        problem = "" if note else _("There is nothing to take back.")
    else:
        try:
            mine = profile.edited(mine, action, request.POST, base=base)
        except profile.NotUnderstood as error:
            problem = str(error)
        note = chat.edit(conversation, mine, seen=seen)
    if not _is_live(request):
        if problem:
            messages.error(request, problem)
        return redirect(conversation)
    return _show_edited(request, conversation, note, problem)


@require_POST
@editor_required
@conversation_required
def widen(request: MemberRequest, conversation: Conversation) -> HttpResponse:
    """Take a suggested change of the filters into the profile, as an edit that can be taken back."""
    seen = row_number(request.POST.get("seen", "")) or 0
    chosen = suggested(chat.at_version(conversation, seen), request.POST.get("suggestion", ""))
    problem = "" if chosen else _("The profile has changed meanwhile: look at the suggestions again.")
    note = chat.edit(conversation, chosen.icp, seen=seen) if chosen else None
    if not _is_live(request):
        if problem:
            messages.warning(request, problem)
        return redirect(conversation)
    return _show_edited(request, conversation, note, problem)


def _show_edited(
    request: MemberRequest, conversation: Conversation, note: Message | None, problem: str
) -> HttpResponse:
    """Show the profile after an edit, and the estimate of what is typed beside it."""
    form = _stated(request) if "limit" in request.POST else None
    context = {
        **chatpage.profile_context(conversation, problem),
        **startpage.start_context(conversation, form),
        "note": note,
        "may_change": True,
    }
    return render(request, "hunts/_edited.html", context)


def _stated(request: MemberRequest) -> HuntForm:
    """Return the form of a hunt that may not be started yet: its file need not be there."""
    return HuntForm(request.POST, workspace=request.workspace, without_file=True)


@require_POST
@editor_required
@conversation_required
def start(request: MemberRequest, conversation: Conversation) -> HttpResponse:
    """Start the hunt, or first a sample of it; `estimate` only says anew what it would do, cost and bring."""
    action = request.POST.get("action", "estimate")
    if action not in ("sample", "start"):
        return _show_start(request, conversation, _stated(request))
    form = HuntForm(request.POST, request.FILES, workspace=request.workspace)
    if not conversation.icp.criteria:
        form.add_error(None, _("A hunt needs at least one criterion to judge by."))
    elif (found := startpage.estimate_of(conversation, form)) and form.is_valid():
        form.check_against(found)
    if not form.is_valid():
        return _show_start(request, conversation, form)
    company_list = form.company_list
    if form.cleaned_data["source"] == Source.FILE and form.cleaned_data["companies"]:
        try:
            company_list = _imported(request, form.cleaned_data["companies"])
        except ImportFailed as error:
            form.add_error("companies", str(error))
            return _show_start(request, conversation, form)
        # What a new file brings is known only now: where that is little, it is told before anything is spent on it.
        read = _with_list(request, company_list)
        if (found := startpage.estimate_of(conversation, read)) and found.novelty.is_low:
            return _show_start(request, conversation, read, anew=True)
    return _started(request, conversation, form, company_list, is_sample=action == "sample")


def _with_list(request: MemberRequest, company_list: CompanyList) -> HuntForm:
    """Return the form with the file that was just read chosen as a list."""
    stated = request.POST.copy()
    stated["list"] = str(company_list.pk)
    return HuntForm(stated, workspace=request.workspace, without_file=True)


def _started(
    request: MemberRequest,
    conversation: Conversation,
    form: HuntForm,
    company_list: CompanyList | None,
    *,
    is_sample: bool,
) -> HttpResponse:
    hunt = launch.hunt_of(
        conversation,
        source=form.cleaned_data["source"],
        limit=form.cleaned_data["limit"],
        max_spend_microusd=form.max_spend_microusd,
        max_leads=form.cleaned_data["max_leads"],
        company_list=company_list,
        by=request.user,
    )
    sample = startpage.SAMPLE if is_sample else None
    answer = shown(request, lambda: launch.run(hunt, by=request.user, sample=sample), otherwise=conversation)
    return HttpResponseClientRedirect(answer["Location"]) if _is_live(request) else answer


def _show_start(
    request: MemberRequest, conversation: Conversation, form: HuntForm, *, anew: bool = False
) -> HttpResponse:
    """Show what the form's values come to. Its fields stay as they are being typed into, unless they come `anew`."""
    context = startpage.start_context(conversation, form)
    if _is_live(request):
        is_whole = anew or request.headers.get("HX-Target") == "start"
        answer = render(request, "hunts/_start.html" if is_whole else "hunts/_told.html", context)
        return retarget(answer, "#start") if is_whole else answer
    context = chatpage.context(conversation, may_change=True) | context
    return render(request, "hunts/chat.html", context, status=422 if form.errors else 200)


def _imported(request: MemberRequest, upload: "UploadedFile[bytes]") -> CompanyList:
    report = uploads.read(upload, request.workspace, by=request.user)
    if told := uploads.left_out(report, upload):
        messages.warning(request, told)
    return report.list


@require_POST
@editor_required
@conversation_required
def save_icp(request: MemberRequest, conversation: Conversation) -> HttpResponse:
    """Keep the profile under a name, to begin other hunts with."""
    try:
        kept = chat.save_icp(request.workspace, request.POST.get("name", ""), conversation.icp, by=request.user)
        messages.success(request, _("The profile is saved as “%(name)s”.") % {"name": kept.name})
    except chat.NotSaid as error:
        messages.error(request, str(error))
    return redirect(conversation)


@require_POST
@editor_required
def delete_icp(request: MemberRequest, pk: int) -> HttpResponse:
    kept = get_object_or_404(SavedIcp.objects.visible_to(request.workspace), pk=pk)
    kept.delete()
    messages.success(request, _("The profile “%(name)s” is deleted.") % {"name": kept.name})
    return redirect("hunts:new")


@require_POST
@editor_required
@conversation_required
def rename(request: MemberRequest, conversation: Conversation) -> HttpResponse:
    if title := profile.line(request.POST.get("title", ""), 200):
        Conversation.objects.filter(pk=conversation.pk).update(title=title)
    else:
        messages.error(request, _("Give the conversation a name."))
    return redirect(conversation)


@require_POST
@editor_required
@conversation_required
def delete(request: MemberRequest, conversation: Conversation) -> HttpResponse:
    """Delete what was said; hunts that came of it stay."""
    chat.delete(conversation)
    messages.success(request, _("The conversation is deleted. Its hunts and leads stay."))
    return redirect("hunts:conversations")
