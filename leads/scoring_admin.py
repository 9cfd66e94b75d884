"""Staff tune the score: a form over a config's numbers, tried on past verdicts before it counts."""

from dataclasses import fields
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.admin import FactsAdmin
from leads import rescoring
from leads.models import Lead, ScoringConfig
from leads.scoring import Config, Tier

TRIED_ON = 10_000
WORDS = {
    "yes_floor": "Worth of an unsure yes (thousandths of its points)",
    "unclear": "Worth of “unclear” (thousandths)",
    "nice_factor": "Weight of a nice-to-have (thousandths of a must)",
    "cutoff_a": "Points from which a lead is in tier A",
    "cutoff_b": "Points from which a lead is in tier B",
    "cutoff_c": "Points from which a lead is in tier C",
    "must_not_met": "Best tier where a must is not met",
    "must_unverified": "Best tier where a must's quote was not found",
    "must_unclear": "Best tier where a must is unclear",
    "exclude_met": "Best tier where an exclusion is met",
}
TIERS = [(tier.value, tier.value) for tier in Tier]


class ScoringForm(forms.ModelForm):  # type: ignore[type-arg]
    """The numbers of a config, one field each; a new one begins with those that count now."""

    class Meta:
        model = ScoringConfig
        fields: ClassVar = ["note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in ScoringConfig.current().values.items():
            self.fields[name].initial = value

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        cutoffs = [values[name] for name in ("cutoff_c", "cutoff_b", "cutoff_a") if name in values]
        if len(cutoffs) == 3 and not cutoffs[0] < cutoffs[1] < cutoffs[2]:
            raise ValidationError("Tier C has to begin below tier B, and tier B below tier A.")
        return values

    @property
    def config(self) -> Config:
        """The config that was filled in; only of a valid form."""
        return Config.from_json({field.name: self.cleaned_data[field.name] for field in fields(Config)})


def _field(name: str) -> forms.Field:
    if name in ("must_not_met", "must_unverified", "must_unclear", "exclude_met"):
        return forms.ChoiceField(choices=TIERS, label=WORDS[name])
    # From 0 points on every lead would be in the tier, those of which nothing is known too.
    least, most = (1, 100) if name.startswith("cutoff") else (0, 1000)
    return forms.IntegerField(min_value=least, max_value=most, label=WORDS[name])


ScoringForm.base_fields |= {field.name: _field(field.name) for field in fields(Config)}


@admin.register(ScoringConfig)
class ScoringConfigAdmin(FactsAdmin):
    """Numbered configs. One can be added, and tried before; none can be changed."""

    list_display = ("number", "note", "config_hash", "created_at")
    readonly_fields = ("config_hash",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("leads.add_scoringconfig")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs) if obj else ScoringForm

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj:
            return ["number", "values", "note", "config_hash", "created_at"]
        return ["note", *(field.name for field in fields(Config))]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else []

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form, and below it what its numbers would do to past verdicts where `_try` was pressed."""
        if request.method == "POST" and "_try" in request.POST and ScoringForm(request.POST).is_valid():
            asked = request.POST.copy()
            asked.pop("csrfmiddlewaretoken", None)  # an address is kept in histories
            return HttpResponseRedirect(f"?{asked.urlencode()}")
        form = ScoringForm(request.GET or None)
        context = {"trial": _tried(form.config)} if request.method == "GET" and form.is_valid() else {}
        return super().add_view(request, form_url, (extra_context or {}) | context | {"tiers": list(Tier)})

    def save_model(self, request: HttpRequest, obj: ScoringConfig, form: Any, change: bool) -> None:
        obj.number = (ScoringConfig.objects.aggregate(last=Max("number"))["last"] or 0) + 1
        obj.values = form.config.row()["values"]
        super().save_model(request, obj, form, change)


def _tried(config: Config) -> dict[str, Any]:
    """Return what the page shows of a trial: how tiers would move, and the leads that would move most."""
    tried = rescoring.trial(rescoring.latest(TRIED_ON), config)
    names = dict(Lead.objects.filter(pk__in=[one.lead_id for one in tried.movers]).values_list("pk", "name"))
    return {"tried": tried, "movers": [(names[one.lead_id], one) for one in tried.movers]}
