"""System checks: combinations of settings that cannot work, each with what to do about it."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from accounts import sealing
from accounts.audit_models import AuditPruning
from config import row_security
from integrations.connections import LANGUAGE_MODELS
from integrations.egress.policy import Policy
from integrations.providers.local import Local
from leads import suppression
from leads.person_models import Suppression

LEAST_POOL = 10  # shared connections to PostgreSQL


@register(Tags.security)
def secret_key_is_set(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.SECRET_KEY:
        return []
    return [Error("SECRET_KEY is missing.", hint="Run `make setup`, which writes one to .env.", id="magnet.E001")]


@register()
def leases_outlive_stages(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.LEASE_SECONDS > settings.STAGE_DEADLINE_SECONDS:
        return []
    return [
        Error(
            "LEASE_SECONDS must be greater than STAGE_DEADLINE_SECONDS, or a slow stage is done twice.",
            hint="Raise LEASE_SECONDS, or lower STAGE_DEADLINE_SECONDS.",
            id="magnet.E002",
        )
    ]


@register()
def nothing_kills_a_process_in_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG or not settings.CRASH_AT:
        return []
    return [
        Error(
            "CRASH_AT is set without DEBUG.",
            hint="It is for tests of crashes: remove it from the environment.",
            id="magnet.E009",
        )
    ]


@register()
def sandbox_is_on_loopback(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    address = settings.PROVIDERS["sandbox"]["base_url"]
    if not address or urlsplit(address).hostname in {"127.0.0.1", "localhost", "::1"}:
        return []
    return [
        Error(
            "SANDBOX_BASE_URL is not an address of this machine.",
            hint="The sandbox only ever runs on loopback: use http://127.0.0.1:8765, or leave it empty.",
            id="magnet.E003",
        )
    ]


@register()
def remote_browser_has_a_proxy(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.BROWSER_WS_ENDPOINT or settings.BROWSER_PROXY_URL:
        return []
    return [
        Error(
            "BROWSER_WS_ENDPOINT is set without BROWSER_PROXY_URL: the browser would go out unfiltered.",
            hint="Set BROWSER_PROXY_URL to the filtering proxy as the browser's machine sees it.",
            id="magnet.E004",
        )
    ]


@register()
def pages_are_kept_longer_than_they_are_fresh(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.PAGE_KEEP_DAYS >= settings.PAGE_TTL_DAYS:
        return []
    return [
        Error(
            "PAGE_KEEP_DAYS is less than PAGE_TTL_DAYS: pages would be thrown away while they are fresh.",
            hint="Raise PAGE_KEEP_DAYS, or lower PAGE_TTL_DAYS.",
            id="magnet.E005",
        )
    ]


@register()
def audit_log_is_kept_for_a_while(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.AUDIT_DAYS == 0 or settings.AUDIT_DAYS >= AuditPruning.LEAST_DAYS:
        return []
    return [
        Error(
            f"AUDIT_DAYS is less than {AuditPruning.LEAST_DAYS}: the database keeps the audit log for so long.",
            hint=f"Set it to {AuditPruning.LEAST_DAYS} or more, or to 0 to keep it for ever.",
            id="magnet.E021",
        )
    ]


@register()
def language_models_are_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    order = settings.LANGUAGE_MODEL_ORDER
    known = {*LANGUAGE_MODELS, Local.slug}
    wrong = [slug for place, slug in enumerate(order) if slug not in known or slug in order[:place]]
    return [
        Error(
            f"LANGUAGE_MODEL_ORDER: {slug} is no language model, or stands there twice.",
            hint=f"Name each once, of: {', '.join(sorted(known))}.",
            id="magnet.E006",
        )
        for slug in wrong
    ]


@register()
def connections_suffice_for_streams(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Streams of live pages keep a few of the shared connections for as long as the process lives."""
    if settings.DB_POOL_SIZE == 0 or settings.DB_POOL_SIZE >= LEAST_POOL:
        return []
    return [
        Error(
            f"DB_POOL_SIZE is {settings.DB_POOL_SIZE}: live pages would leave other requests no connection.",
            hint=f"Set it to {LEAST_POOL} or more, or to 0 for a connection to each request.",
            id="magnet.E010",
        )
    ]


@register()
def calls_fit_into_a_stage(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.LANGUAGE_MODEL_WAIT_SECONDS < settings.STAGE_DEADLINE_SECONDS:
        return []
    return [
        Error(
            "LANGUAGE_MODEL_WAIT_SECONDS must be less than STAGE_DEADLINE_SECONDS, or a call that waits never ends.",
            hint="Lower LANGUAGE_MODEL_WAIT_SECONDS to half of STAGE_DEADLINE_SECONDS or less.",
            id="magnet.E007",
        )
    ]


@register(Tags.security, deploy=True)
def keys_of_customers_can_be_sealed(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if sealing.is_ready():
        return []
    hint = 'Make one: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
    if settings.CREDENTIALS_KEYS:
        return [Error("CREDENTIALS_KEYS: one of them is no Fernet key.", hint=hint, id="magnet.E008")]
    return [Warning("Without CREDENTIALS_KEYS no workspace can use keys of its own.", hint=hint, id="magnet.W003")]


@register(Tags.security, deploy=True)
def no_route_leads_inside(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    policy = Policy()
    inside = [host for host, (address, _) in settings.EGRESS_ROUTES.items() if not policy.is_public(address)]
    return [
        Warning(
            f"EGRESS_ROUTES leads {host} to an address that is not public.",
            hint="Any customer can have it read. Remove the route unless everybody may see what is there.",
            id="magnet.W002",
        )
        for host in inside
    ]


@register(deploy=True)
def links_in_messages_lead_here(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if urlsplit(settings.SITE_URL).hostname not in {"localhost", "127.0.0.1", "::1", None}:
        return []
    return [
        Warning(
            f"SITE_URL is {settings.SITE_URL}: links in e-mails and in Slack lead nowhere for anybody else.",
            hint="Set it to the address that people use, such as https://app.example.com.",
            id="magnet.W004",
        )
    ]


@register(Tags.security, deploy=True)
def addresses_are_proved(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory":
        return []
    return [
        Warning(
            "People get in without proving that their e-mail address is theirs.",
            hint="Set EMAIL_URL to a mail server, and leave ACCOUNT_EMAIL_VERIFICATION empty.",
            id="magnet.W005",
        )
    ]


@register(Tags.security, deploy=True)
def production_has_a_queue_that_scales(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return []
    return [
        Warning(
            "SQLite serves one machine.",
            hint="Set DATABASE_URL to a PostgreSQL database to run web and worker on several.",
            id="magnet.W001",
        )
    ]


@register(Tags.database, deploy=True)
def rows_are_behind_a_wall(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Asks the database, so it runs where that is named: `manage.py check --deploy --database default`."""
    return [
        Warning(
            f"The row-level security of the database “{alias}” is not up: only the program's own filters keep "
            "workspaces apart.",
            hint="Run `manage.py row_security`, which puts it up or says what to run as another user.",
            id="magnet.W021",
        )
        for alias in databases or ()
        if row_security.missing(connections[alias])
    ]


@register(Tags.security, deploy=True)
def weaknesses_can_be_reported(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    contact = settings.SECURITY_CONTACT
    if contact.startswith(("https://", "mailto:", "tel:")) or ("@" in contact and ":" not in contact):
        return []
    return [
        Warning(
            "SECURITY_CONTACT is no e-mail address or page: /.well-known/security.txt cannot say where to report.",
            hint="Set it to an address that somebody reads, such as security@example.com.",
            id="magnet.W020",
        )
    ]


@register(Tags.security, deploy=True)
def hosts_are_named(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "ALLOWED_HOSTS takes any host: links in e-mails would lead to whatever host a request claims.",
            hint="Name the hosts that people use, such as app.example.com.",
            id="magnet.E020",
        )
    ]


@register(Tags.security, deploy=True)
def people_who_are_kept_out_have_keys_of_their_own(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.SUPPRESSION_KEYS:
        return []
    return [
        Warning(
            "Without SUPPRESSION_KEYS the people who must not be kept are hashed by SECRET_KEY, and come back when "
            "that is changed.",
            hint='Set it before anybody is erased: python -c "import secrets; print(secrets.token_hex(32))". Whoever '
            "was erased before stays known by SECRET_KEY.",
            id="magnet.W022",
        )
    ]


@register(Tags.database, deploy=True)
def people_who_are_kept_out_are_known(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Asks the database, so it runs where that is named: `manage.py check --deploy --database default`."""
    if "default" not in (databases or ()):
        return []
    lost = Suppression.objects.exclude(made_by__in=["", *suppression.fingerprints()])
    people = lost.values("person").distinct().count()
    if not people:
        return []
    return [
        Error(
            f"{people} people who must not be kept were hashed under a key that is not there any more: they come back.",
            hint="Put the key back at the end of SUPPRESSION_KEYS, or of SECRET_KEY_FALLBACKS if it was SECRET_KEY.",
            id="magnet.E022",
        )
    ]
