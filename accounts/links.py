"""Addresses that work outside the app: in e-mails and in Slack."""

from django.conf import settings

from accounts.middleware import ABOUT


def absolute(path: str) -> str:
    """Return a path of ours as an address that works in an e-mail."""
    return f"{settings.SITE_URL}{path}"


def into(workspace_id: int, path: str) -> str:
    """Return the address of a page of one workspace, which opens it whichever workspace its reader is in."""
    page, hash_mark, part = path.partition("#")
    joined = "&" if "?" in page else "?"
    return absolute(f"{page}{joined}{ABOUT}={workspace_id}{hash_mark}{part}")
