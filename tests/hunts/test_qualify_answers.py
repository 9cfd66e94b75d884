"""Whatever a language model answers, each criterion gets a verdict that a person understands, and the run goes on."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from hunts import pipeline
from hunts.icp import Icp
from hunts.models import Run
from hunts.passages import passages_for
from hunts.stages.qualify import LEFT_OUT, PROMPT_VERSION, SYSTEM, ChainJudge, ModelJudge, StandIn, prompt
from hunts.stages.qualify import run as qualify
from hunts.work import Tools, Work
from integrations.capabilities import Completion, Criterion, Judgement, ReadPage, ReadSite
from integrations.errors import (
    CapReached,
    CredentialsRejected,
    PriceUnknown,
    ProviderError,
    QuotaExhausted,
    RequestRejected,
    Unavailable,
)
from integrations.lexicon.text import normalise, sha256_of
from integrations.providers.local import Local
from integrations.providers.openai import OpenAI
from leads import evidence
from leads.models import Assessment, Lead
from leads.scoring import Config
from tests.conftest import signed_in
from tests.factories import MembershipFactory
from tests.harness.language_model import LanguageModelServer, garbage

MAKES = Criterion("makes", "The company makes pumps.", "must", 8, "keyword")
SIZE = Criterion("size", "The company has 20 to 200 employees.", "must", 5, "employees")
CRITERIA = (MAKES, SIZE)


def page(text: str, path: str = "") -> ReadPage:
    text = normalise(text)
    return ReadPage(f"https://acme.example/{path}", text, sha256_of(text), title="Acme")


PAGES = (page("We make pumps\nfor dairies. It’s “simple” – and clean."), page("64 people work here.", "about"))


def verdict(key: str = "makes", **changes: object) -> dict[str, object]:
    row = {"criterion": key, "answer": "yes", "quote": "We make pumps", "url": PAGES[0].url}
    return row | {"confidence": 0.9, "reason": "It says so."} | changes


def saying(*rows: dict[str, object]) -> str:
    return json.dumps({"verdicts": rows})


def judged(text: str, *, pages: tuple[ReadPage, ...] = PAGES) -> Judgement:
    """Return what comes of a model that answers `text`, asked over HTTP."""

    async def ask(address: str) -> Judgement:
        model = OpenAI(api_key="sk-test-1", base_url=address, model="gpt-4.1-mini")
        try:
            return await ModelJudge(model, "openai/gpt-4.1-mini").judge(pages, CRITERIA)
        finally:
            await model.aclose()

    with LanguageModelServer(lambda _question: text) as server:
        return async_to_sync(ask)(server.base_url)


def findings(*rows: dict[str, object]) -> dict[str, evidence.Finding]:
    return {one.criterion.key: one for one in evidence.check(judged(saying(*rows)), CRITERIA, PAGES)}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("I'm sorry, but I can't help with that.", id="a refusal"),
        pytest.param("很抱歉，我无法回答这个问题。", id="a refusal in Chinese"),
        pytest.param("", id="nothing"),
        pytest.param('{"verdicts": [{"answer": "perhaps"}', id="garbage"),
        pytest.param('{"result": "yes"}', id="another shape"),
        pytest.param('[["makes", "yes"]]', id="a list"),
        pytest.param(json.dumps({"verdicts": {"makes": "yes"}}), id="verdicts by name"),
        pytest.param(saying(verdict(answer="ja")), id="an answer in German"),
        pytest.param(saying(verdict(answer=True)), id="a boolean"),
        pytest.param(saying(verdict(confidence="high")), id="a confidence in words"),
        pytest.param(saying(verdict(confidence=7)), id="a confidence out of range"),
        pytest.param(saying(verdict(confidence=float("nan"))), id="a confidence that is no number"),
        pytest.param(saying(verdict(tier="A")), id="a field that nobody asked for"),
        pytest.param(saying(verdict(reason="x" * 501)), id="a reason without end"),
        pytest.param(saying(verdict(quote="x" * 1_001)), id="a quote without end"),
        pytest.param(saying(*[verdict(str(n)) for n in range(51)]), id="verdicts without end"),
    ],
)
def test_what_is_not_the_form_is_refused_with_the_name_of_who_said_it(text):
    with pytest.raises(RequestRejected) as refused:
        judged(text)
    assert "gpt-4.1-mini" in str(refused.value)


def test_a_megabyte_is_not_read_to_its_end():
    with pytest.raises(ProviderError):
        judged("x" * 1_000_000)


def test_a_criterion_without_an_answer_is_unclear():
    found = findings(verdict("makes"))
    assert (found["makes"].verdict, found["size"].verdict) == ("yes", "unclear")
    assert "no answer" in found["size"].reason


def test_answers_to_what_was_not_asked_are_dropped():
    assert set(findings(verdict("makes"), verdict("is_the_best"), verdict("size"))) == {"makes", "size"}


def test_two_answers_count_only_where_they_agree():
    assert findings(verdict(), verdict())["makes"].verdict == "yes"
    contradictory = findings(verdict(), verdict(answer="no", quote=""))["makes"]
    assert contradictory.verdict == "unclear"
    assert "twice" in contradictory.reason


@pytest.mark.parametrize(
    ("quote", "says"),
    [
        pytest.param("Wir bauen Pumpen", "none of the pages", id="translated"),
        pytest.param("We make the best pumps", "none of the pages", id="embellished"),
        pytest.param("We make pumps" + LEFT_OUT + "64 people", "none of the pages", id="joined over what was left out"),
        pytest.param("", "quotes nothing", id="none"),
        pytest.param("We", "too short", id="too short"),
        pytest.param("We make pumps " * 60, "too long", id="too long"),
    ],
)
def test_a_yes_that_is_not_proven_is_unverified_and_shows_our_words_and_not_the_judges(quote, says):
    finding = findings(verdict(quote=quote, reason="It is certified by the pope."))["makes"]
    assert (finding.verdict, finding.claimed, finding.place) == ("unverified", "yes", None)
    assert says in finding.reason
    assert "pope" not in finding.reason


@pytest.mark.parametrize(
    "url", ["", "https://evil.example/", "http://169.254.169.254/", "javascript:alert(1)", PAGES[1].url]
)
def test_the_address_shown_is_that_of_the_page_that_the_quote_stands_on(url):
    place = findings(verdict(url=url))["makes"].place
    assert place is not None
    assert (place.url, place.sha256) == (PAGES[0].url, PAGES[0].sha256)


@pytest.mark.parametrize("quote", ['It\'s "simple" - and clean.', "“It’s “simple” – and clean.”", "…for dairies. It`s"])
def test_quotation_marks_and_dashes_may_be_those_of_another_keyboard(quote):
    place = findings(verdict(quote=quote))["makes"].place
    assert place is not None
    assert place.text == PAGES[0].text[place.start : place.end]


def test_a_reason_is_one_plain_line_without_addresses():
    reason = (
        "It says so.\n\nCall me at ceo@evil.example or see https://evil.example/?q=1 and www.evil.example\u202e\u200b"
    )
    assert findings(verdict(reason=reason))["makes"].reason == "It says so. Call me at … or see … and …"


def test_nothing_to_read_asks_nobody():
    with LanguageModelServer(garbage) as server:
        model = OpenAI(api_key="sk-test-1", base_url=server.base_url, model="m")
        judgement = async_to_sync(ModelJudge(model, "openai/m").judge)([page(" ")], CRITERIA)
        assert server.questions == []
    assert [(one.answer, one.reason) for one in judgement.opinions] == [
        ("unclear", "Nothing of this company could be read.")
    ] * 2


# ── the prompt ────────────────────────────────────────────────────────────────────────────────────────────


def asked(*pages: ReadPage) -> Any:
    return prompt(passages_for(CRITERIA, pages), pages, CRITERIA)


def test_prompts_of_a_run_begin_alike_and_end_with_the_pages():
    one, two = asked(PAGES[0]), asked(PAGES[1])
    assert one.system == two.system == SYSTEM
    same = one.user[: one.user.index('"pages"')]
    assert two.user.startswith(same)
    assert json.loads(one.user)["criteria"] == [
        {"criterion": "makes", "sentence": MAKES.text},
        {"criterion": "size", "sentence": SIZE.text},
    ]


def test_every_line_of_a_prompt_stands_on_the_page_that_it_names():
    filler = "\n".join(f"Cookies number {number} are tasty and we like them." for number in range(2_000))
    large = page(f"{filler}\nWe make pumps.\n{filler}\n64 employees work here.", "large")
    shown = json.loads(asked(large, PAGES[0]).user)["pages"]
    assert {one["url"] for one in shown} == {large.url, PAGES[0].url}
    text = next(one["text"] for one in shown if one["url"] == large.url)
    assert LEFT_OUT in text
    assert all(piece in large.text for piece in text.split(LEFT_OUT))


# ── who judges when the preferred judge does not ──────────────────────────────────────────────────────────


class Failing:
    name = "openai/gpt-4.1-mini"

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def judge(self, pages: Any, criteria: Any) -> Judgement:
        raise self.error


class Rules:
    name = "local/rules"
    judge = staticmethod(Local().judge)


@pytest.mark.parametrize(
    "error",
    [
        QuotaExhausted("The key is used up until tomorrow."),
        CredentialsRejected("The key was revoked."),
        RequestRejected("It refused."),
        PriceUnknown("No price is known."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_next_judge_stands_in_and_says_why_the_first_did_not(error):
    judgement = async_to_sync(ChainJudge((Failing(error), Rules())).judge)(PAGES, CRITERIA)
    assert judgement.judged_by.startswith("local/")
    assert isinstance(judgement, StandIn)
    assert judgement.instead == (f"openai/gpt-4.1-mini: {error}",)


def test_a_judge_that_asks_for_patience_is_waited_for_but_not_for_ever():
    chain = ChainJudge((Failing(Unavailable("It is busy.")), Rules()))
    with pytest.raises(Unavailable):
        async_to_sync(chain.judge)(PAGES, CRITERIA)
    assert async_to_sync(chain.judge_now)(PAGES, CRITERIA).judged_by.startswith("local/")


def test_a_limit_is_never_passed_over():
    chain = ChainJudge((Failing(CapReached("The limit would be crossed.")), Rules()))
    with pytest.raises(CapReached):
        async_to_sync(chain.judge_now)(PAGES, CRITERIA)


@pytest.mark.parametrize("is_last_try", [False, True])
def test_only_on_its_last_try_a_company_is_judged_without_waiting(is_last_try):
    chain = ChainJudge((Failing(Unavailable("It is busy.")), Rules()))
    tools = Tools(None, chain, (), None, None)  # type: ignore[arg-type]
    icp = Icp(criteria=CRITERIA)
    work = Work("acme.example", "Acme", "https://acme.example/", icp, Config(), site=ReadSite(pages=PAGES))
    asked: Callable[[], Any] = lambda: async_to_sync(qualify)(  # noqa: E731
        work.__class__(**{f: getattr(work, f) for f in work.__slots__} | {"is_last_try": is_last_try}), tools
    )
    if not is_last_try:
        with pytest.raises(Unavailable):
            asked()
        return
    verdict = asked()
    assert verdict.judge_note == "openai/gpt-4.1-mini: It is busy."
    assert not verdict.added_to(work).is_last_try


class Several:
    """A model behind which several stand: the answer says which of them gave it."""

    async def complete(self, **_asked: object) -> Completion:
        return Completion(saying(verdict()), "moonshot/kimi-k2")


def test_the_judgement_names_who_really_answered():
    judgement = async_to_sync(ModelJudge(Several(), "kimi/kimi-k2").judge)(PAGES, CRITERIA)  # type: ignore[arg-type]
    assert (judgement.judged_by, judgement.prompt_version) == ("moonshot/kimi-k2", PROMPT_VERSION)


@pytest.mark.django_db(transaction=True)
def test_a_lead_shows_who_stood_in_and_why(sandbox, start_run, settings):
    with LanguageModelServer(garbage) as server:
        settings.PROVIDERS["openai"] |= {"api_key": "sk-test-1", "base_url": server.base_url, "model": "gpt-4.1-mini"}
        run = start_run(limit=4, cap=1_000_000)
        async_to_sync(pipeline.work_on)(run.pk)
    run.refresh_from_db()
    assert run.status == Run.Status.SUCCEEDED
    assert all("openai/gpt-4.1-mini" in note for note in Assessment.objects.values_list("judge_note", flat=True))
    lead = Lead.objects.filter(assessment__isnull=False).first()
    shown = signed_in(MembershipFactory(workspace=run.workspace).user).get(lead.get_absolute_url()).content.decode()
    assert "Another judge stood in." in shown
    assert "local/rules" in shown
