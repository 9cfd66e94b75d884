"""Telling the other operators that a refund waits for one of them."""

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import letters
from accounts.links import absolute
from accounts.models import User
from accounts.operators import is_operator
from billing.amounts import dollars
from billing.refund_models import RefundRequest

DECIDES = "billing.change_hold"


def who_decides(request: RefundRequest) -> list[User]:
    """Return the operators who can decide a request: all with a right to money but who asked."""
    staff = User.objects.filter(is_active=True, is_staff=True).exclude(pk=request.asked_by_id).order_by("pk")
    return [one for one in staff if one.has_perm(DECIDES) and is_operator(one)]


def tell_operators(request_id: int) -> int:
    """Have those who can decide a request written to, once, however often this is called; return to how many.

    The mark and the letters are written in one transaction: both are there or neither is.
    """
    untold = RefundRequest.objects.waiting().filter(pk=request_id, told_at__isnull=True)
    with transaction.atomic():
        if not untold.update(told_at=timezone.now()):
            return 0
        request = RefundRequest.objects.get(pk=request_id)
        told = who_decides(request)
        for operator in told:
            with translation.override(operator.language or settings.LANGUAGE_CODE):
                letters.write_notice(operator, operator.email, *_letter(request))
        return len(told)


def _letter(request: RefundRequest) -> tuple[str, str]:
    """Return the subject and the text."""
    values = {
        "amount": dollars(request.amount_microusd),
        "number": request.pk,
        "until": date_format(request.expires_at, "DATETIME_FORMAT"),
        "link": absolute(reverse("admin:billing_refundrequest_change", args=[request.pk])),
    }
    subject = _("A refund of %(amount)s waits for you") % values
    text = _(
        "Another operator asked for a refund of %(amount)s (no. %(number)s). It is paid when a second operator approves"
        " it, until %(until)s UTC.\n\nLook at it, and approve or decline it:\n%(link)s\n"
    )
    return subject, text % values
