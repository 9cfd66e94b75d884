"""A person who is named wherever somebody can be, and the world that they are found in."""

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as configured
from django.core import serializers
from django.core.files.base import ContentFile
from django.db import models
from django.utils import timezone

from accounts.api_models import KeptAnswer
from accounts.models import Workspace
from accounts.notification_models import Kind, Notification
from billing.models import Budget
from enrichment.models import Page, Screenshot, Snapshot
from hunts.chat_models import Conversation, Message
from hunts.models import RunEvent, SavedIcp
from hunts.privacy import erasing
from hunts.privacy.lookup_models import FoundPlace, Lookup
from hunts.privacy.models import Erasure
from hunts.privacy.registry import PERSONAL, Erasing
from hunts.research_models import Research, ResearchQuestion, Statement
from integrations.lexicon.text import sha256_of
from integrations.models import ProviderCall
from leads.models import Company, CompanyList, Contact, ContactForm, Fact, Lead, LeadAlias, Merge
from leads.wanted import Wanted
from tests.factories import CandidateFactory, HuntFactory, JudgedLeadFactory, LeadFactory, RunFactory

DOMAIN = "acme.example"
NAME, EMAIL, PHONE, SLUG = "Zita Quendel", "zita.quendel@acme.example", "+49 89 7654321", "zita-quendel-77"
PROFILE = f"https://www.linkedin.com/in/{SLUG}"
TEXT = f"Acme Precision\nManaging director: {NAME}, {EMAIL}, {PHONE}\nWe mill and turn precision parts in Graz."
NEAR = "Zitabell Quendel"  # somebody else
# What all workspaces read, and that the operator is asked for it: only they take anybody out of these.
SHARED = frozenset({"texts", "files", "enrichment.Page", "enrichment.Screenshot", "hunts.SharedRequest"})
CANARIES = ("quendel", "7654321", SLUG)


def wanted() -> Wanted:
    return Wanted.of(email=EMAIL, name=NAME, company=DOMAIN, phone=PHONE, profile=PROFILE)


def stored(*, without: frozenset[str] = frozenset()) -> str:
    """Return everything that stands in any table and in any file, in words."""
    return "\n".join(by_table(without=without).values())


def by_table(*, without: frozenset[str] = frozenset()) -> dict[str, str]:
    told = {"texts": " ".join(row.text for row in Snapshot.objects.all())}
    told["answers"] = " ".join(bytes(row.body or b"").decode() for row in KeptAnswer.objects.all())
    files = Path(configured.MEDIA_ROOT).rglob("*.webp")
    told["files"] = " ".join(path.read_bytes().decode("latin-1") for path in files)
    for model in apps.get_models():
        if model._meta.label not in without:
            rows = serializers.serialize("json", model._base_manager.all(), ensure_ascii=False)
            told[model._meta.label] = rows
    return {label: words.lower() for label, words in told.items()}


def left(**options: frozenset[str]) -> dict[str, list[str]]:
    """Return what is left of the person, by table."""
    without = options.get("without", frozenset())
    tables = {label: words for label, words in by_table(**options).items() if label not in without}
    return {label: told for label, words in tables.items() if (told := told_of(words))}


def told_of(text: str) -> list[str]:
    others = (NEAR.lower(), NEAR.lower().replace(" ", ""))  # as a name, and as the key of one
    for other in others:
        text = text.replace(other, "")
    return [one for one in CANARIES if one in text]


def finish(erasure: Erasure) -> Erasure:
    """Go over everything twice, without the wait in between."""
    for _round in range(2):
        Erasure.objects.filter(pk=erasure.pk).update(not_before=None)
        assert erasing.work_on(erasure.pk)
    erasure.refresh_from_db()
    return erasure


# ── the person in every table ────────────────────────────────────────────────────────────────────────────

# Columns whose words have a form of their own, filled by hand below.
BY_HAND = frozenset(
    {
        "leads.Lead.handle",
        "leads.Lead.name_key",
        "leads.Lead.website",
        "leads.LeadAlias.handle",
        "leads.Company.domain",
        "leads.Contact.email",
        "leads.Contact.name",
        "leads.Contact.phone",
        "leads.Contact.linkedin_url",
        "leads.Fact.value",
        "enrichment.Snapshot.compressed",
        "enrichment.Screenshot.file",
        "enrichment.Screenshot.url",
        "hunts.Candidate.facts",
        "hunts.Research.pages",
        "enrichment.Page.facts",
        "accounts.KeptAnswer.body",
        "leads.Merge.taken",
        "hunts.Erasure.wanted",
        "hunts.Lookup.wanted",
        "hunts.Lookup.perhaps",
        "hunts.FoundPlace.told",
        "hunts.FoundPlace.perhaps",
        "accounts.AuditEntry.words",
    }
)


def seed(workspace: Workspace) -> Lead:
    """Name the person in every column of every table that the registry declares; return the lead of their company."""
    Snapshot.keep([TEXT])
    lead = _lead_of(workspace)
    _runs_of(lead)
    _words_of(lead)
    for label, held in PERSONAL.items():
        if held.erasing in (Erasing.STAY, Erasing.FORGET):
            continue  # the one is never written again, the others hold nobody unless they are asked to
        model = apps.get_model(label)
        rows = (
            model._base_manager.filter(**{held.workspace: workspace}) if held.workspace else model._base_manager.all()
        )
        for row in rows:
            _name_in(row, [column for column in held.columns if f"{label}.{column}" not in BY_HAND])
    # A creator of the same name is theirs by the address on it: the name alone counts at the company.
    Lead.objects.filter(workspace=workspace, platform="instagram").update(description=f"{NAME}, write to {EMAIL}")
    return lead


def _name_in(row: models.Model, columns: list[str]) -> None:
    values: dict[str, Any] = {}
    for name in columns:
        field = row._meta.get_field(name)
        said = f"{name}: {NAME} and {NEAR}"
        values[name] = {"a": [said, {"b": EMAIL}]} if isinstance(field, models.JSONField) else said[: field.max_length]
    if values:
        type(row)._base_manager.filter(pk=row.pk).update(**values)


def _lead_of(workspace: Workspace) -> Lead:
    now = timezone.now()
    lead = JudgedLeadFactory(workspace=workspace, handle=DOMAIN, contact_name=NAME, contact_email=EMAIL)
    proof = {"source_url": f"https://{DOMAIN}/team", "snapshot_sha256": sha256_of(TEXT), "quote": TEXT}
    lead.contacts.all().delete()
    Contact.objects.create(
        lead=lead, name=NAME, email=EMAIL, phone=PHONE, linkedin_url=PROFILE, is_person=True, found_by="site", **proof
    )
    Contact.objects.create(lead=lead, email=f"office@{DOMAIN}", found_by="site", rank=1)
    Fact.objects.create(lead=lead, kind="profile", value=PROFILE, found_at=now, **proof)
    Fact.objects.create(lead=lead, kind="technology", value="WordPress", found_at=now, **proof)
    ContactForm.objects.create(lead=lead, url=f"https://{DOMAIN}/", found_at=now)
    LeadFactory(workspace=workspace, platform="instagram", handle=SLUG.replace("-77", ""), name=NAME)
    LeadAlias.objects.create(
        workspace=workspace, lead=lead, platform="web", handle="acme-other.example", kind="redirect", detail=EMAIL
    )
    merged = LeadFactory(workspace=workspace, merged_into=lead)
    taken = {"contact": {"before": {"contact_name": ""}, "after": {"contact_name": NAME, "contact_email": EMAIL}}}
    Merge.objects.create(workspace=workspace, kept=lead, merged=merged, taken=taken)
    own = CompanyList.objects.create(workspace=workspace, name="fair.csv")
    Company.objects.create(list=own, domain=DOMAIN, name="Acme")
    page = {"email": EMAIL, "name": NAME, "title": "", "quote": TEXT}
    Page.objects.update_or_create(
        url_sha256=sha256_of(f"https://{DOMAIN}/"),
        defaults={
            "url": f"https://{DOMAIN}/",
            "host": f"www.{DOMAIN}",
            "snapshot_id": sha256_of(TEXT),
            "facts": {
                "contacts": [page],
                "links": [[f"https://{DOMAIN}/team/zita-quendel", NAME]],
                "description": NAME,
            },
            "fetched_at": now,
        },
    )
    if not Screenshot.objects.exists():
        picture = Screenshot(host=DOMAIN, url=f"https://{DOMAIN}/", taken_at=now)
        picture.file.save("x.webp", ContentFile(EMAIL.encode()))
    return lead


def _runs_of(lead: Lead) -> None:
    hunt = HuntFactory(workspace=lead.workspace)
    run = RunFactory(hunt=hunt, status="succeeded")
    pages = [{"url": f"https://{DOMAIN}/", "title": NAME, "sha256": sha256_of(TEXT)}]
    candidate = CandidateFactory(
        run=run, lead=lead, facts={"pages": pages, "final_url": ""}, assessment=lead.assessment, score=lead.score
    )
    RunEvent.objects.create(run=run, candidate=candidate, message="x")
    ProviderCall.objects.create(
        workspace=lead.workspace, run_ref=str(run.pk), candidate_ref=str(candidate.pk), key="k", provider="openai",
        operation="complete", status="answered", cost_microusd=7,
    )  # fmt: skip
    budget = Budget.objects.create(workspace=lead.workspace, cap_microusd=1)
    research = Research.objects.create(
        workspace=lead.workspace, lead=lead, budget=budget, pages=pages, status="succeeded"
    )
    question = ResearchQuestion.objects.create(research=research, position=0, key="x", status="answered")
    Statement.objects.create(
        question=question, position=0, quote="x", url="x", snapshot_id=sha256_of(TEXT), start=0, end=3
    )


def _words_of(lead: Lead) -> None:
    workspace = lead.workspace
    budget = Budget.objects.create(workspace=workspace, cap_microusd=1)
    talk = Conversation.objects.create(workspace=workspace, budget=budget)
    Message.objects.create(conversation=talk, role="user")
    SavedIcp.objects.create(workspace=workspace, name="x", icp_json={})
    asked = dict.fromkeys(("holder", "operation", "key", "fingerprint"), "x")
    KeptAnswer.objects.create(workspace=workspace, status=200, body=EMAIL.encode(), expires_at=timezone.now(), **asked)
    lookup = Lookup.objects.create(workspace=workspace, wanted=wanted().to_json(), status=Lookup.Status.DONE)
    FoundPlace.objects.create(lookup=lookup, told={"table": "leads.Contact", "id": 1, "told": {"email": [EMAIL]}})
    Notification.objects.create(workspace=workspace, kind=Kind.RUN_COMPLETED, key="x", url="/")


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path
