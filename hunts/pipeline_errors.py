"""Why a run does not start."""

from django.utils.translation import gettext as _

from hunts.models import Run


class NotStarted(Exception):
    """Nothing was started; the message says why, in words that can be shown."""


class AlreadyLive(NotStarted):
    """The hunt is being run already: `run` is the one."""

    def __init__(self, run: Run) -> None:
        super().__init__(_("This hunt is running already: this is run %(run)s.") % {"run": run.pk})
        self.run = run
