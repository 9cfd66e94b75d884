"""Signing in by way of Google and WeChat: whom their word lets in.

An account is found by the provider's own number of the person. An address that a provider names opens an account only
where both sides vouch for it: the provider runs the mailbox, and our account proved the same address by a code.
"""

from typing import Any

from allauth.account import app_settings
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.db import transaction
from django.http import Http404, HttpRequest

from accounts.adapter import settle
from accounts.models import User


class NotRegistered(SocialApp.DoesNotExist, Http404):
    """We have no keys for a provider: its addresses are as if they were not there."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> SocialApp:
        """Return our registration with a provider. Raises NotRegistered."""
        try:
            app: SocialApp = super().get_app(request, provider, client_id)
        except SocialApp.DoesNotExist:
            raise NotRegistered(provider) from None
        return app

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        """Return whether `email` lets `login` into the account that has it.

        By a link the owner of an address can have been led to confirm a stranger's account, by a code they cannot.
        """
        is_sure = app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED and is_run_by_google(login, email)
        return is_sure and EmailAddress.objects.filter(email__iexact=email, verified=True).exists()

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Have addresses that the provider does not answer for proved to us."""
        for address in sociallogin.email_addresses:
            address.verified = address.verified and is_run_by_google(sociallogin, address.email)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        with transaction.atomic():
            user: User = super().save_user(request, sociallogin, form)
            if form is None:  # with a form, the account's adapter did it
                settle(user)
        return user

    def get_requests_session(self) -> Any:
        """Return what asks the providers: their answers come from their own addresses, not from where one leads."""
        session = super().get_requests_session()  # type: ignore[no-untyped-call]
        session.trust_env = False
        session.max_redirects = 0
        return session


def is_run_by_google(login: SocialLogin, email: str) -> bool:
    """Return whether Google runs the mailbox: of others it only knows that somebody could read it once.

    https://developers.google.com/identity/gsi/web/guides/verify-google-id-token
    """
    told = login.account.extra_data
    is_theirs = email.lower().endswith("@gmail.com") or bool(told.get("hd"))
    return login.account.provider == "google" and bool(told.get("email_verified")) and is_theirs
