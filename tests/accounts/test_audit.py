"""The audit log: what is in it, that nothing gets out of it again, and who may read it."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from accounts import audit, invitations, members, removals, workspaces
from accounts.append_only import AppendOnly
from accounts.audit_admin import Watched, path_to_workspace
from accounts.audit_models import AuditEntry, Verb
from accounts.audit_page import PAGE_ROWS
from accounts.models import Membership, User
from accounts.token_models import ApiToken
from billing import ceilings, ledger
from billing.models import Budget
from hunts import deleting, launch
from hunts.models import Candidate, Hunt, Run
from integrations import connections
from leads import merging
from leads.models import Evidence, Lead
from tests.conftest import signed_in
from tests.factories import HuntFactory, JudgedLeadFactory, LeadFactory, MembershipFactory, RunFactory, UserFactory
from tests.harness.proof import proved

pytestmark = pytest.mark.django_db

PAGE = "/settings/audit"


def verbs(workspace) -> list[str]:
    return list(AuditEntry.objects.of_workspace(workspace).order_by("pk").values_list("verb", flat=True))


@pytest.fixture
def operator(settings):
    settings.ADMIN_NEEDS_SECOND_STEP = False  # how one gets in is tested elsewhere
    return User.objects.create_superuser("operator@people.example", "a-good-password")


def test_an_entry_says_who_did_what_to_which_row_from_where_and_in_which_request(client_of_owner, owner, workspace):
    run = RunFactory(hunt__workspace=workspace)
    answer = client_of_owner.post(f"/hunts/runs/{run.pk}/cancel", REMOTE_ADDR="203.0.113.77")
    entry = AuditEntry.objects.get()
    assert (entry.workspace, entry.actor, entry.verb) == (workspace, owner, Verb.RUN_CANCELLED)
    assert (entry.object_type, entry.object_id) == ("hunts.run", str(run.pk))
    assert entry.words == run.hunt.name
    assert entry.ip == "203.0.113.0/24"
    assert entry.request_id == answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("/run/app.sock", ""),
    ],
)
def test_of_an_address_the_network_is_kept(address, network):
    assert audit.network_of(address) == network


def test_what_is_done_without_a_request_is_done_by_the_program(workspace):
    launch.change(RunFactory(hunt__workspace=workspace), "pause")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.ip, entry.request_id) == (None, "", "")


def test_a_request_is_forgotten_when_it_is_answered(client_of_owner, workspace):
    client_of_owner.get("/hunts/")
    launch.change(RunFactory(hunt__workspace=workspace), "pause")
    assert AuditEntry.objects.get().actor is None


def test_runs_are_recorded_from_their_start_to_their_end(workspace, owner):
    run = launch.run(HuntFactory(workspace=workspace), by=owner)
    launch.change(run, "pause")
    launch.change(run, "resume")
    launch.change(run, "pause")
    launch.raise_limit(run, 900_000_000)
    launch.change(run, "cancel")
    deleting.delete_run(run)
    deleting.restore_run(run)
    assert [verb.removeprefix("run.") for verb in verbs(workspace)] == [
        "started", "paused", "resumed", "paused", "resumed", "limit_raised", "cancelled", "deleted", "restored",
    ]  # fmt: skip


def test_what_did_not_happen_is_not_recorded(workspace):
    run = RunFactory(hunt__workspace=workspace)
    assert not launch.change(run, "resume")
    assert not launch.raise_limit(run, 1)
    assert not deleting.delete_run(run)
    assert not deleting.restore_hunt(run.hunt)
    connections.remove_key(workspace.pk, "kimi")
    assert verbs(workspace) == []


def test_a_record_is_undone_with_the_change_that_it_tells_of(workspace):
    run = RunFactory(hunt__workspace=workspace)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        launch.change(run, "cancel")
        assert verbs(workspace) == [Verb.RUN_CANCELLED]
        raise ZeroDivisionError
    assert verbs(workspace) == []


def test_hunts_limits_keys_merges_and_refunds_are_recorded(workspace, owner, settings):
    settings.DEBUG = True  # so that a key can be sealed
    hunt = HuntFactory(workspace=workspace)
    deleting.delete_hunt(hunt)
    deleting.restore_hunt(hunt)
    ceilings.set_limit(workspace, Budget.Scope.WORKSPACE, 5_000_000, by=owner)
    connections.set_key(workspace.pk, "openai", "sk-canary-1", by=owner)
    connections.switch(workspace.pk, "openai", on=False)
    connections.remove_key(workspace.pk, "openai")
    kept, merged = LeadFactory.create_batch(2, workspace=workspace)
    merging.unmerge(merging.merge(kept.pk, merged.pk, by=owner).pk, by=owner)
    budget = Budget.objects.create(workspace=workspace, cap_microusd=5_000_000)
    hold = ledger.reserve(budget.pk, 1_000_000, provider="openai", operation="chat")
    ledger.settle(hold, 1_000_000)
    ledger.refund(hold, 500_000, key="r1", by=owner)
    ledger.refund(hold, 500_000, key="r1", by=owner)  # the same page sent twice
    assert verbs(workspace) == [
        "hunt.deleted", "hunt.restored", "limit.changed", "connection.key_set", "connection.switched",
        "connection.key_removed", "lead.merged", "lead.parted", "money.refunded",
    ]  # fmt: skip
    assert "sk-canary" not in str(list(AuditEntry.objects.values_list()))
    assert AuditEntry.objects.get(verb="money.refunded").words == "$0.50"
    assert AuditEntry.objects.get(verb="limit.changed").words == "workspace → $5.00"


def test_a_download_of_leads_says_how_many(client_of_owner, workspace, owner):
    JudgedLeadFactory.create_batch(2, workspace=workspace)
    client_of_owner.get("/leads/export.csv")
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.words) == (Verb.LEADS_EXPORTED, owner, "csv: 2")


def test_the_orm_and_the_database_refuse_to_change_or_delete_an_entry(workspace):
    audit.record(Verb.RUN_STARTED, workspace_id=workspace.pk)
    entry = AuditEntry.objects.get()
    for change in (entry.save, entry.delete, AuditEntry.objects.all().delete, lambda: AuditEntry.objects.update(ip="")):
        with pytest.raises(AppendOnly):
            change()
    statements = ["UPDATE accounts_auditentry SET verb = ''", "DELETE FROM accounts_auditentry"]
    if connection.vendor == "postgresql":
        statements += ["TRUNCATE accounts_auditentry", "TRUNCATE accounts_workspace CASCADE"][:1]
    for statement in statements:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert verbs(workspace) == [Verb.RUN_STARTED]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has REPLACE")
def test_an_entry_is_not_written_over(workspace):
    audit.record(Verb.RUN_STARTED, workspace_id=workspace.pk, words="true")
    row = {**AuditEntry.objects.values().get(), "words": "forged"}
    values = ", ".join(["%s"] * len(row))
    statement = f"INSERT OR REPLACE INTO accounts_auditentry ({', '.join(row)}) VALUES ({values})"  # noqa: S608
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, list(row.values()))
    assert AuditEntry.objects.get().words == "true"


def test_entries_outlive_the_people_and_workspaces_that_they_name(workspace, owner, client_of_owner):
    gone = MembershipFactory(workspace=workspace).user
    audit.record(Verb.RUN_STARTED, workspace_id=workspace.pk, by=gone)
    gone.delete()
    assert "Somebody who is gone" in client_of_owner.get(PAGE).text
    workspace.delete()
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("admin", 200), ("member", 403), ("viewer", 403)])
def test_owners_and_admins_may_read_it(workspace, role, status):
    person = MembershipFactory(workspace=workspace, role=Membership.Role(role)).user
    assert signed_in(person).get(PAGE).status_code == status


def test_strangers_read_nothing_of_it(client, client_of_stranger, workspace):
    audit.record(Verb.RUN_STARTED, workspace_id=workspace.pk, words="secret plan")
    assert client.get(PAGE).status_code == 302
    assert "secret plan" not in client_of_stranger.get(PAGE).text


def test_it_is_narrowed_by_person_verb_and_day(client_of_owner, workspace, owner):
    other = MembershipFactory(workspace=workspace).user
    audit.record(Verb.RUN_STARTED, workspace_id=workspace.pk, by=owner, words="of the owner")
    audit.record(Verb.HUNT_DELETED, workspace_id=workspace.pk, by=other, words="of the other")
    audit.record(Verb.RUN_PAUSED, workspace_id=workspace.pk, words="of nobody")

    def shown(**asked) -> set[str]:
        page = client_of_owner.get(PAGE, asked).text
        return {whose for whose in ("owner", "other", "nobody") if f"of {whose}" in page or f"of the {whose}" in page}

    now = timezone.now()
    assert shown() == {"owner", "other", "nobody"}
    assert shown(person=owner.pk) == {"owner"}
    assert shown(person="nobody") == {"nobody"}
    assert shown(verb="hunt.deleted") == {"other"}
    assert shown(person=owner.pk, verb="hunt.deleted") == set()
    assert shown(day=f"{now:%Y-%m-%d}") == {"owner", "other", "nobody"}
    assert shown(day=f"{now - timedelta(days=1):%Y-%m-%d}") == set()


@pytest.mark.parametrize(
    "nonsense", ["person=x", "person=-1", "person=٣", "verb=%00", "day=2026-13-01", "day=9999-12-31", "before=1e9"]
)
def test_nonsense_in_its_address_is_left_out(client_of_owner, workspace, nonsense):
    audit.record(Verb.RUN_STARTED, workspace_id=workspace.pk, words="it is there")
    answer = client_of_owner.get(f"{PAGE}?{nonsense}")
    assert answer.status_code == 200
    assert "it is there" in answer.text


def test_its_pages_follow_each_other_without_gap_or_repeat(client_of_owner, workspace):
    audit.record_all([workspace.pk] * (2 * PAGE_ROWS + 1), Verb.RUN_PAUSED)
    seen, before = [], ""
    while before is not None:
        answer = client_of_owner.get(PAGE, {"before": before, "verb": "run.paused"})
        page = answer.context["page"]
        seen += [row.entry.pk for row in page.rows]
        before = page.older
    assert seen == sorted(AuditEntry.objects.values_list("pk", flat=True), reverse=True)


def test_the_page_takes_as_many_queries_for_many_entries_as_for_one(client_of_owner, workspace, owner):
    def queries() -> int:
        with connection.execute_wrapper(count := Counting()):
            client_of_owner.get(PAGE)
        return count.n

    audit.record(Verb.RUN_PAUSED, workspace_id=workspace.pk, by=owner)
    few = queries()
    for _n in range(20):
        audit.record(Verb.RUN_PAUSED, workspace_id=workspace.pk, by=MembershipFactory(workspace=workspace).user)
    assert queries() == few < 12


class Counting:
    n = 0

    def __call__(self, execute, sql, params, many, context):
        self.n += 1
        return execute(sql, params, many, context)


# --- staff -----------------------------------------------------------------------------------------


def test_what_staff_look_at_is_told_to_the_workspaces_whose_it_was(operator):
    one, other, third = (JudgedLeadFactory() for _n in range(3))
    client = signed_in(operator)
    client.get(f"/admin/leads/lead/{one.pk}/change/")
    entry = AuditEntry.objects.get()
    assert (entry.workspace, entry.actor, entry.object_id) == (one.workspace, operator, str(one.pk))
    client.get("/admin/leads/contact/")
    assert verbs(other.workspace) == verbs(third.workspace) == [Verb.STAFF_LOOKED]
    client.get(f"/admin/leads/lead/{other.pk}/history/")
    assert len(verbs(other.workspace)) == 2


def test_a_search_that_shows_nothing_of_a_workspace_is_not_told_to_it(operator):
    one, other = JudgedLeadFactory(handle="one.example"), JudgedLeadFactory(handle="other.example")
    signed_in(operator).get("/admin/leads/lead/", {"q": "one."})
    assert verbs(one.workspace) == [Verb.STAFF_LOOKED]
    assert verbs(other.workspace) == []


def test_customers_see_that_staff_looked_but_not_who(operator, client_of_owner, workspace):
    lead = JudgedLeadFactory(workspace=workspace)
    signed_in(operator).get(f"/admin/leads/lead/{lead.pk}/change/")
    page = client_of_owner.get(PAGE).text
    assert "Staff of this site" in page
    assert operator.email not in page


def test_what_staff_change_is_recorded(operator, workspace, owner):
    answer = proved(signed_in(operator)).post(f"/admin/accounts/user/{owner.pk}/change/", {"last_name": "Example"})
    assert answer.status_code == 302, answer.text
    entry = AuditEntry.objects.of_workspace(workspace).get(verb=Verb.STAFF_CHANGED)
    assert entry.words == "Changed Last name and Active."


def test_suggestions_of_people_are_recorded(operator):
    UserFactory(email="ada@people.example")
    asked = {"app_label": "accounts", "model_name": "membership", "field_name": "user", "term": "ada"}
    answer = signed_in(operator).get("/admin/autocomplete/", asked)
    assert answer.json()["results"]
    assert AuditEntry.objects.get().words == "users: suggestions"


def test_suggestions_are_recorded_for_each_workspace_whose_rows_were_shown(operator):
    ada, bob = MembershipFactory(user__email="ada@people.example"), MembershipFactory(user__email="bob@people.example")
    both = MembershipFactory(user=ada.user)
    asked = {"app_label": "accounts", "model_name": "membership", "field_name": "user"}
    client = signed_in(operator)
    client.get("/admin/autocomplete/", {**asked, "term": "ada"})
    told = AuditEntry.objects.values_list("workspace_id", flat=True)
    assert set(told) == {ada.workspace_id, both.workspace_id}
    client.get("/admin/autocomplete/", {**asked, "term": "nobody"})
    assert bob.workspace_id not in told.all()
    assert told.order_by("-pk").first() is None


def test_staff_can_look_at_the_log_and_change_nothing_in_it(operator, workspace):
    audit.record(Verb.RUN_STARTED, workspace_id=workspace.pk)
    entry, client = AuditEntry.objects.get(), signed_in(operator)
    assert client.get("/admin/accounts/auditentry/").status_code == 200
    address = f"/admin/accounts/auditentry/{entry.pk}"
    assert client.get(f"{address}/change/").status_code == 200
    assert client.post(f"{address}/change/", {"verb": "x"}).status_code == 403
    assert client.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/accounts/auditentry/add/").status_code == 403


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (Lead, "workspace"),
        (Run, "workspace"),
        (Hunt, "workspace"),
        (Candidate, "run__workspace"),
        (Evidence, "assessment__lead__workspace"),
        (User, "memberships__workspace"),
    ],
)
def test_every_row_leads_to_its_workspace(model: type[Model], path):
    assert path_to_workspace(model) == path


def test_nothing_is_in_the_admin_unwatched():
    unwatched = {
        model._meta.label for model, its_admin in admin.site._registry.items() if not isinstance(its_admin, Watched)
    }
    assert unwatched == set()


def test_staff_are_shown_no_secret_that_sign_in_keeps(operator):
    shown = {model._meta.label_lower: its_admin for model, its_admin in admin.site._registry.items()}
    assert "socialaccount.socialtoken" not in shown
    assert "socialaccount.socialapp" not in shown
    for label, column in (("mfa.authenticator", "data"), ("usersessions.usersession", "session_key")):
        if label in shown:
            assert column in shown[label].exclude
            assert column not in shown[label].list_display


def test_what_becomes_of_members_and_invitations_is_in_the_log(owner, workspace):
    member = MembershipFactory(workspace=workspace)
    invitation = invitations.invite(workspace, "new@people.example", "viewer", by=owner)
    invitations.revoke(invitation, by=owner)
    invitations.put_back(invitation, by=owner)
    newcomer = UserFactory(email="new@people.example")
    invitations.accept(invitation, user=newcomer)
    members.change_role(member, "viewer", by=owner)
    removals.put_back(workspace, members.remove(member, by=owner), by=owner)
    members.leave(workspace, user=newcomer)
    members.hand_over(workspace.memberships.get(user=member.user), by=owner)
    assert verbs(workspace) == [
        *("invitation.sent", "invitation.revoked", "invitation.put_back", "member.joined"),
        *("member.changed", "member.removed", "member.put_back", "member.left", "workspace.handed_over"),
    ]
    told = " ".join(AuditEntry.objects.values_list("words", flat=True))
    assert "@" not in told, "an address cannot be erased from the log"


def test_what_becomes_of_a_workspace_is_in_the_log(owner, workspace):
    workspaces.rename(workspace, "Another name", by=owner)
    workspaces.mark_deleted(workspace, by=owner)
    workspaces.bring_back(workspace, by=owner)
    assert verbs(workspace) == ["workspace.renamed", "workspace.deleted", "workspace.restored"]


def test_tokens_that_are_made_and_revoked_are_in_the_log(client_of_owner, workspace):
    client_of_owner.post(reverse("tokens:create"), {"name": "Nightly export", "scopes": ["read"], "expires": "90"})
    token = ApiToken.objects.get()
    token.revoke(by=token.user)
    token.revoke(by=token.user)
    assert verbs(workspace) == ["token.made", "token.revoked"]
    entry = AuditEntry.objects.first()
    assert entry.words == "Nightly export"


def test_somebody_who_something_was_done_to_is_named_on_the_page_while_there_is_an_account(
    client_of_owner, owner, workspace
):
    member = MembershipFactory(workspace=workspace, user__email="doomed@people.example")
    members.remove(member, by=owner)
    assert "doomed@people.example" in client_of_owner.get(PAGE).content.decode()
    member.user.delete()
    assert "doomed@people.example" not in client_of_owner.get(PAGE).content.decode()
