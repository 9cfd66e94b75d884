"""Changing the keys to the keys: in steps, again after a cut, and beside owners who enter new keys."""

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from accounts import sealing
from integrations.models import Connection
from tests.factories import WorkspaceFactory

pytestmark = pytest.mark.django_db

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def kept(settings) -> list[Connection]:
    """Three keys that are sealed by the old one; the new one has just been put before it."""
    settings.CREDENTIALS_KEYS = [OLD]
    rows = [kept_key(f"sk-{n}") for n in range(3)]
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    return rows


def kept_key(secret: str) -> Connection:
    sealed, ref = sealing.seal(secret), sealing.key_ref("https://x.example", secret)
    return Connection.objects.create(workspace=WorkspaceFactory(), provider="openai", sealed_key=sealed, key_ref=ref)


def stored(row: Connection) -> str:
    return Connection.objects.values_list("sealed_key", flat=True).get(pk=row.pk)


def test_it_is_known_whether_an_old_key_is_still_needed(kept, capsys):
    with pytest.raises(CommandError, match="3 keys are not sealed"):
        call_command("reseal", check=True)
    assert [stored(row) for row in kept] == [row.sealed_key for row in kept]
    call_command("reseal")
    call_command("reseal", check=True)
    assert "sk-" not in capsys.readouterr().out


def test_the_old_key_can_be_left_out_afterwards(kept, settings, capsys):
    call_command("reseal")
    settings.CREDENTIALS_KEYS = [NEW]
    assert [sealing.opened(stored(row)) for row in kept] == ["sk-0", "sk-1", "sk-2"]


def test_it_goes_on_where_it_was_cut_off(kept, capsys):
    done = sealing.resealed(kept[0].sealed_key)
    Connection.objects.filter(pk=kept[0].pk).update(sealed_key=done)
    call_command("reseal")
    assert stored(kept[0]) == done
    assert all(sealing.is_current(stored(row)) for row in kept)


def test_a_key_that_its_owner_replaced_meanwhile_is_not_brought_back(kept, capsys, monkeypatch):
    replaced = sealing.seal("sk-new")
    reseal = sealing.resealed

    def slowly(sealed: str) -> str:
        Connection.objects.filter(pk=kept[0].pk).update(sealed_key=replaced)  # while the command has read the old one
        return reseal(sealed)

    monkeypatch.setattr(sealing, "resealed", slowly)
    call_command("reseal")
    assert sealing.opened(stored(kept[0])) == "sk-new"


def test_what_no_key_opens_is_counted_and_the_rest_is_done(kept, settings, capsys):
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    lost = kept_key("sk-lost")
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match="1 keys cannot be opened"):
        call_command("reseal")
    assert all(sealing.is_current(stored(row)) for row in kept)
    assert not sealing.is_current(stored(lost))
