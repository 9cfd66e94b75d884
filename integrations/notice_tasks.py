"""What the queue runs for notifications: sending what is due, and a sweep that makes up for lost nudges."""

import time

from accounts import digests, outbox, post
from accounts.notification_mail import send_due as send_mail
from integrations.slack_news import send_due as send_to_slack

# A sweep comes every minute; whatever is left then is its own.
SLICE_SECONDS = 45.0


def send() -> int:
    """Send what is due, for a while; return how many messages were taken in hand."""
    ends_at = time.monotonic() + SLICE_SECONDS
    taken = 0
    while time.monotonic() < ends_at:
        batch = send_to_slack() + send_mail()
        if not batch:
            break
        taken += batch
    return taken


def sweep() -> int:
    """Put back what dead senders left, write the digests whose hour has come, and send what is due."""
    outbox.sweep()
    digests.write_due()
    return post.send_due() + send()
