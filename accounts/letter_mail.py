"""What an e-mail to a person looks like: the text as it was written, and the same in our design."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from accounts.letter_models import Letter
from accounts.outbox_models import OutgoingMessage

# As django-allauth makes them, alone on a line.
CODE = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}")


class Line(NamedTuple):
    """A line of a letter. Addresses of ours are links where they stand alone: what a stranger wrote is never one."""

    text: str

    @property
    def is_link(self) -> bool:
        return self.text.startswith(f"{settings.SITE_URL}/") and " " not in self.text

    @property
    def is_code(self) -> bool:
        return bool(CODE.fullmatch(self.text))


def mail_of(letter: Letter, subject: str, text: str) -> EmailMultiAlternatives:
    """Return the e-mail of a letter that says `text`."""
    subject, text = " ".join(subject.split()), text.strip()
    mail = EmailMultiAlternatives(
        subject,
        f"{text}\n",
        to=[letter.address],
        headers={"Message-ID": message_id(letter), "Auto-Submitted": "auto-generated"},
    )
    context = {
        "subject": subject,
        "language": letter.language or settings.LANGUAGE_CODE,
        "paragraphs": [[Line(line) for line in part.splitlines()] for part in re.split(r"\n\s*\n", text)],
    }
    mail.attach_alternative(render_to_string("emails/letter.html", context), "text/html")
    return mail


def message_id(message: OutgoingMessage) -> str:
    """Return the Message-ID of a row, the same in every try."""
    return f"<{message.uid}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>"
