"""`manage.py icp "BRIEF"`: the profile that is read from a brief, for people and, with --json, for programs."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hunts.brief import BriefUnreadable, read_brief
from hunts.icp import Icp
from integrations.capabilities import Range
from integrations.lexicon import places, taxonomy

USAGE = 2


class Command(BaseCommand):
    help = (
        "Print the profile that is read from a brief, without asking a language model. "
        "With --json: industries by their English names, countries as ISO 3166 codes, open ends of ranges as null."
    )
    requires_system_checks: list[str] = []  # it reads and prints; no database is asked

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("brief", help='whom to find, in a sentence or a few; "-" reads it from standard input')
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON object and nothing else"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        brief = sys.stdin.read() if options["brief"] == "-" else options["brief"]
        try:
            icp = read_brief(brief)
        except BriefUnreadable as error:
            raise CommandError(str(error), returncode=USAGE) from None
        if options["as_json"]:
            self.stdout.write(json.dumps(as_json(icp), ensure_ascii=False))
            return
        screen = Console(highlight=False)
        with screen.capture() as shown:
            screen.print(facts_table(icp))
            if icp.criteria:
                screen.print()
                screen.print(criteria_table(icp))
        self.stdout.write(shown.get(), ending="")


def as_json(icp: Icp) -> dict[str, Any]:
    """Return the profile for a program: every field is always there, empty where the brief says nothing."""
    return {
        "product": icp.product,
        "industries": _industries(icp),
        "keywords": list(icp.keywords),
        "countries": list(icp.countries),
        "regions": list(icp.regions),
        "employees": _range(icp.employees),
        "founded_year": _range(icp.founded_year),
        "funding": icp.funding,
        "funding_stage": icp.funding_stage,
        "company_type": icp.company_type,
        "roles": list(icp.roles),
        "criteria": [
            {"text": criterion.text, "kind": criterion.kind, "weight": criterion.weight} for criterion in icp.criteria
        ],
        "language": icp.language,
        "read_by": icp.read_by,
    }


def _industries(icp: Icp) -> list[str]:
    """Return the industries by their English names, whatever language the brief is in."""
    return [taxonomy.industries()[industry].label("en") for industry in icp.industries]


def _range(numbers: Range) -> dict[str, int | None]:
    return {"min": numbers.min, "max": numbers.max}


def facts_table(icp: Icp) -> Table:
    """Return what was read, one line a field; what the brief does not say is left out."""
    facts = {
        _("What you sell"): icp.product,
        _("Industries"): ", ".join(_industries(icp)),
        _("Keywords"): ", ".join(icp.keywords),
        _("Countries"): ", ".join(f"{places.country_name(code)} ({code})" for code in icp.countries),
        _("Regions"): ", ".join(icp.regions),
        _("Trade fairs"): ", ".join(icp.events),
        _("Employees"): _said(icp.employees),
        _("Founded"): _said(icp.founded_year),
        _("Funding"): icp.funding,
        _("Funding stage"): icp.funding_stage,
        _("Kind of company"): icp.company_type,
        _("Whom to write to"): ", ".join(icp.roles),
        _("Not these"): ", ".join(icp.excluded),
        _("Language"): icp.language,
    }
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in facts.items():
        if value:
            table.add_row(label, escape(value))
    return table


def _said(numbers: Range) -> str:
    if numbers.min is not None and numbers.max is not None:
        return str(numbers.min) if numbers.min == numbers.max else f"{numbers.min} – {numbers.max}"
    if numbers.min is not None:
        return _("%s or more") % numbers.min
    return _("up to %s") % numbers.max if numbers.max is not None else ""


def criteria_table(icp: Icp) -> Table:
    """Return what each company would be judged by."""
    kinds = {"must": _("must"), "nice": _("nice to have"), "exclude": _("exclude")}
    table = Table(_("Criterion"), _("Kind"), _("Weight"), box=None, pad_edge=False)
    table.columns[0].overflow = "fold"
    table.columns[2].justify = "right"
    for criterion in icp.criteria:
        table.add_row(escape(criterion.text), kinds[criterion.kind], str(criterion.weight))
    return table
