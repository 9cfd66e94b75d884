"""The forms of presets and their schedules."""

from datetime import time
from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from hunts.amount_fields import CountField, DollarsField, as_typed
from hunts.forms import LARGEST_UPLOAD, MOST_COMPANIES, MOST_DOLLARS, NO_SUCH_LIST, sources_for
from hunts.models import Source
from hunts.preset_models import Known, Preset, Schedule
from hunts.presets import LONGEST_NAME, Terms
from hunts.recurrence import Recurrence
from hunts.schedules import Plan
from leads.models import CompanyList

MICRO = 1_000_000
NO_TIME_ZONE = _("Choose a time zone of the list, such as Europe/Berlin.")


def time_zones() -> list[str]:
    """Return the names of the IANA database that are places, and UTC first."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))]


class SavePresetForm(forms.Form):
    """A name for a hunt, and who sees it."""

    name = forms.CharField(max_length=LONGEST_NAME, error_messages={"required": _("Give the preset a name.")})
    is_shared = forms.BooleanField(required=False)


class PresetForm(forms.Form):
    """The name of a preset, who sees it, and how its hunt is run."""

    name = forms.CharField(max_length=LONGEST_NAME, error_messages={"required": _("Give the preset a name.")})
    is_shared = forms.BooleanField(required=False)
    source = forms.ChoiceField(choices=Source.choices)
    company_list = forms.ModelChoiceField(
        queryset=CompanyList.objects.none(), required=False, error_messages={"invalid_choice": NO_SUCH_LIST}
    )
    companies = forms.FileField(
        required=False, error_messages={"empty": _("The file is empty. Choose one with a row for each company.")}
    )
    limit = CountField(min_value=1, max_value=MOST_COMPANIES)
    max_leads = CountField(min_value=1, max_value=MOST_COMPANIES, required=False)
    max_spend = DollarsField(min_value=0, max_value=MOST_DOLLARS)
    known = forms.ChoiceField(choices=Known.choices)

    def __init__(self, *args: Any, preset: Preset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preset = preset
        self.sources = sources_for(preset.workspace)
        lists = CompanyList.objects.visible_to(preset.workspace).order_by("name")
        self.fields["company_list"].queryset = lists  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        source = cleaned.get("source")
        problems = {offered["value"]: offered["problem"] for offered in self.sources}
        problem = problems.get(source, _("This source is not available here."))
        # One that it has already may stay: a key that is missing today is no reason not to rename it.
        if source and problem and source != self.preset.hunt.source:
            self.add_error("source", problem)
        if source == Source.FILE:
            self._check_file(cleaned)
        return cleaned

    def _check_file(self, cleaned: dict[str, Any]) -> None:
        upload = cleaned.get("companies")
        if upload and upload.size > LARGEST_UPLOAD:
            self.add_error("companies", _("The file is larger than 25 MB. Split it, or ask staff to import it."))
        elif not upload and not cleaned.get("company_list") and not {"companies", "company_list"} & set(self.errors):
            self.add_error("company_list", _("Choose the file to look through."))
        elif upload and self.errors:
            # A browser does not keep the choice of a file over an answer.
            self.add_error("companies", _("Choose the file again: it was not read, because of what is said above."))

    @property
    def upload(self) -> "UploadedFile[bytes] | None":
        """The new file to look through, once the form is valid."""
        return self.cleaned_data["companies"] if self.cleaned_data["source"] == Source.FILE else None

    def choose(self, company_list: CompanyList) -> None:
        """Take a list that was read from the file just now as the one that was chosen."""
        self.cleaned_data["company_list"] = company_list
        # So that the form shows it, should it be shown again.
        stated = cast(QueryDict, self.data).copy()
        stated["company_list"] = str(company_list.pk)
        self.data = stated

    @property
    def terms(self) -> Terms:
        """What was entered, once it is valid."""
        values = self.cleaned_data
        return Terms(
            name=values["name"],
            is_shared=values["is_shared"],
            known=values["known"],
            source=values["source"],
            limit=values["limit"],
            max_spend_microusd=int(values["max_spend"] * MICRO),
            max_leads=values["max_leads"],
            company_list=values["company_list"],
        )


def terms_as_initial(terms: Terms) -> dict[str, Any]:
    """Return what the form shows of a preset as it is."""
    return {
        "name": terms.name,
        "is_shared": terms.is_shared,
        "known": terms.known,
        "source": terms.source,
        "limit": terms.limit,
        "max_leads": terms.max_leads,
        "max_spend": as_typed(terms.max_spend_microusd),
        "company_list": terms.company_list and terms.company_list.pk,
    }


class ScheduleForm(forms.Form):
    """When a preset runs, and what one run may spend. The day of a frequency that was not chosen is passed over."""

    frequency = forms.ChoiceField(choices=Schedule.Frequency.choices)
    weekday = forms.TypedChoiceField(choices=list(WEEKDAYS.items()), coerce=int, required=False, empty_value=None)
    day = forms.IntegerField(
        min_value=1,
        max_value=31,
        required=False,
        error_messages={"min_value": _("A day from 1 to 31."), "max_value": _("A day from 1 to 31.")},
    )
    at = forms.TimeField(
        input_formats=["%H:%M", "%H:%M:%S"], error_messages={"invalid": _("A time from 00:00 to 23:59.")}
    )
    time_zone = forms.ChoiceField(error_messages={"invalid_choice": NO_TIME_ZONE, "required": NO_TIME_ZONE})
    known = forms.ChoiceField(choices=Known.choices)
    max_spend = DollarsField(min_value=0, max_value=MOST_DOLLARS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Browsers may know a place by an older name than the list shows.
        self.fields["time_zone"].choices = [(name, name) for name in sorted(available_timezones())]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        frequency = cleaned.get("frequency")
        if frequency == Schedule.Frequency.WEEKLY and cleaned.get("weekday") is None:
            self.add_error("weekday", _("Choose the day of the week."))
        if frequency == Schedule.Frequency.MONTHLY and cleaned.get("day") is None and "day" not in self.errors:
            self.add_error("day", _("Choose the day of the month."))
        if frequency != Schedule.Frequency.MONTHLY:
            self.errors.pop("day", None)
        return cleaned

    @property
    def plan(self) -> Plan:
        """What was entered, once it is valid."""
        values = self.cleaned_data
        frequency = values["frequency"]
        when = Recurrence(
            frequency,
            values["at"].replace(second=0, microsecond=0),
            values["time_zone"],
            weekday=values["weekday"] if frequency == Schedule.Frequency.WEEKLY else None,
            day=values["day"] if frequency == Schedule.Frequency.MONTHLY else None,
        )
        return Plan(when, values["known"], int(values["max_spend"] * MICRO))


def schedule_as_initial(preset: Preset, schedule: Schedule | None) -> dict[str, Any]:
    """Return what the form shows of a schedule as it is, or what suits a first one."""
    if schedule is None:
        suits = {"frequency": Schedule.Frequency.WEEKLY, "weekday": 0, "day": 1, "at": time(9), "time_zone": "UTC"}
        return suits | {"known": Known.LEAVE_OUT, "max_spend": as_typed(preset.hunt.max_spend_microusd)}
    return {
        "frequency": schedule.frequency,
        "weekday": 0 if schedule.weekday is None else schedule.weekday,
        "day": schedule.day or 1,
        "at": schedule.at,
        "time_zone": schedule.time_zone,
        "known": schedule.known,
        "max_spend": as_typed(schedule.max_spend_microusd),
    }
