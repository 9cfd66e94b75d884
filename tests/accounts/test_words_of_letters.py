"""Every e-mail that django-allauth has us send is in our words."""

from pathlib import Path

import allauth
import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.conf import settings as configured
from django.core import mail
from django.template.loader import get_template, render_to_string

from accounts import post
from tests.factories import UserFactory

OURS = Path(configured.BASE_DIR) / "templates"
THEIRS = Path(allauth.__file__).parent / "templates"
# Written where a password is replaced, or one logs in, by a code, and where there is no account: none of which is on.
SWITCHED_OFF = ("login_code_", "password_reset_code_", "unknown_account_")

ALL = sorted(str(path.relative_to(THEIRS)) for path in THEIRS.glob("*/email/*.txt"))
SENT = [name for name in ALL if not Path(name).name.startswith(SWITCHED_OFF)]


@pytest.mark.parametrize("name", SENT)
def test_a_letter_is_ours(name):
    assert Path(get_template(name).origin.name).is_relative_to(OURS)


@pytest.mark.parametrize("name", [name for name in SENT if name.endswith("_subject.txt")])
def test_a_subject_is_one_line_of_words(name):
    assert len(render_to_string(name).strip().splitlines()) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", [name.removesuffix("_subject.txt") for name in SENT if "_subject" in name])
def test_a_letter_says_what_it_is_about_and_escapes_nothing_in_its_text(rf, prefix):
    user = UserFactory(email="o'hara@people.example")
    words = {name: f"<{name}'s>" for name in ("from_email", "to_email", "deleted_email", "provider")}
    with context.request_context(rf.get("/")):
        get_adapter().send_notification_mail(prefix, user, words | {"password_reset_url": "https://hunter.example/r"})
    post.send_due()
    (sent,) = mail.outbox
    assert sent.subject
    assert "Hello," in sent.body
    assert "&" not in sent.body
