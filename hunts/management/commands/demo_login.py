"""`manage.py demo_login`: make sure that there is somebody to log in as on this machine, and say who."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from hunts.management.commands.demo import EMAIL, PASSWORD, demo_workspace


class Command(BaseCommand):
    help = "Make the demo login and print it. Only where DEBUG is on: its password is public."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            self.stdout.write("No demo login: DEBUG is off.")
            return
        demo_workspace()
        self.stdout.write(f"Demo login: {EMAIL} / {PASSWORD}")
