"""The forms of a hunt."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from hunts.models import Source
from leads.directory import searchable

MOST_COMPANIES = 1_000
MOST_DOLLARS = 10_000
LARGEST_UPLOAD = 25_000_000


def sources_for(workspace: Workspace) -> list[dict[str, Any]]:
    """Return where a hunt may look, each with what it has or why it cannot be chosen."""
    companies = searchable(workspace.pk).count()
    has_key = bool(settings.PROVIDERS["exa"]["api_key"])
    offered: list[dict[str, Any]] = [
        {
            "value": Source.DIRECTORY,
            "hint": _("%(count)s imported companies") % {"count": f"{companies:,}"} if companies else "",
            "problem": ""
            if companies
            else _("No companies imported yet. Upload a file, or ask staff to import a list."),
        },
        {"value": Source.FILE, "hint": _("CSV, XLSX or JSONL, up to 25 MB"), "problem": ""},
        {
            "value": Source.EXA,
            "hint": _("the web, paid per search"),
            "problem": "" if has_key else _("Needs a key: set EXA_API_KEY."),
        },
    ]
    if settings.PROVIDERS["sandbox"]["base_url"]:
        offered.append({"value": Source.SANDBOX, "hint": _("fictional companies, to try it out"), "problem": ""})
    for source in offered:
        source["label"] = Source(source["value"]).label
    return offered


class HuntForm(forms.Form):
    """Where a run looks, how far it goes and what it may spend."""

    source = forms.ChoiceField(choices=Source.choices)
    limit = forms.IntegerField(min_value=1, max_value=MOST_COMPANIES, initial=50)
    max_spend = forms.DecimalField(min_value=0, max_value=MOST_DOLLARS, decimal_places=2, initial=5)
    companies = forms.FileField(required=False)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.problems = {source["value"]: source["problem"] for source in sources_for(workspace)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        source = cleaned.get("source")
        if source and self.problems.get(source, _("This source is not available here.")):
            self.add_error("source", self.problems.get(source) or _("This source is not available here."))
        upload = cleaned.get("companies")
        if source == Source.FILE and not upload:
            self.add_error("companies", _("Choose the file to look through."))
        if upload and upload.size > LARGEST_UPLOAD:
            self.add_error("companies", _("The file is larger than 25 MB. Split it, or ask staff to import it."))
        return cleaned

    @property
    def max_spend_microusd(self) -> int:
        return int(self.cleaned_data["max_spend"] * 1_000_000)


class LimitForm(forms.Form):
    """A new spending limit for a run that stopped at its own."""

    max_spend = forms.DecimalField(min_value=0, max_value=MOST_DOLLARS, decimal_places=2)
