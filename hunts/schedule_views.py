"""The doors to the schedule of a preset."""

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import MemberRequest, editor_required
from accounts.models import User
from accounts.quotas import QuotaReached
from accounts.row_numbers import row_number
from hunts import preset_page, presets, schedules
from hunts.listing import schedule_of
from hunts.preset_forms import ScheduleForm, schedule_as_initial, time_zones
from hunts.preset_models import Known, Preset, Schedule
from hunts.preset_views import preset_required


@require_http_methods(["GET", "POST"])
@editor_required
@preset_required
def edit_schedule(request: MemberRequest, preset: Preset) -> HttpResponse:
    """Say when a preset runs by itself."""
    schedule = schedule_of(preset)
    if request.method != "POST":
        return _show(request, ScheduleForm(initial=schedule_as_initial(preset, schedule)), preset, schedule)
    form = ScheduleForm(request.POST)
    seen = row_number(request.POST.get("version", "")) or 0
    if not form.is_valid():
        return _show(request, form, preset, schedule, seen=seen)
    try:
        schedule = schedules.put(preset, form.plan, by=request.user, seen=seen)
    except presets.Outdated as error:
        # The version in the form is the newest from now on: saving again is meant.
        now = Schedule.objects.kept().filter(preset=preset).first()
        return _show(request, form, preset, now, problem=str(error))
    messages.success(request, _("Scheduled: %(when)s.") % {"when": preset_page.when(schedule.recurrence)})
    return redirect(preset)


def _show(
    request: MemberRequest,
    form: ScheduleForm,
    preset: Preset,
    schedule: Schedule | None,
    *,
    seen: int | None = None,
    problem: str = "",
) -> HttpResponse:
    stated = {name: form[name].value() for name in form.fields}
    zones = time_zones()
    context = {
        "form": form,
        "stated": stated,
        "preset": preset,
        "schedule": schedule,
        "version": (schedule.version if schedule else 0) if seen is None else seen,
        "problem": problem,
        "theirs": preset_page.when(schedule.recurrence) if schedule and problem else "",
        "zones": zones if stated["time_zone"] in zones else [*zones, stated["time_zone"]],
        "takes_browsers_zone": schedule is None and not form.is_bound,
        "at": str(stated["at"] or "")[:5],
        "frequencies": Schedule.Frequency.choices,
        "weekdays": WEEKDAYS.items(),
        "known_choices": Known.choices,
    }
    return render(request, "hunts/schedule_form.html", context, status=422 if form.errors or problem else 200)


@require_POST
@editor_required
@preset_required
def change_schedule(request: MemberRequest, preset: Preset, action: str) -> HttpResponse:
    """Pause, resume or delete the schedule of a preset, or take its deletion back."""
    if action not in CHANGES:
        raise Http404
    schedule = get_object_or_404(Schedule, preset=preset)
    try:
        if not CHANGES[action](schedule, request.user):
            messages.warning(request, _("Somebody was faster: look at the schedule as it is now."))
    except QuotaReached as error:
        messages.error(request, str(error))
    return redirect(f"{preset.get_absolute_url()}#schedule")


CHANGES: Mapping[str, Callable[[Schedule, User], bool]] = {
    "pause": lambda schedule, _by: schedules.pause(schedule),
    "resume": lambda schedule, by: schedules.resume(schedule, by=by),
    "delete": lambda schedule, _by: schedules.remove(schedule),
    "restore": lambda schedule, _by: schedules.restore(schedule),
}
