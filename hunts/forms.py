"""The forms of a hunt."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Workspace
from accounts.wall import as_system
from billing.amounts import dollars, microusd
from hunts.amount_fields import CountField, DollarsField
from hunts.estimate import Estimate
from hunts.models import Source
from leads.directory import searchable
from leads.models import CompanyList

MOST_COMPANIES = 1_000
MOST_DOLLARS = 10_000
LARGEST_UPLOAD = 25_000_000
OFFERED_LISTS = 50
NO_SUCH_LIST = _("This list was deleted. Choose another one.")


def check_size(upload: "UploadedFile[bytes]") -> None:
    """Raise ValidationError where a file of companies is larger than may be uploaded."""
    if (upload.size or 0) > LARGEST_UPLOAD:
        raise forms.ValidationError(_("The file is larger than 25 MB. Split it, or ask staff to import it."))


def sources_for(workspace: Workspace) -> list[dict[str, Any]]:
    """Return where a hunt may look, each with what it has or why it cannot be chosen."""
    with as_system():  # a number alone: counted row by row behind the wall, a big directory takes ten times as long
        companies = searchable(workspace.pk).count()
    has_key = bool(settings.PROVIDERS["exa"]["api_key"])
    imported = ngettext_lazy("%(count)s imported company", "%(count)s imported companies", companies)
    offered: list[dict[str, Any]] = [
        {
            "value": Source.DIRECTORY,
            "hint": imported % {"count": f"{companies:,}"} if companies else "",
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


def lists_of(workspace: Workspace) -> list[CompanyList]:
    """Return the files that a workspace uploaded, the newest first, each with how many companies it has."""
    counted = CompanyList.objects.visible_to(workspace).annotate(size=Count("companies"))
    return list(counted.filter(size__gt=0).order_by("-pk")[:OFFERED_LISTS])


class HuntForm(forms.Form):
    """Where a run looks, how far it goes and what it may spend.

    A new file need only be there when the hunt starts: `without_file` is for an estimate before. `sources` are those of
    `sources_for`, where they are known already.
    """

    source = forms.ChoiceField(choices=Source.choices)
    limit = CountField(min_value=1, max_value=MOST_COMPANIES, initial=50)
    max_spend = DollarsField(min_value=0, max_value=MOST_DOLLARS, initial=5)
    max_leads = CountField(min_value=1, max_value=MOST_COMPANIES, required=False)
    list = forms.ModelChoiceField(
        queryset=CompanyList.objects.none(), required=False, error_messages={"invalid_choice": NO_SUCH_LIST}
    )
    companies = forms.FileField(required=False, validators=[check_size])

    def __init__(
        self,
        *args: Any,
        workspace: Workspace,
        without_file: bool = False,
        sources: Sequence[dict[str, Any]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.problems = {one["value"]: one["problem"] for one in sources or sources_for(workspace)}
        self.without_file = without_file
        self.fields["list"].queryset = CompanyList.objects.visible_to(workspace)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        source = cleaned.get("source")
        if source and self.problems.get(source, _("This source is not available here.")):
            self.add_error("source", self.problems.get(source) or _("This source is not available here."))
        upload = cleaned.get("companies")
        is_missing = not upload and not cleaned.get("list") and "companies" not in self.errors
        if source == Source.FILE and is_missing and not self.without_file:
            self.add_error("companies", _("Choose the file to look through."))
        return cleaned

    def check_against(self, told: Estimate) -> None:
        """Refuse what the estimate says cannot even begin, at the field that can change it."""
        if told.problem:
            self.add_error("source", told.problem)
        elif self.max_spend_microusd < told.first_call_microusd:
            self.add_error(
                "max_spend",
                _("That is less than the first paid call may cost (%(least)s). Allow more, or choose what is free.")
                % {"least": dollars(told.first_call_microusd)},
            )

    @property
    def company_list(self) -> CompanyList | None:
        """The uploaded file that was chosen; None for other sources."""
        chosen: CompanyList | None = self.cleaned_data.get("list")
        return chosen if self.cleaned_data.get("source") == Source.FILE else None

    @property
    def max_spend_microusd(self) -> int:
        return microusd(self.cleaned_data["max_spend"])
