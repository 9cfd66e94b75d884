"""Staff look at what was merged and what is kept apart, and undo it by the same functions as everybody."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.admin import FactsAdmin
from leads import distinct, merge_page, merging
from leads.merge_models import DistinctPair, LeadAlias, Merge


def _may_undo(request: HttpRequest, model: str) -> bool:
    return request.user.has_perm(f"leads.change_{model}")


@admin.register(Merge)
class MergeAdmin(FactsAdmin):
    """Who merged what into what, when and why, and who parted it again."""

    list_display = ("pk", "kept", "merged", "workspace", "who", "merged_at", "why", "undone_by", "undone_at")
    list_select_related = ("kept", "merged", "workspace", "merged_by", "undone_by")
    list_filter = (("undone_at", admin.EmptyFieldListFilter), "merged_at")
    search_fields = ("kept__handle__startswith", "merged__handle__startswith")
    ordering = ("-pk",)
    actions = ("unmerge",)

    @admin.display(description="merged by")
    def who(self, merge: Merge) -> str:
        return str(merge.merged_by or _("a run"))

    @admin.display(description="why")
    def why(self, merge: Merge) -> str:
        return "; ".join(merge_page.said(merge.evidence))

    def has_unmerge_permission(self, request: HttpRequest) -> bool:
        return _may_undo(request, "merge")

    @admin.action(description="Unmerge the selected merges", permissions=["unmerge"])
    def unmerge(self, request: HttpRequest, merges: QuerySet[Merge]) -> None:
        parted = 0
        for merge in merges.order_by("-pk"):
            try:
                parted += merging.unmerge(merge.pk, by=request.user)  # type: ignore[arg-type]  # staff are signed in
            except merging.MergeRefused as error:
                told = _("Merge %(merge)s: %(why)s") % {"merge": merge.pk, "why": error}
                self.message_user(request, told, messages.WARNING)
        told = _("%(parted)s of %(all)s merges were undone.") % {"parted": parted, "all": merges.count()}
        self.message_user(request, told, messages.SUCCESS if parted else messages.WARNING)


@admin.register(DistinctPair)
class DistinctPairAdmin(FactsAdmin):
    """Which leads a person keeps apart."""

    list_display = ("first", "second", "workspace", "said_by", "said_at")
    list_select_related = ("first", "second", "workspace", "said_by")
    search_fields = ("first__handle__startswith", "second__handle__startswith")
    ordering = ("-pk",)
    actions = ("suggest_again",)

    def has_suggest_permission(self, request: HttpRequest) -> bool:
        return _may_undo(request, "distinctpair")

    @admin.action(description="Suggest the selected pairs again", permissions=["suggest"])
    def suggest_again(self, request: HttpRequest, pairs: QuerySet[DistinctPair]) -> None:
        taken_back = sum(distinct.take_back(pair.first_id, pair.second_id) for pair in list(pairs))
        told = _("%(n)s pairs may be suggested again.") % {"n": taken_back}
        self.message_user(request, told, messages.SUCCESS if taken_back else messages.WARNING)


@admin.register(LeadAlias)
class LeadAliasAdmin(FactsAdmin):
    """Other domains that leads are known by, and where that was seen."""

    list_display = ("handle", "platform", "lead", "workspace", "kind", "detail", "created_at")
    list_select_related = ("lead", "workspace")
    list_filter = ("kind",)
    search_fields = ("handle__startswith",)
    ordering = ("-pk",)
