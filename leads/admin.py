"""Leads and company lists, to look at; scoring configs can be added and never changed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import FactsAdmin
from leads.models import Assessment, Company, CompanyList, Contact, ContactForm, Evidence, Fact, Lead, ScoringConfig


@admin.register(ScoringConfig)
class ScoringConfigAdmin(FactsAdmin):
    list_display = ("number", "note", "config_hash", "created_at")
    readonly_fields = ("config_hash",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("leads.add_scoringconfig")


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
