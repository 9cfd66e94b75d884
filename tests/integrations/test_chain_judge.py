"""The chain as a judge: whose verdict it is, and why not another's."""

import pytest
from asgiref.sync import async_to_sync

from accounts.models import Workspace
from billing.models import Budget
from hunts.meter import RunMeter
from hunts.stages.qualify import ChainJudge, StandIn
from hunts.tools import ModelsJudge, RulesJudge
from integrations.capabilities import ReadPage
from integrations.chain import open_chain
from integrations.errors import Unavailable
from integrations.gateway import Gateway
from integrations.lexicon.text import sha256_of
from integrations.providers.local import Local
from tests.factories import CRITERION, PAGE
from tests.harness.language_model import garbage, gullible, refused

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("impatient")]

PAGES = [ReadPage("https://acme.example/", PAGE, sha256_of(PAGE))]
DOWN = refused(503, {"message": "overloaded"})
USED_UP = refused(429, {"message": "You exceeded your current quota", "code": "insufficient_quota"})


@pytest.fixture
def money():
    return Budget.objects.create(workspace=Workspace.start("Acme"), cap_microusd=1_000_000)


def judged(money: Budget, *, now: bool = False):
    async def judging():
        async with open_chain(money.workspace_id) as chain:
            gateway = Gateway(RunMeter(money.pk), workspace_id=money.workspace_id, run_ref="1", candidate_ref="1")
            models = [ModelsJudge(chain, gateway)] if chain.tiers else []
            judge = ChainJudge((*models, RulesJudge(Local())))
            return await (judge.judge_now if now else judge.judge)(PAGES, [CRITERION])

    return async_to_sync(judging)()


def test_the_preferred_model_judges_and_nothing_is_noted(vendors, money):
    vendors(kimi=gullible, openai=gullible)
    judgement = judged(money)
    assert judgement.judged_by == "kimi/kimi-k2.6" and not isinstance(judgement, StandIn)


def test_who_stands_in_is_told_with_the_reason(vendors, money):
    vendors(kimi=lambda _: USED_UP, openai=gullible)
    judgement = judged(money)
    assert judgement.judged_by == "openai/gpt-4.1-mini"
    assert judgement.instead == ("kimi/kimi-k2.6: The account at Kimi is used up.",)


def test_a_model_that_writes_garbage_is_passed_over_for_the_next_model(vendors, money):
    kimi, _openai = vendors(kimi=garbage, openai=gullible)
    judgement = judged(money)
    assert judgement.judged_by == "openai/gpt-4.1-mini"
    assert len(judgement.instead) == 1 and judgement.instead[0].startswith("kimi/kimi-k2.6: ")
    assert len(kimi.asked) == 2  # it was shown once what was wrong


def test_where_all_models_write_garbage_or_are_used_up_rules_judge(vendors, money):
    vendors(kimi=lambda _: USED_UP, openai=garbage)
    judgement = judged(money)
    assert judgement.judged_by.startswith("local/")
    (told,) = judgement.instead
    assert told.startswith("kimi/kimi-k2.6: The account at Kimi is used up. openai/gpt-4.1-mini: ")


def test_a_model_that_is_down_is_waited_for_until_the_last_try(vendors, money):
    vendors(kimi=lambda _: DOWN)
    with pytest.raises(Unavailable):
        judged(money)
    assert judged(money, now=True).judged_by.startswith("local/")
