"""What erasing does to one row, by what its table holds; call it with the row locked, in a transaction."""

from typing import Any, cast

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from enrichment.models import Page, Screenshot
from hunts import answers
from hunts.models import Candidate
from hunts.privacy.finding import OWN_ADDRESSES, is_their_contact, is_theirs
from hunts.privacy.registry import PERSONAL, Erasing, Held
from hunts.research_models import ResearchQuestion, Statement
from integrations.lexicon import persons
from integrations.models import ProviderCall
from leads.merge_models import Merge
from leads.merging import BLOCKS
from leads.models import Assessment, Contact, Evidence, Lead
from leads.names import name_key
from leads.scoring import Tier
from leads.wanted import PersonWatch


def erase(row: models.Model, watch: PersonWatch) -> None:
    """Take a person out of a row that tells of them; what is theirs alone is deleted."""
    held = PERSONAL[row._meta.label]
    special = {
        Erasing.WITHDRAW: lambda: withdraw(cast(Evidence, row)),
        Erasing.EMPTY: lambda: _empty(row),
        Erasing.DELETE: lambda: delete(row),
        Erasing.CREATOR: lambda: _erase_from_lead(cast(Lead, row), held, watch),
    }
    if held.erasing in special:
        special[held.erasing]()
    elif held.own and is_theirs(row, held, watch):
        row.delete()
    else:
        blank(row, held.columns, watch)


def blanked_columns(row: models.Model, columns: tuple[str, ...], watch: PersonWatch) -> dict[str, Any]:
    """Return those columns of a row that tell of the person, with marks in them."""
    values = {name: getattr(row, name) for name in columns}
    if isinstance(row, Page):
        values["facts"] = values["facts"] | {"contacts": _others(row, watch)}
    marked = {name: persons.blanked_values(value, watch) for name, value in values.items()}
    return {name: value for name, value in marked.items() if value != getattr(row, name)}


def blank(row: models.Model, columns: tuple[str, ...], watch: PersonWatch) -> None:
    """Put marks into the columns of a row, and write those that changed."""
    changed = blanked_columns(row, columns, watch)
    if isinstance(row, Contact):
        # An address with marks in it is none: the other person loses what was never theirs.
        changed |= dict.fromkeys(changed.keys() & {"email", "phone", "linkedin_url"}, "")
        known = {name: changed.get(name, getattr(row, name)) for name in ("email", "name", "phone")}
        if Contact.objects.filter(lead=row.lead_id, **known).exclude(pk=row.pk).exists():
            row.delete()
            return
    if isinstance(row, Lead) and "name" in changed:
        changed["name_key"] = name_key(changed["name"])
    if changed:
        type(row)._base_manager.filter(pk=row.pk).update(**changed)


def _others(page: Page, watch: PersonWatch) -> list[Any]:
    """Return the contacts of a stored page that are not the person, without addresses that are."""
    own = PERSONAL["leads.Contact"].own
    told = [(one, {name: one.get(name, "") for name in own}) for one in page.facts.get("contacts", ())]
    left = [(one, ways) for one, ways in told if not is_their_contact(ways, watch)]
    return [one | {name: "" for name in OWN_ADDRESSES if watch.is_in(ways[name])} for one, ways in left]


def _empty(row: models.Model) -> None:
    """Drop an answer that is kept to be given again; asked once more, it is not there any more."""
    if isinstance(row, ProviderCall):
        ProviderCall.objects.filter(pk=row.pk).update(answer=None, error="", key=f"erased-{row.pk}")
    else:
        type(row)._base_manager.filter(pk=row.pk).update(body=None)


def delete(row: models.Model) -> None:
    """Delete a row with its file; a question whose last answer goes has none."""
    row.delete()
    if isinstance(row, Screenshot):
        name = str(row.file.name)
        transaction.on_commit(lambda: default_storage.delete(name))
    if isinstance(row, Statement) and not Statement.objects.filter(question=row.question_id).exists():
        nothing = ResearchQuestion.Status.NOTHING
        ResearchQuestion.objects.filter(pk=row.question_id).update(status=nothing)


# ── verdicts ─────────────────────────────────────────────────────────────────────────────────────────────


def withdraw(row: Evidence) -> None:
    """Take the proof from a verdict: it counts for nothing, and what was scored by it is scored again."""
    Evidence.objects.filter(pk=row.pk).update(
        verdict=Evidence.Verdict.UNVERIFIED,
        reason=_("Withdrawn: what proved it named somebody whose data was erased."),
        quote="",
        url="",
        snapshot_sha256="",
        start=None,
        end=None,
    )
    answers.write_again(row.assessment_id)
    _score_again(Assessment.objects.select_related("scoring_config").get(pk=row.assessment_id))


def _score_again(assessment: Assessment) -> None:
    """Work a score out of the verdicts that are left, everywhere that it stands."""
    if assessment.score is None:
        return
    score = assessment.explained()
    fresh = {"score": score.total, "tier": str(score.tier)}
    Assessment.objects.filter(pk=assessment.pk).update(**fresh)
    Candidate.objects.filter(assessment=assessment).exclude(score=None).update(**fresh)
    status = Lead.Status.REJECTED if score.tier == Tier.D else Lead.Status.QUALIFIED
    best = assessment.evidence.filter(verdict="yes").exclude(kind="exclude").order_by("-weight", "-confidence").first()
    shown = {"best_quote": best.quote if best else "", "best_quote_url": best.url if best else ""}
    leads = Lead.objects.filter(assessment=assessment)
    lead_ids = list(leads.values_list("pk", flat=True))
    leads.update(**fresh, **shown, status=status)
    _in_merges(assessment, lead_ids)


def _in_merges(assessment: Assessment, lead_ids: list[int]) -> None:
    """Let merges know what their lead took over as it stands now, so that parting the two gives it back still."""
    block = BLOCKS["judgement"]
    for merge in Merge.objects.filter(kept__in=lead_ids, undone_at__isnull=True):
        taken = merge.taken.get(block.name)
        if taken and taken["after"]["assessment_id"] == assessment.pk:
            taken["after"] = block.values(Lead.objects.get(pk=merge.kept_id))
            merge.save(update_fields=["taken"])


# ── leads ────────────────────────────────────────────────────────────────────────────────────────────────


def _erase_from_lead(lead: Lead, held: Held, watch: PersonWatch) -> None:
    if is_theirs(lead, held, watch):
        empty_creator(lead)
        return
    blank(lead, tuple(name for name in held.columns if not name.startswith("contact_")), watch)
    if watch.is_in(lead.contact_name) or watch.is_in(lead.contact_email):
        write_to_another(lead.pk)


def write_to_another(lead_id: int) -> None:
    """Show the best of the contacts that a lead has still, or none."""
    left = Contact.objects.filter(lead=lead_id).values_list("name", "email").first() or ("", "")
    Lead.objects.filter(pk=lead_id).update(contact_name=left[0], contact_email=left[1])


def empty_creator(lead: Lead) -> None:
    """Leave of a lead that is a person its number, its costs and the runs that it was in."""
    Candidate.objects.filter(assessment__in=lead.assessments.all()).update(answers="")
    lead.assessments.all().delete()
    for rows in (lead.contacts, lead.facts, lead.contact_forms, lead.aliases):
        rows.all().delete()
    columns = (
        *("website", "description", "location", "phone", "source_url", "record", "site_problem", "country"),
        *("best_quote", "best_quote_url", "contact_name", "contact_email", "name_key", "tier"),
    )
    name = _("(erased)")
    Lead.objects.filter(pk=lead.pk).update(
        **dict.fromkeys(columns, ""), name=name, handle=f"erased-{lead.pk}", score=0, status=Lead.Status.REJECTED
    )


def take_contact_from_merges(lead_id: int) -> None:
    """Let merges forget whom to write to at a lead: parting the two must not bring anybody back."""
    for merge in Merge.objects.filter(Q(kept=lead_id) | Q(merged=lead_id)):
        if merge.taken.pop("contact", None):
            merge.save(update_fields=["taken"])
            kept = Lead.objects.get(pk=merge.kept_id)
            if not Contact.objects.filter(lead=kept, email=kept.contact_email).exists():
                write_to_another(kept.pk)
