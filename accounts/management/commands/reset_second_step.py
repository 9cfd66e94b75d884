"""`manage.py reset_second_step ada@example.com`: let somebody in who cannot use their second step any more."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts import second_steps
from accounts.models import User


class Command(BaseCommand):
    help = "Remove a person's passkeys, authenticator app and recovery codes. Make sure first who is asking."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(_("Nobody has the address %s.") % email)
        removed = second_steps.reset(user)
        self.stdout.write(
            _("%(who)s has no second step any more (removed: %(n)d) and is logged out everywhere.")
            % {"who": user.email, "n": removed}
        )
