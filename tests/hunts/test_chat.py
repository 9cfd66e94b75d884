"""A conversation's rows: what is said, edited, taken back, and written by one process at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from accounts.models import Workspace
from billing.models import Budget
from hunts import chat, chat_writer
from hunts.brief import read_brief
from hunts.chat_models import Conversation, Message
from hunts.models import SavedIcp

pytestmark = pytest.mark.django_db

BRIEF = "Fintech companies in Germany with 11-200 employees"


@pytest.fixture
def conversation(workspace, owner) -> Conversation:
    return chat.begin(workspace, by=owner)


def answer(message: Message) -> Message:
    """Have a message written, as the process that is asked for it does."""
    claimed = chat.claim(message.pk)
    assert claimed is not None

    async def write() -> str:
        return "".join([piece async for piece in chat_writer.write(claimed) if isinstance(piece, str)])

    written = async_to_sync(write)()
    message.refresh_from_db()
    assert message.text == written
    message.conversation.refresh_from_db()
    return message


def say(conversation: Conversation, text: str) -> Message:
    message = answer(chat.say(conversation, text))
    conversation.refresh_from_db()
    return message


def test_what_is_said_becomes_a_profile_and_an_answer(conversation):
    message = say(conversation, BRIEF)
    assert conversation.icp.countries == ("DE",)
    assert conversation.title == BRIEF
    assert (message.status, message.written_by, message.topic) == (Message.Status.DONE, "rules", "product")
    assert conversation.asked == ["product"]


@pytest.mark.parametrize(
    ("brief", "language", "begins"),
    [
        ("Fintech companies in Germany", "en", "This is whom"),
        ("德国的金融科技公司", "zh", "我要找的"),
        ("Fintech firme u Nemačkoj", "sr", "Ovakve firme"),
    ],
    ids=["en", "zh", "sr"],
)
def test_the_chat_answers_in_the_language_of_the_brief(conversation, brief, language, begins):
    message = say(conversation, brief)
    assert conversation.language == language
    assert message.text.startswith(begins)


def test_what_hides_or_reorders_text_is_taken_out(conversation):
    chat.say(conversation, "Fintech\u202e in \u200bGermany，ok\0 \U000e0041")
    assert conversation.messages.first().text == "Fintech in Germany，ok"


@pytest.mark.parametrize("text", ["", "  \n ", "\u200b", "x" * 20_001], ids=["nothing", "blank", "unseen", "too-long"])
def test_what_cannot_be_taken_says_why_and_leaves_nothing(conversation, text):
    with pytest.raises(chat.NotSaid) as refused:
        chat.say(conversation, text)
    assert str(refused.value)
    assert not conversation.messages.exists()


def test_nobody_speaks_while_an_answer_is_written(conversation):
    waiting = chat.say(conversation, BRIEF)
    with pytest.raises(chat.NotSaid):
        chat.say(conversation, "also Austria")
    answer(waiting)
    assert say(conversation, "also Austria").status == Message.Status.DONE


def test_an_edit_beside_the_chat_is_told_in_it_and_can_be_taken_back(conversation):
    say(conversation, BRIEF)
    before = conversation.icp
    note = chat.edit(conversation, replace(before, countries=("DE", "AT")), seen=conversation.version)
    assert note.role == Message.Role.EDIT
    assert "Austria" in note.text
    assert conversation.icp.countries == ("DE", "AT")
    undone = chat.undo(conversation)
    assert conversation.icp == before
    assert "Austria" in undone.text


def test_nothing_can_be_taken_back_before_there_is_a_profile(conversation):
    assert chat.undo(conversation) is None
    say(conversation, BRIEF)
    assert chat.undo(conversation) is None
    assert conversation.icp.brief


def test_an_edit_and_an_answer_at_the_same_time_both_take_effect(conversation):
    say(conversation, BRIEF)
    seen, shown = conversation.version, conversation.icp
    say(conversation, "audits")
    say(conversation, "also Austria")
    chat.edit(conversation, replace(shown, keywords=("open banking",)), seen=seen)
    assert conversation.icp.countries == ("DE", "AT")
    assert conversation.icp.keywords == ("open banking",)
    assert conversation.icp.product == "audits"


def test_an_edit_that_changes_nothing_is_not_told(conversation):
    say(conversation, BRIEF)
    assert chat.edit(conversation, conversation.icp, seen=conversation.version) is None


def test_a_message_is_written_by_one_process_at_a_time(conversation):
    message = chat.say(conversation, BRIEF)
    first = chat.claim(message.pk)
    assert first is not None
    assert chat.claim(message.pk) is None
    Message.objects.filter(pk=message.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    second = chat.claim(message.pk)
    assert second is not None
    with pytest.raises(chat.LeaseLost):
        chat.keep(first, "too late")
    with pytest.raises(chat.LeaseLost):
        chat.finish(first, conversation.icp, read_brief("Law firms in France"))
    conversation.refresh_from_db()
    assert conversation.icp.countries == ()
    chat.finish(second, conversation.icp, read_brief(BRIEF))
    assert chat.claim(message.pk) is None


def test_a_machine_whose_clock_is_ahead_takes_no_message_from_another(conversation, monkeypatch):
    message = chat.say(conversation, BRIEF)
    first = chat.claim(message.pk)
    tomorrow = timezone.now() + timedelta(days=1)
    with monkeypatch.context() as ahead:
        ahead.setattr(timezone, "now", lambda: tomorrow)
        assert chat.claim(message.pk) is None
        chat.keep(first, "so far")
    message.refresh_from_db()
    assert message.lease_expires_at < tomorrow


def test_a_machine_whose_clock_is_behind_holds_a_message_no_longer_than_others(conversation, monkeypatch):
    message = chat.say(conversation, BRIEF)
    with monkeypatch.context() as behind:
        behind.setattr(timezone, "now", lambda: datetime(2020, 1, 1, tzinfo=UTC))
        assert chat.claim(message.pk) is not None
    assert chat.claim(message.pk) is None


def test_a_process_that_goes_down_hands_its_message_back(conversation):
    message = chat.say(conversation, BRIEF)
    chat.hand_back(chat.claim(message.pk))
    assert answer(message).status == Message.Status.DONE


def test_a_profile_is_saved_under_a_name_and_replaced_under_the_same(conversation, workspace, owner):
    say(conversation, BRIEF)
    chat.save_icp(workspace, " My  best \u200bcustomers ", conversation.icp, by=owner)
    chat.save_icp(workspace, "My best customers", replace(conversation.icp, product="audits"), by=None)
    kept = SavedIcp.objects.get()
    assert (kept.name, kept.icp.product, kept.created_by) == ("My best customers", "audits", owner)
    chat.save_icp(Workspace.start("Other"), "My best customers", conversation.icp, by=None)
    with pytest.raises(chat.NotSaid):
        chat.save_icp(workspace, "  ", conversation.icp, by=owner)


def test_a_deleted_conversation_spends_nothing_more(conversation):
    message = chat.say(conversation, BRIEF)
    budget = conversation.budget_id
    chat.delete(conversation)
    assert not Message.objects.filter(pk=message.pk).exists()
    assert Budget.objects.get(pk=budget).is_open is False
