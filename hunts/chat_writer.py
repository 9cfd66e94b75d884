"""Writing one answer of a conversation: by the workspace's language model, else by rules.

An answer is never lost and never half: where the model does not answer, breaks off or writes what cannot be read, the
rules read what was said, and the message says why.
"""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import structlog
from asgiref.sync import sync_to_async
from django.utils.translation import gettext as _

from hunts import chat, model_chat, rules_chat
from hunts.chat_models import Conversation, Message
from hunts.icp import Icp
from hunts.meter import RunMeter
from integrations.chain import open_chain
from integrations.errors import BudgetRefused, CapReached, OwnCapReached, PriceUnknown, ProviderError
from integrations.gateway import Gateway
from integrations.untrusted import Replied, Said

logger = structlog.get_logger(__name__)

RULES = "rules"


@dataclass(frozen=True, slots=True)
class StartOver:
    """What was written so far does not count: the answer is written anew."""


@dataclass(frozen=True, slots=True)
class History:
    """What an answer is made of. `said` is the latest, and answers the question for `topic` if there was one."""

    turns: tuple[Said | Replied, ...]
    said: str
    topic: str


async def write(message: Message) -> AsyncIterator[str | StartOver]:
    """Yield a claimed message piece by piece, and save it with its profile when it is whole. Raises LeaseLost."""
    conversation = message.conversation
    base = conversation.icp
    history = await sync_to_async(_history)(message)
    try:
        has_model = False
        async with open_chain(conversation.workspace_id) as chain:
            if chain.tiers:
                has_model = True
                model = chain.through(_gateway(message))
                async for piece in model_chat.answer(model, history.turns, base, asked=conversation.asked):
                    if isinstance(piece, str):
                        yield piece
                    else:
                        message.problem = "; ".join(model.passed_over)[:500]
                        await sync_to_async(_finish_by_model)(message, base, piece)
                        return
    except (ProviderError, BudgetRefused) as error:
        logger.warning("chat.model_failed", message=message.pk, error=str(error))
        message.problem = _excuse(error, conversation)
    if has_model:
        yield StartOver()
    after, reply = await sync_to_async(_by_rules)(conversation, base, history)
    for word in re.findall(r"\S+\s*|\s+", reply.text):
        yield word
    await sync_to_async(_finish_by_rules)(message, base, after, reply)


def _gateway(message: Message) -> Gateway:
    conversation = message.conversation
    meter = RunMeter(conversation.budget_id)
    run_ref = f"chat-{conversation.pk}"
    whole = Gateway(meter, workspace_id=conversation.workspace_id, run_ref=run_ref)
    return whole.on_behalf_of(f"message-{message.pk}")


def _history(message: Message) -> History:
    told = list(message.conversation.messages.filter(pk__lt=message.pk).order_by("pk"))
    turns: list[Said | Replied] = []
    for one in told:
        if one.role == Message.Role.ASSISTANT:
            turns.append(Replied(one.text))
        elif one.text:
            # An edit was made by the customer, so it is said by them, too.
            turns.append(Said(one.text if one.role == Message.Role.USER else f"(I edited the profile) {one.text}"))
    said = next((one.text for one in reversed(told) if one.role == Message.Role.USER), "")
    return History(tuple(turns), said, _pending_topic(told))


def _pending_topic(told: Sequence[Message]) -> str:
    """Return what the last answer asked for, if what was said since is the answer to it."""
    return next((one.topic for one in reversed(told) if one.role == Message.Role.ASSISTANT), "")


def _excuse(error: ProviderError | BudgetRefused, conversation: Conversation) -> str:
    with chat.speaking(conversation):
        if isinstance(error, CapReached) and not isinstance(error, OwnCapReached):
            return _("%(why)s What you said was read by rules instead.") % {"why": error}
        if isinstance(error, OwnCapReached):
            return _("This conversation has spent what it may. What you said was read by rules instead.")
        if isinstance(error, PriceUnknown):
            return _("The language model has no price on file, so it was not asked. Rules read what you said.")
        said = _("The language model did not answer: %(why)s What you said was read by rules instead.")
        return (said % {"why": error})[:500]


def _by_rules(conversation: Conversation, base: Icp, history: History) -> tuple[Icp, rules_chat.Reply]:
    with chat.speaking(conversation):
        return rules_chat.answer(history.said, base, topic=history.topic, asked=conversation.asked)


def _finish_by_rules(message: Message, base: Icp, after: Icp, reply: rules_chat.Reply) -> None:
    message.text, message.topic, message.suggestions = reply.text, reply.topic, list(reply.suggestions)
    message.written_by = RULES
    chat.finish(message, base, after)


def _finish_by_model(message: Message, base: Icp, reply: model_chat.ModelReply) -> None:
    message.text, message.topic, message.suggestions = reply.text, reply.topic, list(reply.suggestions)
    message.written_by, message.prompt_version = reply.written_by[:100], model_chat.PROMPT_VERSION
    chat.finish(message, base, reply.icp)
