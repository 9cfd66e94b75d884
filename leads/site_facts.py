"""What a company's own pages tell of it becomes rows of the lead: facts with their quotes, and its contact form."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from integrations.capabilities import FoundForm, PageFact, ReadPage
from leads import collecting, suppression
from leads.models import ContactForm, Fact, Lead

MOST_FACTS = 200
MOST_FORMS = 5


def save(lead_id: int, pages: Sequence[ReadPage]) -> None:
    """Put what `pages` tell in the place of what was known of the site before.

    A fact whose quote does not stand in its page's text is not kept. What the lead is known by (country, place) is
    filled in where nothing was known. Call it inside a transaction.
    """
    lead = Lead.objects.only("workspace_id", "handle").get(pk=lead_id)
    proven = list(_proven(pages))
    watch = suppression.watch(lead.workspace_id, lead.handle, [(fact.value, fact.quote) for fact in proven])
    facts = [fact for fact in proven if not suppression.names_any(watch, fact.value, fact.quote)][:MOST_FACTS]
    now = timezone.now()
    known = _known_since(lead, facts)
    Fact.objects.filter(lead_id=lead_id).delete()
    Fact.objects.bulk_create(_fact_row(lead_id, fact, known[fact.kind, fact.value]) for fact in facts)
    ContactForm.objects.filter(lead_id=lead_id).delete()
    ContactForm.objects.bulk_create(
        ContactForm(
            lead_id=lead_id,
            url=form.source_url,
            action=form.action,
            method=form.method,
            fields=[asdict(field) for field in form.fields],
            captcha=form.captcha[:20],
            confidence=form.confidence,
            found_at=now,
        )
        for form in contact_forms(pages)
    )
    _fill_in(lead_id, facts)


def _proven(pages: Sequence[ReadPage]) -> Iterator[PageFact]:
    """Yield each fact once, the surest first, where its quote was found in what is stored."""
    seen: set[tuple[str, str]] = set()
    told = [(fact, page.clues if fact.in_source else page.text) for page in pages for fact in page.facts]
    for fact, stored in sorted(told, key=lambda one: -one[0].confidence):
        if (fact.kind, fact.value) not in seen and fact.quote and fact.quote in stored and len(fact.value) <= 500:
            seen.add((fact.kind, fact.value))
            yield fact


def _known_since(lead: Lead, facts: Sequence[PageFact]) -> dict[tuple[str, str], datetime]:
    """Return since when the workspace knows each of these, by kind and value: rows that are replaced were older."""
    profiles = {
        (fact.kind, fact.value): collecting.contact_keys("", profile=fact.value)
        for fact in facts
        if fact.kind == "profile"
    }
    dates = collecting.remember(lead.workspace_id, profiles)
    before = {(row.kind, row.value): row.first_collected_at for row in Fact.objects.filter(lead=lead)}
    now = timezone.now()
    since: dict[tuple[str, str], datetime] = {}
    for fact in facts:
        key = (fact.kind, fact.value)
        known = before.get(key, now)
        if key in dates:
            known = dates[key].first if dates[key].is_again else min(dates[key].first, known)
        since[key] = known
    return since


def _fact_row(lead_id: int, fact: PageFact, first_collected_at: datetime) -> Fact:
    return Fact(
        lead_id=lead_id,
        kind=fact.kind,
        value=fact.value,
        detail=fact.detail[:100],
        quote=fact.quote,
        in_source=fact.in_source,
        source_url=fact.source_url,
        snapshot_sha256=fact.snapshot_sha256,
        confidence=fact.confidence,
        found_at=fact.found_at or timezone.now(),
        first_collected_at=first_collected_at,
    )


def contact_forms(pages: Sequence[ReadPage]) -> list[FoundForm]:
    """Return the forms to write to the company by, each once though every page may show it, the surest first."""
    found: dict[tuple[str, tuple[str, ...]], FoundForm] = {}
    for page in pages:
        for form in page.forms:
            if form.kind == "contact":
                found.setdefault((form.action, tuple(field.name for field in form.fields)), form)
    return sorted(found.values(), key=lambda form: -form.confidence)[:MOST_FORMS]


def _fill_in(lead_id: int, facts: Sequence[PageFact]) -> None:
    country = next((fact.value for fact in facts if fact.kind == "country"), "")
    address = next((fact.value for fact in facts if fact.kind == "address"), "")
    if country:
        Lead.objects.filter(Q(pk=lead_id) & Q(country="")).update(country=country[:2])
    if address:
        Lead.objects.filter(Q(pk=lead_id) & Q(location="")).update(location=address[:500])
