"""Keys of customers, encrypted where they are stored. Fernet: https://cryptography.io/en/latest/fernet/

The keys to the keys are CREDENTIALS_KEYS: the first one seals, all of them open. To change them, put a new one before
the others, run `manage.py reseal`, and then leave the old ones out.
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


def seal(secret: str) -> str:
    """Return `secret` encrypted. Raises NotSealable."""
    return _box().encrypt(secret.encode()).decode()


def opened(sealed: str) -> str:
    """Return what was sealed. Raises NotSealable or NotOpenable."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise NotOpenable("It was sealed by a key that is not among CREDENTIALS_KEYS.") from None


def resealed(sealed: str) -> str:
    """Return the same secret sealed by the first key. Raises NotSealable or NotOpenable."""
    try:
        return _box().rotate(sealed.encode()).decode()
    except InvalidToken:
        raise NotOpenable("It was sealed by a key that is not among CREDENTIALS_KEYS.") from None


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


def _box() -> MultiFernet:
    keys = settings.CREDENTIALS_KEYS
    if not keys and settings.DEBUG and settings.SECRET_KEY:
        keys = [_derived(settings.SECRET_KEY)]
    if not keys:
        raise NotSealable("Set CREDENTIALS_KEYS.")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        # The message of the error would quote the key.
        raise NotSealable("CREDENTIALS_KEYS: one of them is no Fernet key.") from None


def _derived(secret: str) -> str:
    """Return a key made of SECRET_KEY, for development, where nobody sets two secrets."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"integrations.sealing:{secret}".encode()).digest()).decode()
