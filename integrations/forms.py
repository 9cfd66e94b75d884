"""What a workspace can say about a language model."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from integrations import connections
from integrations.models import Connection

LONGEST_KEY = 400
_KEY = re.compile(r"[!-~]{8,400}")
MOST_REQUESTS = 1_000_000
MOST_TOKENS = 1_000_000_000
MOST_AT_ONCE = 10_000


class ConnectionForm(forms.Form):
    """A key, which is taken and never shown again, the model, and how fast the key may be used."""

    api_key = forms.CharField(required=False, max_length=LONGEST_KEY, label=_("Your key"))
    model = forms.ChoiceField(label=_("Model"))
    requests_per_minute = forms.IntegerField(required=False, min_value=0, max_value=MOST_REQUESTS)
    tokens_per_minute = forms.IntegerField(required=False, min_value=0, max_value=MOST_TOKENS)
    calls_at_once = forms.IntegerField(required=False, min_value=0, max_value=MOST_AT_ONCE)

    def __init__(self, data: Any, *, slug: str) -> None:
        super().__init__(data)
        choice = self.fields["model"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(name, name) for name in connections.models_of(slug)]

    def clean_api_key(self) -> str:
        key: str = self.cleaned_data["api_key"]
        if key and not _KEY.fullmatch(key):
            raise forms.ValidationError(_("That is no key: a key is one word of letters, digits and signs."))
        return key

    def apply_to(self, row: Connection) -> None:
        """Write all but the key."""
        for name in ("model", "requests_per_minute", "tokens_per_minute", "calls_at_once"):
            setattr(row, name, self.cleaned_data[name])
        row.save(update_fields=["model", "requests_per_minute", "tokens_per_minute", "calls_at_once"])
