"""Keys, hosts, cookies and what browsers are told to refuse."""

from typing import Any

from config.settings.environment import DEBUG, env, secret, text
from config.settings.people import SOCIALACCOUNT_PROVIDERS

SECRET_KEY = secret("SECRET_KEY") or ("insecure-development-key" if DEBUG else "")
# What SECRET_KEY was before: it is not used for anything new.
SECRET_KEY_FALLBACKS = [key for key in env.list("SECRET_KEY_FALLBACKS", default=[]) if key]
# They seal the keys of customers: the first one seals, all of them open. In development made of SECRET_KEY.
CREDENTIALS_KEYS = [key for key in env.list("CREDENTIALS_KEYS", default=[]) if key]
# They hash API tokens: the first one makes, all of them find. Without any, SECRET_KEY does.
API_TOKEN_KEYS = [key for key in env.list("API_TOKEN_KEYS", default=[]) if key]
# They hash the people who must not be kept: the first makes, all of them and SECRET_KEY find. Without any, that makes.
SUPPRESSION_KEYS = [key for key in env.list("SUPPRESSION_KEYS", default=[]) if key]

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [origin for origin in env.list("CSRF_TRUSTED_ORIGINS", default=[]) if origin]

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
