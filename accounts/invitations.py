"""Inviting people by e-mail, and accepting.

The link in the e-mail shows an invitation; a place is given only to who is signed in with the invited address and has
confirmed that it is theirs. An invitation is worth no more than who stands behind it at that moment.
"""

import secrets
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, invitation_mail, quotas
from accounts.audit_models import Verb
from accounts.invitation_models import Invitation, InvitationQuerySet
from accounts.mail_server import nudge
from accounts.members import UNDO_WITHIN, Refused, acting, holding
from accounts.models import Membership, User, Workspace
from accounts.notification_mail import is_confirmed
from accounts.roles import Right, Role, may, reaches

MOST_OPEN = 100
MOST_A_DAY = 50
SEND_AGAIN_AFTER = timedelta(minutes=1)
Status = Invitation.Status


class NotYours(Refused):
    """The invitation is for an address that the person has not shown to be theirs."""


def invite(workspace: Workspace, email: str, role: str, *, by: User) -> Invitation:
    """Invite an address; the queue sends the e-mail. One that is invited already gets the new role and a new link.

    Where the e-mail cannot be sent, the invitation says why (`problem`). Raises Refused.
    """
    address = email.strip().lower()
    with acting(workspace, by, Right.MANAGE) as mine:
        _check_may_invite(mine, role)
        _check_is_new(workspace, address)
        open_one = Invitation.objects.live().filter(workspace=workspace, email=address).first()
        if open_one is None:
            quotas.hold_person(workspace.pk)
        elif not reaches(mine.role, open_one.role):
            raise Refused(_("%(email)s is invited to a role that is higher than your own.") % {"email": address})
        values = {"role": role, "expires_at": timezone.now() + Invitation.LASTS, "token_hash": _nobodys()}
        invitation, _made = Invitation.objects.open().update_or_create(
            workspace=workspace, email=address, defaults=values
        )
        _post(invitation, by)
        _record(Verb.INVITED, invitation, by)
    return invitation


def send_again(invitation: Invitation, *, by: User) -> Invitation:
    """Send an invitation again, with another link and another seven days, in the name of `by`. Raises Refused."""
    with acting(invitation.workspace, by, Right.MANAGE) as mine:
        now = Invitation.objects.filter(pk=invitation.pk).get()
        if now.accepted_at or now.revoked_at:
            raise Refused(said(now))
        if now.status != Status.FAILED and now.asked_at > timezone.now() - SEND_AGAIN_AFTER:
            raise Refused(_("It was sent a moment ago. Give it a minute to arrive."))
        _check_may_invite(mine, now.role)
        if now.state == Invitation.State.EXPIRED:
            quotas.hold_person(now.workspace_id)
        _post(now, by)
        _record(Verb.INVITED, now, by)
    return now


def revoke(invitation: Invitation, *, by: User) -> bool:
    """Take an invitation back: its link does not work any more. False where it was over already. Raises Refused."""
    with acting(invitation.workspace, by, Right.MANAGE) as mine:
        if not reaches(mine.role, invitation.role):
            raise Refused(_("You cannot take back an invitation to a role that is higher than your own."))
        if not Invitation.objects.open().filter(pk=invitation.pk).update(revoked_at=timezone.now()):
            return False
        _record(Verb.INVITATION_REVOKED, invitation, by)
        return True


def put_back(invitation: Invitation, *, by: User) -> None:
    """Undo `revoke`, soon enough: the link in the e-mail works again, or is sent now. Raises Refused."""
    with acting(invitation.workspace, by, Right.MANAGE) as mine:
        _check_may_invite(mine, invitation.role)
        since = timezone.now() - UNDO_WITHIN
        revoked = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, revoked_at__gte=since)
        try:
            with transaction.atomic():
                if revoked.exists():
                    quotas.hold_person(invitation.workspace_id)
                is_back = revoked.update(revoked_at=None, invited_by=by)
        except IntegrityError:  # the address was invited again meanwhile
            is_back = False
        if not is_back:
            raise Refused(_("It is too late to undo that. Invite the person again."))
        now = Invitation.objects.get(pk=invitation.pk)
        if now.status in (Status.DROPPED, Status.FAILED):  # nobody has a link that could work again
            _post(now, by)
        _record(Verb.INVITATION_PUT_BACK, invitation, by)


def by_token(token: str) -> Invitation | None:
    """Return the invitation that a link is for."""
    found = Invitation.objects.filter(token_hash=invitation_mail.hashed(token))
    return found.select_related("workspace", "invited_by").first()


def waiting_for(user: User) -> InvitationQuerySet:
    """Return the invitations to addresses that `user` has shown to be theirs."""
    confirmed = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    live = Invitation.objects.live().filter(email__in=[one.lower() for one in confirmed])
    live = live.filter(workspace__deleted_at__isnull=True).exclude(workspace__memberships__user=user)
    return live.select_related("workspace", "invited_by").order_by("-pk")


def has_shown(user: User, email: str) -> bool:
    """Return whether `user` has confirmed that they get the mail of an address."""
    return EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists()


def accept(invitation: Invitation, *, user: User) -> Membership:
    """Make `user` a member; done twice, it is the same. A member's role stays as it is. Raises Refused."""
    if not has_shown(user, invitation.email):
        raise NotYours(_("Confirm first that %(email)s is your address.") % {"email": invitation.email})
    with holding(invitation.workspace_id) as workspace:
        now = Invitation.objects.get(pk=invitation.pk)
        place = Membership.objects.filter(workspace=workspace, user=user).first()
        if place is not None and now.accepted_by_id == user.pk:
            return place
        _check_stands(now, workspace)
        live = Invitation.objects.live().filter(pk=now.pk, token_hash=invitation.token_hash)
        if not live.update(accepted_at=timezone.now(), accepted_by=user):
            raise Refused(said(now))
        _record(Verb.MEMBER_JOINED, now, user)
        return place or Membership.objects.create(workspace=workspace, user=user, role=now.role)


def said(invitation: Invitation) -> str:
    """Say why an invitation cannot be accepted; '' where it can."""
    sentences = {
        Invitation.State.OPEN: "",
        Invitation.State.ACCEPTED: _("This invitation was accepted already."),
        Invitation.State.REVOKED: _("This invitation was taken back. Ask for another one."),
        Invitation.State.EXPIRED: _("This invitation has expired: it was good for seven days. Ask for another one."),
    }
    return sentences[invitation.state]


def _record(verb: Verb, invitation: Invitation, by: User) -> None:
    """Write down what was done with an invitation; the log does not keep the address, so that it can be erased."""
    words = str(Role(invitation.role).label)
    audit.record(verb, invitation, workspace_id=invitation.workspace_id, words=words, by=by)


def _check_stands(invitation: Invitation, workspace: Workspace) -> None:
    """Raise Refused where the workspace is deleted, or who invited may not give that role any more."""
    if workspace.deleted_at:
        raise Refused(_("This workspace was deleted."))
    inviter = Membership.objects.filter(
        workspace=workspace, user=invitation.invited_by_id, user__is_active=True
    ).first()
    if inviter is None or not may(inviter, Right.MANAGE) or not reaches(inviter.role, invitation.role):
        raise Refused(_("Whoever invited you may not invite people any more. Ask for another invitation."))


def _check_may_invite(mine: Membership, role: str) -> None:
    if not reaches(mine.role, role):
        raise Refused(_("You cannot give a role that is higher than your own."))
    if not is_confirmed(mine.user):
        raise Refused(_("Confirm your own e-mail address first: people are told who invites them."))
    ours = Invitation.objects.filter(workspace=mine.workspace_id)
    if ours.live().count() >= MOST_OPEN:
        raise Refused(_("%(n)s invitations are open. Take some back first.") % {"n": MOST_OPEN})
    if ours.filter(asked_at__gt=timezone.now() - timedelta(days=1)).count() >= MOST_A_DAY:
        raise Refused(_("%(n)s invitations were sent within a day. Go on tomorrow.") % {"n": MOST_A_DAY})


def _check_is_new(workspace: Workspace, address: str) -> None:
    people = EmailAddress.objects.filter(email__iexact=address, verified=True).values("user")
    members = Membership.objects.filter(workspace=workspace)
    if members.filter(user__in=people).exists() or members.filter(user__email__iexact=address).exists():
        raise Refused(_("%(email)s is a member already.") % {"email": address})


def _post(invitation: Invitation, by: User) -> None:
    """Put the e-mail, with a link that nobody has seen, into the outbox; who was sending an older one is too late."""
    quotas.take(invitation.workspace_id, "invitations", by=by)
    now, nonce = timezone.now(), secrets.token_urlsafe(32)
    columns: dict[str, Any] = {
        "token_hash": invitation_mail.hashed(invitation_mail.token_of(invitation.pk, nonce)),
        "nonce": nonce,
        "invited_by": by,
        "asked_at": now,
        "expires_at": now + Invitation.LASTS,
        "status": Status.WAITING,
        "attempts": 0,
        "not_before": now,
        "problem": "",
        "sent_at": None,
    }
    Invitation.objects.filter(pk=invitation.pk).update(**columns, fence=F("fence") + 1, lease_expires_at=None)
    invitation.refresh_from_db()
    nudge()


def _nobodys() -> str:
    """Return the hash of a token that nobody has: a row has its number only after it is written."""
    return invitation_mail.hashed(secrets.token_urlsafe(32))
