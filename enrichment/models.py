"""What was read on the web: texts once by their hash, and which page showed which text when."""

import secrets
import zlib
from typing import ClassVar

from django.db import models

from integrations.lexicon.text import sha256_of


class Snapshot(models.Model):
    """A normalised text, stored once however many pages show it. Public, so shared between workspaces.

    (What was judged from it belongs to a workspace and is elsewhere.)
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    compressed = models.BinaryField()
    length = models.PositiveIntegerField(help_text="characters of the text")
    created_at = models.DateTimeField(auto_now_add=True)
    blanked_at = models.DateTimeField(
        null=True, help_text="when a person was taken out: the hash is that of the text before, and stays its name"
    )

    def __str__(self) -> str:
        return self.sha256[:12]

    @property
    def text(self) -> str:
        return zlib.decompress(bytes(self.compressed)).decode()

    @staticmethod
    def of(text: str) -> "Snapshot":
        """Return an unsaved snapshot of a normalised text."""
        return Snapshot(sha256=sha256_of(text), compressed=zlib.compress(text.encode(), 6), length=len(text))

    @staticmethod
    def keep(texts: list[str]) -> None:
        """Store each text unless it is stored already."""
        Snapshot.objects.bulk_create([Snapshot.of(text) for text in dict.fromkeys(texts)], ignore_conflicts=True)


class Page(models.Model):
    """What an address showed when it was last read."""

    url_sha256 = models.CharField(max_length=64, unique=True)  # addresses can be too long for an index
    url = models.TextField()
    final_url = models.TextField(blank=True)
    host = models.CharField(max_length=253, db_index=True)
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, null=True, related_name="pages")
    clues = models.ForeignKey(
        Snapshot, on_delete=models.PROTECT, null=True, related_name="+", help_text="pieces of the HTML that prove facts"
    )
    title = models.CharField(max_length=500, blank=True)
    language = models.CharField(max_length=12, blank=True)
    how = models.CharField(max_length=10, default="http")
    facts = models.JSONField(default=dict, help_text="what was extracted: contacts, facts, forms, links")
    etag = models.CharField(max_length=300, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    fetched_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["fetched_at"], name="page_by_age")]

    def __str__(self) -> str:
        return self.url


class Host(models.Model):
    """A site as crawlers meet it: whose turn it is to ask it something, and whether it is left alone for a while."""

    name = models.CharField(max_length=253, primary_key=True, help_text="registrable domain")
    holder = models.CharField(max_length=36, blank=True, help_text="the reader whose turn it is")
    held_until = models.DateTimeField(null=True, blank=True, help_text="when the turn of a reader that died ends")
    free_at = models.DateTimeField(null=True, blank=True, help_text="no request before: the site's crawl delay")
    failures = models.PositiveIntegerField(default=0, help_text="in a row")
    failed_reason = models.CharField(max_length=300, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failed_until = models.DateTimeField(null=True, blank=True, help_text="not asked again before")

    def __str__(self) -> str:
        return self.name


class RobotsFile(models.Model):
    """What the robots.txt of an origin said."""

    origin = models.CharField(max_length=300, primary_key=True, help_text="scheme, host and port")
    text = models.TextField(blank=True)
    problem = models.CharField(max_length=300, blank=True, help_text="why everything is forbidden, where it is")
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.origin


def _screenshot_path(screenshot: "Screenshot", name: str) -> str:
    """Return a name that nobody can guess: what may be seen is decided by the view, not by knowing a path."""
    return f"screenshots/{secrets.token_hex(16)}.webp"


class Screenshot(models.Model):
    """A picture of a site's home page, shared between workspaces because the page is public."""

    host = models.CharField(max_length=253, primary_key=True, help_text="registrable domain")
    url = models.TextField()
    file = models.FileField(upload_to=_screenshot_path, max_length=200)
    taken_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.host
