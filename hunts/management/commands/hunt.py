"""`manage.py hunt "BRIEF"`: a whole hunt on the terminal. The command is itself a worker for its run."""

import json
import sys
from argparse import ArgumentParser
from contextlib import nullcontext
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console

from accounts.models import Workspace
from hunts import console, pipeline, results
from hunts.brief import BriefUnreadable, read_brief
from hunts.launch import save_hunt
from hunts.models import Hunt, Run, Source
from hunts.sandboxed import sandbox_running
from leads.directory import searchable
from leads.exports import ExportFailed, export
from leads.importing import ImportFailed, NotImportable, import_companies
from leads.models import CompanyList, Lead

USAGE, FAILURE = 2, 1
MOST_COMPANIES = 1_000
MOST_DOLLARS = 10_000


class Command(BaseCommand):
    help = "Run a hunt from a brief: find companies, judge each by criteria with quotes, and rank them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("brief", help='whom to find, in a sentence or a few; "-" reads it from standard input')
        parser.add_argument("--source", choices=Source.values, default=Source.DIRECTORY, help="where to look")
        parser.add_argument(
            "--companies", metavar="FILE", help="the file for --source file: CSV, XLSX or JSONL, also .gz"
        )
        parser.add_argument("--limit", type=int, default=50, help="how many companies to look at (default 50)")
        parser.add_argument("--max-spend", default="5", metavar="USD", help="spending limit in dollars (default 5)")
        parser.add_argument("--workspace", metavar="SLUG", default="", help="the workspace (default: the first one)")
        parser.add_argument("--output", metavar="FILE", help="write the leads to a .csv or .xlsx file")
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON object and nothing else"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        hunt = self.prepare(options)
        screen = Console(stderr=options["as_json"], quiet=options["as_json"])
        with sandbox_running() if hunt.source == Source.SANDBOX else nullcontext():
            run = pipeline.start(hunt)
            screen.print(_("Run %(run)s: looking at up to %(limit)s companies.") % {"run": run.pk, "limit": run.limit})
            console.work_with_progress(run, screen)
        self.report(run, screen, as_json=options["as_json"])
        if options["output"]:
            self.write(run, Path(options["output"]))
        if run.status != Run.Status.SUCCEEDED:
            raise CommandError(run.note or _("The run did not finish."), returncode=FAILURE)

    def prepare(self, options: dict[str, Any]) -> Hunt:
        """Return the hunt that the options ask for. Raises CommandError with code 2 on anything unusable."""
        brief = sys.stdin.read() if options["brief"] == "-" else options["brief"]
        try:
            icp = read_brief(brief)
        except BriefUnreadable as error:
            raise CommandError(str(error), returncode=USAGE) from None
        if not 1 <= options["limit"] <= MOST_COMPANIES:
            raise CommandError(_("--limit is a number from 1 to %s.") % MOST_COMPANIES, returncode=USAGE)
        if options["output"] and Path(options["output"]).suffix.lower() not in (".csv", ".xlsx"):
            raise CommandError(_("--output is a file that ends in .csv or .xlsx."), returncode=USAGE)
        max_spend = microusd_of(options["max_spend"])
        workspace = workspace_of(options["workspace"])
        return save_hunt(
            workspace,
            icp,
            source=options["source"],
            limit=options["limit"],
            max_spend_microusd=max_spend,
            company_list=self.company_list(options, workspace),
        )

    def company_list(self, options: dict[str, Any], workspace: Workspace) -> CompanyList | None:
        """Import the file to look through, where one is asked for."""
        if options["source"] != Source.FILE:
            if options["companies"]:
                raise CommandError(_("--companies goes with --source file."), returncode=USAGE)
            if options["source"] == Source.DIRECTORY:
                require_companies(workspace)
            return None
        if not options["companies"]:
            raise CommandError(_("--source file needs --companies FILE."), returncode=USAGE)
        try:
            return import_companies(Path(options["companies"]), workspace=workspace).list
        except ImportFailed as error:
            code = USAGE if isinstance(error, NotImportable) else FAILURE
            raise CommandError(str(error), returncode=code) from None

    def write(self, run: Run, path: Path) -> None:
        leads = Lead.objects.filter(candidacies__run=run).judged().ranked()
        try:
            export(leads, path)
        except ExportFailed as error:
            raise CommandError(str(error), returncode=FAILURE) from None

    def report(self, run: Run, screen: Console, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(results.as_json(run), ensure_ascii=False, default=str))
            return
        judged = [candidate for candidate in results.ranked(run) if candidate.score is not None]
        screen.print(console.results_table(judged[:25]))
        if len(judged) > 25:
            screen.print(_("… and %s more.") % (len(judged) - 25))
        screen.print(f"\n{run.summary or run.note}", markup=False)


def workspace_of(slug: str) -> Workspace:
    """Return the workspace called `slug`, or the first one; the first of an installation is made."""
    if slug:
        workspace = Workspace.objects.filter(slug=slug).first()
        if workspace is None:
            known = ", ".join(Workspace.objects.values_list("slug", flat=True)[:20]) or _("none")
            raise CommandError(
                _("There is no workspace called %(slug)s. There are: %(known)s.") % {"slug": slug, "known": known},
                returncode=USAGE,
            )
        return workspace
    return Workspace.objects.order_by("pk").first() or Workspace.start("Default", slug="default")


def require_companies(workspace: Workspace) -> None:
    """Refuse a search of a directory with nothing in it, and say how to fill it."""
    if not searchable(workspace.pk).exists():
        raise CommandError(
            _("The company directory is empty. Import one: manage.py import_companies FILE, or use --source sandbox."),
            returncode=USAGE,
        )


def microusd_of(dollars: str) -> int:
    """Return an amount in dollars as whole micro-dollars."""
    try:
        amount = Decimal(dollars)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= MOST_DOLLARS:
        raise CommandError(_("--max-spend is an amount from 0 to %s dollars.") % MOST_DOLLARS, returncode=USAGE)
    return int(amount * 1_000_000)
