"""The door by which one of one's own sessions is ended; the list of them is django-allauth's."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST


@require_POST
@login_required
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one session of the person: its browser is logged out, and its open pages hear no more news within a second.

    That of this browser is not ended here: logging out is what does that, and says so.
    """
    session = get_object_or_404(UserSession, pk=pk, user_id=request.user.pk)
    if session.session_key == request.session.session_key:
        messages.info(request, _("This is the browser that you are using. Log out to end its session."))
    else:
        session.end()
        messages.success(request, _("That browser is logged out."))
    return redirect("usersessions_list")
