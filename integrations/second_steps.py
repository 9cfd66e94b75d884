"""Secrets of authenticator apps and seeds of recovery codes, sealed where django-allauth keeps them.

https://docs.allauth.org/en/latest/mfa/adapter.html. What was stored before it was sealed still opens;
`manage.py reseal` seals it. Where the key is lost, `manage.py reset_second_step` is the way out.
"""

from collections.abc import Callable, Iterator
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts import sealing

SEALED = "sealed:"
# The values of `Authenticator.data` that open a door; a list holds codes of before there were seeds.
SECRETS = ("secret", "seed", "migrated_codes")

Data = dict[str, Any]


class SealingAdapter(DefaultMFAAdapter):
    """What django-allauth asks before it stores a secret, and after it read one."""

    def encrypt(self, text: str) -> str:
        """Return `text` sealed. Raises sealing.NotSealable."""
        return f"{SEALED}{sealing.seal(text, spare=True)}"

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was sealed; what was stored in clear, as it is. Raises NotSealable or NotOpenable."""
        if not encrypted_text.startswith(SEALED):
            return encrypted_text
        return sealing.opened(encrypted_text.removeprefix(SEALED), spare=True)


class LostKeyMiddleware:
    """Says what is wrong, and who can mend it, where a second step can be neither sealed nor opened."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, sealing.NotSealable | sealing.NotOpenable):
            return None
        context = {"title": _("This cannot be opened or stored safely now"), "detail": _explained(exception)}
        return render(request, "pages/error.html", context, status=503)


def _explained(error: Exception) -> str:
    if isinstance(error, sealing.NotOpenable):
        return _(
            "The key that seals your second step is missing on this server. A passkey still works. Otherwise ask the "
            "operator of this site to put the key back, or to reset your second step."
        )
    return _(
        "One of the CREDENTIALS_KEYS of this site is not valid, so that it cannot store a second step safely. Its "
        "operator has to mend them. Nothing was changed."
    )


def waiting() -> Iterator[int]:
    """Yield the ids of the second steps that have secrets."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    yield from Authenticator.objects.filter(type__in=kinds).order_by("pk").values_list("pk", flat=True).iterator()


def is_current(data: Data) -> bool:
    """Return whether all its secrets are sealed, by the first key. Raises NotSealable."""
    return all(_is_current(value) for value in _secrets_of(data))


def reseal(pk: int, *, is_for_show: bool = False) -> bool:
    """Seal the secrets of one second step by the first key; False where they are already, or the row is gone.

    The row is held meanwhile, so that a code that is used in this moment stays used. Raises NotSealable or NotOpenable.
    """
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().filter(pk=pk).first()
        if row is None or is_current(row.data):
            return False
        sealed = _resealed(row.data)
        if not is_for_show:
            Authenticator.objects.filter(pk=pk).update(data=sealed)
        return True


def _secrets_of(data: Data) -> Iterator[str]:
    for name in SECRETS:
        value = data.get(name) or []
        yield from value if isinstance(value, list) else [value]


def _is_current(value: str) -> bool:
    return value.startswith(SEALED) and sealing.is_current(value.removeprefix(SEALED), spare=True)


def _resealed(data: Data) -> Data:
    def anew(value: Any) -> Any:
        return [_anew(one) for one in value] if isinstance(value, list) else _anew(value)

    return data | {name: anew(data[name]) for name in SECRETS if data.get(name)}


def _anew(value: str) -> str:
    if value.startswith(SEALED):
        return f"{SEALED}{sealing.resealed(value.removeprefix(SEALED), spare=True)}"
    return f"{SEALED}{sealing.seal(value, spare=True)}"
