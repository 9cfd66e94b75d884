"""The words and counts in a language model's answer, made safe to keep: vendors promise neither shape nor size."""

import codecs
from typing import Any

from openai.types.chat import ChatCompletion, ChatCompletionChunk

from integrations.capabilities import Completion, Usage

# Ten times what the longest form takes. A model that writes more has lost its way, and every token costs.
MAX_CHARACTERS = 256_000
LONGEST_NAME = 100
# No model takes as much at once; a larger count is a mistake and must not end up in anybody's books.
MOST_TOKENS = 10_000_000


class TooMuchText(Exception):
    """The model wrote more than MAX_CHARACTERS."""


class Wording:
    """Text that arrives in pieces, with what no database takes left out: NUL, and halves of surrogate pairs.

    A pair may be cut in two by the end of a piece, so that its first half waits for the second.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-16-le")("replace")
        self._size = 0

    def read(self, piece: str, *, is_last: bool = False) -> str:
        """Return what can be shown of the text so far. Raises TooMuchText."""
        self._size += len(piece)
        if self._size > MAX_CHARACTERS:
            raise TooMuchText
        return self._decoder.decode(piece.encode("utf-16-le", "surrogatepass"), is_last).replace("\0", "")


class StreamedAnswer:
    """Puts the chunks of a stream together."""

    def __init__(self, model: str) -> None:
        self.has_ended = False  # a stream that just stops was cut off
        self._wording = Wording()
        self._pieces: list[str] = []
        self._model = model
        self._usage: Usage | None = None

    def read(self, chunk: ChatCompletionChunk) -> str:
        """Return the text that `chunk` adds, '' for none. Raises TypeError for an unknown shape, or TooMuchText."""
        self._model = named(chunk.model) or self._model
        self._usage = usage_of(chunk.usage) or self._usage
        if not chunk.choices:  # the last chunk has the usage and nothing else
            return ""
        choice = chunk.choices[0]
        self.has_ended = self.has_ended or bool(choice.finish_reason)
        piece = self._wording.read(text_of(choice.delta.content) if choice.delta else "")
        self._pieces.append(piece)
        return piece

    def whole(self) -> Completion:
        """Return the answer as far as it came."""
        return Completion("".join([*self._pieces, self._wording.read("", is_last=True)]), self._model, self._usage)


def completion_of(answer: ChatCompletion, model: str) -> Completion:
    """Return the vendor's answer as ours. Raises TypeError for an unknown shape, or TooMuchText.

    A refusal has no text but was billed all the same, so it is an (empty) answer and not an error.
    """
    text = text_of(answer.choices[0].message.content) if answer.choices else ""
    return Completion(Wording().read(text, is_last=True), named(answer.model) or model, usage_of(answer.usage))


def text_of(content: Any) -> str:
    """Return the text of a message or a piece of it; `None` stands for ''."""
    if content is not None and not isinstance(content, str):
        raise TypeError(f"text is a {type(content).__name__}")
    return content or ""


def named(model: Any) -> str:
    """Return the name of the model that answered; '' where none is given. Some local servers give a file's path."""
    if not isinstance(model, str):
        return ""
    name = Wording().read(model[:1_000], is_last=True)
    return (name.rpartition("/")[2] if name.startswith("/") else name)[:LONGEST_NAME]


def usage_of(usage: Any) -> Usage | None:
    """Return the counts of tokens, or `None` where there are none that can be true."""
    counts = [getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens")]
    whole = [count for count in counts if type(count) is int and 0 <= count <= MOST_TOKENS]
    return Usage(*whole) if len(whole) == len(counts) else None
