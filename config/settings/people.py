"""Signing in, second steps, and the mail that people get."""

from typing import Any

from config.settings.environment import DEBUG, env, secret, text


def app_of(client_id: str, key: str) -> list[dict[str, str]]:
    """Return our registration with a sign-in provider; none, so that the provider is not shown, without both keys."""
    return [{"client_id": client_id, "secret": key}] if client_id and key else []


EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
MAIL_IS_CONFIGURED = EMAIL_CONFIG["EMAIL_BACKEND"].rpartition(".mail.backends.")[2] not in {
    "console.EmailBackend",
    "dummy.EmailBackend",
    "locmem.EmailBackend",
}

DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", "Magnet Hunter <hello@localhost>")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT_SECONDS", default=15)
# Where people reach the site: what links in e-mails and in Slack begin with.
SITE_URL = text("SITE_URL", "http://localhost:8000").rstrip("/")

# --- signing in -----------------------------------------------------------------------------------

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
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.field_words.LoginForm",
    "signup": "accounts.field_words.SignupForm",
    "reauthenticate": "accounts.field_words.PasswordAgainForm",
    "change_password": "accounts.field_words.ChangePasswordForm",
    "set_password": "accounts.field_words.FirstPasswordForm",
    "confirm_email_verification_code": "accounts.field_words.CodeOfAddressForm",
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
# What writes to an address that a stranger merely typed is counted for the stranger's network (`ip`) and for the
# address (`key`), whether it has an account or not: no mailbox is flooded, and what is refused tells nothing.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/m/ip",
    "reset_password": "20/m/ip,60/h/ip,5/h/key,10/d/key",
    "confirm_email": "60/h/ip,1/10s/key,10/h/key,20/d/key",
}
# What one customer of a provider may have: the rest of an IPv6 address is theirs to choose.
ALLAUTH_RATE_LIMIT_IPV6_PREFIX = 56
# How many proxies of ours stand before the app: so many of the last addresses in X-Forwarded-For are believed.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

SOCIALACCOUNT_FORMS = {"signup": "accounts.field_words.SocialSignupForm"}
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
    "authenticate": "accounts.field_words.SecondStepForm",
    "reauthenticate": "accounts.field_words.SecondStepAgainForm",
    "activate_totp": "accounts.field_words.AuthenticatorAppForm",
    "edit_webauthn": "accounts.field_words.RenamePasskeyForm",
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

# For how long an operator may look at the product as a person before that ends by itself.
SUPPORT_MINUTES = env.int("SUPPORT_MINUTES", default=60)
