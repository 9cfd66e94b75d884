"""A workspace's Slack channel: its webhook, sealed, and the notifications that go there."""

import asyncio
from datetime import timedelta

import structlog
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts import audit, outbox, problems, sealing
from accounts.audit_models import Verb
from accounts.links import into
from accounts.models import User, Workspace
from accounts.notification_models import CHOSEN, Kind, NotificationDelivery, SlackNews
from accounts.notification_words import words
from accounts.notifications import notify
from accounts.outbox import GiveUp, NotNeeded, TryLater
from integrations import connections
from integrations.capabilities import News
from integrations.errors import CredentialsRejected, ProviderError, Unavailable
from integrations.models import Connection
from integrations.providers.slack import Slack, webhook_of

logger = structlog.get_logger(__name__)

# All of a batch are sent at the same time, so that a slow answer to one workspace keeps no other waiting.
BATCH = 50
# For one message, from the first look at the name server to the last byte: a server may also drip.
DEADLINE_SECONDS = 15.0


def base_url() -> str:
    return settings.PROVIDERS[Slack.slug]["base_url"]


def connection_of(workspace_id: int) -> Connection | None:
    """Return the workspace's webhook, `None` where it has none."""
    return Connection.objects.filter(workspace_id=workspace_id, provider=Slack.slug).exclude(sealed_key="").first()


def connect(workspace: Workspace, address: str, *, by: User) -> bool:
    """Keep a webhook in place of one that was there; False where `address` is none. Raises sealing.NotSealable."""
    webhook = webhook_of(address, base_url())
    if webhook is None:
        return False
    sealed, ref = sealing.seal(webhook), sealing.key_ref(base_url(), webhook)
    with transaction.atomic():
        row = connections.row_of(workspace.pk, Slack.slug)
        row.set_key(sealed=sealed, ref=ref, by=by)
        audit.record(Verb.KEY_SET, row, workspace_id=workspace.pk, words=Slack.slug, by=by)
        SlackNews.objects.get_or_create(workspace=workspace, defaults={"kinds": list(CHOSEN)})
    logger.info("slack.connected", workspace=workspace.pk)
    return True


def disconnect(workspace: Workspace) -> None:
    """Forget the webhook and what went there."""
    with transaction.atomic():
        connections.remove_key(workspace.pk, Slack.slug)
        SlackNews.objects.filter(workspace=workspace).delete()


def try_out(workspace: Workspace) -> str:
    """Post a test message; return what went wrong in the language that is spoken, '' for nothing.

    It also switches on what was switched off.
    """
    connection = connection_of(workspace.pk)
    if connection is None:
        return _("Slack is not connected.")
    news = News(
        uid=f"test-{workspace.pk}",
        title=_("Magnet Hunter is connected: %(name)s") % {"name": workspace.name},
        detail=_("What happens in this workspace is told here."),
        url=into(workspace.pk, reverse("notification_settings:page")),
        action=_("Choose what is told"),
    )
    try:
        async_to_sync(_tell)(sealing.opened(connection.sealed_key), news)
    except (sealing.NotSealable, sealing.NotOpenable):
        return _("The webhook cannot be read any more. Enter it again.")
    except CredentialsRejected as error:
        _switch_off(connection, error.message)
        return problems.said(error.message)
    except ProviderError as error:
        return problems.said(error.message)
    Connection.objects.filter(pk=connection.pk, key_ref=connection.key_ref).update(is_on=True, problem="")
    return ""


def send_due() -> int:
    """Send a batch of messages whose time has come; return how many there were."""
    claimed = outbox.claim(NotificationDelivery.Channel.SLACK, BATCH)
    ready = []
    for delivery in outbox.in_time(claimed):
        try:
            ready.append((delivery, *_addressed(delivery)))
        except (GiveUp, NotNeeded) as answer:
            outbox.settle(delivery, answer)
    answers = async_to_sync(_tell_all)([(webhook, news) for _delivery, _connection, webhook, news in ready])
    for (delivery, connection, _webhook, _news), error in zip(ready, answers, strict=True):
        _settle(delivery, connection, error)
    return len(claimed)


def _addressed(delivery: NotificationDelivery) -> tuple[Connection, str, News]:
    """Return where a message goes and what it says. Raises GiveUp or NotNeeded."""
    notification = delivery.notification
    connection = connection_of(notification.workspace_id)
    if connection is None or not connection.is_on:
        raise NotNeeded("Slack is not connected any more")
    try:
        webhook = sealing.opened(connection.sealed_key)
    except (sealing.NotSealable, sealing.NotOpenable) as error:
        logger.error("connection.not_openable", connection=connection.pk, why=str(error))
        raise GiveUp(gettext_noop("The webhook cannot be read any more. Enter it again.")) from error
    by = connection.key_set_by
    with translation.override((by and by.language) or settings.LANGUAGE_CODE):
        said = words(notification)
        url = into(notification.workspace_id, notification.url)
        return connection, webhook, News(delivery.uid.hex, said.title, said.detail, url, _("Open in Magnet Hunter"))


async def _tell_all(messages: list[tuple[str, News]]) -> list[ProviderError | None]:
    async def told(webhook: str, news: News) -> ProviderError | None:
        try:
            await _tell(webhook, news)
        except ProviderError as error:
            return error
        return None

    return await asyncio.gather(*(told(webhook, news) for webhook, news in messages))


async def _tell(webhook: str, news: News) -> None:
    slack = Slack(webhook=webhook, base_url=base_url())
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await slack.tell(news)
    except TimeoutError as error:
        raise Unavailable("Slack took too long to answer.", provider=Slack.slug) from error
    finally:
        await slack.aclose()


def _settle(delivery: NotificationDelivery, connection: Connection, error: ProviderError | None) -> None:
    if error is None:
        outbox.settle(delivery, Slack.name)
    elif isinstance(error, Unavailable):
        after = timedelta(seconds=error.retry_after) if error.retry_after else None
        outbox.settle(delivery, TryLater(error.message, after=after))
    else:
        if isinstance(error, CredentialsRejected):
            _switch_off(connection, error.message)
        outbox.settle(delivery, GiveUp(error.message))


def _switch_off(connection: Connection, why: str) -> None:
    """Post nothing there any more, and tell the owner and admins; not if the webhook was replaced meanwhile."""
    with transaction.atomic():
        same = Connection.objects.filter(pk=connection.pk, key_ref=connection.key_ref, is_on=True)
        if not same.update(is_on=False, problem=why[:300]):
            return
        set_at = connection.key_set_at
        notify(
            connection.workspace,
            Kind.NEEDS_YOU,
            f"slack-off:{connection.pk}:{set_at:%Y%m%dT%H%M%S.%f}",
            url=reverse("notification_settings:page"),
            parameters={"why": "slack_off", "note": why},
        )
    logger.warning("slack.switched_off", workspace=connection.workspace_id, why=why)
