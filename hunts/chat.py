"""A conversation about whom to sell to: what is said and what is edited both change one profile.

The profile of a conversation has a version. Whoever changes it names the version that they saw, and what they changed
is put onto the profile as it is now, so that an answer and an edit that come at the same time both take effect.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import quotas
from accounts.models import User, Workspace
from accounts.quotas import QuotaReached
from billing import ledger
from billing.models import Budget
from hunts import changes, languages
from hunts.chat_models import Conversation, Message
from hunts.icp import Icp
from hunts.merging import merged
from hunts.models import SavedIcp
from integrations.lexicon.language import language_of
from integrations.lexicon.text import visible

MOST_SAID = 20_000  # characters
MOST_MESSAGES = 200
# Runs by the database's clock, so that machines whose clocks differ agree on who writes.
LEASE = timedelta(seconds=90)


class NotSaid(ValueError):
    """Something that cannot be taken into a conversation. Its text is fit to show and says what to do."""


class TooManyMessages(QuotaReached, NotSaid):
    """Somebody says more in a minute than they may."""


class LeaseLost(Exception):
    """Another process writes this message now."""


def begin(workspace: Workspace, *, by: User | None, icp: Icp | None = None, title: str = "") -> Conversation:
    """Open a conversation, from a profile where there is one already."""
    icp = icp or Icp()
    with transaction.atomic():
        budget = Budget.objects.create(
            workspace=workspace, cap_microusd=settings.CHAT_MAX_SPEND_MICROUSD, started_by=by
        )
        return Conversation.objects.create(
            workspace=workspace,
            title=title[:200] or icp.brief[:200],
            language=icp.language,
            icp_json=icp.to_json(),
            budget=budget,
            created_by=by,
        )


def cleaned(text: str) -> str:
    """Return what somebody typed without characters that hide or reorder text. Raises NotSaid."""
    if len(text) > MOST_SAID:
        raise NotSaid(_("That is longer than %(most)s characters. Say it in fewer words.") % {"most": f"{MOST_SAID:,}"})
    said = visible(text)
    if not said:
        raise NotSaid(_("Write something first: whom you want as customers, where, and how large."))
    return said


def say(conversation: Conversation, text: str, *, by: User | None = None) -> Message:
    """Take what the customer said, and return the answer that is to be written. Raises NotSaid."""
    said = cleaned(text)
    quotas.take(conversation.workspace_id, "messages", by=by, error=TooManyMessages)
    with transaction.atomic():
        Conversation.objects.select_for_update().get(pk=conversation.pk)  # two windows take turns
        if conversation.messages.filter(status=Message.Status.WRITING).exists():
            raise NotSaid(_("The answer is still being written. Say the next thing when it is there."))
        if conversation.messages.count() >= MOST_MESSAGES:
            raise NotSaid(_("This conversation is full. Begin a new one with its profile."))
        if not conversation.icp.brief and not conversation.messages.filter(role=Message.Role.USER).exists():
            conversation.title = conversation.title or " ".join(said.split())[:200]
            conversation.language = language_of(said)
        conversation.changed_at = timezone.now()
        conversation.save(update_fields=["title", "language", "changed_at"])
        Message.objects.create(conversation=conversation, role=Message.Role.USER, text=said)
        return Message.objects.create(
            conversation=conversation, role=Message.Role.ASSISTANT, status=Message.Status.WRITING
        )


def ask_again(message: Message, *, by: User | None = None) -> Message:
    """Return a new answer to be written in the place of one that no model gave. Raises NotSaid."""
    quotas.take(message.conversation.workspace_id, "messages", by=by, error=TooManyMessages)
    with transaction.atomic():
        conversation = Conversation.objects.select_for_update().get(pk=message.conversation_id)
        said_since = conversation.messages.filter(pk__gt=message.pk, role=Message.Role.USER)
        if message.written_by != "rules" or said_since.exists():
            raise NotSaid(_("The conversation has gone on since. Say it again below."))
        message.delete()
        return Message.objects.create(
            conversation=conversation, role=Message.Role.ASSISTANT, status=Message.Status.WRITING
        )


def at_version(conversation: Conversation, version: int) -> Icp:
    """Return the profile as it was at a version, or as near before it as is known."""
    if version == conversation.version:
        return conversation.icp
    kept = conversation.messages.filter(version__lte=version, icp_json__isnull=False).order_by("-version", "-pk")
    icp_json = kept.values_list("icp_json", flat=True).first()
    return Icp.from_json(icp_json) if icp_json else Icp()


def edit(conversation: Conversation, mine: Icp, *, seen: int) -> Message | None:
    """Put what was edited on the profile of version `seen` onto that of now; None where nothing changed."""
    before, after = _move(conversation, at_version(conversation, seen), mine)
    if after == before:
        return None
    told = changes.changes(before, after) or changes.criteria_changes(before, after)
    return _note(conversation, [str(change) for change in told])


def undo(conversation: Conversation) -> Message | None:
    """Take the last change of the profile back; None where there is none."""
    now = conversation.icp
    earlier = conversation.messages.filter(version__lt=conversation.version, icp_json__isnull=False)
    icp_json = earlier.order_by("-version", "-pk").values_list("icp_json", flat=True).first()
    back = Icp.from_json(icp_json) if icp_json else None
    if back is None or not back.brief:
        return None
    before, after = _move(conversation, now, back, whole=True)
    if before == after:
        return None
    told = changes.changes(before, after) or changes.criteria_changes(before, after)
    return _note(conversation, [_("Taken back."), *map(str, told)])


def _move(conversation: Conversation, base: Icp, mine: Icp, *, whole: bool = False) -> tuple[Icp, Icp]:
    """Save the profile with what changed from `base` to `mine`; return it as it was and as it is."""
    with transaction.atomic():
        row = Conversation.objects.select_for_update().get(pk=conversation.pk)
        before = row.icp
        after = mine if whole else merged(base, mine, before)
        if after != before:
            if not row.messages.filter(version=row.version, icp_json__isnull=False).exists():
                # What is changed can be taken back, also where no message had left it so.
                row.messages.create(role=Message.Role.EDIT, icp_json=row.icp_json, version=row.version)
            row.icp_json, row.version, row.changed_at = after.to_json(), row.version + 1, timezone.now()
            row.save(update_fields=["icp_json", "version", "changed_at"])
    conversation.icp_json, conversation.version, conversation.changed_at = row.icp_json, row.version, row.changed_at
    return before, after


def _note(conversation: Conversation, lines: Sequence[str]) -> Message:
    return Message.objects.create(
        conversation=conversation,
        role=Message.Role.EDIT,
        text="\n".join(lines),
        icp_json=conversation.icp_json,
        version=conversation.version,
    )


def claim(message_id: int) -> Message | None:
    """Take a message to write; None where it is written already, or another process is at it."""
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lt=Now())
    waiting = Message.objects.filter(free, pk=message_id, status=Message.Status.WRITING)
    message = waiting.select_related("conversation__budget").first()
    if message is None:
        return None
    message.fence += 1
    taken = waiting.filter(fence=message.fence - 1)
    return message if taken.update(fence=message.fence, lease_expires_at=Now() + LEASE) else None


def keep(message: Message, text: str) -> None:
    """Save how far a message is written. Raises LeaseLost."""
    _ours(message, text=text, lease_expires_at=Now() + LEASE)


def hand_back(message: Message) -> None:
    """Let another process write it: this one is going down."""
    Message.objects.filter(pk=message.pk, fence=message.fence).update(lease_expires_at=None, text="")


def finish(message: Message, base: Icp, mine: Icp) -> Conversation:
    """Save a message that is whole, and its profile: `mine`, made of `base`. Raises LeaseLost."""
    conversation = message.conversation
    with transaction.atomic():
        _before, after = _move(conversation, base, mine)
        asked = [*conversation.asked, message.topic] if message.topic else conversation.asked
        if after.brief and not base.brief:
            conversation.language = after.language
        conversation.asked = asked
        conversation.save(update_fields=["asked", "language"])
        columns = {
            "status": Message.Status.DONE,
            "text": message.text,
            "problem": message.problem,
            "topic": message.topic,
            "suggestions": message.suggestions,
            "written_by": message.written_by,
            "prompt_version": message.prompt_version,
            "icp_json": conversation.icp_json,
            "version": conversation.version,
            "lease_expires_at": None,
        }
        _ours(message, **columns)
    for name, value in columns.items():
        setattr(message, name, value)
    return conversation


def _ours(message: Message, **columns: object) -> None:
    mine = Message.objects.filter(pk=message.pk, fence=message.fence, status=Message.Status.WRITING)
    if not mine.update(**columns):
        raise LeaseLost


def speaking(conversation: Conversation) -> translation.override:
    """Return a context in which the chat's sentences are in the customer's language."""
    return languages.speaking(conversation.language)


def save_icp(workspace: Workspace, name: str, icp: Icp, *, by: User | None) -> SavedIcp:
    """Keep a profile under a name; one of that name takes its place. Raises NotSaid."""
    name = " ".join(visible(name).split())[:100]
    if not name:
        raise NotSaid(_("Give the profile a name."))
    saved, _made = SavedIcp.objects.update_or_create(
        workspace=workspace,
        name=name,
        defaults={"icp_json": icp.to_json()},
        create_defaults={"icp_json": icp.to_json(), "created_by": by},
    )
    return saved


def delete(conversation: Conversation) -> None:
    """Delete what was said and end the spending on it; hunts that came of it, and what was paid, stay."""
    with transaction.atomic():
        ledger.close(conversation.budget_id)
        conversation.delete()
