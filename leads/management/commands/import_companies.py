"""`manage.py import_companies FILE`: fill the company directory that hunts search."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console

from accounts.models import Workspace
from leads.importing import ImportFailed, ImportReport, NotImportable, import_companies


class Command(BaseCommand):
    help = "Import companies from a CSV, XLSX or JSONL file (also .gz). Bad rows go to a rejects file with the reason."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--list", default="", metavar="NAME", help="the list's name (default: the file's name)")
        parser.add_argument(
            "--workspace", default="", metavar="SLUG", help="only for this workspace (default: for all)"
        )
        parser.add_argument("--rejects", type=Path, metavar="FILE", help="where bad rows go (default: var/imports/)")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = None
        if options["workspace"]:
            workspace = Workspace.objects.filter(slug=options["workspace"]).first()
            if workspace is None:
                raise CommandError(_("There is no workspace called %s.") % options["workspace"], returncode=2)
        screen = Console()
        try:
            with screen.status(_("Reading …")) as status:
                report = import_companies(
                    options["file"],
                    workspace=workspace,
                    list_name=options["list"],
                    rejects_path=options["rejects"],
                    on_progress=lambda now: status.update(_("%s rows read …") % now.read),
                )
        except NotImportable as error:
            raise CommandError(str(error), returncode=2) from None
        except ImportFailed as error:
            raise CommandError(str(error), returncode=1) from None
        self.tell(report, screen)

    def tell(self, report: ImportReport, screen: Console) -> None:
        pace = report.read / report.seconds if report.seconds else 0
        screen.print(
            _("%(read)s rows: %(new)s new companies, %(updated)s updated, %(twice)s duplicates, %(bad)s rejected.")
            % {
                "read": report.read,
                "new": report.imported,
                "updated": report.updated,
                "twice": report.duplicates,
                "bad": report.rejected,
            }
        )
        screen.print(_("List “%(list)s”, %(pace).0f rows a second.") % {"list": report.list.name, "pace": pace})
        if report.rejects_path:
            screen.print(_("Rejected rows and why: %s") % report.rejects_path, soft_wrap=True)
