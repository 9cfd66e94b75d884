"""The operators' console: who gets in, and how the first one does."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from accounts.audit_models import AuditEntry, Verb
from accounts.letter_models import Letter
from accounts.management.commands import operator
from accounts.models import User
from accounts.taking_back import has_proved
from tests.accounts.conftest import is_in, log_in
from tests.conftest import signed_in
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]

ADA, PASSWORD = "ada@people.example", "a-good-long-password"


@pytest.fixture(autouse=True)
def strict(settings):
    settings.ADMIN_NEEDS_SECOND_STEP = True


def test_strangers_are_sent_to_the_same_login_as_everybody(client):
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=%2Fadmin%2F")
    assert client.post("/admin/login/", {"username": ADA, "password": PASSWORD}).status_code == 302


def test_members_are_refused(client_of_owner):
    assert client_of_owner.get("/admin/", follow=True).status_code == 403


def test_an_operator_without_a_second_step_is_led_to_setting_one_up():
    root = signed_in(User.objects.create_superuser(ADA, PASSWORD))
    answer = root.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/2fa/"
    assert "needs a second step" in answer.text
    assert root.get("/admin/accounts/user/").status_code == 302


@pytest.mark.parametrize(("kind", "is_let_in"), [("totp", True), ("webauthn", True), ("recovery_codes", False)])
def test_an_operator_with_one_is_let_in(kind, is_let_in):
    user = User.objects.create_superuser(ADA, PASSWORD)
    Authenticator.objects.create(user=user, type=kind, data={})
    assert (signed_in(user).get("/admin/").status_code == 200) is is_let_in


def test_a_command_makes_the_first_operator_who_can_set_up_a_second_step_without_any_mail(monkeypatch):
    monkeypatch.setattr(operator, "getpass", lambda _asked: PASSWORD)
    call_command("operator", "Ada@People.example", stdout=StringIO())
    user = User.objects.get()
    assert (user.email, user.is_staff, user.is_superuser) == (ADA, True, True)
    assert has_proved(user, ADA)
    ada = log_in(ADA, PASSWORD)
    ada.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert ada.get("/accounts/2fa/totp/activate/").status_code == 200


def test_it_refuses_a_password_that_is_easily_guessed(monkeypatch):
    monkeypatch.setattr(operator, "getpass", lambda _asked: "password")
    with pytest.raises(CommandError, match="too common"):
        call_command("operator", ADA, stdout=StringIO())
    assert not User.objects.exists()


def test_it_lets_an_operator_in_who_lost_their_second_step():
    user = UserFactory(email=ADA, password=PASSWORD)
    browser = log_in(ADA, PASSWORD)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "lost"})
    call_command("operator", ADA, "--forget-second-step", stdout=StringIO())
    user.refresh_from_db()
    assert user.is_superuser
    assert not Authenticator.objects.exists()
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", "object_id")) == [
        (Verb.OPERATOR_MADE, str(user.pk)), (Verb.SECOND_STEP_RESET, str(user.pk)),
    ]  # fmt: skip
    assert Letter.objects.get().subject == "Your second step was removed"
    assert not is_in(browser)
    assert is_in(log_in(ADA, PASSWORD))
