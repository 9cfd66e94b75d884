"""Watching it run."""

from config.logging import configure
from config.settings.environment import DEBUG, VERSION, text

LOG_FORMAT = text("LOG_FORMAT", "console" if DEBUG else "json")
LOG_LEVEL = text("LOG_LEVEL", "INFO")
SENTRY_DSN = text("SENTRY_DSN")
LOGGING_CONFIG = None
configure(LOG_LEVEL, as_json=LOG_FORMAT == "json", sentry_dsn=SENTRY_DSN, release=VERSION)
