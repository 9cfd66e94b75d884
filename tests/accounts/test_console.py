"""The operators' console: every look is in the log, and nothing is changed by hand that the product guards."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import Group, Permission
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Schedule

from accounts.audit_models import AuditEntry, Verb
from accounts.models import Membership, User
from billing import ledger
from billing.models import Budget
from hunts.models import RunEvent
from tests.conftest import signed_in
from tests.factories import CandidateFactory, JudgedLeadFactory, MembershipFactory, RunFactory, UserFactory
from tests.harness.proof import proved

pytestmark = pytest.mark.django_db

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
FIVE = {"changelist", "add", "history", "delete", "change"}
# Of whom something is shown whose rows no factory here makes; the list of each is looked at all the same.
LISTED_ONLY = {
    "accounts.AuditPruning", "accounts.NotificationDelivery", "accounts.SupportVisit", "accounts.WorkspaceQuota",
    "auth.Group", "billing.RefundRequest", "billing.SpendingLimit", "django_q.Failure", "django_q.OrmQ",
    "django_q.Success", "enrichment.Host", "enrichment.Page", "enrichment.RobotsFile", "enrichment.Screenshot",
    "hunts.FilterHistory", "hunts.Firing", "hunts.Preset", "hunts.Schedule", "hunts.SharedRequest",
    "integrations.Connection", "integrations.ProviderCall", "integrations.SharedDocument", "leads.Company",
    "leads.CompanyList", "leads.ContactForm", "leads.DistinctPair", "leads.Fact", "leads.LeadAlias", "leads.Merge",
}  # fmt: skip


@pytest.fixture
def root(db) -> User:
    return User.objects.create_superuser("root@staff.example", "a-good-password")


@pytest.fixture
def client_of_root(root) -> Client:
    return proved(signed_in(root))


@pytest.fixture
def staff(db) -> User:
    """Somebody who may do anything in the console but is no superuser."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    return user


@pytest.fixture
def rows(workspace, owner) -> None:
    """Something in most tables."""
    run = RunFactory(hunt__workspace=workspace)
    CandidateFactory(run=run, lead=JudgedLeadFactory(workspace=workspace))
    RunEvent.objects.create(run=run, message="begun")
    ledger.reserve(Budget.objects.create(workspace=workspace, cap_microusd=10).pk, 5, provider="exa", operation="x")
    Schedule.objects.create(name="ours", func="hunts.tasks.sweep")
    Authenticator.objects.create(user=owner, type="totp", data={"secret": "CANARY"})
    SocialAccount.objects.create(user=owner, provider="google", uid="1", extra_data={"name": "CANARY"})
    UserSession.objects.create(user=owner, session_key="CANARY", ip="203.0.113.7")


def of(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def looked(client: Client, address: str) -> str:
    """Open a page of the console; return it, and fail where the log does not tell of it."""
    before = AuditEntry.objects.filter(verb=Verb.STAFF_LOOKED).count()
    answer = client.get(address)
    assert answer.status_code == 200, address
    assert AuditEntry.objects.filter(verb=Verb.STAFF_LOOKED).count() > before, f"nothing is in the log of {address}"
    return answer.text


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_a_look_at_a_list_is_in_the_log(client_of_root, model):
    looked(client_of_root, of(model, "changelist"))


def test_a_look_at_a_row_and_its_history_is_in_the_log_and_shows_no_secret(client_of_root, rows):
    seen = set()
    for model in REGISTERED:
        row = admin.site.get_model_admin(model).get_queryset(client_of_root.get("/admin/").wsgi_request).first()
        if row is None:
            continue
        page = looked(client_of_root, of(model, "change", row.pk))
        looked(client_of_root, of(model, "history", row.pk))
        assert "CANARY" not in page + looked(client_of_root, of(model, "changelist"))
        seen.add(model._meta.label)
    labels = {model._meta.label for model in REGISTERED}  # with Redis the queue has no table
    assert labels - seen == LISTED_ONLY & labels


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_there_is_no_further_page_of_which_nobody_knows_whether_it_is_in_the_log(model):
    name = f"{model._meta.app_label}_{model._meta.model_name}_"
    pages = {one.name.removeprefix(name) for one in admin.site.get_model_admin(model).get_urls() if one.name}
    # A look as a person writes its own entries.
    assert pages - FIVE <= ({"support"} if model is User else set())


def suggesting() -> list[models.ForeignKey]:
    """Return the columns whose values the console suggests, one for each model that it suggests rows of."""
    found: dict[type[models.Model], models.ForeignKey] = {}
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey):
                its_admin: ModelAdmin | None = admin.site._registry.get(field.related_model)
                if its_admin and its_admin.search_fields:
                    found.setdefault(field.related_model, field)
    return list(found.values())


@pytest.mark.parametrize("field", suggesting(), ids=str)
def test_suggestions_are_in_the_log(client_of_root, field):
    asked = {"app_label": field.model._meta.app_label, "model_name": field.model._meta.model_name}
    client_of_root.get("/admin/autocomplete/", {**asked, "field_name": field.name, "term": ""})
    assert AuditEntry.objects.filter(words__endswith="suggestions").exists()


# --- what lists are narrowed down by ---------------------------------------------------------------

SECRET = (
    ("usersessions.usersession", "session_key"), ("usersessions.usersession", "data"), ("mfa.authenticator", "data"),
    ("socialaccount.socialaccount", "extra_data"), ("django_q.ormq", "payload"), ("accounts.user", "password"),
    ("integrations.connection", "sealed_key"), ("accounts.notificationdelivery", "notification__parameters"),
)  # fmt: skip


@pytest.mark.parametrize(("label", "column"), SECRET, ids="-".join)
def test_no_secret_is_guessed_letter_by_letter(client_of_root, rows, label, column):
    model = apps.get_model(label)
    if model not in admin.site._registry:
        pytest.skip("with Redis the queue has no table")
    for how in ("", "__exact", "__startswith", "__regex", "__gt", "__isnull", "__in"):
        assert client_of_root.get(of(model, "changelist"), {f"{column}{how}": "C"}).status_code == 400, how


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_a_list_is_narrowed_down_by_nothing_but_what_it_offers(rf, root, model):
    """Columns of other tables are not asked for through links either."""
    its_admin, request = admin.site.get_model_admin(model), rf.get("/")
    request.user = root
    filters = [one if isinstance(one, str) else one[0] for one in its_admin.list_filter if not isinstance(one, type)]
    for field in model._meta.concrete_fields:
        first = f"{field.name}__startswith"
        is_offered = (field.primary_key or field.name in filters) and not field.is_relation
        is_offered |= first in its_admin.search_fields
        assert its_admin.lookup_allowed(first, "a", request) is is_offered, field
        if field.is_relation:
            number = field.related_model._meta.pk.name
            assert its_admin.lookup_allowed(f"{field.name}__{number}__exact", "1", request), field
            for other in field.related_model._meta.concrete_fields:
                is_open = other.primary_key or f"{field.name}__{other.name}" in filters
                assert its_admin.lookup_allowed(f"{field.name}__{other.name}", "a", request) is is_open, other
                assert not its_admin.lookup_allowed(f"{field.name}__{other.name}__startswith", "a", request), other


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_every_filter_that_a_list_offers_works(client_of_root, rows, model):
    changes = client_of_root.get(of(model, "changelist")).context["cl"]
    links = [choice["query_string"] for one in changes.filter_specs for choice in one.choices(changes)]
    assert [link for link in links if client_of_root.get(of(model, "changelist") + link).status_code != 200] == []


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_every_action_says_who_may_press_it(model):
    """And looking is not enough for any: an action changes something."""
    its_admin = admin.site.get_model_admin(model)
    for action, name, _words in its_admin._get_base_actions():
        allowed = set(getattr(action, "allowed_permissions", ()))
        assert allowed, name
        assert "view" not in allowed, name


def test_members_are_not_changed_by_hand(client_of_root, workspace, owner):
    place = Membership.objects.get(workspace=workspace)
    page = of(type(workspace), "change", workspace.pk)
    assert owner.email in client_of_root.get(page).text
    form = {"memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 1, "memberships-0-id": place.pk}
    assert client_of_root.post(page, {**form, "name": "X", "memberships-0-DELETE": "on"}).status_code == 403
    assert workspace.memberships.get() == place


CHANGED_BY_NOBODY = (EmailAddress, Authenticator, SocialAccount, UserSession, Schedule)


@pytest.mark.parametrize("model", CHANGED_BY_NOBODY, ids=lambda model: model.__name__)
def test_what_sign_in_and_the_queue_keep_is_only_looked_at(client_of_root, rows, model):
    its_admin, request = admin.site.get_model_admin(model), client_of_root.get("/admin/").wsgi_request
    assert not any(its_admin.get_model_perms(request)[right] for right in ("add", "change", "delete"))
    assert its_admin.get_actions(request) == {}


def test_an_address_is_not_confirmed_in_the_console(client_of_root):
    person = UserFactory(confirmed=False)
    address = EmailAddress.objects.get(user=person)
    client_of_root.post(of(EmailAddress, "changelist"), {"action": "make_verified", "_selected_action": [address.pk]})
    client_of_root.post(of(EmailAddress, "change", address.pk), {"email": address.email, "verified": "on"})
    address.refresh_from_db()
    assert not address.verified


def test_addresses_and_passwords_of_people_are_theirs(client_of_root, owner):
    before = (owner.email, owner.password)
    client_of_root.post(of(User, "change", owner.pk), {"email": "x@evil.example", "password": "x", "is_active": "on"})
    for page in (f"/admin/accounts/user/{owner.pk}/password/", of(User, "delete", owner.pk), of(User, "add")):
        assert client_of_root.post(page, {"password1": "Xx-12345", "password2": "Xx-12345"}).status_code in (302, 403)
    owner.refresh_from_db()
    assert (owner.email, owner.password) == before


def test_rights_are_given_by_superusers_alone_and_are_in_the_log(client_of_root, staff, owner, workspace):
    wanted = {"is_active": "on", "is_staff": "on", "is_superuser": "on"}
    proved(client := signed_in(staff)).post(of(User, "change", owner.pk), wanted)
    owner.refresh_from_db()
    assert (owner.is_staff, owner.is_superuser) == (False, False)
    client_of_root.post(of(User, "change", owner.pk), {"is_active": "on", "is_staff": "on"})
    owner.refresh_from_db()
    assert (owner.is_staff, owner.is_superuser) == (True, False)
    told = AuditEntry.objects.of_workspace(workspace).filter(verb=Verb.STAFF_CHANGED).order_by("-pk").first()
    assert told.words == "Changed Staff status."
    assert client.post(of(User, "change", owner.pk), {}).status_code == 403  # they are above them now


def test_staff_give_themselves_nothing(staff):
    client, before = proved(signed_in(staff)), set(staff.user_permissions.all())
    group = Group.objects.create(name="support")
    assert client.post(of(User, "change", staff.pk), {"is_superuser": "on"}).status_code == 403
    assert client.post(of(Group, "change", group.pk), {"name": "all"}).status_code == 403
    assert client.post(of(Group, "add"), {"name": "all"}).status_code == 403
    staff.refresh_from_db()
    assert not staff.is_superuser and set(staff.user_permissions.all()) == before


def test_people_are_changed_after_a_fresh_proof(root, owner):
    answer = signed_in(root).post(of(User, "change", owner.pk), {"is_staff": "on"})
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    owner.refresh_from_db()
    assert owner.is_active


def test_no_task_is_scheduled_by_hand(client_of_root):
    answer = client_of_root.post(of(Schedule, "add"), {"func": "billing.ledger.refund", "schedule_type": "O"})
    assert answer.status_code == 403
    assert not Schedule.objects.filter(func="billing.ledger.refund").exists()


def test_the_console_has_our_icon(client_of_root, client):
    assert "favicon.svg" in client_of_root.get("/admin/").text
    assert client.get("/favicon.ico").headers["Location"].endswith(".svg")


def test_a_member_who_was_staff_is_not_named_by_what_they_did_as_staff(workspace, client_of_owner):
    once = MembershipFactory(role=Membership.Role.MEMBER).user
    AuditEntry.objects.create(workspace=workspace, actor=once, verb="money.refunded", at=timezone.now())
    page = client_of_owner.get("/settings/audit").text
    assert "Staff of this site" in page and once.email not in page
