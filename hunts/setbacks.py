"""What becomes of a candidate whose stage did not answer: it fails for good, or waits for a later try."""

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from hunts import claims, recording
from hunts.models import Candidate
from hunts.patience import before_next_try
from integrations.errors import Unavailable
from integrations.pace import AtLimit

logger = structlog.get_logger(__name__)


def fail(candidate: Candidate, message: str) -> None:
    """End a candidate's way with a reason that can be shown, while it is ours."""
    try:
        recording.record_failure(candidate, message)
    except claims.LeaseLost:
        logger.info("candidate.taken_over", candidate=candidate.pk)


def try_later(candidate: Candidate, error: Unavailable | TimeoutError) -> None:
    """Put the candidate back for a later try, a little later each time; after the last one it fails."""
    message = str(error) or _("It took too long.")
    if isinstance(error, AtLimit):
        # Nothing was sent: waiting for our own pace is no try, or a slow key would leave a run to the rules.
        claims.hand_back(candidate, after=before_next_try(0, error.retry_after), reason=message)
        return
    if candidate.attempts >= settings.CANDIDATE_MAX_ATTEMPTS:
        fail(candidate, message)
        return
    asked_for = error.retry_after if isinstance(error, Unavailable) else None
    claims.hand_back(candidate, after=before_next_try(candidate.attempts, asked_for), reason=message, is_try=True)


def database_failed(candidate: Candidate, error: OperationalError | InterfaceError) -> None:
    """Put the candidate back; it is not its fault. Raises the like again while the database does not answer."""
    logger.warning("database.failed", candidate=candidate.pk, error=str(error))
    connection.close()  # one that was cut stays cut
    claims.hand_back(candidate, after=before_next_try(1))
