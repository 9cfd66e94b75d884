"""Forms of django-allauth that take what a passkey says, with a field that no number breaks."""

from typing import Any

from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms

from accounts.field_words import InOurWords


class CredentialField(forms.JSONField):
    """JSON, of which any that cannot be read is an error of the form.

    Django's lets the ValueError through that Python raises at a number of more than 4,300 digits.
    https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
    """

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValueError as error:
            raise forms.ValidationError(
                self.error_messages["invalid"], code="invalid", params={"value": "…"}
            ) from error


class AddPasskeyForm(InOurWords, AddWebAuthnForm):
    credential = CredentialField()


class AuthenticatePasskeyForm(AuthenticateWebAuthnForm):
    credential = CredentialField()


class LoginPasskeyForm(LoginWebAuthnForm):
    credential = CredentialField()


class ReauthenticatePasskeyForm(ReauthenticateWebAuthnForm):
    credential = CredentialField()
