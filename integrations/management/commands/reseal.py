"""Seal the keys of customers, and people's second steps, by another key."""

from argparse import ArgumentParser
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import sealing
from integrations import second_steps
from integrations.models import Connection


class Command(BaseCommand):
    help = (
        "Seal keys of customers and second steps by the first of CREDENTIALS_KEYS, so that older ones can be left out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail where an older key is needed")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        try:
            outdated, lost = self._looked_through(is_for_show=check)
            outdated_steps, lost_steps = self._second_steps(is_for_show=check)
        except sealing.NotSealable as error:
            raise CommandError(str(error)) from None
        for pk in lost_steps:
            self._tell_of_lost(pk)
        if lost:
            raise CommandError(_("%d keys cannot be opened: their owners have to enter them again.") % lost)
        if lost_steps:
            raise CommandError(self._said_of_lost(len(lost_steps)))
        if check and outdated:
            raise CommandError(_("%d keys are not sealed by the first of CREDENTIALS_KEYS yet.") % outdated)
        if check and outdated_steps:
            raise CommandError(
                _("%d second steps are not sealed by the first of CREDENTIALS_KEYS yet.") % outdated_steps
            )
        self.stdout.write(_("All keys are sealed by the first of CREDENTIALS_KEYS."))

    def _looked_through(self, *, is_for_show: bool) -> tuple[int, int]:
        """Return how many keys an older key has sealed, and how many none opens; the first are sealed anew.

        What is done already is passed over, so a run that was cut off goes on where it was.
        """
        outdated = lost = 0
        for connection in Connection.objects.exclude(sealed_key="").only("sealed_key").iterator():
            if sealing.is_current(connection.sealed_key):
                continue
            try:
                sealed = sealing.resealed(connection.sealed_key)
            except sealing.NotOpenable:
                lost += 1
                continue
            outdated += 1
            if not is_for_show:
                # Only while it is still the same: its owner may have replaced it meanwhile.
                same = Connection.objects.filter(pk=connection.pk, sealed_key=connection.sealed_key)
                same.update(sealed_key=sealed)
        return outdated, lost

    def _second_steps(self, *, is_for_show: bool) -> tuple[int, list[int]]:
        """Return how many second steps lay in clear or under an older key, and the ids of those that no key opens."""
        outdated, lost = 0, []
        for pk in second_steps.waiting():
            try:
                outdated += second_steps.reseal(pk, is_for_show=is_for_show)
            except sealing.NotOpenable:
                lost.append(pk)
        return outdated, lost

    def _tell_of_lost(self, pk: int) -> None:
        row = Authenticator.objects.select_related("user").get(pk=pk)
        self.stderr.write(f"{row.user}: {row.get_type_display()}")

    def _said_of_lost(self, count: int) -> str:
        said = ngettext(
            "%d second step cannot be opened. Put the lost key back into CREDENTIALS_KEYS, or run "
            "`manage.py reset_second_step ADDRESS` for the person named above.",
            "%d second steps cannot be opened. Put the lost key back into CREDENTIALS_KEYS, or run "
            "`manage.py reset_second_step ADDRESS` for each person named above.",
            count,
        )
        return said % count
