"""The doors to presets: who may, which row, one call, answer."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.middleware import MemberRequest, editor_required, may_change, member_required
from accounts.quotas import QuotaReached
from accounts.row_numbers import row_number
from hunts import listing, pipeline, presets, uploads
from hunts.chat_models import Conversation
from hunts.keeping import KEPT_FOR
from hunts.models import Hunt
from hunts.preset_forms import PresetForm, SavePresetForm, terms_as_initial
from hunts.preset_models import Known, Preset
from leads.importing import ImportFailed

MOST_HUNTS_TO_SAVE = 8
MOST_DELETED = 100


def preset_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Give the view the preset in the place of its number; for those who may not see it, it does not exist."""

    @wraps(view)
    def found(request: MemberRequest, pk: int, *args: Any, **kwargs: Any) -> Any:
        visible = Preset.objects.visible_to(request.workspace, request.user)
        preset = get_object_or_404(visible.select_related("hunt__workspace", "workspace"), pk=pk)
        return view(request, preset, *args, **kwargs)

    return found


@require_GET
@member_required
def preset_list(request: MemberRequest) -> HttpResponse:
    visible = Preset.objects.visible_to(request.workspace, request.user)
    rows = list(visible.select_related("hunt", "schedule", "made_by").order_by("name", "pk"))
    latest = listing.latest_runs([preset.hunt for preset in rows])
    deleted = list(presets.deleted(request.workspace, request.user)[:MOST_DELETED])
    just = row_number(request.GET.get("deleted", ""))
    context = {
        "rows": [listing.Row(preset.hunt, latest.get(preset.hunt_id), preset) for preset in rows],
        "deleted": deleted,
        "just_deleted": next((preset for preset in deleted if preset.pk == just), None),
        "days": KEPT_FOR.days,
        "may_change": may_change(request),
        "hunts": [] if rows else Hunt.objects.visible_to(request.workspace).order_by("-pk")[:MOST_HUNTS_TO_SAVE],
    }
    return render(request, "hunts/presets.html", context)


@require_POST
@editor_required
def save_preset(request: MemberRequest, pk: int) -> HttpResponse:
    """Save a hunt as a preset."""
    hunt = get_object_or_404(Hunt.objects.visible_to(request.workspace), pk=pk)
    form = SavePresetForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the preset a name of at most 100 characters."))
        return redirect(hunt)
    try:
        preset = presets.save(
            hunt, form.cleaned_data["name"], by=request.user, is_shared=form.cleaned_data["is_shared"]
        )
    except presets.NotPossible as error:
        messages.error(request, str(error))
        return redirect(hunt)
    messages.success(request, _("Saved as the preset “%(name)s”.") % {"name": preset.name})
    return redirect(preset)


@require_http_methods(["GET", "POST"])
@editor_required
@preset_required
def edit_preset(request: MemberRequest, preset: Preset) -> HttpResponse:
    """Rename a preset, share it, and change where its hunt looks and what a run may spend."""
    if request.method != "POST":
        form = PresetForm(initial=terms_as_initial(presets.terms_of(preset)), preset=preset)
        return _show_form(request, form, preset)
    form = PresetForm(request.POST, request.FILES, preset=preset)
    if not (form.is_valid() and _read_file(request, form)):
        return _show_form(request, form, preset, seen=request.POST.get("version", ""))
    try:
        presets.change(preset, form.terms, seen=row_number(request.POST.get("version", "")) or 0, by=request.user)
    except presets.Outdated as error:
        # The version in the form is the newest from now on: saving again is meant.
        preset.refresh_from_db()
        return _show_form(request, form, preset, problem=str(error), theirs=presets.terms_of(preset))
    except presets.NotPossible as error:
        return _show_form(request, form, preset, problem=str(error), seen=request.POST.get("version", ""))
    messages.success(request, _("The preset is saved."))
    return redirect(preset)


def _read_file(request: MemberRequest, form: PresetForm) -> bool:
    """Read a new file and choose it in the form; False, with the reason beside its field, where it cannot be read."""
    if form.upload is None:
        return True
    try:
        report = uploads.read_anew(form.upload, request.workspace, by=request.user)
    except ImportFailed as error:
        form.add_error("companies", str(error))
        form.add_error("companies", _("The preset is as it was. Mend the file, or choose another one."))
        return False
    form.choose(report.list)
    if told := uploads.left_out(report, form.upload):
        messages.warning(request, told)
    return True


def _show_form(
    request: MemberRequest,
    form: PresetForm,
    preset: Preset,
    *,
    problem: str = "",
    seen: str = "",
    theirs: presets.Terms | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "stated": {name: form[name].value() for name in form.fields},
        "preset": preset,
        "version": seen or preset.version,
        "problem": problem,
        "theirs": theirs,
        "may_unshare": not preset.is_shared or preset.made_by_id in (request.user.pk, None),
        "known_choices": Known.choices,
    }
    return render(request, "hunts/preset_form.html", context, status=422 if form.errors or problem else 200)


@require_POST
@editor_required
@preset_required
def run_preset(request: MemberRequest, preset: Preset) -> HttpResponse:
    try:
        return redirect(presets.run(preset, by=request.user))
    except pipeline.AlreadyLive as error:
        messages.warning(request, str(error))
        return redirect(error.run)
    except (pipeline.NotStarted, presets.NotPossible) as error:
        messages.error(request, str(error))
        return redirect(preset)


@require_POST
@editor_required
@preset_required
def clone_preset(request: MemberRequest, preset: Preset) -> HttpResponse:
    try:
        copy = presets.clone(preset, by=request.user)
    except presets.NotPossible as error:
        messages.error(request, str(error))
        return redirect(preset)
    messages.success(request, _("“%(name)s” is yours alone, and has no schedule.") % {"name": copy.name})
    return redirect("hunts:edit-preset", copy.pk)


@require_POST
@editor_required
@preset_required
def delete_preset(request: MemberRequest, preset: Preset) -> HttpResponse:
    presets.delete(preset)
    response = redirect("hunts:presets")
    response["Location"] += f"?deleted={preset.pk}"
    return response


@require_POST
@editor_required
def restore_preset(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a deletion back."""
    preset = get_object_or_404(presets.deleted(request.workspace, request.user), pk=pk)
    try:
        presets.restore(preset)
    except (presets.NotPossible, QuotaReached) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("“%(name)s” is back.") % {"name": preset.name})
    return redirect("hunts:presets")


@require_POST
@editor_required
@preset_required
def open_preset(request: MemberRequest, preset: Preset) -> HttpResponse:
    """Open a conversation about the preset's profile, to change it."""
    return redirect(presets.open_in_chat(preset, by=request.user))


@require_POST
@editor_required
@preset_required
def change_profile(request: MemberRequest, preset: Preset, conversation_id: int) -> HttpResponse:
    """Put the profile of a conversation in the place of the preset's."""
    conversation = get_object_or_404(
        Conversation.objects.visible_to(request.workspace).filter(preset=preset), pk=conversation_id
    )
    try:
        presets.take_profile(preset, conversation, by=request.user)
    except presets.NotPossible as error:
        messages.error(request, str(error))
        return redirect(conversation)
    messages.success(request, _("The preset “%(name)s” looks for this profile now.") % {"name": preset.name})
    return redirect(preset)
