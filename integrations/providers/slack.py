"""Slack: messages to a channel by an incoming webhook. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/

A webhook's address is its key: https://hooks.slack.com/services/T000/B000/XXXX. Only the part after `services/` is the
customer's; to which host it goes is the operator's to say.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from integrations.capabilities import News, Prices
from integrations.egress.vendors import AnswerTooBig, vendor_client
from integrations.errors import CredentialsRejected, ProviderError, RequestRejected, Unavailable
from integrations.providers.registry import register
from integrations.providers.wire import NEVER_SENT, retry_after_seconds

TIMEOUT_SECONDS = 10.0
# https://docs.slack.dev/reference/block-kit/blocks/section-block
LONGEST_TEXT = 2_900
LONGEST_TITLE = 300
_WEBHOOK = re.compile(r"[A-Za-z0-9]{1,40}/[A-Za-z0-9]{1,40}/[A-Za-z0-9]{1,80}")
# What stands in the body of a refusal, and how that is said; whoever made the webhook has to make another. What is said
# here is translated by `integrations.slack_words`.
REASONS: Mapping[str, str] = {
    "no_service": "Slack does not know this webhook any more.",
    "no_active_hooks": "The webhook is switched off at Slack.",
    "no_team": "Slack does not know the workspace of this webhook any more.",
    "team_disabled": "The workspace of this webhook is closed at Slack.",
    "invalid_token": "Slack does not accept this webhook.",
    "channel_not_found": "The channel of this webhook is gone.",
    "channel_is_archived": "The channel of this webhook is archived.",
    "action_prohibited": "An administrator at Slack does not allow this webhook to post.",
    "posting_to_general_channel_denied": "An administrator at Slack does not allow this webhook to post.",
    "user_not_found": "Whoever this webhook writes to is gone from Slack.",
}


@register
class Slack:
    """Posts what happened to one channel. `webhook` is what follows `services/` in its address, and is secret."""

    slug: ClassVar[str] = "slack"
    name: ClassVar[str] = "Slack"
    needs_key: ClassVar[bool] = False  # none of the operator's: each workspace has a webhook, and it costs nothing
    prices: ClassVar[Mapping[str, Prices]] = {"message": Prices()}

    def __init__(self, *, webhook: str, base_url: str, http_client: httpx.AsyncClient | None = None) -> None:
        self._http = http_client or vendor_client(base_url)
        self._url = f"{base_url.rstrip('/')}/services/{webhook}"

    async def aclose(self) -> None:
        await self._http.aclose()

    async def tell(self, news: News) -> None:
        """Post one message. Slack knows no idempotency: `news.uid` is the id of its first block, in every try."""
        try:
            response = await self._http.post(self._url, json=message(news), timeout=TIMEOUT_SECONDS)
        except NEVER_SENT as error:
            raise Unavailable("Slack cannot be reached.", provider=self.slug) from error
        except httpx.TimeoutException as error:
            raise Unavailable("Slack took too long to answer.", provider=self.slug) from error
        except AnswerTooBig as error:
            raise Unavailable("Slack answered more than can be read.", provider=self.slug) from error
        except httpx.HTTPError as error:
            raise Unavailable("The connection to Slack broke off.", provider=self.slug) from error
        if response.status_code != 200 or response.text.strip() != "ok":
            raise self._explained(response)

    def _explained(self, response: httpx.Response) -> ProviderError:
        """https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/#handling-errors"""
        status, code = response.status_code, response.text.strip()[:100]
        if code in REASONS:
            return CredentialsRejected(REASONS[code], provider=self.slug)
        if status in (401, 403, 404, 410):
            return CredentialsRejected(f"Slack does not accept this webhook ({status}).", provider=self.slug)
        if status == 429:
            wait = retry_after_seconds(response.headers)
            return Unavailable("Slack takes no more messages for now.", provider=self.slug, retry_after=wait)
        if status >= 500:
            return Unavailable(f"Slack has a bad minute ({status}).", provider=self.slug)
        if status == 200:
            return Unavailable("Slack gave an answer that cannot be read.", provider=self.slug)
        return RequestRejected(f"Slack refused the message ({status}).", provider=self.slug)


def webhook_of(address: str, base_url: str) -> str | None:
    """Return the secret part of a webhook's address, `None` where that is no address of a webhook at `base_url`."""
    before, services, webhook = address.strip().partition("/services/")
    is_ours = services and before == base_url.rstrip("/") and _WEBHOOK.fullmatch(webhook)
    return webhook if is_ours else None


def message(news: News) -> dict[str, Any]:
    """Return the message. Foreign text is plain text in it, which cannot mention anybody; the link is ours."""
    blocks = [_plain(news.title[:LONGEST_TITLE]) | {"block_id": news.uid}]
    if news.detail:
        blocks.append(_plain(news.detail[:LONGEST_TEXT]))
    link = f"<{escaped(news.url)}|{escaped(news.action)}>"
    blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": link, "verbatim": True}})
    # `text` is what phones and screen readers announce.
    quiet = {"parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False}
    return {"text": escaped(news.title[:LONGEST_TITLE]), "mrkdwn": False, "blocks": blocks, **quiet}


def escaped(text: str) -> str:
    """Return `text` with what could be a mention or a link taken literally.

    https://docs.slack.dev/messaging/formatting-message-text/#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}
