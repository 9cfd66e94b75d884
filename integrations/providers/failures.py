"""What it means that a language model's vendor did not answer: which error of ours stands for which of theirs.

https://platform.openai.com/docs/guides/error-codes
https://platform.kimi.ai/docs/api/errors
"""

import re
from dataclasses import dataclass
from typing import Any

import openai

from integrations.egress.errors import EgressError
from integrations.egress.vendors import AnswerTooBig
from integrations.errors import CredentialsRejected, ProviderError, QuotaExhausted, RequestRejected, Unavailable
from integrations.providers.wire import LONGEST_WAIT, NEVER_SENT, moment_after, seconds_told

# "No money left", by the code or type of the error. Sentences about too many requests a minute also name a page
# about billing, so a word in the sentence proves nothing.
_NO_MONEY = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "exceeded_current_quota_error"}
)
_NO_MONEY_SENTENCES = ("insufficient balance", "exceeded your current", "usage limit for this")
# A limit that counts by the day: requests or tokens.
_BY_THE_DAY = re.compile(r"\b[rt]pd\b|\bper day\b|\bdaily\b")
_TOO_LONG = frozenset({"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"})
_TOO_LONG_SENTENCES = ("model token limit", "token length too long", "maximum context length", "request too large for")
# A gateway gave up waiting, so that the model behind it may have done the work.
_GATEWAY_TIMEOUTS = frozenset({504, 524})
_LONGEST_SENTENCE = 2_000


@dataclass(frozen=True, slots=True)
class Vendor:
    """Who failed: its name for people, its slug, and the model that was asked."""

    name: str
    slug: str
    model: str

    def explained(self, error: Exception) -> ProviderError:
        """Return what the caller should do about `error`, which is whatever the vendor's client raised."""
        cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
        if isinstance(cause, NEVER_SENT) or isinstance(error, EgressError):
            return Unavailable(f"{self.name} cannot be reached.", provider=self.slug)
        if isinstance(cause, AnswerTooBig):
            return self.lost(f"{self.name} answered more than can be read: {cause}")
        if isinstance(error, openai.APITimeoutError | TimeoutError):
            return self.lost(f"{self.name} took too long to answer.")
        if isinstance(error, openai.APIConnectionError):
            return self.lost(f"The connection to {self.name} broke off.")
        if isinstance(error, openai.APIStatusError):
            return self._by_status(error.status_code, error, error.response.headers)
        if isinstance(error, openai.APIError) and error.body:
            return self._half_way(error)
        return self.lost(f"{self.name} gave an answer that cannot be read.")

    def lost(self, message: str) -> Unavailable:
        """Return the error for an answer that was begun or awaited, and not had: it may be on the bill."""
        return Unavailable(message, provider=self.slug, may_be_billed=True)

    def _half_way(self, error: openai.APIError) -> ProviderError:
        """An error instead of the next piece of a stream; its status was 200 long ago."""
        kinds, sentence = _told(error)
        if _is_no_money(kinds, sentence):
            return QuotaExhausted(f"The account at {self.name} is used up.", provider=self.slug)
        return self.lost(f"{self.name} broke off its answer.")

    def _by_status(self, status: int, error: openai.APIStatusError, headers: Any) -> ProviderError:
        kinds, sentence = _told(error)
        wait = seconds_told(headers, sentence)
        if status == 401:
            return CredentialsRejected(f"{self.name} does not accept the key.", provider=self.slug)
        if status == 402 or _is_no_money(kinds, sentence):
            return self._used_up(f"The account at {self.name} is used up.", wait)
        if status == 403:
            return CredentialsRejected(f"{self.name} does not accept the key.", provider=self.slug)
        if kinds & _TOO_LONG or status == 413 or any(words in sentence for words in _TOO_LONG_SENTENCES):
            return RequestRejected(f"The text is too long for {self.model} ({self.name}).", provider=self.slug)
        if status == 429 and (_BY_THE_DAY.search(sentence) or (wait or 0) > LONGEST_WAIT):
            return self._used_up(f"The limit of the key at {self.name} is used up for now.", wait)
        if status in (408, 409, 425, 429) or status >= 500:
            return Unavailable(
                f"{self.name} is busy ({status}).",
                provider=self.slug,
                retry_after=None if wait is None else min(wait, LONGEST_WAIT),
                may_be_billed=status in _GATEWAY_TIMEOUTS,
            )
        return RequestRejected(self._refusal(status, kinds), provider=self.slug)

    def _used_up(self, message: str, wait: float | None) -> QuotaExhausted:
        return QuotaExhausted(message, provider=self.slug, resets_at=None if wait is None else moment_after(wait))

    def _refusal(self, status: int, kinds: frozenset[str]) -> str:
        if status == 404:
            return f"{self.name} does not know the model {self.model}, or its address is wrong (404)."
        if "content_filter" in kinds or "content_policy_violation" in kinds:
            return f"{self.name} refuses this text by its content rules ({status})."
        return f"{self.name} refused the request ({status})."


def _told(error: openai.APIError) -> tuple[frozenset[str], str]:
    """Return the code and type of an error, and its sentence, bounded; any of them may be missing."""
    body = error.body if isinstance(error.body, dict) else {}
    kinds = frozenset(kind.lower() for kind in (body.get("code"), body.get("type")) if isinstance(kind, str))
    sentence = body.get("message")
    return kinds, (sentence if isinstance(sentence, str) else error.message)[:_LONGEST_SENTENCE].lower()


def _is_no_money(kinds: frozenset[str], sentence: str) -> bool:
    return bool(kinds & _NO_MONEY) or any(words in sentence for words in _NO_MONEY_SENTENCES)
