"""`manage.py demo`: one hunt over the sandbox, in a workspace that can be opened in the browser afterwards."""

from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console
from rich.panel import Panel

from accounts.models import User, Workspace
from hunts import console, pipeline, results
from hunts.brief import read_brief
from hunts.models import Hunt, Run, Source
from hunts.sandboxed import sandbox_running
from leads.exports import export
from leads.models import Lead

EMAIL = "demo@magnet.example"
PASSWORD = "magnet-demo"  # noqa: S105  (only where DEBUG is on, only for the sandbox's workspace)
BRIEF = (
    "Contract manufacturers of precision machined parts in Germany or Austria with 20 to 500 employees, "
    "ISO 9001 certified, nice to have: medical technology customers, no distributors"
)
LIMIT = 40


class Command(BaseCommand):
    help = "Run the demo hunt over the sandbox, show what was found, and write var/demo/leads.csv and .xlsx."

    def handle(self, *args: Any, **options: Any) -> None:
        screen = Console()
        workspace = demo_workspace()
        screen.print(Panel(BRIEF, title=_("The brief"), title_align="left"))
        with sandbox_running():
            run = pipeline.start(demo_hunt(workspace))
            console.work_with_progress(run, screen)
        if run.status != Run.Status.SUCCEEDED:
            raise CommandError(run.note or _("The demo did not finish."), returncode=1)
        judged = [candidate for candidate in results.ranked(run) if candidate.score is not None]
        screen.print(console.results_table(judged))
        screen.print(f"\n{run.summary}", markup=False)
        self.write_files(run, screen)
        screen.print(
            _("Open it in the browser: run [bold]make serve[/bold], go to http://localhost:8000 and log in as")
            + f" [bold]{EMAIL}[/bold] / [bold]{PASSWORD}[/bold]"
        )

    def write_files(self, run: Run, screen: Console) -> None:
        folder = settings.VAR_DIR / "demo"
        folder.mkdir(parents=True, exist_ok=True)
        leads = Lead.objects.filter(candidacies__run=run).judged().ranked()
        for path in (folder / "leads.csv", folder / "leads.xlsx"):
            export(leads, path)
            screen.print(_("Wrote %s") % path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else str(path))


def demo_workspace() -> Workspace:
    """Return the demo user's workspace, made on the first run."""
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_user(EMAIL, PASSWORD)
    EmailAddress.objects.update_or_create(user=user, email=EMAIL, defaults={"verified": True, "primary": True})
    return Workspace.objects.of(user).first() or Workspace.start("Demo", owner=user, slug="demo")


def demo_hunt(workspace: Workspace) -> Hunt:
    """Return the demo's hunt; each call of the command is another run of it."""
    hunt, _made = Hunt.objects.update_or_create(
        workspace=workspace,
        name=BRIEF[:200],
        defaults={
            "icp_json": read_brief(BRIEF).to_json(),
            "source": Source.SANDBOX,
            "limit": LIMIT,
            "max_spend_microusd": 1_000_000,
        },
    )
    return hunt
