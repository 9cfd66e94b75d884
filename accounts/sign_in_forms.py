"""Forms of django-allauth, where ours are stricter."""

from typing import Any, ClassVar

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm, ResetPasswordForm, ResetPasswordKeyForm
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import letters
from accounts.field_words import InOurWords, Words
from accounts.models import User
from accounts.taking_back import is_address_of, take_back


class AnotherAddressForm(InOurWords, AddEmailForm):
    """Takes another address of somebody who is signed in."""

    def clean_email(self) -> str:
        """Refuse the address of another account where nothing has to be proved before it counts as one's own.

        Where it has to, the mail says it, to whoever reads it.
        """
        email = str(super().clean_email())
        assert self.user is not None
        taken = User.objects.filter(email__iexact=email).exclude(pk=self.user.pk).exists()
        if taken and not app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED:
            raise get_adapter().validation_error("email_taken")
        return email


class ForgottenPasswordForm(InOurWords, ResetPasswordForm):
    """Asks for the address of the account whose password is forgotten."""

    def clean_email(self) -> str:
        """Send no mail about an account that merely says, and has not shown, that it wants this address one day.

        Whoever reset its password would work in a stranger's account from then on.
        """
        email = str(super().clean_email())
        self.users = [user for user in self.users if is_address_of(user, email)]
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Have the link sent by the queue: the page answers as quickly, and the same, where there is no account."""
        email = str(self.cleaned_data["email"])
        for user in self.users:
            letters.write_reset_link(user, email, get_language() or "")
        return email


class NewPasswordForm(InOurWords, ResetPasswordKeyForm):
    """Takes the new password of somebody who came by the link in their mail."""

    words: ClassVar[Words] = {"password1": _("New password")}

    def save(self) -> None:
        super().save()
        take_back(self.user)
