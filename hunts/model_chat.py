"""The chat with a language model: one streamed call an answer, which also fills in the profile.

The model is the privileged one: it is told our words, the customer's and its own earlier ones, and never what a page
says. What it fills in is checked field by field before it counts.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import jiter
import pycountry
from pydantic import BaseModel, ConfigDict, Field

from hunts import asking, profile
from hunts.icp import Icp, criterion_key
from integrations.capabilities import Completion, Criterion, CriterionKind, LanguageModel, Range
from integrations.errors import RequestRejected
from integrations.lexicon import places
from integrations.lexicon.industry_words import industry_groups
from integrations.lexicon.text import visible
from integrations.structured import Unfit, read
from integrations.untrusted import Ours, Replied, Said, Trusted, privileged

PROMPT_VERSION = "chat-1"

SYSTEM = """You help a salesperson to say which companies they want as customers: their ideal customer profile.
Answer in the language that the customer writes in. Be brief: two or three sentences of plain Markdown, no headings.

Fill in the whole profile, not only what is new. Keep what stands in `profile` unless the customer asks for something
else: they may have edited it by hand. Never invent a wish: leave a field empty where nothing was said.
- product, value: what the customer sells, and what a buyer has of it.
- summary: the companies that are looked for, in one sentence.
- industries, keywords: what such companies do. countries: ISO 3166 alpha-2 codes. regions: smaller or larger areas.
- employees and founding years: numbers, or null. roles: whom to write to there. excluded: what they must not be.
- criteria: sentences that a company's own website answers with yes or no; must, nice or exclude; weight 1-10.
- good_examples, bad_examples: companies that the customer named.

`question`: one short question about one of the topics in `open_topics`, or "" where none would help. Never ask for what
is known. `topic` is its topic, or "". `suggestions`: up to four short answers to click, in the customer's language.

Answer with one JSON object, `reply` first:
{"reply": "...", "question": "...", "topic": "product|place|size|roles|", "suggestions": ["..."], "profile":
{"product": "", "value": "", "summary": "", "industries": [], "keywords": [], "excluded": [], "countries": [],
"regions": [], "events": [], "employees_min": null, "employees_max": null, "founded_min": null, "founded_max": null,
"funding": "", "funding_stage": "", "company_type": "", "roles": [], "good_examples": [], "bad_examples": [],
"criteria": [{"text": "", "kind": "must|nice|exclude", "weight": 5}]}}
What follows is the state of the conversation."""

MAX_TOKENS = 2_500
LATEST_TURNS = 30
LONGEST_REPLY = 4_000  # characters


class CriterionForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=3, max_length=500)
    kind: CriterionKind
    weight: int = Field(ge=1, le=10)


class ProfileForm(BaseModel):
    """What a language model fills in of a profile."""

    model_config = ConfigDict(extra="forbid")

    product: str = Field(max_length=300)
    value: str = Field(max_length=300)
    summary: str = Field(max_length=500)
    industries: list[str] = Field(max_length=20)
    keywords: list[str] = Field(max_length=20)
    excluded: list[str] = Field(max_length=20)
    countries: list[str] = Field(max_length=60)
    regions: list[str] = Field(max_length=20)
    events: list[str] = Field(max_length=20)
    employees_min: int | None = Field(ge=0, le=10_000_000)
    employees_max: int | None = Field(ge=0, le=10_000_000)
    founded_min: int | None = Field(ge=1000, le=2100)
    founded_max: int | None = Field(ge=1000, le=2100)
    funding: str = Field(max_length=60)
    funding_stage: str = Field(max_length=60)
    company_type: str = Field(max_length=60)
    roles: list[str] = Field(max_length=20)
    good_examples: list[str] = Field(max_length=20)
    bad_examples: list[str] = Field(max_length=20)
    criteria: list[CriterionForm] = Field(max_length=profile.MOST_CRITERIA)


class AnswerForm(BaseModel):
    """What a language model answers to one message."""

    model_config = ConfigDict(extra="forbid")

    reply: str = Field(max_length=LONGEST_REPLY)
    question: str = Field(max_length=400)
    topic: Literal["product", "place", "size", "roles", ""]
    suggestions: list[str] = Field(max_length=6)
    profile: ProfileForm


@dataclass(frozen=True, slots=True)
class ModelReply:
    """A whole answer: its text in Markdown, the profile after it, and who gave it (`provider/model`)."""

    text: str
    topic: str
    suggestions: tuple[str, ...]
    icp: Icp
    written_by: str


async def answer(
    model: LanguageModel, turns: Sequence[Said | Replied], icp: Icp, *, asked: Sequence[str]
) -> AsyncIterator[str | ModelReply]:
    """Yield the reply piece by piece as the model writes it, and last the whole answer.

    Raises ProviderError, also where what it wrote is not in the form asked for, and BudgetRefused.
    """
    open_topics = asking.open_topics(icp, asked)
    state: dict[str, Trusted] = {
        "open_topics": tuple(Said(topic) for topic in open_topics),
        "profile": _told(icp),
    }
    prompt = privileged(Ours(SYSTEM), told=state, turns=turns[-LATEST_TURNS:])
    reply, done = GrowingReply(), None
    async for piece in model.stream(
        system=prompt.system, turns=prompt.turns, json_schema=AnswerForm.model_json_schema(), max_tokens=MAX_TOKENS
    ):
        if isinstance(piece, Completion):
            done = piece
        elif more := reply.add(piece):
            yield more
    if done is None:
        raise RequestRejected("The language model gave no whole answer.")
    yield _reply(await _form(done), icp, open_topics, done.model)


class GrowingReply:
    """The reply in a JSON document that is still being written."""

    def __init__(self) -> None:
        self._written = self._shown = ""
        self._is_whole = False

    def add(self, piece: str) -> str:
        """Return what a further piece of the document adds to the reply."""
        if self._is_whole:
            return ""
        self._written += piece
        reply = self._so_far()
        # Past this a document is not read again with every piece; the whole of it is refused at the end.
        self._is_whole |= len(self._written) > 2 * LONGEST_REPLY
        # What was shown stays: a character that changes the one before it waits for the end.
        more = reply[len(self._shown) :] if reply.startswith(self._shown) else ""
        self._shown += more
        return more

    def _so_far(self) -> str:
        try:
            document = jiter.from_json(self._written.lstrip("`json \n").encode(), partial_mode="trailing-strings")
        except ValueError:
            return ""
        reply = document.get("reply") if isinstance(document, dict) else None
        if not isinstance(reply, str):
            return ""
        self._is_whole = len(document) > 1  # the next field has begun
        return visible(reply)


async def _form(done: Completion) -> AnswerForm:
    try:
        return (await read(AnswerForm, done.text))[0]
    except Unfit as unfit:
        raise RequestRejected(f"{done.model} gave an answer that cannot be used: {unfit.problem}.") from None


def _reply(form: AnswerForm, before: Icp, open_topics: Sequence[str], written_by: str) -> ModelReply:
    after = _icp_of(form.profile, before)
    question = " ".join(visible(form.question).split())
    # A question for what is known or was asked before is not put, whatever the model thinks.
    may_ask = bool(question) and form.topic in open_topics
    suggestions = tuple(dict.fromkeys(profile.line(visible(one), 80) for one in form.suggestions if one.strip()))[:4]
    text = visible(form.reply)
    if may_ask and question not in text:
        text = f"{text}\n\n{question}"
    return ModelReply(text, form.topic if may_ask else "", suggestions if may_ask else (), after, written_by)


def _told(icp: Icp) -> dict[str, Trusted]:
    """Return the profile for the prompt: what the customer typed, chose, or agreed to."""
    lists = {name: tuple(Said(one) for one in getattr(icp, name)) for name in profile.LISTS}
    texts = {name: Said(getattr(icp, name)) for name in profile.WORDS}
    criteria: tuple[Trusted, ...] = tuple(
        {"text": Said(one.text), "kind": Said(one.kind), "weight": one.weight} for one in icp.criteria
    )
    numbers = {
        "employees_min": icp.employees.min,
        "employees_max": icp.employees.max,
        "founded_min": icp.founded_year.min,
        "founded_max": icp.founded_year.max,
    }
    return {"summary": Said(icp.brief[:500]), **texts, **lists, **numbers, "criteria": criteria}


def _icp_of(form: ProfileForm, before: Icp) -> Icp:
    """Return the profile that a form describes, in our terms; what the taxonomy does not know becomes a keyword."""
    industries: list[str] = [one for one in before.industries if one in form.industries]
    keywords = list(form.keywords)
    for name in form.industries:
        known = [one for group in industry_groups(name) for one in group]
        industries += known
        if not known and name not in industries:
            keywords.append(name)
    countries, regions = _places(form.countries, form.regions)
    criteria = {}
    for row in form.criteria:
        text = profile.line(visible(row.text), 500)
        key = criterion_key(text)
        facet = next((one.facet for one in before.criteria if one.key == key), "other")
        criteria[key] = Criterion(key, text, row.kind, row.weight, facet)
    changed: dict[str, Any] = {
        name: _lines(getattr(form, name)) for name in ("excluded", "events", "roles", "good_examples", "bad_examples")
    }
    changed |= {name: profile.line(visible(getattr(form, name)), length) for name, length in profile.WORDS.items()}
    after = replace(
        before,
        brief=profile.line(visible(form.summary), 500) or before.brief,
        industries=tuple(dict.fromkeys(industries)),
        keywords=_lines(keywords),
        countries=countries,
        regions=regions,
        employees=_range(form.employees_min, form.employees_max),
        founded_year=_range(form.founded_min, form.founded_max),
        **changed,
    )
    if criteria:
        return replace(after, criteria=tuple(criteria.values()))
    return profile.following(after, profile.read_from_facts(before))


def _places(countries: Sequence[str], regions: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return codes of countries, and as regions what is none."""
    codes: list[str] = []
    others = [*regions]
    for name in countries:
        place = places.lookup(name)
        if pycountry.countries.get(alpha_2=name.strip().upper()) is not None:
            codes.append(name.strip().upper())
        elif place is not None and place.countries and not place.region:
            codes += place.countries
        else:
            others.append(name)
    return tuple(dict.fromkeys(codes)), _lines(others)


def _lines(values: Sequence[str]) -> tuple[str, ...]:
    lines = (profile.line(visible(value), 100) for value in values)
    return tuple(dict.fromkeys(filter(None, lines)))[: profile.MOST_CHIPS]


def _range(least: int | None, most: int | None) -> Range:
    """Return a range whose ends are in order: a model mixes them up now and then."""
    if least is not None and most is not None and least > most:
        least, most = most, least
    return Range(least, most)
