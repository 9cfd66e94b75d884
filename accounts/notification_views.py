"""The doors to a person's inbox, and the one that e-mails have to stop themselves."""

from datetime import datetime
from urllib.parse import urlencode, urlsplit

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import inbox as inboxes
from accounts import preferences
from accounts.middleware import MemberRequest, member_required
from accounts.models import Workspace
from accounts.notification_mail import UNSUBSCRIBE
from accounts.notification_models import Kind, Notification
from accounts.row_numbers import row_number


@require_GET
@member_required
def inbox(request: MemberRequest) -> HttpResponse:
    only_unread = request.GET.get("show") == "unread"
    before = row_number(request.GET.get("before", ""))
    context = {
        "page": inboxes.page(request.user, request.workspace, only_unread=only_unread, before=before),
        "only_unread": only_unread,
        "before": before,
        "undo": _moment(request.GET.get("undo", "")),
    }
    return render(request, "notifications/inbox.html", context)


@require_GET
def unread(request: HttpRequest) -> HttpResponse:
    """Answer the badge that asks for news while its page is in sight; one whose session has ended stays as it is."""
    workspace: Workspace | None = getattr(request, "workspace", None)
    if workspace is None or not request.user.is_authenticated:
        return HttpResponse(status=204)
    inboxes.look(request.user, workspace, urlsplit(request.headers.get("HX-Current-URL", "")).path)
    return render(request, "notifications/_unread.html")


@require_GET
@member_required
def open_one(request: MemberRequest, pk: int) -> HttpResponse:
    """Go to what a notification is about; that is how it is read."""
    mine = Notification.objects.inbox(request.user, request.workspace)
    notification = get_object_or_404(mine, pk=pk)
    mine.filter(pk=pk).mark_read()
    return redirect(notification.url)


@require_POST
@member_required
def mark(request: MemberRequest, pk: int, action: str) -> HttpResponse:
    """Mark one read or unread."""
    mine = Notification.objects.inbox(request.user, request.workspace).filter(pk=pk)
    if action not in ("read", "unread") or not mine.exists():
        raise Http404
    if action == "read":
        mine.mark_read()
    else:
        mine.update(read_at=None)
    return _inbox(request)


@require_POST
@member_required
def read_all(request: MemberRequest) -> HttpResponse:
    count, at = inboxes.read_all(request.user, request.workspace)
    return _inbox(request, undo=at.isoformat() if count else None)


@require_POST
@member_required
def undo_read_all(request: MemberRequest) -> HttpResponse:
    at = _moment(request.POST.get("at", ""))
    if at is None:
        raise Http404
    inboxes.undo_read_all(request.user, request.workspace, at)
    return _inbox(request)


@csrf_exempt  # mail programs press this button, without cookies: https://www.rfc-editor.org/rfc/rfc8058
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether e-mails of a kind should stop, and on POST stop them; whoever has the token may."""
    try:
        user_id, workspace_id, kind = signing.loads(token, salt=UNSUBSCRIBE)
    except signing.BadSignature:
        raise Http404 from None
    if request.method == "POST":
        preferences.stop_email(user_id, workspace_id, Kind(kind))
    context = {"kind": Kind(kind).label, "is_done": request.method == "POST", "is_digest": kind == Kind.DIGEST}
    return render(request, "notifications/unsubscribe.html", context)


def _inbox(request: HttpRequest, **more: str | None) -> HttpResponse:
    """Go back to the inbox as it was shown."""
    kept = {name: request.GET.get(name) for name in ("show", "before")}
    query = urlencode({name: value for name, value in (kept | more).items() if value})
    return redirect(f"{reverse('notifications:inbox')}{'?' if query else ''}{query}")


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
