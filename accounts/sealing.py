"""Secrets, encrypted where they are stored. Fernet: https://cryptography.io/en/latest/fernet/

The keys to the keys are CREDENTIALS_KEYS: the first one seals, all of them open. To change them, put a new one before
the others and start every process anew, so that all of them seal by it; run `manage.py reseal`; leave the old ones out
when `manage.py reseal --check` finds nothing that needs them.

People's second steps, and codes in letters, are sealed by the same keys. An installation that has none cannot take keys
of customers, but people must be able to protect their accounts: with `spare`, a key made of SECRET_KEY stands in, and
opens what it sealed after there are others. So do keys made of SECRET_KEY_FALLBACKS, for what was sealed before
SECRET_KEY changed.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


class NotSealable(Exception):
    """The installation has no (valid) CREDENTIALS_KEYS, so that it cannot keep a customer's key."""


class NotOpenable(Exception):
    """What was sealed was sealed by a key that is not among CREDENTIALS_KEYS any more."""


def seal(secret: str, *, spare: bool = False) -> str:
    """Return `secret` encrypted. Raises NotSealable."""
    return _box(spare=spare).encrypt(secret.encode()).decode()


def opened(sealed: str, *, spare: bool = False) -> str:
    """Return what was sealed. Raises NotSealable or NotOpenable."""
    try:
        return _box(spare=spare).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise NotOpenable("It was sealed by a key that is not among CREDENTIALS_KEYS.") from None


def resealed(sealed: str, *, spare: bool = False) -> str:
    """Return the same secret sealed by the first key. Raises NotSealable or NotOpenable."""
    try:
        return _box(spare=spare).rotate(sealed.encode()).decode()
    except InvalidToken:
        raise NotOpenable("It was sealed by a key that is not among CREDENTIALS_KEYS.") from None


def is_current(sealed: str, *, spare: bool = False) -> bool:
    """Return whether it was sealed by the first key, so that it needs no other. Raises NotSealable."""
    first = _keys(spare=spare)[0]
    try:
        first.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def key_ref(base_url: str, secret: str) -> str:
    """Return the name of a key in what workers share: the same for the same key, and telling nothing about it."""
    return salted_hmac("integrations.key", f"{base_url}\n{secret}", algorithm="sha256").hexdigest()


def is_ready() -> bool:
    """True where keys can be sealed."""
    try:
        _box()
    except NotSealable:
        return False
    return True


def _box(*, spare: bool = False) -> MultiFernet:
    return MultiFernet(_keys(spare=spare))


def _keys(*, spare: bool = False) -> list[Fernet]:
    keys = list(settings.CREDENTIALS_KEYS)
    if spare or (settings.DEBUG and not keys):
        keys += [_derived(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS) if secret]
    if not keys:
        raise NotSealable("Set CREDENTIALS_KEYS.")
    try:
        return [Fernet(key) for key in keys]
    except ValueError:
        # The message of the error would quote the key.
        raise NotSealable("CREDENTIALS_KEYS: one of them is no Fernet key.") from None


def _derived(secret: str) -> str:
    """Return a key made of SECRET_KEY: what is `spare`, and for development, where nobody sets two secrets.

    The words in it are those of its first place: another word would be another key.
    """
    return base64.urlsafe_b64encode(hashlib.sha256(f"integrations.sealing:{secret}".encode()).digest()).decode()
