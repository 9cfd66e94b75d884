"""`manage.py reconcile`: close holds of calls whose fate nobody knows. The queue does it every hour."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import ledger, reconciling
from billing.amounts import dollars
from billing.models import Hold


class Command(BaseCommand):
    """Counts what has waited RECONCILE_AFTER_HOURS as spent, or gives one hold back that the vendor did not bill."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unbilled", type=int, metavar="HOLD", help="give this hold back: it was not billed")
        parser.add_argument("--reason", default="", help="how you know that, such as the number of the bill")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["unbilled"] is not None:
            self.stdout.write(self._given_back(options["unbilled"], options["reason"]))
            return
        done = reconciling.reconcile()
        waiting = reconciling.of_unknown_fate().count()
        self.stdout.write(f"{done.count} holds counted as spent: {dollars(done.microusd)}.")
        self.stdout.write(f"{waiting} holds wait: {dollars(reconciling.unknown_microusd())}.")

    def _given_back(self, hold_id: int, reason: str) -> str:
        hold = Hold.objects.filter(pk=hold_id).first()
        if hold is None:
            raise CommandError(f"There is no hold {hold_id}.")
        try:
            is_given_back = reconciling.give_back(hold, reason=reason)
        except (reconciling.StillLive, ledger.RefundRefused, ValueError) as error:
            raise CommandError(str(error)) from error
        if not is_given_back:
            return f"Hold {hold_id} was closed before; nothing changed."
        return f"Hold {hold_id} is given back: {dollars(hold.amount_microusd)}."
