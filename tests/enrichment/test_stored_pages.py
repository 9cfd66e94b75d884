"""Pages over the database: what goes in comes out, and what an older program made of a page is not used again."""

from datetime import UTC, datetime

import pytest
from asgiref.sync import async_to_sync

from enrichment.analysis import analyse
from enrichment.cache import CachedPage
from enrichment.models import Page, Snapshot
from enrichment.pages import StoredPages

pytestmark = pytest.mark.django_db
URL = "https://acme.example/contact"
HTML = """<html lang="en"><head><title>Acme</title><meta name="generator" content="TYPO3 CMS">
<meta name="description" content="Pumps"></head><body><main><h1>Write to us</h1><p>Hopfenweg 3, 85283 Wolnzach,
Germany</p><p>Anna Schmidt, Head of Sales</p><a href="mailto:sales@acme.example"><img src="x.png"></a>
<form action="/send" method="post"><label>Your e-mail <input name="mail" type="email" required></label>
<textarea name="message"></textarea><select name="topic"><option>Sales</option><option>Service</option></select>
<button>Send</button></form></main></body></html>"""


def stored() -> CachedPage:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    page = analyse(HTML, URL, now=now, headers={"server": "nginx"}).page
    cached = CachedPage(url=URL, page=page, fetched_at=now, etag='"1"', links=(("https://acme.example/", "Home"),))
    async_to_sync(StoredPages().put)(cached)
    return cached


def test_a_page_comes_back_as_it_was_kept():
    cached = stored()
    assert {fact.kind for fact in cached.page.facts} >= {"address", "country", "technology"}
    assert [form.kind for form in cached.page.forms] == ["contact"]
    assert async_to_sync(StoredPages().get)(URL) == cached


def test_every_quote_stands_in_what_is_stored():
    page = stored().page
    kept = {snapshot.sha256: snapshot.text for snapshot in Snapshot.objects.all()}
    told = [*page.facts, *page.contacts]
    assert {one.in_source for one in told} == {True, False}
    assert all(one.quote and one.quote in kept[one.snapshot_sha256] for one in told)


def test_what_an_older_program_made_of_a_page_is_made_anew():
    stored()
    row = Page.objects.get()
    row.facts |= {"analysis": 1}
    row.save()
    assert async_to_sync(StoredPages().get)(URL) is None
