"""How an outside service can fail, named by what the caller does next.

ProviderError
├── Unavailable          try again later (timeout, 429, 5xx); has retry_after
├── QuotaExhausted       use the next provider; has resets_at
├── CredentialsRejected  switch the connection off and tell its owner
└── RequestRejected      give up: our request was wrong

BudgetRefused            no money or no permission to spend: nothing was sent
├── CapReached           a limit would be crossed; the run stops clean
│   ├── OwnCapReached        it is the run's own
│   └── LeadCapReached       it is the lead's: only this lead stops
├── RunStopped           the run was paused or cancelled; no new call starts
└── PriceUnknown         a paid call without a known price is never made
"""

from datetime import datetime


class ProviderError(Exception):
    """An outside service did not do what was asked. `message` is fit to show to a user."""

    def __init__(self, message: str, *, provider: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.provider = provider


class Unavailable(ProviderError):
    """Try again later.

    `retry_after` is in seconds. `may_be_billed` is True where the request was sent and no answer came
    back (a timeout, a lost connection): the service may have done the work.
    """

    def __init__(
        self, message: str, *, provider: str = "", retry_after: float | None = None, may_be_billed: bool = False
    ) -> None:
        super().__init__(message, provider=provider)
        self.retry_after = retry_after
        self.may_be_billed = may_be_billed


class QuotaExhausted(ProviderError):
    """This key is used up; use the next provider."""

    def __init__(self, message: str, *, provider: str = "", resets_at: datetime | None = None) -> None:
        super().__init__(message, provider=provider)
        self.resets_at = resets_at


class CredentialsRejected(ProviderError):
    """The key is wrong or revoked; switch the connection off and tell its owner."""


class RequestRejected(ProviderError):
    """The service understood and refused; the same request would fail again."""


class BudgetRefused(Exception):
    """No call was made, because the money or the permission for it is not there."""


class CapReached(BudgetRefused):
    """The hold would cross a limit. Says which, how much it is and what to do; `ceiling` names its kind.

    `may_pass` is True while money that is held for calls under way may come back and make room.
    """

    def __init__(self, message: str = "", *, ceiling: str = "", may_pass: bool = False) -> None:
        super().__init__(message)
        self.ceiling, self.may_pass = ceiling, may_pass


class OwnCapReached(CapReached):
    """It is the limit of the run, conversation or research itself."""


class LeadCapReached(CapReached):
    """It is the limit of a single lead; others can go on."""


class RunStopped(BudgetRefused):
    """Somebody paused or cancelled the run."""


class PriceUnknown(BudgetRefused):
    """A paid operation has no price on file."""
