"""Forms of django-allauth whose fields are called as our pages call things, and that are otherwise unchanged."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import EditWebAuthnForm
from allauth.socialaccount import forms as social
from django import forms
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Words: TypeAlias = "Mapping[str, StrOrPromise]"

WORDS: Words = {
    "login": _("E-mail address"),
    "email": _("E-mail address"),
    "password": _("Password"),
    "password1": _("Password"),
    "password2": _("The same password once more"),
    "oldpassword": _("Current password"),
    "remember": _("Stay logged in"),
    "code": _("Code"),
    "name": _("Name of the device"),
    "passwordless": _("Passwordless"),
}
HELP: Words = {
    "passwordless": _("It logs you in without your password, and asks for your fingerprint, face or PIN instead."),
}


class InOurWords:
    """Puts our words on the fields of a form; `words` are those that are meant otherwise in this one."""

    fields: dict[str, forms.Field]
    words: ClassVar[Words] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.words.get(name) or WORDS.get(name, field.label)
            field.help_text = HELP.get(name, field.help_text)
            # It would say once more what the label says, in other words.
            field.widget.attrs.pop("placeholder", None)


class LoginForm(InOurWords, account.LoginForm):
    pass


class SignupForm(InOurWords, account.SignupForm):
    pass


class SocialSignupForm(InOurWords, social.SignupForm):
    pass


class PasswordAgainForm(InOurWords, account.ReauthenticateForm):
    pass


class ChangePasswordForm(InOurWords, account.ChangePasswordForm):
    words: ClassVar[Words] = {"password1": _("New password")}


class FirstPasswordForm(InOurWords, account.SetPasswordForm):
    pass


class CodeOfAddressForm(InOurWords, account.ConfirmEmailVerificationCodeForm):
    pass


class SecondStepForm(InOurWords, mfa.AuthenticateForm):
    pass


class SecondStepAgainForm(InOurWords, mfa.ReauthenticateForm):
    pass


class AuthenticatorAppForm(InOurWords, ActivateTOTPForm):
    words: ClassVar[Words] = {"code": _("Code that the app shows")}


class RenamePasskeyForm(InOurWords, EditWebAuthnForm):
    pass
