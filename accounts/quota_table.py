"""What is limited: one line for each limit, with the sentence that says what to do when it is reached."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

HOUR = 3_600
NEARLY = 0.8  # from this share on people are warned


@dataclass(frozen=True, slots=True)
class Quota:
    """One limit: `refusal` says how much is used and what to do. With `seconds` it is a rate, else it counts places.

    A rate is one person's in a workspace, or with `is_shared` that of the workspace.
    """

    name: str
    label: str | Promise
    refusal: str | Promise
    seconds: int = 0
    is_shared: bool = False


_PLACES = (
    Quota(
        "runs",
        _("Runs under way at once"),
        _("%(used)s of at most %(allowed)s runs are under way. Wait until one ends, or cancel one."),
    ),
    Quota(
        "hunts",
        _("Hunts"),
        _("This workspace has %(used)s of at most %(allowed)s hunts. Delete one that is not needed any more."),
    ),
    Quota(
        "presets",
        _("Presets"),
        _("This workspace has %(used)s of at most %(allowed)s presets. Delete one that is not needed any more."),
    ),
    Quota(
        "schedules",
        _("Schedules"),
        _("This workspace has %(used)s of at most %(allowed)s schedules. Delete one that is not needed any more."),
    ),
    Quota(
        "people",
        _("Members and open invitations"),
        _(
            "Members and open invitations take %(used)s of at most %(allowed)s places. "
            "Take an invitation back, or remove somebody."
        ),
    ),
    Quota(
        "tokens",
        _("API tokens"),
        _("This workspace has %(used)s of at most %(allowed)s API tokens. Revoke one that is not needed any more."),
    ),
    Quota(
        "lists",
        _("Uploaded lists of companies"),
        _(
            "This workspace has %(used)s of at most %(allowed)s lists. "
            "Delete one that is not needed any more, or ask whoever runs this installation for more room."
        ),
    ),
    Quota(
        "companies",
        _("Companies on uploaded lists"),
        _(
            "The lists of this workspace hold %(used)s of at most %(allowed)s companies. "
            "Delete a list that is not needed any more, or ask whoever runs this installation for more room."
        ),
    ),
)
_RATES = (
    Quota(
        "messages",
        _("Chat messages a minute, each person"),
        _("More than %(allowed)s messages a minute. Go on in %(seconds)s seconds."),
        60,
    ),
    Quota(
        "estimates",
        _("Estimates an hour, each person"),
        _("More than %(allowed)s estimates an hour. Go on in %(minutes)s minutes."),
        HOUR,
    ),
    Quota(
        "trials",
        _("Tests of language models an hour, each person"),
        _("More than %(allowed)s tests an hour. Go on in %(minutes)s minutes."),
        HOUR,
    ),
    Quota(
        "exports",
        _("Downloads of leads an hour, each person"),
        _("More than %(allowed)s downloads an hour. Go on in %(minutes)s minutes."),
        HOUR,
    ),
    Quota(
        "retries",
        _("Retries an hour, each person"),
        _("More than %(allowed)s retries an hour. Go on in %(minutes)s minutes."),
        HOUR,
    ),
    Quota(
        "invitations",
        _("Invitations sent an hour, the workspace"),
        _("More than %(allowed)s invitations an hour. Go on in %(minutes)s minutes."),
        HOUR,
        is_shared=True,
    ),
)
QUOTAS: dict[str, Quota] = {quota.name: quota for quota in (*_PLACES, *_RATES)}
