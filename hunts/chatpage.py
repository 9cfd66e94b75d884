"""What the page of a conversation shows: one context for the page, its parts and the stream."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy

from accounts.models import Membership
from accounts.visitors import Visitor
from hunts import changes, profile
from hunts.estimate import estimate
from hunts.forms import HuntForm, sources_for
from hunts.models import Conversation, Message, Source

SAMPLE = 5  # companies
PREFERRED = (Source.DIRECTORY, Source.SANDBOX, Source.EXA, Source.FILE)
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


def start_context(conversation: Conversation, form: HuntForm | None = None) -> dict[str, Any]:
    """Return what the form that starts a run needs: sources, limits as stated, and what it would cost at most."""
    sources = sources_for(conversation.workspace)
    if form is None:
        form = HuntForm(initial=_first_choice(conversation, sources), workspace=conversation.workspace)
    stated = {name: form[name].value() for name in ("source", "limit", "max_spend")}
    limit = int(stated["limit"]) if str(stated["limit"]).isdigit() else 0
    source = stated["source"] if stated["source"] in Source.values else Source.DIRECTORY
    icp, workspace_id = conversation.icp, conversation.workspace_id
    return {
        "conversation": conversation,
        "form": form,
        "stated": stated,
        "sources": sources,
        "sample": SAMPLE,
        "estimate": estimate(icp, source=source, limit=min(max(limit, 0), 1_000), workspace_id=workspace_id),
        "sample_estimate": estimate(icp, source=source, limit=SAMPLE, workspace_id=workspace_id),
    }


def _first_choice(conversation: Conversation, sources: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the limits of the hunt that the conversation is about, or those that suit a beginner."""
    if hunt := conversation.hunt:
        return {"source": hunt.source, "limit": hunt.limit, "max_spend": hunt.max_spend_microusd / 1_000_000}
    usable = [source["value"] for source in sources if not source["problem"]]
    return {"source": next(one for one in PREFERRED if one in usable), "limit": 50, "max_spend": 5}


def answered(message: Message, visitor: Visitor) -> str:
    """Return the parts of the page that an answer changed, for whoever watched it being written."""
    request = HttpRequest()
    if visitor.csrf_cookie:
        request.META["CSRF_COOKIE"] = visitor.csrf_cookie
    conversation = message.conversation
    editors = Membership.objects.filter(user_id=visitor.user_id, workspace_id=conversation.workspace_id)
    with translation.override(visitor.language):  # names of countries are chosen as the context is made
        parts = {
            "message": message,
            "may_change": editors.exclude(role=Membership.Role.VIEWER).exists(),
            "csrf_token": get_token(request) if visitor.csrf_cookie else "",
            "out_of_band": True,
            "LANGUAGE_CODE": visitor.language or settings.LANGUAGE_CODE,
            **profile_context(conversation),
            **start_context(conversation),
        }
        return render_to_string("hunts/_answered.html", parts)
