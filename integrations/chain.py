"""The chain of language models: the workspace's preferred one is asked, and the next where it cannot answer.

Passed over is a model whose key is used up, rejected or behind its breaker, that is at its limit for longer than the
next one is, that refuses the question, or that fails twice again after it was asked anew. Nothing of it is silent: each
leaves a line in the log and one in `ChainedModel.passed_over`, and every answer says who gave it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings

from integrations.capabilities import ChatTurn, Completion, Usage
from integrations.connections import Access, accesses
from integrations.errors import PriceUnknown, ProviderError
from integrations.gateway import Answered, Gateway, Question, Streamed
from integrations.health import Health
from integrations.pace import Pace
from integrations.shared import Shared, open_shared
from integrations.turns import Tier, Turn, Way


@dataclass(frozen=True, slots=True)
class Chain:
    """The language models of one workspace, the preferred one first; none where nothing is configured."""

    tiers: Sequence[Tier] = ()
    # Who waits for others' calls to end waits in line, so that one of the process looks and not all of them.
    line: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    def through(self, gateway: Gateway, *, wait_seconds: float | None = None) -> "ChainedModel":
        """Return the chain as one language model, each call of which is held, journaled and settled by `gateway`.

        A call waits up to `wait_seconds` for its turn, by default LANGUAGE_MODEL_WAIT_SECONDS.
        """
        longest = settings.LANGUAGE_MODEL_WAIT_SECONDS if wait_seconds is None else wait_seconds
        return ChainedModel(self, gateway, longest)

    @property
    def unpriced(self) -> list[Tier]:
        """Return the models whose price nobody knows: they are never asked."""
        return [tier for tier in self.tiers if not tier.is_priced]

    def without(self, *names: str) -> "Chain":
        """Return the chain without the models of these names."""
        return Chain([tier for tier in self.tiers if tier.name not in names], self.line)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to a language model, whichever answers it."""

    operation: str
    system: str
    turns: Sequence[ChatTurn]
    json_schema: Mapping[str, object] | None
    max_tokens: int

    @property
    def tokens(self) -> int:
        """What it will use, about: a token is four letters of English, and one character of Chinese is three bytes."""
        text = (self.system, *(turn.text for turn in self.turns))
        return sum(len(one.encode("utf-8", "replace")) for one in text) // 3 + self.max_tokens

    def of(self, tier: Tier) -> Question:
        """Return the question as the gateway wants it."""
        asked: dict[str, Any] = {"system": self.system, "schema": self.json_schema, "max": self.max_tokens}
        asked |= {"turns": [[turn.role, turn.text] for turn in self.turns], "model": tier.access.model}
        characters = len(self.system) + sum(len(turn.text) for turn in self.turns)
        worst = tier.model.worst_case_microusd(
            input_characters=characters, max_tokens=self.max_tokens, json_schema=self.json_schema
        )
        return Question(tier.slug, self.operation, asked, worst, model=tier.access.model)


@dataclass(slots=True)
class ChainedModel:
    """A chain as one language model.

    `reasons` say by name why a preferred model did not answer, also earlier calls. `answered_by` is who answered last,
    '' before the first answer.
    """

    chain: Chain
    gateway: Gateway
    wait_seconds: float
    reasons: dict[str, str] = field(default_factory=dict)
    answered_by: str = ""

    @property
    def passed_over(self) -> list[str]:
        """A line for each model that was passed over: who, and why."""
        return [f"{name}: {why}" for name, why in self.reasons.items()]

    async def complete(
        self, *, system: str, user: str, json_schema: Mapping[str, object] | None = None, max_tokens: int = 1024
    ) -> Completion:
        """Answer once. `Completion.model` is `provider/model` of who did.

        Where nobody could: raises Unavailable if waiting may help (its kind AtLimit if our own pace is all that stands
        in the way), else the last ProviderError. Raises BudgetRefused where the money for it is refused.
        """
        asked = Asked("complete", system, (ChatTurn("user", user),), json_schema, max_tokens)
        done = [piece async for piece in self._answer(asked) if isinstance(piece, Completion)]
        return done[-1]

    async def stream(
        self,
        *,
        system: str,
        turns: Sequence[ChatTurn],
        json_schema: Mapping[str, object] | None = None,
        max_tokens: int = 1024,
    ) -> AsyncGenerator[str | Completion]:
        """Yield the answer piece by piece, and at the end a Completion of the whole. Raises as `complete` does.

        Who has begun to answer is not passed over any more: where it breaks off, its error is raised.
        """
        asked = Asked("stream", system, tuple(turns), json_schema, max_tokens)
        async with aclosing(self._answer(asked)) as pieces:
            async for piece in pieces:
                yield piece

    async def _answer(self, asked: Asked) -> AsyncGenerator[str | Completion]:
        tiers = self.chain.tiers
        remembered = await self.gateway.remembered([asked.of(tier) for tier in tiers])
        if remembered is not None:
            place, answer = remembered
            self.answered_by = tiers[place].name
            yield answer["text"]
            yield Completion(answer["text"], tiers[place].name)
            return
        way = Way(
            tiers,
            self.chain.line,
            tokens=asked.tokens,
            wait_seconds=self.wait_seconds,
            notes=self.reasons,
        )
        while True:
            turn = await way.next()
            has_begun = False
            try:
                async with turn, aclosing(self._ask(turn, asked)) as pieces:
                    async for piece in pieces:
                        has_begun, self.answered_by = True, turn.tier.name
                        yield piece
                return
            except (ProviderError, PriceUnknown) as error:
                if has_begun:
                    raise
                await way.failed(turn, error)

    async def _ask(self, turn: Turn, asked: Asked) -> AsyncGenerator[str | Completion]:
        tier = turn.tier
        if asked.operation == "complete":
            answer = await self.gateway.call(asked.of(tier), lambda: _complete(turn, asked), is_new=True)
            yield Completion(answer["text"], tier.name)
            return
        async with aclosing(self.gateway.stream(asked.of(tier), lambda: _stream(turn, asked), is_new=True)) as pieces:
            async for piece in pieces:
                yield Completion(piece.answer["text"], tier.name) if isinstance(piece, Streamed) else piece


async def _complete(turn: Turn, asked: Asked) -> Answered:
    done = await turn.tier.model.complete(
        system=asked.system, user=asked.turns[-1].text, json_schema=asked.json_schema, max_tokens=asked.max_tokens
    )
    return _answered(turn, done)


async def _stream(turn: Turn, asked: Asked) -> AsyncGenerator[str | Answered]:
    pieces = turn.tier.model.stream(
        system=asked.system, turns=asked.turns, json_schema=asked.json_schema, max_tokens=asked.max_tokens
    )
    async with aclosing(pieces):
        async for piece in pieces:
            yield _answered(turn, piece) if isinstance(piece, Completion) else piece


def _answered(turn: Turn, done: Completion) -> Answered:
    if done.usage is None:
        return Answered({"text": done.text, "model": done.model}, None)
    turn.used = _sum(done.usage)
    cost = turn.tier.model.cost_microusd(done.usage)
    return Answered({"text": done.text, "model": done.model}, cost, (done.usage.input_tokens, done.usage.output_tokens))


def _sum(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens


def tier_of(access: Access, shared: Shared) -> Tier:
    """Return a model ready to be asked; its client is to be closed by `aclose`."""
    key_ref = access.key_ref
    return Tier(access, access.open(), Pace(shared, key_ref, access.limits), Health(shared, key_ref))


@asynccontextmanager
async def open_chain(workspace_id: int) -> AsyncIterator[Chain]:
    """Open the clients of a workspace's language models for as long as they are needed."""
    found = await sync_to_async(accesses)(workspace_id)
    async with open_chain_of(found) as chain:
        yield chain


@asynccontextmanager
async def open_chain_of(found: Sequence[Access]) -> AsyncIterator[Chain]:
    """Open the clients of these models."""
    async with AsyncExitStack() as stack:
        shared = await stack.enter_async_context(open_shared())
        tiers = []
        for access in found:
            tier = tier_of(access, shared)
            stack.push_async_callback(tier.model.aclose)
            tiers.append(tier)
        yield Chain(tiers)
