"""`manage.py operator ada@example.com`: make somebody an operator, or let one in who lost their second step."""

from getpass import getpass
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import audit, second_steps
from accounts.audit_models import Verb
from accounts.models import User


class Command(BaseCommand):
    help = "Make somebody an operator of the console. Whoever may run this vouches for their address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--forget-second-step", action="store_true", help="remove their passkeys, apps and codes")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        user = User.objects.filter(email=email).first()
        password = "" if user else self.ask_password(email)
        with transaction.atomic():
            user = promoted(user) if user else User.objects.create_superuser(email, password)
            EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
            audit.record(Verb.OPERATOR_MADE, user, workspace_id=None, words="manage.py operator")
            if options["forget_second_step"]:
                second_steps.reset(user)
        self.stdout.write(f"{email} is an operator. Log in at /admin/ and set up a passkey or an authenticator app.")

    def ask_password(self, email: str) -> str:
        password = getpass(f"Password of {email}: ")
        if password != getpass("The same once more: "):
            raise CommandError("These are two different passwords.")
        try:
            validate_password(password, User(email=email))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        return password


def promoted(user: User) -> User:
    user.is_staff = user.is_superuser = True
    user.save(update_fields=["is_staff", "is_superuser"])
    return user
