"""A language model fills in a form: what comes back is a valid value, or a refusal that says why.

What a model writes is not trusted. It is read strictly, repaired only where the repair cannot change what was said
(a code fence, a comma too many, an end that was cut off), and never coerced: "7" is no number, and half a word at the
end of an answer that was cut is left out. What does not fit is shown to the model once, in our own words.
"""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import json_repair
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from integrations.capabilities import Completion, LanguageModel
from integrations.errors import RequestRejected

F = TypeVar("F", bound=BaseModel)
Repair = Literal["", "fence", "cut", "syntax"]

MAX_CHARACTERS = 256_000
MAX_DEPTH = 32
# Repairing takes time by the square of what may be the end of something: 20 ms for an honest answer, and within these
# bounds two seconds for the worst.
MAX_REPAIRED_CHARACTERS = 32_000
MAX_REPAIR_WORK = 20_000_000
_ENDS = "\"'`“”}]"
MAX_COMPLAINTS = 8

COMPLAINT = """

Your previous answer was refused: {problem}.
Answer again, completely, with one JSON object in the form asked for and nothing else."""

_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
# An odd number of backslashes: `\\u0000` is a backslash and six characters.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
# Sentences of pydantic that repeat what the model wrote. It may be a page's text, and that stays out of instructions.
_QUOTING = frozenset({"value_error", "assertion_error", "union_tag_invalid", "extra_forbidden"})


class Unfit(Exception):
    """The answer is not the form. `problem` is in our own words; `is_final` where asking again would not help."""

    def __init__(self, problem: str, *, is_final: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Filled(Generic[F]):
    """A form, and how it came about. `model` is who answered; `was_asked_again` after a first answer that was unfit."""

    value: F
    model: str
    repair: Repair = ""
    was_asked_again: bool = False


async def fill(model: LanguageModel, form: type[F], *, system: str, user: str, max_tokens: int = 1024) -> F:
    """Return `form` as `model` fills it in, asked at most twice.

    Raises ProviderError; for an answer that is not the form, RequestRejected with the name of the model.
    """
    return (await filled(model, form, system=system, user=user, max_tokens=max_tokens)).value


async def filled(model: LanguageModel, form: type[F], *, system: str, user: str, max_tokens: int = 1024) -> Filled[F]:
    """Return what `fill` does, and who answered."""
    schema = form.model_json_schema()
    done = await model.complete(system=system, user=user, json_schema=schema, max_tokens=max_tokens)
    try:
        value, repair = await read(form, done.text)
        return Filled(value, done.model, repair)
    except Unfit as unfit:
        if unfit.is_final:
            raise _refused(done, unfit) from None
        # In the system message, so that the user's, which may be a document of data, stays what it was.
        again = system + COMPLAINT.format(problem=unfit.problem)
    done = await model.complete(system=again, user=user, json_schema=schema, max_tokens=max_tokens)
    try:
        value, repair = await read(form, done.text)
    except Unfit as unfit:
        raise _refused(done, unfit) from None
    return Filled(value, done.model, repair, was_asked_again=True)


async def read(form: type[F], text: str) -> tuple[F, Repair]:
    """Return the form that `text` is, and what had to be repaired. Raises Unfit."""
    text = _THOUGHT.sub("", text)
    if not text.strip():
        raise Unfit("it was empty", is_final=True)
    if len(text) > MAX_CHARACTERS:
        raise Unfit(f"it was longer than {MAX_CHARACTERS:,} characters", is_final=True)
    value, repair = await _object_in(text)
    return _validated(form, value), repair


async def _object_in(text: str) -> tuple[dict[str, Any], Repair]:
    begin = text.find("{")
    if begin < 0:
        raise Unfit("there was no JSON object in it")
    body = text[begin:]
    try:
        value, end = _parsed(body)
    except json.JSONDecodeError:
        whole = _without_cut_end(body)
        if whole is not None:
            return _closed(whole), "cut"
        return await _repaired(body), "syntax"
    if "{" in body[end:]:
        raise Unfit("there was more than one JSON object in it")
    return value, "" if text.strip() == body[:end] else "fence"


def _parsed(text: str) -> tuple[dict[str, Any], int]:
    """Return the JSON object at the beginning of `text`, and where it ends. Raises JSONDecodeError, or Unfit."""
    try:
        value, end = _DECODER.raw_decode(text)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise Unfit("it was nested too deep") from None
    except ValueError:  # Python makes no number of some thousand digits
        raise Unfit("a number in it was too large") from None
    return value, end


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Unfit("a name stood twice in one object")
    return members


def _not_a_number(_name: str) -> float:
    raise Unfit("NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_not_a_number)


def _without_cut_end(text: str) -> tuple[str, str] | None:
    """Return as much of `text` as was surely finished, and the brackets that close it; `None` where nothing is open.

    A word or number that runs to the end may be half of one, and so may what stands before a colon.
    """
    open_brackets: list[str] = []
    safe = 0
    in_string = is_escaped = False
    for place, letter in enumerate(text):
        if in_string:
            if is_escaped or letter == "\\":
                is_escaped = not is_escaped
            elif letter == '"':
                in_string = False
            continue
        if letter == '"':
            in_string = True
        elif letter in "{[":
            open_brackets.append("}" if letter == "{" else "]")
        elif letter in "}]":
            if not open_brackets or open_brackets.pop() != letter:
                return None
            if not open_brackets:
                return None
        if letter in "{[}],":
            safe = place if letter == "," else place + 1
    return text[:safe], "".join(reversed(open_brackets))


def _closed(cut: tuple[str, str]) -> dict[str, Any]:
    try:
        return _parsed("".join(cut))[0]
    except json.JSONDecodeError:
        raise Unfit("it was cut off") from None


async def _repaired(text: str) -> dict[str, Any]:
    """Return what `text` says in broken JSON. Raises Unfit where that would have to be guessed."""
    end = text.rfind("}") + 1
    if not _is_worth_repairing(text[:end]):
        raise Unfit("it was not valid JSON")
    try:
        # In a thread, because it is slow on what was made to be slow. In a list, because only there json-repair sees
        # that a name stands twice.
        found = await asyncio.to_thread(
            json_repair.repair_json, f"[{text[:end]}]", return_objects=True, skip_json_loads=True, strict=True
        )
    except (ValueError, RecursionError):
        raise Unfit("it was not valid JSON") from None
    match found:
        case [dict(value)]:
            return value
    raise Unfit("it was not valid JSON")


def _is_worth_repairing(text: str) -> bool:
    """Return whether a repair will be quick: thousands of quotation marks or brackets are no honest mistake."""
    if len(text) > MAX_REPAIRED_CHARACTERS or len(text) * sum(map(text.count, _ENDS)) > MAX_REPAIR_WORK:
        return False
    depth = deepest = 0
    for letter in text:
        if letter in "{[(":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "}])":
            depth = max(depth - 1, 0)
    return deepest <= 2 * MAX_DEPTH


def _validated(form: type[F], value: dict[str, Any]) -> F:
    _check_depth(value)
    try:
        plain = json.dumps(value, ensure_ascii=False, allow_nan=False)
        plain.encode()
    except UnicodeEncodeError:
        raise Unfit("a character in it was half of a pair") from None
    except ValueError:
        raise Unfit("a number in it was too large") from None
    if _NUL.search(plain):
        raise Unfit("there was a NUL character in it")
    try:
        return form.model_validate_json(plain, strict=True)
    except ValidationError as error:
        raise Unfit(_complaint(form, error)) from None


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _inside(outer)]
        if not level:
            return
    raise Unfit("it was nested too deep")


def _inside(container: dict[str, Any] | list[Any]) -> list[Any]:
    return list(container.values()) if isinstance(container, dict) else container


def _complaint(form: type[BaseModel], error: ValidationError) -> str:
    names = _names(form.model_json_schema())
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(dict.fromkeys(_said(details, names) for details in found[:MAX_COMPLAINTS]))


def _said(details: ErrorDetails, names: frozenset[str]) -> str:
    """Return one thing that is wrong, without a word that the model wrote."""
    path = ".".join(str(step) if isinstance(step, int) or step in names else "?" for step in details["loc"])
    if details["type"] == "extra_forbidden":
        return f"{path.rpartition('.')[0] or 'the object'} has a field that is not in the form"
    return f"{path or 'the object'}: " + ("not acceptable" if details["type"] in _QUOTING else details["msg"])


def _names(schema: Any) -> frozenset[str]:
    """Return the names of all fields that a schema knows."""
    if isinstance(schema, list):
        return frozenset().union(*map(_names, schema))
    if not isinstance(schema, dict):
        return frozenset()
    properties = schema.get("properties")
    own = frozenset(properties) if isinstance(properties, dict) else frozenset()
    return own.union(*map(_names, schema.values()))


def _refused(done: Completion, unfit: Unfit) -> RequestRejected:
    return RequestRejected(f"{done.model} gave an answer that is not in the form asked for: {unfit.problem}.")
