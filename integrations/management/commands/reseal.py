"""`manage.py reseal`: encrypt the customers' keys anew by the first of CREDENTIALS_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from integrations import sealing
from integrations.models import Connection


class Command(BaseCommand):
    help = "Encrypt the customers' keys anew by the first of CREDENTIALS_KEYS, so that older ones can be left out."

    def handle(self, *args: Any, **options: Any) -> None:
        lost = 0
        for connection in Connection.objects.exclude(sealed_key="").iterator():
            try:
                sealed = sealing.resealed(connection.sealed_key)
            except sealing.NotSealable as error:
                raise CommandError(str(error)) from None
            except sealing.NotOpenable:
                lost += 1
                continue
            # Only while it is still the same: its owner may have replaced it meanwhile.
            same = Connection.objects.filter(pk=connection.pk, sealed_key=connection.sealed_key)
            same.update(sealed_key=sealed)
        if lost:
            raise CommandError(_("%d keys cannot be opened: their owners have to enter them again.") % lost)
        self.stdout.write(_("All keys are sealed by the first of CREDENTIALS_KEYS."))
