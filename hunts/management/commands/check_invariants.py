"""`manage.py check_invariants`: whether all that must be true of runs and money is. Exit code 1 where it is not."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from hunts import invariants
from hunts.management.commands.hunt import FAILURE, workspace_of


class Command(BaseCommand):
    help = "Check what must always be true of runs, leads and money, and say in plain words what is not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", default="", help="the runs of one workspace (default: all)")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object, nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace_id = workspace_of(options["workspace"]).pk if options["workspace"] else None
        with transaction.atomic():
            see_one_state()
            found = list(invariants.violations(workspace_id))
        if options["as_json"]:
            self.stdout.write(json.dumps({"violations": found}, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(found) or _("All is as it must be."))
        if found:
            raise CommandError(_("%(count)s violations.") % {"count": len(found)}, returncode=FAILURE)


def see_one_state() -> None:
    """Have all queries of a transaction see the same committed state, while workers go on."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
