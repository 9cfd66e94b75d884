"""What the queue runs every minute for notifications."""

from hunts import notices
from integrations import notice_tasks


def sweep() -> int:
    """Warn of limits that are nearly used up, write digests, and send what is due; return how many were sent."""
    notices.warn_of_limits()
    return notice_tasks.sweep()
