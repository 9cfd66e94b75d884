"""The doors to deleting a workspace and to bringing it back: owners alone."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import workspaces
from accounts.members import Refused
from accounts.middleware import MemberRequest, member_required, owner_required
from hunts import closing


@require_POST
@owner_required
def delete(request: MemberRequest) -> HttpResponse:
    """Delete the workspace, and stay in it: the banner of every page of it offers Undo from now on."""
    request.session["workspace"] = request.workspace.pk
    try:
        closing.delete_workspace(request.workspace, by=request.user)
    except Refused as error:
        messages.error(request, str(error))
    return redirect("workspaces:settings")


@require_POST
@member_required
def bring_back(request: MemberRequest) -> HttpResponse:
    try:
        workspaces.bring_back(request.workspace, by=request.user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The workspace is back. What was cancelled stays cancelled: start it again."))
    return redirect("workspaces:settings")
