"""The settings of production: they pass Django's checks of a deployment, and ours."""

import json
import os
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet
from django.conf import settings

from config import checks
from tests.harness.processes import PATIENCE

PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "k3y-of-a-test-that-is-long-and-has-many-different-signs-0123456789-!?",
    "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
    "API_TOKEN_KEYS": "another-k3y-of-a-test-that-is-long-and-has-many-different-signs",
    "SUPPRESSION_KEYS": "one-more-k3y-of-a-test-that-is-long-and-has-many-different-signs",
    "ALLOWED_HOSTS": "app.example.com",
    "SITE_URL": "https://app.example.com",
    "SECURITY_CONTACT": "security@example.com",
    "DATABASE_URL": "postgres://magnet@127.0.0.1:5432/magnet",
    "EMAIL_URL": "smtp://user:password@mail.example.com:587/?tls=true",
    "DEFAULT_FROM_EMAIL": "Magnet Hunter <hello@example.com>",
    "SANDBOX_BASE_URL": "",
    "CRASH_AT": "",
    "EGRESS_ROUTES": "",
}
CHECKED = """
import json, django
django.setup()
from django.conf import settings
from django.core.management import call_command
call_command("check", deploy=True, fail_level="WARNING")
names = ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "LANGUAGE_COOKIE_NAME", "SESSION_COOKIE_SECURE",
         "SECURE_HSTS_SECONDS", "SECURE_SSL_REDIRECT"]
print(json.dumps({name: getattr(settings, name) for name in names}))
"""


def test_the_settings_of_production_pass_every_check_without_a_warning():
    environment = os.environ | PRODUCTION | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    del environment["DJANGO_ALLOW_ASYNC_UNSAFE"]  # a need of tests alone
    done = subprocess.run(
        [sys.executable, "-c", CHECKED],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "SESSION_COOKIE_NAME": "__Host-sessionid",
        "CSRF_COOKIE_NAME": "__Host-csrftoken",
        "LANGUAGE_COOKIE_NAME": "__Host-language",
        "SESSION_COOKIE_SECURE": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_SSL_REDIRECT": True,
    }


@pytest.mark.parametrize(
    ("contact", "is_told"),
    [
        ("", True),
        ("nobody", True),
        ("javascript:x", True),
        ("a@b.example", False),
        ("mailto:a@b.example", False),
        ("https://b.example", False),
    ],
)
def test_an_operator_is_told_where_nobody_can_report_a_weakness(settings, contact, is_told):
    settings.SECURITY_CONTACT = contact
    assert [one.id for one in checks.weaknesses_can_be_reported(None)] == ["magnet.W020"] * is_told


def test_an_operator_cannot_take_any_host(settings):
    settings.ALLOWED_HOSTS = ["*"]
    assert [one.id for one in checks.hosts_are_named(None)] == ["magnet.E020"]
    settings.ALLOWED_HOSTS = ["app.example.com"]
    assert checks.hosts_are_named(None) == []
