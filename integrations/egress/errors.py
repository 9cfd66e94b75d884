"""Why nothing came back from an address, in words fit to show to a user.

EgressError          `reason` is one plain sentence; `is_passing` says that a second try may help
├── Refused          we do not go there: scheme, port or address (never retried)
├── NotResolved      the name does not exist
│   └── LookupFailed nobody could say in time whether it does (a second try may help)
├── NotConnected     nobody answers at the address, or the connection broke off
│   └── NoTls        somebody answers, but not in HTTPS (never retried)
├── BadCertificate   the certificate is not valid for the name
├── TimedOut         no full answer within the deadline
├── TooBig           the answer is larger than the limit
├── RedirectLoop     too many redirects
└── Unreadable       the answer is not what HTTP allows
"""


class EgressError(Exception):
    """An address could not be read."""

    is_passing = False

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(EgressError):
    """The policy forbids it; no connection was made."""


class NotResolved(EgressError):
    """The name has no address."""


class LookupFailed(NotResolved):
    """No name server gave an answer, or none in time."""

    is_passing = True


class NotConnected(EgressError):
    """No connection, or it broke off before the answer was complete."""

    is_passing = True


class NoTls(NotConnected):
    """The port does not speak TLS as we do."""

    is_passing = False


class BadCertificate(EgressError):
    """TLS would not vouch for the host."""


class TimedOut(EgressError):
    """The deadline passed."""

    is_passing = True


class TooBig(EgressError):
    """More bytes than we accept, before or after decompression."""


class RedirectLoop(EgressError):
    """More redirects than we follow."""


class Unreadable(EgressError):
    """Broken HTTP, or an encoding that we did not ask for."""
