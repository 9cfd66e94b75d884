"""Making API tokens and knowing them again.

A token is 44 characters, as GitHub's are (https://github.blog/engineering/behind-githubs-new-authentication-token-formats/):

    mh_live_ + 30 random characters + 6 characters of check

- `mh_live_` says what it is, so that scanners of leaked secrets find it: `\\bmh_live_[0-9A-Za-z]{36}\\b`.
- The 30 characters are drawn from base62, `0-9A-Za-z`: 178 bits.
- The check is the CRC-32 (zlib's) of those 30 characters as ASCII, an unsigned number written in base62 with the
  same digits (0 is `0`, 61 is `z`), the highest place first, filled up with `0` to six. It tells a token that was
  typed or cut wrongly from one that is not known, without a look at the database.

Kept is its HMAC-SHA256 under a key made of API_TOKEN_KEYS (or of SECRET_KEY where there are none). The first key makes,
all of them find; a token that was found by an older key is kept under the first one from then on. To change keys, put
a new one before the others, and leave the old one out when the tokens of before may end.
"""

import re
import secrets
import string
import zlib
from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts import audit, quotas
from accounts.audit_models import Verb
from accounts.middleware import MemberRequest
from accounts.roles import Right, may, role_in_hand
from accounts.token_models import AT_MOST, ApiToken, ApiTokenQuerySet, Scope
from accounts.wall import as_system

PREFIX = "mh_live_"
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM, CHECK = 30, 6
_SHAPE = re.compile(rf"{PREFIX}(?P<random>[0-9A-Za-z]{{{RANDOM}}})(?P<check>[0-9A-Za-z]{{{CHECK}}})")
SHOWN = len(PREFIX) + 4


class TokenRefused(Exception):
    """A token does not open the door; the message says why, to whoever has it."""


class NotAllowed(Exception):
    """A token with these scopes, or for so long, cannot be made; the message says why."""


def drawn() -> str:
    """Return a new token."""
    random = "".join(secrets.choice(DIGITS) for _place in range(RANDOM))
    return f"{PREFIX}{random}{check_of(random)}"


def check_of(random: str) -> str:
    """Return the six characters that follow `random` in a token."""
    rest, check = zlib.crc32(random.encode("ascii")), ""
    for _place in range(CHECK):
        rest, digit = divmod(rest, len(DIGITS))
        check = DIGITS[digit] + check
    return check


def is_whole(token: str) -> bool:
    """True where `token` has the shape of one, and its check is right."""
    found = _SHAPE.fullmatch(token)
    return found is not None and check_of(found["random"]) == found["check"]


def bearer_of(header: str) -> str | None:
    """Return what an `Authorization` header says after `Bearer`; None for one of another kind, or for none."""
    scheme, _space, secret = header.strip().partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


@sensitive_variables()
def digests(token: str) -> list[str]:
    """Return what is kept of a token: by the key of today first, then by each older one."""
    keys = settings.API_TOKEN_KEYS or [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [salted_hmac("accounts.token", token, secret=key, algorithm="sha256").hexdigest() for key in keys]


@sensitive_variables("token")
def create(
    request: MemberRequest, *, name: str, scopes: Collection[str], expires_at: datetime | None
) -> tuple[ApiToken, str]:
    """Make a token of whoever asks; return its row and the token, which nobody sees again.

    Raises NotAllowed for scopes that their role does not have, a time that is past, and a deleted workspace.
    Raises QuotaReached.
    """
    role = role_in_hand(request)
    wanted = _allowed(request, role, scopes)
    if expires_at is not None and expires_at <= timezone.now():
        raise NotAllowed(_("The time at which the token expires is past."))
    token = drawn()
    with transaction.atomic():
        quotas.hold_place(request.workspace.pk, "tokens", lambda of: quotas.number_of(quotas.tokens_of(of)))
        row = ApiToken.objects.create(
            workspace=request.workspace,
            user=request.user,
            name=name,
            shown=token[:SHOWN],
            digest=digests(token)[0],
            scopes=wanted,
            expires_at=expires_at,
        )
        audit.record(Verb.TOKEN_MADE, row, workspace_id=row.workspace_id, words=name, by=request.user)
    row.role = role
    return row, token


def _allowed(request: MemberRequest, role: str, scopes: Collection[str]) -> list[str]:
    """Return scopes in their order. Raises NotAllowed where one of them is not the person's."""
    wanted = [scope for scope in Scope if scope in scopes]
    if not wanted or len(wanted) != len(set(scopes)):
        raise NotAllowed(_("Choose at least one thing that the token may do."))
    if not AT_MOST[role] >= set(wanted):
        raise NotAllowed(_("A token may not do more than you may in this workspace."))
    if request.workspace.deleted_at is not None:
        raise NotAllowed(_("This workspace is deleted. Bring it back first."))
    return [str(scope) for scope in wanted]


def visible(request: MemberRequest) -> ApiTokenQuerySet:
    """Return the tokens that whoever asks may see and revoke: their own, or everybody's; the newest first."""
    all_of_them = may(request, Right.MANAGE)
    return ApiToken.objects.seen_by(request.user, request.workspace, all_of_them=all_of_them).with_role()


@sensitive_variables()
@as_system()
def known(token: str) -> ApiToken:
    """Return the row of a token, with its person, its workspace and their role. Raises TokenRefused."""
    if not is_whole(token):
        raise TokenRefused(_("This is no API token, or it was not copied whole."))
    newest, *_older = every = digests(token)
    row = ApiToken.objects.with_role().filter(digest__in=every).select_related("user", "workspace").first()
    if row is None:
        raise TokenRefused(_("This API token is not known."))
    if row.state != "active":
        raise TokenRefused(_why_not(row.state))
    if row.digest != newest:
        ApiToken.objects.filter(pk=row.pk).update(digest=newest)
    row.note_use(timezone.now())
    return row


def _why_not(state: str) -> str:
    return {
        "revoked": _("This API token was revoked. Make a new one in the settings."),
        "expired": _("This API token has expired. Make a new one in the settings."),
        "left": _("The person whose API token this is has no access to the workspace any more."),
    }[state]
