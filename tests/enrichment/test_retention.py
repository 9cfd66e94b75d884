from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from enrichment.models import Host, Page, RobotsFile, Screenshot, Snapshot
from enrichment.retention import prune
from integrations.lexicon.text import sha256_of
from leads.models import Contact, Fact
from tests.factories import PAGE, JudgedLeadFactory, LeadFactory

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(days=400)


def old_text(text: str) -> str:
    """Store `text` as if long ago, and return its hash."""
    Snapshot.keep([text])
    Snapshot.objects.filter(pk=sha256_of(text)).update(created_at=LONG_AGO)
    return sha256_of(text)


def page(url: str, text: str, fetched_at, clues: str = "") -> Page:
    hashes = [old_text(one) if one else None for one in (text, clues)]
    return Page.objects.create(
        url_sha256=sha256_of(url), url=url, snapshot_id=hashes[0], clues_id=hashes[1], fetched_at=fetched_at
    )


def texts() -> set[str]:
    return {snapshot.text for snapshot in Snapshot.objects.all()}


def test_old_pages_go_with_their_texts_and_fresh_ones_stay_whole():
    page("https://old.example/", "the old page", LONG_AGO, "its clues")
    page("https://new.example/", "a page that has not changed for a year", timezone.now(), "nor have its clues")
    assert prune() == 2
    assert texts() == {"a page that has not changed for a year", "nor have its clues"}
    assert [row.url for row in Page.objects.all()] == ["https://new.example/"]


def test_what_a_leads_proof_stands_on_stays_as_long_as_the_lead():
    lead = JudgedLeadFactory()
    Snapshot.objects.update(created_at=LONG_AGO)
    told = LeadFactory(workspace=lead.workspace)
    Fact.objects.create(
        lead=told, kind="technology", value="TYPO3", quote="TYPO3", snapshot_sha256=old_text("TYPO3"), found_at=LONG_AGO
    )
    Contact.objects.create(lead=told, email="a@acme.example", found_by="site", snapshot_sha256=old_text("a@acme"))
    old_text("nobody's")
    prune()
    assert texts() == {PAGE, "TYPO3", "a@acme"}
    told.delete()
    lead.delete()
    prune()
    assert texts() == set()


def test_pictures_go_with_their_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    for host, taken_at in (("old.example", LONG_AGO), ("new.example", timezone.now())):
        picture = Screenshot(host=host, url=f"https://{host}/", taken_at=taken_at)
        picture.file.save("picture.webp", ContentFile(b"RIFF"), save=True)
    prune()
    assert [row.host for row in Screenshot.objects.all()] == ["new.example"]
    assert len([file for file in tmp_path.rglob("*") if file.is_file()]) == 1


def test_hosts_with_nothing_to_remember_are_forgotten():
    soon = timezone.now() + timedelta(hours=1)
    Host.objects.create(name="plain.example")
    Host.objects.create(name="busy.example", holder="reader", held_until=soon)
    Host.objects.create(name="delayed.example", free_at=soon)
    Host.objects.create(name="dead.example", failures=2, failed_until=soon)
    RobotsFile.objects.create(origin="https://old.example", expires_at=LONG_AGO)
    RobotsFile.objects.create(origin="https://new.example", expires_at=soon)
    prune()
    assert set(Host.objects.values_list("name", flat=True)) == {"busy.example", "delayed.example", "dead.example"}
    assert [row.origin for row in RobotsFile.objects.all()] == ["https://new.example"]
