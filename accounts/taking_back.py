"""Making sure that an account has no second holder.

Somebody can sign up with the address of a person who has no account yet, and wait: with a password, an open session,
a connected WeChat, a change of address half done. When the person comes, and proves by mail that the address is
theirs, nothing of that may still open the door. https://arxiv.org/abs/2205.10174 calls it pre-hijacking.
"""

from allauth.account.internal.flows.manage_email import sync_user_email_address
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction

from accounts.models import User
from accounts.token_models import ApiToken
from accounts.wall import as_system


def has_proved(user: User, email: str) -> bool:
    """Return whether `email` is an address that `user` showed to be theirs."""
    return EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists()


def is_address_of(user: User, email: str) -> bool:
    """Return whether mail to `email` reaches `user`: the address of their account, or another that they proved."""
    return user.email.lower() == email.lower() or has_proved(user, email)


def end_sessions(user: User, *, but: str | None = None) -> None:
    """End all sessions of `user`; that with the key `but` goes on."""
    for session in UserSession.objects.filter(user=user).exclude(session_key=but or ""):
        session.end()


@as_system()
def take_back(user: User) -> None:
    """Leave `user`, who has just proved by mail that the account is theirs, the only one who can enter it.

    Where its address was proved before, only changes of address that are half done end. Where it never was, nobody
    knows who added what there is: connected accounts, second steps and API tokens go, and the address counts as proved.
    """
    with transaction.atomic():
        end_sessions(user)
        is_first_proof = not EmailAddress.objects.filter(user=user, verified=True).exists()
        sync_user_email_address(user)
        EmailAddress.objects.filter(user=user, verified=False).exclude(email__iexact=user.email).delete()
        if is_first_proof:
            SocialAccount.objects.filter(user=user).delete()
            Authenticator.objects.filter(user=user).delete()
            ApiToken.objects.filter(user=user).delete()
            address = EmailAddress.objects.get_for_user(user, user.email)
            address.set_verified(commit=False)
            address.set_as_primary(conditional=True)
            address.save()
