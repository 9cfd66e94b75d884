"""A site that was read, for operators: as one JSON object, and on the terminal."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from integrations.capabilities import FoundContact, FoundForm, ReadPage, ReadSite

_SHOWN_TEXT = 1_500


def as_json(site: ReadSite, *, asked: str, milliseconds: int) -> dict[str, Any]:
    """Return everything that was seen: the home page at the top, all pages below `pages`."""
    pages = [_page(page) for page in site.pages]
    return {
        "url": asked,
        "ok": bool(pages),
        "problem": site.problem,
        "needs_browser": site.needs_browser,
        "is_parked": site.is_parked,
        **(pages[0] if pages else {"final_url": site.final_url}),
        "links_chosen": list(site.links_chosen),
        "milliseconds": milliseconds,
        "pages": pages,
    }


def _page(page: ReadPage) -> dict[str, Any]:
    return {
        "final_url": page.url,
        "status": page.status,
        "how": page.how,
        "title": page.title,
        "description": page.description,
        "language": page.language,
        "text": page.text,
        "sha256": page.sha256,
        "clues": page.clues,
        "facts": _facts(page),
        "contacts": [asdict(contact) for contact in page.contacts],
        "forms": [asdict(form) for form in page.forms],
        "bytes": page.size,
        "milliseconds": round(page.seconds * 1000),
        "fetched_at": page.fetched_at.isoformat() if page.fetched_at else None,
    }


def _told(contacts: tuple[FoundContact, ...]) -> Iterator[dict[str, Any]]:
    """Yield what contacts are made of, each piece as a fact."""
    for contact in contacts:
        proof = {name: getattr(contact, name) for name in ("quote", "in_source", "source_url", "snapshot_sha256")}
        kinds = {
            "person": contact.name,
            "email": contact.email,
            "phone": contact.phone,
            "profile": contact.linkedin_url,
        }
        for kind, value in kinds.items():
            if value:
                detail = contact.title if kind == "person" else "LinkedIn" if kind == "profile" else ""
                yield {"kind": kind, "value": value, "detail": detail, "confidence": contact.confidence, **proof}


def _facts(page: ReadPage) -> list[dict[str, Any]]:
    found_at = page.fetched_at.isoformat() if page.fetched_at else None
    told = [*_told(page.contacts), *(asdict(fact) for fact in page.facts)]
    return [fact | {"found_at": found_at} for fact in told]


def show(site: ReadSite, console: Console, *, milliseconds: int) -> None:
    """Print what was seen. What pages say is printed as it stands: markup of theirs means nothing here."""
    for page in site.pages:
        console.print(Panel(Group(*_parts(page)), title=escape(page.title or page.url), title_align="left"))
    if site.links_chosen:
        console.print("Links chosen:", *(escape(url) for url in site.links_chosen), sep="\n  ")
    if site.problem and site.pages:
        console.print(f"[yellow]{escape(site.problem)}[/yellow]")
    if site.pages:
        console.print(f"{len(site.pages)} {'page' if len(site.pages) == 1 else 'pages'} in {milliseconds} ms")


def _parts(page: ReadPage) -> Iterator[Any]:
    head = Table.grid(padding=(0, 2))
    head.add_row("address", Text(page.url))
    read = f"status {page.status}, by {page.how}, {page.size:,} bytes, {page.seconds * 1000:.0f} ms"
    head.add_row("read", f"{read}, language {page.language or 'unknown'}")
    yield head
    yield Text(page.text[:_SHOWN_TEXT] + (" …" if len(page.text) > _SHOWN_TEXT else ""))
    if facts := _facts(page):
        yield _facts_table(facts)
    for form in page.forms:
        yield Text(_form_line(form))


def _facts_table(facts: list[dict[str, Any]]) -> Table:
    table = Table("fact", "value", "detail", "quote", box=None)
    for fact in facts:
        table.add_row(fact["kind"], Text(fact["value"]), Text(fact["detail"]), Text(fact["quote"].replace("\n", " / ")))
    return table


def _form_line(form: FoundForm) -> str:
    fields = ", ".join(
        f"{field.name or '(unnamed)'}: {field.kind}{'*' if field.is_required else ''}" for field in form.fields
    )
    captcha = f", captcha {form.captcha}" if form.captcha else ""
    return f"form ({form.kind}) {form.method.upper()} {form.action}{captcha}: {fields}"
