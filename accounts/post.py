"""What the queue runs for e-mails that people wait for: invitations, and letters about their accounts."""

import time

from accounts import invitation_mail, letters

# A sweep comes every minute; whatever is left then is its own.
SLICE_SECONDS = 45.0


def send_due() -> int:
    """Send what is due, for a while; return how many e-mails were taken in hand."""
    ends_at = time.monotonic() + SLICE_SECONDS
    taken = 0
    while time.monotonic() < ends_at:
        batch = invitation_mail.send_due() + letters.send_due()
        if not batch:
            break
        taken += batch
    return taken
