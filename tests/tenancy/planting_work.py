"""Fills one workspace with its work: leads with their proof, hunts with their runs, conversations and research."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.models import Budget
from enrichment.models import Snapshot
from hunts.chat_models import Conversation, Message
from hunts.figure_models import RunFigures, RunSpend
from hunts.filter_models import FilterHistory
from hunts.icp import Icp, criterion_key
from hunts.models import Run, RunEvent, SavedIcp, Source
from hunts.preset_models import Firing, Preset, Schedule
from hunts.research_models import Research, ResearchQuestion, Statement
from integrations.lexicon.text import sha256_of
from leads.merge_models import Clue, DistinctPair, LeadAlias, Merge
from leads.models import Assessment, Contact, ContactForm, Evidence, Fact, Lead, ScoringConfig
from tests.factories import (
    CRITERION,
    ICP,
    CandidateFactory,
    CompanyFactory,
    CompanyListFactory,
    HuntFactory,
    LeadFactory,
    RunFactory,
)
from tests.tenancy.planting import Tenant

# A company that both workspaces know, each in its own words.
COMMON_HANDLE = "known-to-both.example"


def icp_of(tenant: Tenant) -> Icp:
    """Return a profile in the tenant's words."""
    text = tenant.says("Makes precision parts for")
    criterion = replace(CRITERION, key=criterion_key(text), text=text)
    said = {name: tenant.says(name) for name in ("brief", "product", "value")}
    return replace(ICP, **said, keywords=(tenant.word,), criteria=(criterion,))


def page_of(tenant: Tenant) -> tuple[str, str]:
    """Return the text of a page, and a sentence that stands in it."""
    quote = tenant.says("We mill and turn parts in")
    return f"Welcome\n{quote}\nWrite to us.", quote


def plant_leads(tenant: Tenant) -> None:
    """A judged lead with its proof; others that were merged into it, kept apart from it, or are known to both."""
    workspace = tenant.workspace
    lead = _lead(tenant, f"acme-{tenant.word}.example", status=Lead.Status.QUALIFIED, tier="A", score=Decimal("88"))
    other = _lead(tenant, f"other-{tenant.word}.example", status=Lead.Status.REJECTED)
    part = _lead(tenant, f"part-{tenant.word}.example", merged_into=lead)
    common = _lead(tenant, COMMON_HANDLE, status=Lead.Status.QUALIFIED, tier="B", score=Decimal("60"))
    owner = tenant.people["owner"]
    evidence = [{"kind": Clue.PERSON, "detail": tenant.says("the same")}]
    tenant.keep(
        lead=lead,
        other_lead=other,
        part_lead=part,
        common_lead=common,
        merge=Merge.objects.create(workspace=workspace, kept=lead, merged=part, evidence=evidence, merged_by=owner),
        pair=DistinctPair.objects.create(workspace=workspace, first=lead, second=other, said_by=owner),
        alias=LeadAlias.objects.create(
            workspace=workspace,
            lead=lead,
            platform=Lead.Platform.WEB,
            handle=f"alias-{tenant.word}.example",
            kind=Clue.REDIRECT,
            detail=tenant.says("seen at"),
        ),
    )
    plant_proof(tenant, lead)


def _lead(tenant: Tenant, handle: str, **more: Any) -> Lead:
    """Return a lead in the tenant's words."""
    return LeadFactory(
        workspace=tenant.workspace,
        name=tenant.says("Company"),
        handle=handle,
        description=tenant.says("They make"),
        location=tenant.says("Street"),
        country="AT",
        phone="+43 316 123456",
        site_problem=tenant.says("A page was not read:"),
        best_quote=page_of(tenant)[1],
        contact_name=tenant.says("Ada"),
        contact_email=f"ada@{tenant.word}.example",
        judged_at=timezone.now(),
        **more,
    )


def plant_proof(tenant: Tenant, lead: Lead) -> None:
    """The page that was read, the verdict, a fact, a contact and a form, each with its words."""
    page, quote = page_of(tenant)
    Snapshot.keep([page])
    sha, now, url = sha256_of(page), timezone.now(), lead.website
    icp = icp_of(tenant)
    assessment = Assessment.objects.create(
        lead=lead,
        criteria_hash=icp.criteria_hash(),
        judged_by=f"model/{tenant.word}",
        judge_note=tenant.says("noted"),
        snapshots=[sha],
        scoring_config=ScoringConfig.current(),
        score=lead.score,
        tier=lead.tier,
    )
    Lead.objects.filter(pk=lead.pk).update(assessment=assessment)
    place = {"start": page.index(quote), "end": page.index(quote) + len(quote)}
    asked = icp.criteria[0]
    proof = Evidence.objects.create(
        assessment=assessment,
        position=0,
        criterion=asked.key,
        text=asked.text,
        kind=asked.kind,
        weight=asked.weight,
        verdict="yes",
        claimed="yes",
        confidence=0.8,
        reason=tenant.says("It says so:"),
        quote=quote,
        url=url,
        snapshot_sha256=sha,
        fetched_at=now,
        **place,
    )
    shown = {"quote": quote, "source_url": url, "snapshot_sha256": sha}
    known = {"lead": lead, "found_at": now}
    tenant.keep(
        assessment=assessment,
        evidence=proof,
        fact=Fact.objects.create(kind=Fact.Kind.ADDRESS, value=tenant.says("Main Street"), **shown, **known),
        contact=Contact.objects.create(
            lead=lead,
            name=tenant.says("Ada"),
            title="CEO",
            email=f"ada@{tenant.word}.example",
            found_by="site",
            **shown,
        ),
        contact_form=ContactForm.objects.create(
            url=f"{url}contact", action=f"{url}send-{tenant.word}", fields=[_field(tenant)], **known
        ),
    )


def _field(tenant: Tenant) -> dict[str, Any]:
    said = {"name": tenant.word, "label": tenant.says("Your message to"), "options": []}
    return said | {"kind": "message", "type": "textarea", "is_required": True}


def plant_hunts(tenant: Tenant) -> None:
    """A hunt with runs in each state that doors ask for, and what became of them; another one that was deleted."""
    workspace, icp, owner = tenant.workspace, icp_of(tenant).to_json(), tenant.people["owner"]
    companies = CompanyListFactory(workspace=workspace, name=tenant.says("fair.csv"), uploaded_by=owner)
    hunts = {"workspace": workspace, "icp_json": icp, "created_by": owner, "max_spend_microusd": 1_000_000}
    hunt = HuntFactory(name=tenant.says("Makers of parts"), company_list=companies, **hunts)
    file_hunt = HuntFactory(name=tenant.says("Fair"), source=Source.FILE, company_list=companies, **hunts)
    deleted = HuntFactory(name=tenant.says("Gone"), deleted_at=timezone.now(), **hunts)
    tenant.keep(
        company_list=companies,
        deleted_list=CompanyListFactory(
            workspace=workspace, name=tenant.says("gone.csv"), uploaded_by=owner, deleted_at=timezone.now()
        ),
        company=CompanyFactory(
            list=companies, name=tenant.says("Company"), domain=f"listed-{tenant.word}.example", country="AT"
        ),
        hunt=hunt,
        file_hunt=file_hunt,
        deleted_hunt=deleted,
        run=RunFactory(hunt=hunt, started_by=owner, note=tenant.says("at work")),
        paused_run=_over(tenant, Run.Status.PAUSED, ceiling=Run.Ceiling.RUN),
        over_run=_over(tenant, Run.Status.SUCCEEDED, finished_at=timezone.now()),
        deleted_run=_over(tenant, Run.Status.SUCCEEDED, deleted_at=timezone.now()),
        saved_icp=SavedIcp.objects.create(
            workspace=workspace, name=tenant.says("Makers"), icp_json=icp, created_by=owner
        ),
    )


def _over(tenant: Tenant, status: str, **more: Any) -> Run:
    hunt = tenant.rows.get("hunt") or HuntFactory(workspace=tenant.workspace, icp_json=icp_of(tenant).to_json())
    return RunFactory(hunt=hunt, status=status, note=tenant.says(status), **more)


def plant_runs(tenant: Tenant) -> None:
    """Candidates, the log, and the figures that are kept of a run that is over."""
    run, over, lead = tenant["run"], tenant["over_run"], tenant["lead"]
    candidate = CandidateFactory(
        run=run, lead=lead, status="qualified", stage="deliver", tier="A", reason=tenant.says("because of")
    )
    failed = CandidateFactory(run=over, lead=lead, status="failed", stage="qualify", reason=tenant.says("broke at"))
    figures = RunFigures.objects.create(
        run=over,
        hunt=over.hunt,
        workspace=tenant.workspace,
        source=over.source,
        judge=f"model/{tenant.word}",
        status=over.status,
        ended_at=timezone.now(),
        found=1,
        failed=1,
        spent_microusd=70_000,
    )
    tenant.keep(
        candidate=candidate,
        failed_candidate=failed,
        event=RunEvent.objects.create(run=run, candidate=candidate, message=tenant.says("Judged")),
        over_event=RunEvent.objects.create(run=over, candidate=failed, level="error", message=tenant.says("Failed")),
        figures=figures,
        spend=RunSpend.objects.create(figures=figures, provider=f"openai-{tenant.word}", spent_microusd=70_000),
        filters=FilterHistory.objects.create(
            workspace=tenant.workspace,
            run=over,
            filters_sha256=tenant.word.ljust(64, "0"),
            source=over.source,
            limit=10,
            total=4,
            new=3,
        ),
    )


def plant_presets(tenant: Tenant) -> None:
    """A preset with its schedule, one that was deleted, and what the schedule started."""
    workspace, owner = tenant.workspace, tenant.people["owner"]
    mine = {"workspace": workspace, "made_by": owner, "is_shared": True}
    preset = Preset.objects.create(hunt=tenant["hunt"], name=tenant.says("Every week"), **mine)
    deleted = Preset.objects.create(
        hunt=tenant["file_hunt"], name=tenant.says("Once"), deleted_at=timezone.now(), **mine
    )
    schedule = Schedule.objects.create(
        preset=preset,
        frequency=Schedule.Frequency.DAILY,
        next_at=timezone.now() + timedelta(days=1),
        pause_reason=tenant.says("paused for"),
        made_by=owner,
    )
    firing = Firing.objects.create(
        schedule=schedule, due_at=timezone.now(), outcome="started", note=tenant.says("late"), run=tenant["over_run"]
    )
    tenant.keep(preset=preset, deleted_preset=deleted, schedule=schedule, firing=firing)


def plant_talk(tenant: Tenant) -> None:
    """A conversation: what was said, an answer that no model gave, and one that is being written."""
    workspace = tenant.workspace
    icp = icp_of(tenant).to_json()
    talk = Conversation.objects.create(
        workspace=workspace,
        title=tenant.says("About makers"),
        icp_json=icp,
        version=1,
        budget=Budget.objects.create(workspace=workspace, cap_microusd=100_000),
        hunt=tenant["hunt"],
        preset=tenant["preset"],
        preset_version=tenant["preset"].version,
        created_by=tenant.people["owner"],
    )
    said = Message.objects.create(conversation=talk, role=Message.Role.USER, text=tenant.says("I sell to"))
    answer = Message.objects.create(
        conversation=talk,
        role=Message.Role.ASSISTANT,
        text=tenant.says("You sell to"),
        problem=tenant.says("No model answered:"),
        suggestions=[tenant.says("Say")],
        icp_json=icp,
        version=1,
    )
    tenant.keep(conversation=talk, said=said, message=answer)


def plant_research(tenant: Tenant) -> None:
    """A research that is over, with a statement and its proof."""
    page, quote = page_of(tenant)
    workspace = tenant.workspace
    research = Research.objects.create(
        workspace=workspace,
        lead=tenant["lead"],
        hunt=tenant["hunt"],
        budget=Budget.objects.create(workspace=workspace, cap_microusd=100_000),
        status=Research.Status.FAILED,
        problem=tenant.says("It stopped at"),
        topics=[tenant.word],
        pages=[{"url": tenant["lead"].website, "title": tenant.word, "sha256": sha256_of(page)}],
        site_problem=tenant.says("Not all was read of"),
        finished_at=timezone.now(),
    )
    question = ResearchQuestion.objects.create(
        research=research, position=0, key="makes", text=tenant.says("What is made by"), status="answered"
    )
    statement = Statement.objects.create(
        question=question,
        position=0,
        text=tenant.says("They make parts:"),
        quote=quote,
        url=tenant["lead"].website,
        snapshot_id=sha256_of(page),
        start=page.index(quote),
        end=page.index(quote) + len(quote),
    )
    tenant.keep(research=research, question=question, statement=statement)
