"""The page on which people choose what they hear of and how; owners and admins connect Slack there."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from accounts import digests, notification_mail, outbox, preferences, problems, sealing
from accounts.middleware import MemberRequest, member_required
from accounts.notification_models import CHOSEN, Kind, NotificationDelivery, Reader, SlackNews
from accounts.preferences import Wish
from integrations import slack_news
from integrations.views import may_decide

FAILURES_SHOWN = 5
# Names with a place in them, and UTC; the others are aliases of these.
ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
_SELECT = forms.Select(attrs={"class": "form-select"})


class TimesForm(forms.Form):
    """The clocks and the language of a person, and when their digest comes."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=[(zone, zone) for zone in ["UTC", *ZONES]], widget=_SELECT
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of e-mails"), choices=settings.LANGUAGES, widget=_SELECT)
    digest_hour = forms.TypedChoiceField(
        label=gettext_lazy("Daily digest"),
        choices=[("", gettext_lazy("none")), *((hour, f"{hour:02}:00") for hour in range(24))],
        coerce=int,
        empty_value=None,
        required=False,
        widget=_SELECT,
    )
    wants_all = forms.BooleanField(required=False)

    def apply_to(self, request: MemberRequest) -> None:
        user, values = request.user, self.cleaned_data
        has_other_clocks = user.time_zone != values["time_zone"]
        user.time_zone, user.language = values["time_zone"], values["language"]
        user.save(update_fields=["time_zone", "language"])
        digests.choose(user, request.workspace, values["digest_hour"])
        if has_other_clocks:
            digests.follow_clocks(user)
        Reader.objects.filter(user=user, workspace=request.workspace).update(wants_all=values["wants_all"])


@require_GET
@member_required
def page(request: MemberRequest) -> HttpResponse:
    return _page(request)


@require_POST
@member_required
def save(request: MemberRequest) -> HttpResponse:
    """Keep what one person wants to hear of."""
    form = TimesForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    form.apply_to(request)
    chosen = {kind: Wish(f"{kind}-in_app" in request.POST, f"{kind}-email" in request.POST) for kind in CHOSEN}
    preferences.choose(request.user, request.workspace, chosen)
    messages.success(request, _("Saved."))
    return redirect("notification_settings:page")


@sensitive_post_parameters("webhook")
@sensitive_variables()
@require_POST
@member_required
def connect_slack(request: MemberRequest) -> HttpResponse:
    """Take a webhook, if one was given, and which kinds go there."""
    _admins_only(request)
    address = request.POST.get("webhook", "").strip()
    try:
        if address and not slack_news.connect(request.workspace, address, by=request.user):
            problem = _("That is no address of a webhook: it begins with %(url)s.")
            return _page(request, problem=problem % {"url": f"{slack_news.base_url()}/services/"}, status=422)
    except sealing.NotSealable:
        return _page(request, problem=_("Keys cannot be kept here yet: the operator has to set CREDENTIALS_KEYS."))
    kinds = [kind for kind in CHOSEN if f"{kind}-slack" in request.POST]
    SlackNews.objects.filter(workspace=request.workspace).update(kinds=kinds)
    messages.success(request, _("Saved."))
    return redirect("notification_settings:page")


@require_POST
@member_required
def change_slack(request: MemberRequest, action: str) -> HttpResponse:
    """Post a test message, or forget the webhook."""
    _admins_only(request)
    if action == "test":
        problem = slack_news.try_out(request.workspace)
        return _page(request, problem=problem, has_worked=not problem)
    if action != "forget":
        raise Http404
    slack_news.disconnect(request.workspace)
    messages.success(request, _("Slack is disconnected, and the webhook is deleted."))
    return redirect("notification_settings:page")


@require_POST
@member_required
def send_again(request: MemberRequest, pk: int) -> HttpResponse:
    """Try a message again that was given up."""
    if not _failures(request).filter(pk=pk).exists() or not outbox.send_again(pk):
        raise Http404
    messages.success(request, _("It is sent again within a minute."))
    return redirect("notification_settings:page")


def _admins_only(request: MemberRequest) -> None:
    if not may_decide(request):
        raise PermissionDenied


def _failures(request: MemberRequest) -> Any:
    """Return the messages that did not arrive and are the person's to see: their own, and Slack's for admins."""
    failed = NotificationDelivery.objects.filter(
        notification__workspace=request.workspace, status=NotificationDelivery.Status.FAILED
    )
    mine = failed.filter(notification__user=request.user)
    return mine | failed.filter(notification__user__isnull=True) if may_decide(request) else mine


def _page(
    request: MemberRequest,
    *,
    form: TimesForm | None = None,
    problem: str = "",
    has_worked: bool = False,
    status: int = 200,
) -> HttpResponse:
    reader = Reader.objects.filter(user=request.user, workspace=request.workspace).first()
    connection = slack_news.connection_of(request.workspace.pk)
    news = SlackNews.objects.filter(workspace=request.workspace).first()
    said = {
        "time_zone": request.user.time_zone,
        "language": request.user.language or request.LANGUAGE_CODE,
        "digest_hour": reader.digest_hour if reader else None,
        "wants_all": reader.wants_all if reader else False,
    }
    in_slack = set(news.kinds if news else CHOSEN)
    wishes = preferences.wishes(request.user, request.workspace)
    form = form or TimesForm(initial=said)
    if not form.is_bound and not preferences.has_chosen(request.user):
        # Nobody chose UTC yet: the script offers the zone of the browser, if it is in the list.
        form.fields["time_zone"].widget.attrs["data-browsers-zone"] = "listed"
    context = {
        "rows": [(kind, Kind(kind).label, wish) for kind, wish in wishes.items()],
        "form": form,
        "slack": connection,
        "slack_problem": problems.said(connection.problem) if connection else "",
        "slack_rows": [(kind, Kind(kind).label, kind in in_slack) for kind in CHOSEN],
        "slack_url": slack_news.base_url(),
        "may_edit": may_decide(request),
        "can_keep_keys": sealing.is_ready(),
        "problem": problem,
        "has_worked": has_worked,
        "is_confirmed": notification_mail.is_confirmed(request.user),
        "failures": _failures(request).order_by("-pk").select_related("notification")[:FAILURES_SHOWN],
    }
    return render(request, "integrations/notifications.html", context, status=status)
