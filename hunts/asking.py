"""What the chat asks for: at most three things, none twice, and none that is known already."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from hunts.icp import Icp

TOPICS = ("product", "place", "size", "roles")
MOST_QUESTIONS = 3


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what may be clicked instead of typing an answer."""

    topic: str
    text: str
    suggestions: tuple[str, ...]


def open_topics(icp: Icp, asked: Sequence[str]) -> list[str]:
    """Return what may still be asked for, the most telling first; `asked` are the topics that were."""
    if len(asked) >= MOST_QUESTIONS:
        return []
    known = {
        "product": bool(icp.product),
        "place": bool(icp.countries or icp.regions or icp.events),
        "size": bool(icp.employees),
        "roles": bool(icp.roles),
    }
    return [topic for topic in TOPICS if not known[topic] and topic not in asked]


def next_question(icp: Icp, asked: Sequence[str]) -> Question | None:
    """Return the next question, in the language that is active."""
    topics = open_topics(icp, asked)
    return question(topics[0]) if topics else None


def question(topic: str) -> Question:
    """Return the question for a topic. Raises KeyError for one that is not in TOPICS."""
    asked: dict[str, tuple[str, tuple[str, ...]]] = {
        "product": (
            _("What do you sell to them, in a few words?"),
            (_("I would rather not say"),),
        ),
        "place": (
            _("Where should they be?"),
            (_("Germany, Austria and Switzerland"), _("European Union"), _("United States"), _("Anywhere")),
        ),
        "size": (
            _("How large should they be?"),
            (_("11 to 50 employees"), _("51 to 200 employees"), _("More than 200 employees"), _("Any size")),
        ),
        "roles": (
            _("Whom there do you want to reach?"),
            (_("The owner or CEO"), _("Head of purchasing"), _("Head of sales"), _("Anybody")),
        ),
    }
    text, suggestions = asked[topic]
    return Question(topic, text, suggestions)
