"""Words by who wrote them, and the two kinds of prompt that they may stand in.

`Ours` was written by us, `Said` was typed by a member of the workspace, `Replied` is what a model answered that was
itself told nothing else, and `Untrusted` was written by somebody outside: a page, a directory, or a model that has read
one. The privileged side (chat, planner, rules) talks to its model through `privileged`, which takes the first three and
numbers; the judge and whoever else reads pages through `quarantined`, which takes all four:

    privileged(Ours(SYSTEM), told={"asked": (Said(topic),)}, turns=(Said("Pump makers"),))
    quarantined(Ours(SYSTEM), asked={"criteria": …}, read={"pages": …})

Neither takes a bare `str`, because nothing tells who wrote it: a type checker refuses it, and so does the running
program, with TypeError. What has been read from the database is a bare `str`; whoever wraps it says who wrote it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, LiteralString, NoReturn, TypeAlias, TypeVar, final

from integrations.capabilities import ChatTurn
from integrations.lexicon.text import CONTROL, INVISIBLE

T_co = TypeVar("T_co", covariant=True)

LONGEST_SAID = 20_000  # characters


class TooLong(ValueError):
    """Somebody said more than fits; the message says how much does."""


@final
class Untrusted(Generic[T_co]):
    """A value from outside. It cannot be printed, formatted, joined or stored by accident; `reveal` is for code that
    checks it or shows it as data, and stands out wherever it is called."""

    __slots__ = ("_value",)
    _value: T_co

    # No dataclass: `asdict` would take it apart.
    def __init__(self, value: T_co) -> None:
        object.__setattr__(self, "_value", value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("What came from outside stays as it came.")

    def reveal(self) -> T_co:
        """Return the value; whoever calls this sees to it that it stays data."""
        return self._value

    def __repr__(self) -> str:
        return f"<untrusted {type(self._value).__name__}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Untrusted) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Untrusted, self._value))

    if not TYPE_CHECKING:  # a type checker is to see that it can none of this

        def _refuse(self, *_: object) -> NoReturn:
            raise TypeError("Text from outside is no text of ours: it goes into a quarantined prompt only.")

        __str__ = __format__ = __iter__ = __add__ = __radd__ = __mod__ = __rmod__ = __getitem__ = _refuse
        __bytes__ = __contains__ = __reduce__ = _refuse


@final
@dataclass(frozen=True, slots=True)
class Ours:
    """Words that stand in our code."""

    text: LiteralString

    def __post_init__(self) -> None:
        _require_text(self.text)


@final
@dataclass(frozen=True, slots=True)
class Said:
    """What a member of the workspace typed, without the characters that hide or reorder text.

    Raises TooLong above LONGEST_SAID characters.
    """

    text: str

    def __post_init__(self) -> None:
        _require_text(self.text)
        if len(self.text) > LONGEST_SAID:
            raise TooLong(f"At most {LONGEST_SAID:,} characters can be read at once.")
        object.__setattr__(self, "text", INVISIBLE.sub("", CONTROL.sub(" ", self.text)))


@final
@dataclass(frozen=True, slots=True)
class Replied:
    """What a privileged model answered. Never the answer of a model that has read a page."""

    text: str

    def __post_init__(self) -> None:
        _require_text(self.text)


# Tuples and no sequences: to a type checker a str is a sequence of str, and would slip in.
Trusted: TypeAlias = "Ours | Said | Replied | int | float | tuple[Trusted, ...] | Mapping[str, Trusted] | None"
Readable: TypeAlias = "Trusted | Untrusted[str] | tuple[Readable, ...] | Mapping[str, Readable]"


@final
@dataclass(frozen=True, slots=True)
class PrivilegedPrompt:
    """A prompt without a word from outside. Made by `privileged`."""

    system: str
    turns: tuple[ChatTurn, ...]


@final
@dataclass(frozen=True, slots=True)
class QuarantinedPrompt:
    """A prompt whose second half was written by anybody. Made by `quarantined`; its answer is `Untrusted`."""

    system: str
    user: str


def privileged(
    system: Ours, *, told: Mapping[str, Trusted] | None = None, turns: Sequence[Said | Replied] = ()
) -> PrivilegedPrompt:
    """Return a prompt of our words and the customer's. `told` follows `system` as a JSON document, in its order.

    Raises TypeError for whatever is of another type, at any depth.
    """
    _require(system, Ours)
    document = json.dumps(_plain(told, is_quarantined=False), ensure_ascii=False) if told else ""
    return PrivilegedPrompt("\n".join(filter(None, (system.text, document))), tuple(_turn(turn) for turn in turns))


def quarantined(system: Ours, *, asked: Mapping[str, Trusted], read: Mapping[str, Readable]) -> QuarantinedPrompt:
    """Return a prompt about what was read. What is asked stands before it, so that many prompts begin alike.

    Raises TypeError for a bare string, and for anything untrusted in `asked`.
    """
    _require(system, Ours)
    document = _plain(asked, is_quarantined=False) | _plain(read, is_quarantined=True)
    return QuarantinedPrompt(system.text, json.dumps(document, ensure_ascii=False))


def _turn(turn: Said | Replied) -> ChatTurn:
    if isinstance(turn, Said):
        return ChatTurn("user", turn.text)
    _require(turn, Replied)
    return ChatTurn("assistant", turn.text)


def _plain(value: object, *, is_quarantined: bool) -> Any:
    """Return `value` as JSON carries it, or raise TypeError for what may not stand there."""
    if isinstance(value, Ours | Said | Replied):
        return value.text
    if isinstance(value, Untrusted) and is_quarantined:
        return value.reveal()
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, tuple):
        return [_plain(one, is_quarantined=is_quarantined) for one in value]
    if isinstance(value, Mapping):
        return {_name(name): _plain(one, is_quarantined=is_quarantined) for name, one in value.items()}
    raise TypeError(f"{type(value).__name__} may not stand in this prompt: say who wrote it (Ours, Said).")


def _name(name: object) -> str:
    """Return the name of a value; a text could hide in one that is no name."""
    if not isinstance(name, str) or not name.isidentifier():
        raise TypeError("A value in a prompt has a name of ours.")
    return name


def _require(value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} may not stand here, only {kind.__name__}.")


def _require_text(value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is no text.")
