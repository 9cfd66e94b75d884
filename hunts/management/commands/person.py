"""`manage.py person find|export|erase|requests`: a request of a person, over all workspaces and what they share."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit_models import Verb
from accounts.models import Workspace
from hunts.privacy import erasing, page, perhaps, rejects
from hunts.privacy.finding import found
from hunts.privacy.reach import Reach
from hunts.privacy.request_models import SharedRequest
from hunts.privacy.widening import widened
from leads.wanted import NobodyMeant, Wanted

USAGE = 2


class Command(BaseCommand):
    help = "Find, export or erase what is kept of a person, in all workspaces or in one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=("find", "export", "erase", "requests"))
        for name, told in (
            ("email", "e-mail address"),
            ("name", "first and family name"),
            ("company", "domain of their company, at which the name counts"),
            ("phone", "phone number, with + and the country"),
            ("profile", "address of a profile, or instagram/name"),
        ):
            parser.add_argument(f"--{name}", default="", help=told)
        parser.add_argument("--workspace", default="", metavar="SLUG", help="only in this workspace")
        parser.add_argument("--also", action="append", default=[], metavar="NAME", help="who was shown as perhaps them")
        parser.add_argument("--request", type=int, metavar="NUMBER", help="whom a workspace asked to have erased")
        parser.add_argument("--yes", action="store_true", help="erase without asking again")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "requests":
            self._requests()
            return
        workspace_id = _workspace_id(options["workspace"])
        wanted = _of_request(options["request"]) if options["request"] else _entered(options)
        getattr(self, f"_{options['what']}")(_with_others(wanted, options["also"]), workspace_id, options)

    def _requests(self) -> None:
        """List what workspaces ask for and nobody has answered."""
        for one in SharedRequest.objects.open().select_related("workspace"):
            state = _("being erased") if one.answer_id else f"manage.py person erase --request {one.pk}"
            self.stdout.write(f"{one.pk} {one.workspace.slug} {one.asked_at:%Y-%m-%d}: {state}")

    def _find(self, wanted: Wanted, workspace_id: int | None, _options: dict[str, Any]) -> None:
        audit.record(Verb.PERSON_LOOKED_UP, workspace_id=workspace_id)
        count, reach = 0, Reach(workspace_id)
        wanted = widened(wanted, reach)
        for kind, values in wanted.to_json().items():
            self.stdout.write(f"{kind}: {', '.join(values)}" if values else f"{kind}: -")
        for item in found(wanted, reach):
            count += 1
            since = f"{item.first_collected_at:%Y-%m-%d}" if item.first_collected_at else "-"
            where = f"workspace {item.workspace_id}" if item.workspace_id else "shared"
            self.stdout.write(f"{item.table} {item.pk} ({where}) since {since}, from {item.source or '-'}")
        for path in rejects.naming(wanted) if workspace_id is None else ():
            count += 1
            self.stdout.write(f"file {path}")
        for one in perhaps.all_like(wanted, reach):
            self.stdout.write(_("perhaps: %s (add --also to mean them as well)") % one.names[0])
        self.stdout.write(_("%(count)s places.") % {"count": count})

    def _export(self, wanted: Wanted, workspace_id: int | None, _options: dict[str, Any]) -> None:
        told = page.export(wanted, workspace_id)
        if workspace_id is None:
            whole = Wanted.from_json(told["person"])
            told["files"]["rejects"] = [str(path) for path in rejects.naming(whole)]
        audit.record(Verb.PERSON_EXPORTED, workspace_id=workspace_id, words=str(len(told["items"])))
        json.dump(told, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")

    def _erase(self, wanted: Wanted, workspace_id: int | None, options: dict[str, Any]) -> None:
        wanted = widened(wanted, Reach(workspace_id))
        if not options["yes"]:
            self._find(wanted, workspace_id, options)
            if input(_("Erase all of this for good, and keep the person out? Type yes: ")).strip() != "yes":
                raise CommandError(_("Nothing was erased."))
        erasure = erasing.begin(wanted, workspace_id=workspace_id, by=None, is_whole=True)
        if workspace_id is None:
            rejects.blank(erasure.person)
        erasing.work_on(erasure.pk)
        erasure.refresh_from_db()
        if erasure.problem:
            raise CommandError(erasure.problem)
        self.stdout.write(
            _("%(count)s rows were emptied or deleted. All is gone over once more in half an hour.")
            % {"count": erasure.total}
        )


def _entered(options: dict[str, Any]) -> Wanted:
    try:
        return Wanted.of(**{name: options[name] for name in ("email", "name", "company", "phone", "profile")})
    except NobodyMeant as error:
        raise CommandError(str(error), returncode=USAGE) from None


def _of_request(number: int) -> Wanted:
    request = SharedRequest.objects.open().filter(pk=number).first()
    if request is None:
        raise CommandError(_("There is no request %s that waits.") % number, returncode=USAGE)
    return request.person


def _with_others(wanted: Wanted, names: list[str]) -> Wanted:
    return wanted.joined(Wanted(names=tuple(names)))


def _workspace_id(slug: str) -> int | None:
    """Return the workspace of a slug, None for all of them. Raises CommandError."""
    if not slug:
        return None
    pk = Workspace.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if pk is None:
        raise CommandError(_("There is no workspace “%s”.") % slug, returncode=USAGE)
    return pk
