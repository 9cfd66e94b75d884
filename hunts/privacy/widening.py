"""Who else somebody is: the addresses, numbers, profiles, names and companies that their own rows tell of."""

from collections.abc import Iterator
from dataclasses import replace

from django.db.models import Q

from enrichment.emails import is_general
from hunts.privacy.finding import OWN_ADDRESSES
from hunts.privacy.reach import Reach
from integrations.lexicon import persons
from leads.merge_models import LeadAlias
from leads.models import Contact, Lead
from leads.wanted import PersonWatch, Wanted, company_key

# Each round finds what the last one led to. Nobody has so many addresses that lead to each other one by one.
MOST_ROUNDS = 6


def widened(wanted: Wanted, reach: Reach) -> Wanted:
    """Return the person with all that their own rows tell of them.

    What somebody of another name has too is a desk's or a switchboard's and is not taken for theirs, and neither is a
    general mailbox, unless it was asked for.
    """
    for _round in range(MOST_ROUNDS):
        wanted = replace(wanted, domains=_all_domains(wanted.domains, reach))
        more = _told_by(list(_theirs(wanted, reach)), wanted, reach)
        whole = wanted.joined(_without_shared(more, wanted, reach))
        if whole.to_json() == wanted.to_json():
            break
        wanted = whole
    return wanted


def _theirs(wanted: Wanted, reach: Reach) -> Iterator[Contact]:
    """Yield the contacts that are the person: by their name, or by an address where no other name stands beside it."""
    found = list(_naming(wanted, reach))
    if wanted.names:
        yield from (row for row in found if not _has_name(row) or persons.is_one_name(row.name, wanted.forms))
        return
    names = {row.name for row in found if _has_name(row)}
    # Two names at one address are two people, and nobody knows who of them is meant.
    is_one = all(persons.is_one_name(one, persons.name_forms(other)) for one in names for other in names)
    yield from (row for row in found if is_one or not _has_name(row))


def _naming(wanted: Wanted, reach: Reach) -> Iterator[Contact]:
    for batch in reach.batches("leads.Contact"):
        for row in batch:
            assert isinstance(row, Contact)
            watch = wanted.at(row.of_company)  # type: ignore[attr-defined]
            if _has_any(row, watch):
                yield row


def _has_any(row: Contact, watch: PersonWatch) -> bool:
    if watch.is_in(row.name):
        return True
    general = is_general(row.email)
    return any(watch.is_in(getattr(row, name)) for name in OWN_ADDRESSES if not (name == "email" and general))


def _has_name(row: Contact) -> bool:
    return bool(persons.name_forms(row.name))


def _told_by(rows: list[Contact], wanted: Wanted, reach: Reach) -> Wanted:
    """Return what these rows say of their person. Without a company a name is not looked for, unless it was entered."""
    named = [row for row in rows if _has_name(row)]
    knows_where = bool(wanted.domains) or not wanted.names
    places = tuple(company_key(row.of_company) for row in named) if knows_where else ()  # type: ignore[attr-defined]
    return Wanted(
        emails=tuple(row.email for row in rows if persons.email_key(row.email) and not is_general(row.email)),
        phones=tuple(row.phone for row in named if persons.phone_keys(row.phone)),
        profiles=tuple(row.linkedin_url for row in rows if persons.profile_key(row.linkedin_url)),
        names=tuple(row.name for row in named),
        domains=_all_domains(places, reach),
    )


def _without_shared(more: Wanted, wanted: Wanted, reach: Reach) -> Wanted:
    """Return what was found without those addresses that somebody has who is called otherwise."""
    forms = wanted.forms | more.forms
    fresh = Wanted(*(tuple(one for one in getattr(more, kind) if one not in getattr(wanted, kind)) for kind in _KINDS))
    if not (forms and fresh.keys):
        return more
    others = (row for row in _naming(fresh, reach) if _is_somebody_else(row, forms))
    theirs = [getattr(row, name) for row in others for name in OWN_ADDRESSES]
    return replace(more, **{kind: _not_in(theirs, kind, getattr(more, kind)) for kind in _KINDS})


def _is_somebody_else(row: Contact, forms: frozenset[str]) -> bool:
    """Return whether a contact is another person, or a desk."""
    return not persons.is_one_name(row.name, forms) if _has_name(row) else is_general(row.email)


def _not_in(texts: list[str], kind: str, addresses: tuple[str, ...]) -> tuple[str, ...]:
    watches = {one: Wanted.from_json({kind: [one]}).at("") for one in addresses}
    return tuple(one for one, watch in watches.items() if not any(watch.is_in(text) for text in texts))


_KINDS = ("emails", "phones", "profiles")


def _all_domains(domains: tuple[str, ...], reach: Reach) -> tuple[str, ...]:
    """Return these domains with the others that the same companies are known by."""
    leads = Lead.objects.filter(handle__in=domains)
    if reach.workspace_id is not None:
        leads = leads.filter(workspace=reach.workspace_id)
    roots = {lead.merged_into_id or lead.pk for lead in leads}
    family = Lead.objects.filter(Q(pk__in=roots) | Q(merged_into__in=roots), platform=Lead.Platform.WEB)
    handles = [*family.values_list("handle", flat=True)]
    handles += LeadAlias.objects.filter(lead__in=family, platform=Lead.Platform.WEB).values_list("handle", flat=True)
    return tuple(dict.fromkeys(key for one in (*domains, *handles) if (key := company_key(one))))
