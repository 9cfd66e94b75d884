"""All settings, and the only reader of the environment. See .env.example for what each means."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from config.logging import configure as configure_logging

BASE_DIR = Path(__file__).resolve().parent.parent
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


def app_of(client_id: str, key: str) -> list[dict[str, str]]:
    """Return our registration with a sign-in provider; none, so that the provider is not shown, without both keys."""
    return [{"client_id": client_id, "secret": key}] if client_id and key else []


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


def route(pair: str) -> tuple[str, tuple[str, int]]:
    """Return `host=address:port` taken apart. Raises ImproperlyConfigured, naming the pair that is none."""
    host, _, place = pair.strip().partition("=")
    address, _, port = place.rpartition(":")
    if not host or not address or not port.isdigit():
        raise ImproperlyConfigured(f"EGRESS_ROUTES: {pair!r} is not host=address:port, such as .test=10.0.0.5:8080.")
    return host.lower(), (address.strip("[]"), int(port))


def limits(name: str, *, requests: int, tokens: int, at_once: int) -> dict[str, int]:
    """Return how fast one key of a provider may be used: requests and tokens a minute, calls at once; 0: no limit."""
    return {
        "requests": env.int(f"{name}_REQUESTS_PER_MINUTE", default=requests),
        "tokens": env.int(f"{name}_TOKENS_PER_MINUTE", default=tokens),
        "at_once": env.int(f"{name}_CALLS_AT_ONCE", default=at_once),
    }


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = secret("SECRET_KEY") or ("insecure-development-key" if DEBUG else "")
# What SECRET_KEY was before: it is not used for anything new.
SECRET_KEY_FALLBACKS = [key for key in env.list("SECRET_KEY_FALLBACKS", default=[]) if key]
# They seal the keys of customers: the first one seals, all of them open. In development made of SECRET_KEY.
CREDENTIALS_KEYS = [key for key in env.list("CREDENTIALS_KEYS", default=[]) if key]
# They hash API tokens: the first one makes, all of them find. Without any, SECRET_KEY does.
API_TOKEN_KEYS = [key for key in env.list("API_TOKEN_KEYS", default=[]) if key]
# They hash the people who must not be kept: the first makes, all of them and SECRET_KEY find. Without any, that makes.
SUPPRESSION_KEYS = [key for key in env.list("SUPPRESSION_KEYS", default=[]) if key]
# How many requests to the API one token, and one session, may send in a minute; 0: no limit.
API_TOKEN_REQUESTS_A_MINUTE = env.int("API_TOKEN_REQUESTS_A_MINUTE", default=300)
API_SESSION_REQUESTS_A_MINUTE = env.int("API_SESSION_REQUESTS_A_MINUTE", default=600)
# What a workspace may have, and how often each of its people may do what costs us; 0: no limit. See accounts/quotas.py.
QUOTAS = {
    "runs": env.int("LIMIT_RUNS_AT_ONCE", default=25),
    "hunts": env.int("LIMIT_HUNTS", default=2_000),
    "presets": env.int("LIMIT_PRESETS", default=500),
    "schedules": env.int("LIMIT_SCHEDULES", default=100),
    "people": env.int("LIMIT_PEOPLE", default=200),
    "tokens": env.int("LIMIT_API_TOKENS", default=100),
    "lists": env.int("LIMIT_LISTS", default=200),
    "companies": env.int("LIMIT_LIST_COMPANIES", default=2_000_000),
    "messages": env.int("LIMIT_MESSAGES_A_MINUTE", default=30),
    "estimates": env.int("LIMIT_ESTIMATES_AN_HOUR", default=1_000),
    "trials": env.int("LIMIT_TRIALS_AN_HOUR", default=60),
    "exports": env.int("LIMIT_EXPORTS_AN_HOUR", default=60),
    "retries": env.int("LIMIT_RETRIES_AN_HOUR", default=120),
    "invitations": env.int("LIMIT_INVITATIONS_AN_HOUR", default=30),
}
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [origin for origin in env.list("CSRF_TRUSTED_ORIGINS", default=[]) if origin]

INSTALLED_APPS = [
    "config.apps.OperatorsConsole",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "accounts.wechat",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "ninja",
    "config.apps.ConfigApp",
    "accounts",
    "billing",
    "integrations",
    "leads",
    "enrichment",
    "hunts",
    # After hunts, whose `qcluster` stands before its own.
    "django_q",
]

MIDDLEWARE = [
    "config.logging.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.headers.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.support_middleware.SupportMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.audit.AuditMiddleware",
    "accounts.middleware.WorkspaceMiddleware",
    "accounts.middleware.TenantMiddleware",
    "accounts.quota_pages.QuotaMiddleware",
    "accounts.adapter.MailNotSentMiddleware",
    "integrations.second_steps.LostKeyMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- data -----------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url_config(text("DATABASE_URL", f"sqlite:///{VAR_DIR / 'magnet.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock when a transaction begins, so that check-then-act cannot interleave;
    # WAL lets readers go on meanwhile.
    # Tests use a file too, so that their worker processes see the same rows.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(DATABASES["default"]["NAME"]).with_name("test.sqlite3"))}
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A machine that is cut off in the middle of a transaction must not keep its rows locked, nor wait for ever.
    _idle = env.int("DB_IDLE_SECONDS", default=60)
    DATABASES["default"]["OPTIONS"] = DATABASES["default"].get("OPTIONS", {}) | {
        # No JIT: what a policy may cost at most looks to it like a big query, and compiling takes longer than most run.
        "options": f"-c idle_in_transaction_session_timeout={_idle}s -c jit=off",
        "connect_timeout": 10,
        "keepalives_idle": _idle,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": _idle * 1_000,
    }

# What the two roles of row-level security are called (…_tenant, …_system): a PostgreSQL server has one list of roles.
DATABASE_ROLE_PREFIX = text("DATABASE_ROLE_PREFIX", "magnet")

REDIS_URL = text("REDIS_URL")
# Installations that share one Redis keep their keys apart by this.
REDIS_PREFIX = text("REDIS_PREFIX", "magnet")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# A task is a nudge with a primary key: see hunts/tasks.py. `retry` stays far above `timeout`, one task is taken at a
# time and no more are queued in a process than it has workers, because django-q2's lease starts at prefetch.
Q_CLUSTER: dict[str, Any] = {
    "name": REDIS_PREFIX,
    "workers": env.int("Q_WORKERS", default=2),
    "queue_limit": env.int("Q_WORKERS", default=2),
    "bulk": 1,
    "timeout": 900,
    "retry": 1800,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "poll": 0.2,
    "catch_up": False,
    "label": "Queue",
}
Q_CLUSTER |= {"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}

# --- people ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_REDIRECT_URL = "hunts:list"
LOGIN_URL = "account_login"
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
MAIL_IS_CONFIGURED = EMAIL_CONFIG["EMAIL_BACKEND"].rpartition(".mail.backends.")[2] not in {
    "console.EmailBackend",
    "dummy.EmailBackend",
    "locmem.EmailBackend",
}
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "add_email": "accounts.sign_in_forms.AnotherAddressForm",
    "reset_password": "accounts.sign_in_forms.ForgottenPasswordForm",
    "reset_password_from_key": "accounts.sign_in_forms.NewPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Where no mail goes out nobody could confirm anything, and the product can still be tried; the pages say so.
ACCOUNT_EMAIL_VERIFICATION = text("ACCOUNT_EMAIL_VERIFICATION", "mandatory" if MAIL_IS_CONFIGURED else "optional")
# A code is entered where one signed up. A link could be pressed by the owner of an address that somebody else gave.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = ACCOUNT_EMAIL_VERIFICATION == "mandatory"
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# One address, which another replaces once it is proved. Without proof it would be gone before the new one is there.
ACCOUNT_CHANGE_EMAIL = ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/m/ip",
    "reset_password": "20/m/ip,5/m/key",
}
# How many proxies of ours stand before the app: so many of the last addresses in X-Forwarded-For are believed.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

SOCIALACCOUNT_ADAPTER = "accounts.social.SocialAccountAdapter"
# `accounts/social.py` says when an address that a provider names lets somebody into an account: hardly ever.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, Any]] = {
    "google": {
        "APPS": app_of(secret("GOOGLE_CLIENT_ID"), secret("GOOGLE_CLIENT_SECRET")),
        "SCOPE": ["openid", "email", "profile"],
        "AUTH_PARAMS": {"prompt": "select_account"},
        "OAUTH_PKCE_ENABLED": True,
    },
    "weixin": {
        "APPS": app_of(secret("WECHAT_APP_ID"), secret("WECHAT_APP_SECRET")),
        "AUTHORIZE_URL": "https://open.weixin.qq.com/connect/qrconnect",
        "API_URL": "https://api.weixin.qq.com",
    },
}

MFA_ADAPTER = "integrations.second_steps.SealingAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "accounts.passkey_forms.AddPasskeyForm",
    "authenticate_webauthn": "accounts.passkey_forms.AuthenticatePasskeyForm",
    "login_webauthn": "accounts.passkey_forms.LoginPasskeyForm",
    "reauthenticate_webauthn": "accounts.passkey_forms.ReauthenticatePasskeyForm",
}
MFA_TOTP_ISSUER = "Magnet Hunter"
# Browsers let passkeys be used over plain HTTP on localhost alone.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
# Operators need a second step to enter the console. On a machine of one's own they can be let off, if one says so.
ADMIN_NEEDS_SECOND_STEP = not (DEBUG and env.bool("ADMIN_WITHOUT_SECOND_STEP", default=False))

DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", "Magnet Hunter <hello@localhost>")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT_SECONDS", default=15)
# Where people reach the site: what links in e-mails and in Slack begin with.
SITE_URL = text("SITE_URL", "http://localhost:8000").rstrip("/")

# For how long an operator may look at the product as a person before that ends by itself.
SUPPORT_MINUTES = env.int("SUPPORT_MINUTES", default=60)

# --- language and time ----------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("sr-latn", "Srpski")]
LOCALE_PATHS = [BASE_DIR / "locale"]
# Whoever chose a language finds it again: a year, as long as the CSRF cookie.
LANGUAGE_COOKIE_AGE = 31_449_600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- files ----------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = text("MEDIA_ROOT", str(VAR_DIR / "media"))
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
# A request's whole body, files included: a list of companies may have 25 MB.
MAX_REQUEST_BYTES = 26_000_000

# --- browser security -----------------------------------------------------------------------------

CONTENT_SECURITY_POLICY: dict[str, dict[str, Any]] = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        # Browsers hold redirects after a form to it too, and signing in elsewhere is one.
        "form-action": [
            "'self'",
            *(["https://accounts.google.com"] if SOCIALACCOUNT_PROVIDERS["google"]["APPS"] else []),
            *(["https://open.weixin.qq.com"] if SOCIALACCOUNT_PROVIDERS["weixin"]["APPS"] else []),
        ],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # pages carry the token themselves
CSRF_FAILURE_VIEW = "config.pages.csrf_failed"
if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
    SECURE_REDIRECT_EXEMPT = [r"^api/health$"]  # load balancers ask by plain HTTP
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT
    CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
    LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT
    if SECURE_SSL_REDIRECT:
        # Browsers take a cookie of such a name from this very host alone, over HTTPS: no neighbour can plant one.
        SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
        LANGUAGE_COOKIE_NAME = "__Host-language"
        CONTENT_SECURITY_POLICY["DIRECTIVES"]["upgrade-insecure-requests"] = True
# Where to report a weakness (an e-mail address or a page), for /.well-known/security.txt.
SECURITY_CONTACT = text("SECURITY_CONTACT")

# --- the outside world ----------------------------------------------------------------------------

PROVIDERS: dict[str, dict[str, str]] = {
    "kimi": {
        "api_key": secret("KIMI_API_KEY"),
        "base_url": text("KIMI_BASE_URL", "https://api.moonshot.ai/v1"),
        "model": text("KIMI_MODEL", "kimi-k2.6"),
    },
    "moonshot": {
        "api_key": secret("MOONSHOT_API_KEY"),
        "base_url": text("MOONSHOT_BASE_URL", "https://api.moonshot.ai/v1"),
        "model": text("MOONSHOT_MODEL", "moonshot-v1-128k"),
    },
    "openai": {
        "api_key": secret("OPENAI_API_KEY"),
        "base_url": text("OPENAI_BASE_URL", "https://api.openai.com/v1"),
        "model": text("OPENAI_MODEL", "gpt-4.1-mini"),
    },
    # Any server that speaks OpenAI's protocol: Ollama, llama.cpp, vLLM. It is asked where it has an address.
    "local_server": {
        "api_key": secret("LOCAL_LLM_API_KEY"),
        "base_url": text("LOCAL_LLM_BASE_URL"),
        "model": text("LOCAL_LLM_MODEL", "local"),
    },
    "exa": {"api_key": secret("EXA_API_KEY"), "base_url": text("EXA_BASE_URL", "https://api.exa.ai")},
    "slack": {"base_url": text("SLACK_BASE_URL", "https://hooks.slack.com")},
    "sandbox": {"base_url": text("SANDBOX_BASE_URL")},
}
LANGUAGE_MODEL_ORDER = env.list("LANGUAGE_MODEL_ORDER", default=["kimi", "moonshot", "openai", "local_server", "local"])
# How fast one key may be used, by all workers together: what a new paying account has. A workspace can say otherwise
# for a key of its own. https://platform.kimi.ai/docs/pricing/limits https://platform.openai.com/docs/guides/rate-limits
LANGUAGE_MODEL_LIMITS = {
    "kimi": limits("KIMI", requests=200, tokens=2_000_000, at_once=50),
    "moonshot": limits("MOONSHOT", requests=200, tokens=2_000_000, at_once=50),
    "openai": limits("OPENAI", requests=500, tokens=200_000, at_once=0),
    "local_server": limits("LOCAL_LLM", requests=0, tokens=0, at_once=4),
}
# What operators may give back in one workspace within a day without a second one who approves; 0: nothing.
_alone = amount("REFUND_ALONE")
REFUND_ALONE_MICROUSD = 50_000_000 if _alone is None else _alone
# How long a call waits at most for its turn. With what the call itself takes it fits into STAGE_DEADLINE_SECONDS.
LANGUAGE_MODEL_WAIT_SECONDS = env.int("LANGUAGE_MODEL_WAIT_SECONDS", default=45)
# What one conversation may spend on a language model before rules answer instead.
CHAT_MAX_SPEND_MICROUSD = round(env.float("CHAT_MAX_SPEND", default=0.5) * 1_000_000)
# What the whole installation may spend in a calendar month (UTC), whoever asks for it; None for no limit.
MONTHLY_SPENDING_LIMIT_MICROUSD = amount("MONTHLY_SPENDING_LIMIT")
# When a hold whose call nobody knows the fate of is counted as spent. Vendors' bills show a call within a day or two.
RECONCILE_AFTER_HOURS = env.int("RECONCILE_AFTER_HOURS", default=72)
CRAWLER_CONTACT_URL = text("CRAWLER_CONTACT_URL", "http://localhost:8000/about/crawler")
CRAWLER_USER_AGENT = f"MagnetHunter/{VERSION} (+{CRAWLER_CONTACT_URL})"
# Hosts (or, with a leading dot, all hosts below) that the crawler finds at an address of the operator's own.
EGRESS_ROUTES = dict(route(pair) for pair in env.list("EGRESS_ROUTES", default=[]) if pair.strip())
BROWSER_EXECUTABLE = text("BROWSER_EXECUTABLE")
BROWSER_WS_ENDPOINT = text("BROWSER_WS_ENDPOINT")
BROWSER_PROXY_URL = text("BROWSER_PROXY_URL")
PAGE_TTL_DAYS = env.int("PAGE_TTL_DAYS", default=7)
PAGE_KEEP_DAYS = env.int("PAGE_KEEP_DAYS", default=180)
TRACE_KEEP_DAYS = env.int("TRACE_KEEP_DAYS", default=90)
VERDICT_TTL_DAYS = env.int("VERDICT_TTL_DAYS", default=14)
# How long entries of the audit log are kept; 0: for ever.
AUDIT_DAYS = env.int("AUDIT_DAYS", default=730)
NOTIFICATION_READ_KEEP_DAYS = env.int("NOTIFICATION_READ_KEEP_DAYS", default=90)
NOTIFICATION_KEEP_DAYS = env.int("NOTIFICATION_KEEP_DAYS", default=365)
PAGES_PER_SITE = env.int("PAGES_PER_SITE", default=5)
# Below this share of new companies (0 to 1) a hunt says before its start that its filters bring little that is new.
NOVELTY_THRESHOLD = env.float("NOVELTY_THRESHOLD", default=0.2)

# How long a site waits for a reader of ours that died before another one asks it anything.
SITE_TURN_SECONDS = env.float("SITE_TURN_SECONDS", default=60)

# --- the engine -----------------------------------------------------------------------------------

WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", default=32)
LEASE_SECONDS = env.int("LEASE_SECONDS", default=180)
STAGE_DEADLINE_SECONDS = env.int("STAGE_DEADLINE_SECONDS", default=120)
CANDIDATE_MAX_ATTEMPTS = env.int("CANDIDATE_MAX_ATTEMPTS", default=4)
# How long a worker that is told to go may take to end what is under way; then it hands it back.
WORKER_GRACE_SECONDS = env.int("WORKER_GRACE_SECONDS", default=20)
# The sweep adds no nudges to a queue that has so many messages.
QUEUE_MOST_MESSAGES = env.int("QUEUE_MOST_MESSAGES", default=1_000)
# `place:n` kills the process when it comes by that place for the n-th time; obeyed with DEBUG alone.
CRASH_AT = text("CRASH_AT")

# --- watching it run ------------------------------------------------------------------------------

LOG_FORMAT = text("LOG_FORMAT", "console" if DEBUG else "json")
LOG_LEVEL = text("LOG_LEVEL", "INFO")
SENTRY_DSN = text("SENTRY_DSN")
LOGGING_CONFIG = None
configure_logging(LOG_LEVEL, as_json=LOG_FORMAT == "json", sentry_dsn=SENTRY_DSN, release=VERSION)
