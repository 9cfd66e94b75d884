"""`manage.py row_security`: put the wall between workspaces up, or say what is missing. PostgreSQL only."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connections

from config import row_security


class Command(BaseCommand):
    """Does what every `migrate` does at its end, and tells how it stands. See docs/row-security.md."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="which of DATABASES")
        parser.add_argument(
            "--show", action="store_true", help="change nothing; print the SQL that is missing, to run as another user"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            self.stdout.write("SQLite has no row-level security: the program's own filters keep workspaces apart.")
            return
        if options["show"]:
            self._show(row_security.missing(connection))
            return
        try:
            done = row_security.put_up(connection)
        except ProgrammingError as error:
            login = connection.settings_dict["USER"]
            raise CommandError(
                f"{str(error).strip()}\nThe login “{login}” may not do this. Run what `manage.py row_security --show` "
                "prints as the owner of the tables, or as an administrator of the server."
            ) from error
        self.stdout.write(f"Row-level security is up; {done} statements were needed." if done else "It is up.")

    def _show(self, groups: list[list[str]]) -> None:
        if not groups:
            self.stdout.write("-- Row-level security is up: nothing is missing.")
        for group in groups:
            self.stdout.write("\n".join(["BEGIN;", *(f"{statement};" for statement in group), "COMMIT;"]))
