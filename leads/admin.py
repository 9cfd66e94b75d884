"""Leads and company lists, to look at."""

from django.contrib import admin

from accounts.admin import FactsAdmin
from leads.merge_admin import DistinctPairAdmin, LeadAliasAdmin, MergeAdmin  # noqa: F401  (register themselves)
from leads.models import Assessment, Company, CompanyList, Contact, ContactForm, Evidence, Fact, Lead
from leads.scoring_admin import ScoringConfigAdmin  # noqa: F401  (registers itself)


@admin.register(CompanyList)
class CompanyListAdmin(FactsAdmin):
    list_display = ("name", "workspace", "created_at")
    list_select_related = ("workspace",)
    search_fields = ("name",)


@admin.register(Company)
class CompanyAdmin(FactsAdmin):
    list_display = ("name", "domain", "country", "list")
    list_select_related = ("list",)
    search_fields = ("domain__startswith",)


@admin.register(Lead)
class LeadAdmin(FactsAdmin):
    list_display = ("name", "handle", "workspace", "status", "tier", "score", "judged_at")
    list_select_related = ("workspace",)
    list_filter = ("status", "tier", "platform")
    search_fields = ("handle__startswith", "name__startswith")


@admin.register(Assessment)
class AssessmentAdmin(FactsAdmin):
    list_display = ("pk", "lead", "judged_by", "tier", "score", "created_at")
    list_select_related = ("lead",)
    list_filter = ("tier",)


@admin.register(Evidence)
class EvidenceAdmin(FactsAdmin):
    list_display = ("pk", "text", "kind", "verdict", "claimed", "confidence", "url")
    list_filter = ("verdict", "kind")


@admin.register(Contact)
class ContactAdmin(FactsAdmin):
    list_display = ("pk", "lead", "title", "found_by", "confidence", "found_at")
    list_select_related = ("lead",)
    list_filter = ("found_by",)


@admin.register(Fact)
class FactAdmin(FactsAdmin):
    list_display = ("pk", "lead", "kind", "value", "detail", "confidence", "found_at")
    list_select_related = ("lead",)
    list_filter = ("kind",)
    search_fields = ("value__startswith",)


@admin.register(ContactForm)
class ContactFormAdmin(FactsAdmin):
    list_display = ("pk", "lead", "url", "captcha", "confidence", "found_at")
    list_select_related = ("lead",)
    list_filter = ("captcha",)
