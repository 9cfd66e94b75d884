"""Directories: imported files of companies, which runs search."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import User, Workspace
from accounts.scoping import OwnedOrSharedManager, OwnedThroughManager
from integrations.capabilities import Range


class CompanyListQuerySet(models.QuerySet["CompanyList"]):
    def visible_to(self, workspace: Workspace) -> "CompanyListQuerySet":
        """Those that a workspace uploaded, and nobody deleted."""
        return self.kept().filter(workspace=workspace)

    def kept(self) -> "CompanyListQuerySet":
        """Lists that nobody deleted: only they are searched."""
        return self.filter(deleted_at__isnull=True)


class CompanyList(models.Model):
    """An imported file of companies. Without a workspace it is the installation's own, open to all its workspaces."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, related_name="company_lists")
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    uploaded_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    deleted_at = models.DateTimeField(null=True, help_text="not searched since; can be brought back until it is purged")

    objects = OwnedOrSharedManager.from_queryset(CompanyListQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=Q(deleted_at__isnull=True), name="one_list_a_name"
            ),
            models.UniqueConstraint(
                fields=["name"], condition=Q(workspace__isnull=True), name="one_shared_list_a_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Company(models.Model):
    """One row of a company list, searched by the directory provider."""

    list = models.ForeignKey(CompanyList, on_delete=models.CASCADE, related_name="companies")
    domain = models.CharField(max_length=253)
    name = models.CharField(max_length=300)
    website = models.CharField(max_length=1000, blank=True)
    one_liner = models.CharField(max_length=1000, blank=True)
    description = models.TextField(blank=True)
    location = models.CharField(max_length=500, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166 alpha-2")
    employees_min = models.PositiveIntegerField(null=True)
    employees_max = models.PositiveIntegerField(null=True)
    founded_year = models.PositiveSmallIntegerField(null=True)
    phone = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=200, blank=True, help_text="where the file has it from, such as a trade fair")

    objects = OwnedThroughManager["Company"]("list")

    class Meta:
        verbose_name_plural = "companies"
        constraints: ClassVar = [models.UniqueConstraint(fields=["list", "domain"], name="one_company_a_domain")]

    def __str__(self) -> str:
        return self.name

    @property
    def employees(self) -> Range:
        return Range(self.employees_min, self.employees_max)
