"""Asking whoever runs the installation to erase somebody from what all workspaces read, and noting that it is done."""

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.operators import is_operator
from accounts.queueing import enqueue
from hunts.privacy.models import Erasure
from hunts.privacy.request_models import SharedRequest

# What is shared: a workspace that erased somebody there did so in copies of its own.
SHARED = ("enrichment.Page", "enrichment.Snapshot")
DECIDES = "hunts.change_sharedrequest"


def ask(erasure: Erasure) -> None:
    """Ask the operators, once, where shared pages name the person of a workspace's erasure; in its transaction."""
    if erasure.workspace_id is None or not any(erasure.counts.get(label) for label in SHARED):
        return
    values = {"workspace_id": erasure.workspace_id, "wanted": erasure.person.to_json()}
    request, is_new = SharedRequest.objects.get_or_create(erasure=erasure, defaults=values)
    if is_new:
        transaction.on_commit(lambda: enqueue("hunts.privacy.tasks.tell_operators", request.pk))


def take_on(erasure: Erasure) -> None:
    """Let an erasure in the whole installation answer the requests that ask for no more than it does."""
    keys = set(erasure.person.hashed())
    for request in SharedRequest.objects.open():
        if keys.issuperset(request.person.hashed()):
            SharedRequest.objects.filter(pk=request.pk).update(answer=erasure)


def close(erasure: Erasure) -> None:
    """Note that an erasure is over: what it answered is done, and forgets whom it was about."""
    SharedRequest.objects.open().filter(answer=erasure).update(done_at=timezone.now(), wanted={})


def tell_operators(request_id: int) -> int:
    """Write to the operators who can answer a request, once, however often this is called; return to how many.

    It is marked first: a mail server that is down costs the letters; the request stands in the console all the same.
    """
    untold = SharedRequest.objects.open().filter(pk=request_id, told_at__isnull=True)
    if not untold.update(told_at=timezone.now()):
        return 0
    staff = User.objects.filter(is_active=True, is_staff=True).order_by("pk")
    told = [one for one in staff if one.has_perm(DECIDES) and is_operator(one)]
    for operator in told:
        with translation.override(operator.language or settings.LANGUAGE_CODE):
            send_mail(*_letter(request_id), from_email=None, recipient_list=[operator.email])
    return len(told)


def _letter(request_id: int) -> tuple[str, str]:
    """Return the subject and the text, which name nobody."""
    link = settings.SITE_URL + reverse("admin:hunts_sharedrequest_change", args=[request_id])
    subject = _("Somebody is to be erased from pages that all workspaces read")
    text = _(
        "A workspace erased a person whom stored pages name that others read too (no. %(number)s). Only an operator can"
        " take them out of these, and out of the pictures of these sites.\n\nLook at it: %(link)s\n"
    )
    return subject, text % {"number": request_id, "link": link}
