"""What else of a lead names somebody whose time is up: quotes, reasons, descriptions, answers.

A quote has no age of its own. It goes when the contact does whom it names, and a verdict that stood on it counts for
nothing then.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import QuerySet

from hunts.privacy import rows
from hunts.privacy.finding import told_by
from hunts.privacy.registry import PERSONAL, Kept
from integrations.lexicon import persons
from leads.models import Contact, Lead
from leads.wanted import PersonWatch, Wanted, company_key

# Of a lead, its own words alone: what it is called and where it lives is the company's.
WORDS = ("description", "record", "best_quote")
NAMING = tuple(label for label, held in PERSONAL.items() if held.kept == Kept.NAMED and label != "leads.Lead")


def take_out(contact: Contact, lead_id: int) -> None:
    """Take a contact that was deleted for its age out of the other words of a lead; in the same transaction.

    Desks and general mailboxes are nobody, and who has a younger contact beside it is kept for that one's time.
    """
    forms = persons.name_forms(contact.name)
    if not forms or any(persons.is_one_name(name, forms) for name in _names_left(lead_id)):
        return
    watch = _watch_of(contact)
    for label in NAMING:
        for row in _rows_of(label, lead_id):
            if any(watch.is_in(text) for text in told_by(row)):
                rows.erase(row, watch)
    for lead in Lead.objects.select_for_update().filter(pk=lead_id):
        rows.blank(lead, WORDS, watch)


def _names_left(lead_id: int) -> Iterator[str]:
    yield from Contact.objects.filter(lead=lead_id).exclude(name="").values_list("name", flat=True)


def _watch_of(contact: Contact) -> PersonWatch:
    known = {
        "emails": contact.email if persons.email_key(contact.email) else "",
        "phones": contact.phone if persons.phone_keys(contact.phone) else "",
        "profiles": contact.linkedin_url if persons.profile_key(contact.linkedin_url) else "",
        "names": contact.name,
        "domains": company_key(contact.lead.handle),
    }
    return Wanted.from_json({kind: [value] for kind, value in known.items() if value}).at(contact.lead.handle)


def _rows_of(label: str, lead_id: int) -> QuerySet[Any]:
    way = PERSONAL[label].company.removesuffix("__handle")
    found: QuerySet[Any] = apps.get_model(label)._base_manager.filter(**{way: lead_id})
    return found.select_for_update(of=("self",)).order_by("pk")
