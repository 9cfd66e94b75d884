"""The doors to a workspace's language models: everybody may look, owners and admins decide."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from accounts import sealing
from accounts.middleware import MemberRequest, member_required, right_required
from accounts.roles import Right, may
from integrations import connections, models_page
from integrations.forms import ConnectionForm

STEPS = {"up": -1, "down": 1}


def may_decide(request: MemberRequest) -> bool:
    """Return whether the person may change what the workspace is connected to."""
    return may(request, Right.MANAGE)


def admin_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let only owners and admins in; the provider in the address must be a language model."""

    @wraps(view)
    def guarded(request: MemberRequest, slug: str, *args: Any, **kwargs: Any) -> Any:
        if slug not in connections.LANGUAGE_MODELS:
            raise Http404
        return view(request, slug, *args, **kwargs)

    return right_required(Right.MANAGE)(guarded)


@require_GET
@member_required
def models(request: MemberRequest) -> HttpResponse:
    context = models_page.context(request.workspace.pk, may_edit=may_decide(request))
    return render(request, "integrations/models.html", context)


@sensitive_post_parameters("api_key")
@sensitive_variables()
@require_POST
@admin_required
def save(request: MemberRequest, slug: str) -> HttpResponse:
    """Take a key, if one was given, the model and the limits."""
    form = ConnectionForm(request.POST, slug=slug)
    if form.is_valid() and form.cleaned_data["api_key"] and not connections.takes_a_key(slug):
        form.add_error("api_key", _("This model takes no key of yours."))
    if not form.is_valid():
        context = models_page.context(request.workspace.pk, may_edit=True, form=(slug, form))
        return render(request, "integrations/models.html", context, status=422)
    try:
        if form.cleaned_data["api_key"]:
            connections.set_key(request.workspace.pk, slug, form.cleaned_data["api_key"], by=request.user)
    except sealing.NotSealable:
        messages.error(request, _("Keys cannot be kept here yet: the operator has to set CREDENTIALS_KEYS."))
        return redirect("integrations:models")
    form.apply_to(connections.row_of(request.workspace.pk, slug))
    messages.success(request, _("Saved."))
    return redirect("integrations:models")


@require_POST
@admin_required
def change(request: MemberRequest, slug: str, action: str) -> HttpResponse:
    """Move a model up or down, switch it on or off, or forget its key."""
    workspace_id = request.workspace.pk
    if action in STEPS:
        connections.move(workspace_id, slug, STEPS[action])
    elif action in ("on", "off"):
        connections.switch(workspace_id, slug, on=action == "on")
    elif action == "forget":
        connections.remove_key(workspace_id, slug)
        messages.success(request, _("The key is deleted."))
    else:
        raise Http404
    return redirect("integrations:models")
