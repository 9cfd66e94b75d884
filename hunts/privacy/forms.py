"""What is entered about people: who they are, and for how long they are kept."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from leads.wanted import NobodyMeant, Wanted


class PersonForm(forms.Form):
    """Whom a request is about; `wanted` has them once the form is valid."""

    wanted: Wanted

    email = forms.CharField(label=_("E-mail address"), max_length=254, required=False)
    name = forms.CharField(label=_("First and family name"), max_length=200, required=False)
    company = forms.CharField(label=_("Domain of their company"), max_length=253, required=False)
    phone = forms.CharField(label=_("Phone number"), max_length=60, required=False)
    profile = forms.CharField(label=_("Address of a profile"), max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            try:
                self.wanted = Wanted.of(**values)
            except NobodyMeant as error:
                raise forms.ValidationError(str(error)) from error
        return values


class RetentionForm(forms.Form):
    """For how many months people are kept. “For ever” is no answer."""

    months = forms.IntegerField(
        label=_("Months"), min_value=1, max_value=Workspace.LONGEST_RETENTION, help_text=_("1 to 120")
    )
