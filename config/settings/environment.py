"""Where things are, and how settings read the environment: nothing else in the program does."""

from decimal import Decimal, InvalidOperation
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"
VERSION = "0.1.0"

env = environ.Env()
env_file = BASE_DIR / ".env"
if env_file.exists():
    env.read_env(str(env_file))


def text(name: str, default: str = "") -> str:
    """Return a setting; an empty value in the file counts as not set."""
    return env.str(name, default="").strip() or default


def secret(name: str) -> str:
    """Return a key, or '' where there is none or only a placeholder that somebody left in the file."""
    value = text(name)
    looks_like_placeholder = value.lower().startswith(("changeme", "change-me", "your-", "your_", "<", "sk-xxx", "xxx"))
    return "" if looks_like_placeholder else value


def amount(name: str) -> int | None:
    """Return dollars as micro-dollars; None where the setting is empty. Raises ImproperlyConfigured for nonsense."""
    value = text(name)
    try:
        dollars = Decimal(value or 0)
    except InvalidOperation:
        dollars = Decimal(-1)
    if not 0 <= dollars < 10**12:
        raise ImproperlyConfigured(f"{name}: {value!r} is no amount of dollars, such as 250 or 99.50.")
    return int(dollars * 1_000_000) if value else None


DEBUG = env.bool("DEBUG", default=False)
