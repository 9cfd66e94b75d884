"""Taking a second step away from somebody who cannot use it any more: the way out when a key or a phone is lost."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from accounts import audit, letters
from accounts.audit_models import Verb
from accounts.models import User
from accounts.taking_back import end_sessions

LETTER = "account/email/second_step_reset"


def reset(user: User) -> int:
    """Remove all second steps of `user`, end their sessions and write to them; return how many steps there were.

    Whoever calls it has made sure who is asking: a password is all that protects the account from then on.
    """
    with transaction.atomic():
        count = Authenticator.objects.filter(user=user).count()
        Authenticator.objects.filter(user=user).delete()
        end_sessions(user)
        places: list[int | None] = [*user.memberships.values_list("workspace_id", flat=True)] or [None]
        audit.record_all(places, Verb.SECOND_STEP_RESET, user)
        with translation.override(user.language or settings.LANGUAGE_CODE):
            subject, text = (render_to_string(f"{LETTER}_{part}.txt") for part in ("subject", "message"))
        letters.write_notice(user, user.email, " ".join(subject.split()), text)
    return count
