"""What the page of a conversation shows: one context for the page, its parts and the stream."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy

from accounts.roles import Right, may
from accounts.visitors import Visitor
from hunts import changes, profile
from hunts.chat_models import Conversation, Message

KINDS = (("must", gettext_lazy("must")), ("nice", gettext_lazy("nice to have")), ("exclude", gettext_lazy("exclude")))


def context(conversation: Conversation, *, may_change: bool) -> dict[str, Any]:
    """Return what the whole page needs, but for the form that starts a run."""
    return {
        "conversation": conversation,
        "may_change": may_change,
        "said": list(conversation.messages.exclude(text="", status=Message.Status.DONE).order_by("pk")),
        **profile_context(conversation),
    }


def profile_context(conversation: Conversation, problem: str = "") -> dict[str, Any]:
    icp = conversation.icp
    return {
        "conversation": conversation,
        "icp": icp,
        "lists": [(name, label, profile.labelled(icp, name)) for name, label in changes.LISTS.items()],
        "kinds": KINDS,
        "problem": problem,
        "may_undo": conversation.version > 1,
    }


def answered(message: Message, visitor: Visitor) -> str:
    """Return the parts of the page that an answer changed, for whoever watched it being written."""
    request = HttpRequest()
    if visitor.csrf_cookie:
        request.META["CSRF_COOKIE"] = visitor.csrf_cookie
    conversation = message.conversation
    place = visitor.place_in(conversation.workspace_id)
    with translation.override(visitor.language):  # names of countries are chosen as the context is made
        parts = {
            "message": message,
            "may_change": place is not None and may(place, Right.CHANGE),
            "csrf_token": get_token(request) if visitor.csrf_cookie else "",
            "out_of_band": True,
            "LANGUAGE_CODE": visitor.language or settings.LANGUAGE_CODE,
            **profile_context(conversation),
        }
        return render_to_string("hunts/_answered.html", parts)
