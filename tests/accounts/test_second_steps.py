"""Second steps at rest: sealed, sealed again by another key, and what there is to do when the key is lost."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.fernet import Fernet
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection

from accounts import post, sealing
from accounts.models import AuditEntry, User
from integrations import second_steps
from tests.accounts.conftest import is_in, log_in
from tests.accounts.test_sign_in import code_now
from tests.factories import MembershipFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
ADA, PASSWORD = "ada@people.example", "a-good-long-password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def sealed_by_the_old_key(settings):
    settings.CREDENTIALS_KEYS = [OLD]


@pytest.fixture
def ada() -> User:
    return MembershipFactory(user=UserFactory(email=ADA, password=PASSWORD)).user


def dumped() -> str:
    """Return every row of every table."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608  (our own)
            rows += map(str, cursor.fetchall())
    return "\n".join(rows)


def stored(user: User) -> dict[str, dict]:
    return dict(Authenticator.objects.filter(user=user).values_list("type", "data"))


def in_clear(user: User) -> None:
    """Second steps as they were stored before they were sealed."""
    Authenticator.objects.create(user=user, type="totp", data={"secret": SECRET})
    data = {"migrated_codes": ["11111111", "22222222"], "used_mask": 0}
    Authenticator.objects.create(user=user, type="recovery_codes", data=data)


def enters(code: str) -> bool:
    """Return whether a code lets Ada in after her password."""
    client = log_in(ADA, PASSWORD)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    return is_in(client)


def test_what_is_set_up_on_the_page_works_and_is_nowhere_in_the_database(ada):
    client = log_in(ADA, PASSWORD)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})
    codes = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    assert len(codes) == 10
    rows = dumped()
    assert [one for one in (secret, *codes) if one in rows] == []
    seed = Authenticator.objects.get(type="recovery_codes").data["seed"]
    assert second_steps.SealingAdapter().decrypt(seed) not in rows
    assert enters(codes[3])


def test_an_installation_without_keys_seals_by_its_own_secret_and_opens_that_after_it_has_some(ada, settings):
    settings.CREDENTIALS_KEYS = []
    secret = generate_totp_secret()
    TOTP.activate(ada, secret)
    assert secret not in dumped()
    settings.CREDENTIALS_KEYS = [NEW]
    assert enters(code_now(secret))
    call_command("reseal", stdout=StringIO())
    settings.SECRET_KEY = "another"
    assert second_steps.SealingAdapter().decrypt(stored(ada)["totp"]["secret"]) == secret


def test_what_was_sealed_by_a_former_secret_opens_while_that_is_among_the_fallbacks(settings):
    settings.CREDENTIALS_KEYS = []
    sealed = sealing.seal("seed", spare=True)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert sealing.opened(sealed, spare=True) == "seed" and not sealing.is_current(sealed, spare=True)
    again = sealing.resealed(sealed, spare=True)
    settings.SECRET_KEY_FALLBACKS = []
    assert sealing.opened(again, spare=True) == "seed"
    with pytest.raises(sealing.NotOpenable):
        sealing.opened(sealed, spare=True)


def test_what_was_stored_in_clear_still_works_and_is_sealed_by_reseal(ada):
    in_clear(ada)
    assert enters("11111111")
    with pytest.raises(CommandError, match="2 second steps are not sealed"):
        call_command("reseal", check=True)
    assert SECRET in dumped()
    call_command("reseal", stdout=StringIO())
    call_command("reseal", check=True, stdout=StringIO())
    rows = dumped()
    assert not [one for one in (SECRET, "22222222") if one in rows]
    assert enters("22222222")
    assert enters(code_now(SECRET))


def test_sealing_again_changes_nothing_that_is_done(ada):
    in_clear(ada)
    call_command("reseal", stdout=StringIO())
    done = stored(ada)
    call_command("reseal", stdout=StringIO())
    assert stored(ada) == done


def test_a_code_that_was_used_stays_used_when_its_row_is_sealed_by_another_key(ada, settings):
    TOTP.activate(ada, SECRET)
    RecoveryCodes.activate(ada)
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    assert enters(code)
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    call_command("reseal", stdout=StringIO())
    settings.CREDENTIALS_KEYS = [NEW]
    assert not enters(code)
    assert len(Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()) == 9


def test_a_lost_key_is_told_of_on_the_page_and_by_the_command_and_an_operator_lets_one_in(ada, settings, capsys):
    TOTP.activate(ada, SECRET)
    settings.CREDENTIALS_KEYS = [NEW]
    client = log_in(ADA, PASSWORD)
    answer = client.post("/accounts/2fa/authenticate/", {"code": code_now(SECRET)})
    assert (answer.status_code, "ask the operator" in answer.text) == (503, True)
    assert not is_in(client)
    with pytest.raises(CommandError, match="reset_second_step"):
        call_command("reseal")
    assert ADA in capsys.readouterr().err
    call_command("reset_second_step", ADA.upper(), stdout=StringIO())
    assert is_in(log_in(ADA, PASSWORD))
    assert AuditEntry.objects.filter(verb="person.second_step_reset", object_id=ada.pk).exists()
    post.send_due()
    assert "second step was removed" in mail.outbox[-1].subject


def test_resetting_ends_all_sessions_of_the_person_and_of_nobody_else(ada):
    UserFactory(email="bob@people.example", password=PASSWORD)
    here, other = log_in(ADA, PASSWORD), log_in("bob@people.example", PASSWORD)
    call_command("reset_second_step", ADA, stdout=StringIO())
    assert not is_in(here)
    assert is_in(other)
    with pytest.raises(CommandError, match="Nobody"):
        call_command("reset_second_step", "nobody@people.example")


def test_keys_that_are_none_are_told_of_before_anything_is_stored(ada, settings):
    settings.CREDENTIALS_KEYS = ["too-short"]
    client = log_in(ADA, PASSWORD)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})
    assert (answer.status_code, "CREDENTIALS_KEYS" in answer.text) == (503, True)
    assert not Authenticator.objects.exists()
