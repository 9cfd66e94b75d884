"""Who did what to which row of which workspace. Rows are only ever added, and pruned when they are old."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.append_only import AppendOnlyModel, AppendOnlyQuerySet
from accounts.models import User, Workspace
from accounts.scoping import OwnedManager


class Verb(models.TextChoices):
    """What was done. Not the column's choices, so that a new verb needs no migration."""

    RUN_STARTED = "run.started", _("started a run")
    RUN_PAUSED = "run.paused", _("paused a run")
    RUN_RESUMED = "run.resumed", _("resumed a run")
    RUN_CANCELLED = "run.cancelled", _("cancelled a run")
    RUN_RETRIED = "run.retried", _("retried a run")
    RUN_LIMIT_RAISED = "run.limit_raised", _("raised the limit of a run")
    RUN_DELETED = "run.deleted", _("deleted a run")
    RUN_RESTORED = "run.restored", _("brought a run back")
    HUNT_DELETED = "hunt.deleted", _("deleted a hunt")
    HUNT_RESTORED = "hunt.restored", _("brought a hunt back")
    LIST_RENAMED = "list.renamed", _("renamed a company list")
    LIST_DELETED = "list.deleted", _("deleted a company list")
    LIST_RESTORED = "list.restored", _("brought a company list back")
    LIST_DOWNLOADED = "list.downloaded", _("downloaded a company list")
    LIMIT_CHANGED = "limit.changed", _("changed a spending limit")
    KEY_SET = "connection.key_set", _("entered a key")
    KEY_REMOVED = "connection.key_removed", _("removed a key")
    CONNECTION_SWITCHED = "connection.switched", _("switched a connection on or off")
    LEADS_EXPORTED = "leads.exported", _("downloaded leads")
    LEAD_MERGED = "lead.merged", _("merged two leads")
    LEAD_PARTED = "lead.parted", _("parted two leads")
    REFUNDED = "money.refunded", _("refunded a charge")
    GIVEN_BACK = "money.given_back", _("gave reserved money back")
    REFUND_ASKED = "refund.asked", _("asked for a refund")
    REFUND_APPROVED = "refund.approved", _("approved a refund")
    REFUND_DECLINED = "refund.declined", _("declined a refund")
    REFUND_CANCELLED = "refund.cancelled", _("took back a refund asked for")
    PERSON_LOOKED_UP = "person.looked_up", _("looked somebody up")
    PERSON_EXPORTED = "person.exported", _("took out what is known of somebody")
    PERSON_ERASED = "person.erased", _("began to erase somebody")
    PERSON_GONE = "person.gone", _("finished erasing somebody")
    PERSON_LET_BACK = "person.let_back", _("took somebody off the list of those who are not kept")
    RETENTION_CHANGED = "retention.changed", _("changed how long people are kept")
    RETENTION_ENDED = "retention.ended", _("erased people who were kept for long enough")
    MEMBER_CHANGED = "member.changed", _("changed a member's role")
    MEMBER_REMOVED = "member.removed", _("removed a member")
    MEMBER_PUT_BACK = "member.put_back", _("took a removal back")
    MEMBER_LEFT = "member.left", _("left the workspace")
    MEMBER_JOINED = "member.joined", _("joined the workspace")
    HANDED_OVER = "workspace.handed_over", _("handed the workspace over")
    INVITED = "invitation.sent", _("invited somebody")
    INVITATION_REVOKED = "invitation.revoked", _("took an invitation back")
    INVITATION_PUT_BACK = "invitation.put_back", _("let an invitation stand again")
    WORKSPACE_RENAMED = "workspace.renamed", _("renamed the workspace")
    WORKSPACE_DELETED = "workspace.deleted", _("deleted the workspace")
    WORKSPACE_RESTORED = "workspace.restored", _("brought the workspace back")
    QUOTA_CHANGED = "quota.changed", _("changed what the workspace may have")
    TOKEN_MADE = "token.made", _("made an API token")
    TOKEN_REVOKED = "token.revoked", _("revoked an API token")
    SECOND_STEP_RESET = "person.second_step_reset", _("removed somebody's second step")
    STAFF_LOOKED = "staff.looked", _("looked at data as staff")
    STAFF_CHANGED = "staff.changed", _("changed data as staff")
    SUPPORT_BEGAN = "support.began", _("began to look as support")
    SUPPORT_LOOKED = "support.looked", _("looked at a page as support")
    SUPPORT_REFUSED = "support.refused", _("tried to change something as support")
    SUPPORT_ENDED = "support.ended", _("stopped looking as support")
    OPERATOR_MADE = "operator.made", _("made somebody an operator")
    # Nothing writes it any more, and entries say it.
    SECOND_STEP_FORGOTTEN = "operator.second_step_forgotten", _("removed a second step")


class AuditEntryQuerySet(AppendOnlyQuerySet["AuditEntry"]):
    def of_workspace(self, workspace: Workspace) -> "AuditEntryQuerySet":
        return self.filter(workspace=workspace)

    def prune(self) -> int:
        """Delete entries that an `AuditPruning` lets go; the database refuses all others. Returns how many."""
        return models.QuerySet.delete(self)[0]


class AuditEntry(AppendOnlyModel):
    """One thing that somebody did; `actor` is None where the program did it by itself, as a schedule does.

    Numbers of people and workspaces stay when these are gone, and name nobody then: an entry is never written again.
    `words` are ours (amounts, names of hunts and providers) and carry no secrets; `ip` is cut to its network. Names of
    leads, who may be people, never stand in them: they are looked up where the log is read.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    actor = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    verb = models.CharField(max_length=40)
    object_type = models.CharField(max_length=60, blank=True, help_text="the label of its model, such as hunts.run")
    object_id = models.CharField(max_length=40, blank=True)
    words = models.CharField(max_length=200, blank=True)
    ip = models.CharField(max_length=43, blank=True, help_text="the network that it was done from")
    request_id = models.CharField(max_length=32, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    objects = OwnedManager.from_queryset(AuditEntryQuerySet)()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes: ClassVar = [
            models.Index("workspace", models.F("id").desc(), name="audit_of_workspace"),
            models.Index("workspace", "actor", models.F("id").desc(), name="audit_of_person"),
            models.Index("workspace", "verb", models.F("id").desc(), name="audit_of_verb"),
            models.Index("workspace", "at", name="audit_of_day"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_id}"

    @property
    def verb_label(self) -> str:
        """What was done, in the language of the page; the verb itself where its part of the program is gone."""
        return str(Verb(self.verb).label) if self.verb in Verb.values else self.verb


class AuditPruning(models.Model):
    """Up to when the log was pruned. The database lets entries go that are older than one of these rows says.

    It lets none go that is younger than LEAST_DAYS, whatever stands here.
    """

    LEAST_DAYS: ClassVar = 90

    before = models.DateTimeField(unique=True)
    pruned_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"pruned up to {self.before:%Y-%m-%d}"
