"""Every address that the site has, with the numbers of rows that are there: for tests of what holds at all of them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from accounts.models import User, Workspace
from accounts.notification_models import Kind, Notification
from accounts.notifications import notify
from hunts import presets
from hunts.privacy import looking
from leads.wanted import Wanted
from tests.factories import CandidateFactory, CompanyListFactory, JudgedLeadFactory, RunFactory

_PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
_GROUP = re.compile(r"\(\?P<\w+>(?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)")
# What a text in an address may be, besides the numbers of rows.
_TEXTS = {"kind": "csv", "slug": "openai", "action": "pause", "token": "x", "rest": "nowhere", "url": "nowhere"}
# Where an address begins with the first, its numbers are those of the second; the longest beginning counts.
_ROWS = {
    "hunts/presets/": "preset", "hunts/chat/": "conversation", "hunts/runs/": "run", "hunts/": "hunt",
    "leads/": "lead", "inbox/": "notification", "api/hunts/": "hunt", "api/runs/": "run", "api/leads/": "lead",
    "api/presets/": "preset", "settings/privacy/people/": "lookup", "api/people/": "lookup",
    "api/notifications/": "notification", "lists/": "company_list", "api/lists/": "company_list",
}  # fmt: skip


def world(workspace: Workspace, owner: User) -> dict[str, Any]:
    """Make one row of each kind that has pages of its own, and return their numbers by kind."""
    run = RunFactory(hunt__workspace=workspace)
    lead = JudgedLeadFactory(workspace=workspace)
    CandidateFactory(run=run, lead=lead)
    preset = presets.save(run.hunt, "Machinists", by=owner, is_shared=True)
    conversation = presets.open_in_chat(preset, by=owner)
    notify(workspace, Kind.NEEDS_YOU, "key:1", url="/hunts/", label="OpenAI", parameters={"why": "key_rejected"})
    notification = Notification.objects.filter(workspace=workspace, user=owner).first()
    assert lead.assessment is not None
    contact = lead.contacts.get()
    lookup = looking.begin(Wanted.of(email=contact.email), workspace, by=owner)
    looking.work_on(lookup.pk)
    proof = lead.assessment.evidence.get()
    return {
        "run": run.pk,
        "hunt": run.hunt_id,
        "lead": lead.pk,
        "preset": preset.pk,
        "conversation": conversation.pk,
        "company_list": CompanyListFactory(workspace=workspace, uploaded_by=owner).pk,
        "notification": notification.pk if notification else 1,
        "evidence_pk": proof.pk,
        "contact_pk": contact.pk,
        "lookup": lookup.pk,
    }


def addresses(rows: Mapping[str, Any]) -> list[str]:
    """Return one address for each pattern of the site, admin and API included."""
    return sorted({f"/{_filled(route, rows)}" for route in _routes(get_resolver())})


def _routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for one in resolver.url_patterns:
        text = str(one.pattern)
        if isinstance(one.pattern, RegexPattern):
            text = _GROUP.sub("x", text.replace("(?P<app_label>", "(?P<app>")).strip("^$").replace("\\", "")
        if isinstance(one, URLPattern):
            yield before + text
        else:
            yield from _routes(one, before + text)


def _filled(route: str, rows: Mapping[str, Any]) -> str:
    kind = next((_ROWS[start] for start in sorted(_ROWS, key=len, reverse=True) if route.startswith(start)), "")

    def value(found: re.Match[str]) -> str:
        name = found["name"]
        if found["kind"] in ("str", "slug", "path", None) and name in _TEXTS:
            return _TEXTS[name]
        return str(rows.get(name) or rows.get(kind) or 1)

    return _PARAMETER.sub(value, route)
