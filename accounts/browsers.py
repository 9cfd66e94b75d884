"""The browsers that people log in with: what they are called, and whether one is new."""

import re
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import network_of
from accounts.letter_models import KnownBrowser
from accounts.models import User

# The first that fits: most browsers claim to be others too.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone|iPad", "iOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def family(user_agent: str) -> str:
    """Return `Firefox, Windows` for what such a browser says of itself; '' for a program that is none we know."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS if re.search(sign, user_agent)), "")
    return ", ".join(filter(None, (browser, system)))


def named(user_agent: str) -> str:
    """Return what a browser is called on a page."""
    return family(user_agent) or _("Another program")


def is_new(user: User, user_agent: str, ip: str) -> bool:
    """Remember where a login came from; True where it is another browser or network than ever before.

    The first one of all is nothing new: that is where the account was made.
    """
    seen = KnownBrowser.objects.filter(user=user)
    with transaction.atomic():
        is_first = not seen.exists()
        row, made = KnownBrowser.objects.get_or_create(user=user, browser=family(user_agent), network=network_of(ip))
        if not made:
            row.save(update_fields=["last_at"])
    return made and not is_first


def prune() -> int:
    """Forget browsers that were not seen for KNOWN_BROWSER_DAYS; return how many. Run every day by the queue.

    The last one that somebody came with stays: an account of which none is known would take any for its first.
    """
    before = timezone.now() - timedelta(days=settings.KNOWN_BROWSER_DAYS)
    later = KnownBrowser.objects.filter(user=OuterRef("user"), last_at__gt=OuterRef("last_at"))
    return KnownBrowser.objects.filter(Exists(later), last_at__lt=before).delete()[0]
