"""What happens when somebody signs up, proves an address, logs in or changes a password; and how we write to them."""

from datetime import timedelta
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.account.utils import filter_users_by_email
from allauth.core import context
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import browsers, letters
from accounts.links import absolute
from accounts.models import User, Workspace
from accounts.taking_back import end_sessions
from accounts.wall import as_system


class AccountAdapter(DefaultAccountAdapter):
    def save_user(
        self, request: HttpRequest, user: AbstractBaseUser, form: Any, commit: bool = True
    ) -> AbstractBaseUser:
        with transaction.atomic():
            saved = super().save_user(request, user, form, commit=commit)
            if commit and isinstance(saved, User):
                settle(saved)
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Have an e-mail sent by the queue: one with a code or link that proves an address, or one that says a thing.

        Where the account that it is about is gone meanwhile, nobody waits for it.
        """
        user = context.get("user") or next(iter(filter_users_by_email(email)), None)
        if user is None:
            return
        mail = self.render_mail(template_prefix, email, {"email": email, **context})
        subject, text = str(mail.subject), str(mail.body)
        if "code" in context:
            lasts = timedelta(seconds=app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT)
            letters.write_code(user, email, subject, text, lasts=lasts)
        elif "activate_url" in context:
            letters.write_code(user, email, subject, text, lasts=letters.LINK_LASTS)
        else:
            letters.write_notice(user, email, subject, text)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: EmailConfirmation) -> str:
        """Return the address of the page that proves an address; like all links in letters, it leads to SITE_URL."""
        return absolute(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Have a person told what was changed in their account; the queue sends it."""
        assert isinstance(user, User)
        address = email or EmailAddress.objects.get_primary_email(user) or user.email
        request = self.request
        words = {
            "email": address,
            "timestamp": timezone.now(),
            "ip": self.get_client_ip(request),
            "browser": browsers.named(self.get_http_user_agent(request)),
            "zone": user.time_zone,
            **(context or {}),
        }
        mail = self.render_mail(template_prefix, address, words)
        letters.write_notice(user, address, str(mail.subject), str(mail.body))

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        """Tell the person of a login from a browser, or a network, that they never came from before."""
        answer: HttpResponse = super().post_login(request, user, **kwargs)
        assert isinstance(user, User)
        if browsers.is_new(user, self.get_http_user_agent(request), self.get_client_ip(request)):
            self.send_notification_mail("account/email/new_browser", user)
        return answer

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Set it, and end every session but the one that it is set in."""
        with transaction.atomic():
            assert isinstance(user, User)
            super().set_password(user, password)
            end_sessions(user, but=context.request.session.session_key)

    def is_safe_url(self, url: str) -> bool:
        """Return whether a page may lead on to `url`; never to what is no address, at which allauth's own breaks."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Mark an address as proved. A link counts in the hands of its account alone.

        Anybody can sign up with somebody else's address: the owner, who presses the link that comes, would confirm
        the account of a stranger. A code cannot be entered anywhere but where it was asked for.
        """
        by_code = app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED
        if not by_code and request.user.pk != email_address.user_id:
            messages.error(request, _("Log in first, and then open the link again."))
            return False
        return bool(super().confirm_email(request, email_address))


@as_system()
def settle(user: User) -> None:
    """Give a new person their language and a workspace of their own."""
    user.language = get_language() or ""
    user.save(update_fields=["language"])
    name = user.email.split("@", 1)[0]
    Workspace.start(_("%(name)s's workspace") % {"name": name}, owner=user, slug="")
