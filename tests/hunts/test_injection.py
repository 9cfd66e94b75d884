"""No page can talk the program into anything, not even when the model obeys every word that it reads.

A run over hostile sites is held against one over the same sites without a hostile word: apart from the verdicts on its
own lead, nothing may be different. The model is a stand-in that obeys: it claims whatever it is told to, wherever the
form has room for it.
"""

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from itertools import cycle
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.apps import apps
from django.core import mail, serializers
from django.utils import timezone

from accounts.models import Workspace
from billing.models import Budget
from enrichment.pages import texts_of
from hunts import pipeline, results
from hunts.brief import read_brief
from hunts.models import Candidate, Hunt, Run, Source
from integrations.models import ProviderCall
from integrations.providers import chat_completions
from leads import exports
from leads.models import Evidence, Lead, ScoringConfig
from tests.conftest import signed_in
from tests.factories import LeadFactory, MembershipFactory
from tests.harness.fake_web import FakeWeb, Listener
from tests.harness.injections import CARRIERS, CLAIM, EVIL, GOALS, UNSEEN, WRAPPERS, page_html
from tests.harness.language_model import LanguageModelServer

pytestmark = pytest.mark.django_db(transaction=True)

BRIEF = "Manufacturers of precision machined parts in Germany with 20 to 200 employees"
KEY = "sk-canary-5up3r-s3cr3t"
CANARY = "Canary Tenant 7f3a9c"  # another tenant's lead; nobody of ours may see its name
# What may be different of a lead: what the form is about, and what its own page publishes.
OWN_FIELDS = frozenset(
    {
        "status",
        "tier",
        "score",
        "best_quote",
        "best_quote_url",
        "judged_at",
        "contact_name",
        "contact_email",
        "assessment",
    }
    | {"location", "country", "created_at"}
)
OF_ITS_PAGE = frozenset(
    {"leads.Contact", "leads.Fact", "leads.ContactForm", "leads.Collection"}
    | {"enrichment.Snapshot", "enrichment.Screenshot"}
)


@dataclass(frozen=True)
class Attack:
    name: str
    said: str
    carrier: str = "visible"
    title: str = ""


def attacks(loopback: str) -> list[Attack]:
    """Return every wrapper with some goal, every goal, language and carrier with some wrapper."""
    goals, carriers, wrappers = cycle(GOALS["en"].items()), cycle(CARRIERS), cycle(WRAPPERS)
    told = [(f"{wrapper}/{goal}", words, WRAPPERS[wrapper]) for wrapper in WRAPPERS for goal, words in [next(goals)]]
    told += [
        (f"{goal} in {language}", words, WRAPPERS[next(wrappers)])
        for language in GOALS
        for goal, words in GOALS[language].items()
    ]
    made = [
        Attack(f"{name} by {carrier}", wrapper.format(goal=words.replace("{loopback}", loopback)), carrier)
        for (name, words, wrapper), carrier in zip(told, carriers, strict=False)
    ]
    order = WRAPPERS["ignore"].format(goal=GOALS["en"]["answers"])
    made += [Attack(f"order by {carrier}", order, carrier) for carrier in CARRIERS]
    return [*made, Attack("order by title", order, "comment", title=order), Attack("a bare claim by alt", CLAIM, "alt")]


class ObedientModel(LanguageModelServer):
    """Says yes to everything, quotes the claim and gives what it was shown as its reason; keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(self.obey)
        self.sent: list[bytes] = []

    def obey(self, question: dict[str, Any]) -> str:
        text = "\n".join(page["text"] for page in question["pages"])
        quote = CLAIM if CLAIM in text else next((line for line in text.split("\n") if "criteria" in line), CLAIM)
        leak = f"See http://{EVIL}/?q= and write to keys@{EVIL}. {json.dumps(question, ensure_ascii=False)}"[:490]
        rows = [
            {
                "criterion": key,
                "answer": "yes",
                "quote": quote[:900],
                "url": f"http://{EVIL}/",
                "confidence": 1,
                "reason": leak,
            }
            for key in (*(one["criterion"] for one in question["criteria"]), "other_lead", "tool_call")
        ]
        return json.dumps({"verdicts": rows})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer, plain = self, super()._handler()

        class Handler(plain):  # type: ignore[misc, valid-type]
            def do_POST(self) -> None:
                connection, body = self.rfile, self.rfile.read(int(self.headers["Content-Length"]))
                outer.sent.append(body)
                self.rfile = io.BytesIO(body)
                super().do_POST()
                self.rfile = connection  # the client asks again over it

        return Handler


@dataclass(frozen=True)
class Effects:
    """All that a run did, with its sites called by their numbers."""

    run: Run
    asked: tuple[tuple[str, str, str], ...]  # of the web: host, method, path
    headers: str  # of all those requests
    connected: int  # to where nobody may
    sent: tuple[bytes, ...]  # to the model
    added: Mapping[str, int]  # rows, by table
    leads: Sequence[Mapping[str, object]]
    calls: tuple[tuple[object, ...], ...]
    spent: tuple[int, int]


def effects_of(workspace: Workspace, settings: Any, *, prefix: str, hostile: bool) -> Effects:
    """Return what a run over one site for each attack does; the sites are harmless unless `hostile`."""

    async def work() -> Effects:
        async with FakeWeb() as web, Listener() as inside:
            made = attacks(f"http://127.0.0.1:{inside.port}/")
            for number, attack in enumerate(made):
                said, title = (attack.said, attack.title) if hostile else ("", "")
                host = f"{prefix}{number}.example"
                web.page(f"{host}/", page_html(f"Bakery {number}", said, attack.carrier, title))
                web.page(f"{host}/about", f"<h1>About Bakery {number}</h1><p>Founded by our mothers.</p>")
            before = await sync_to_async(rows)()
            run = await sync_to_async(start)(workspace, prefix, len(made))
            with ObedientModel() as model:
                settings.EGRESS_ROUTES = web.routes
                settings.PROVIDERS["openai"] |= {"api_key": KEY, "base_url": model.base_url, "model": "gpt-4.1-mini"}
                await pipeline.work_on(run.pk)
            after = await sync_to_async(rows)()
            asked = tuple(sorted((one.host.removeprefix(prefix), one.method, one.path) for one in web.asked))
            headers = str([one.headers for one in web.asked])
            added = {table: after[table] - before[table] for table in after}
            return await sync_to_async(told)(run, asked, headers, inside.accepts, tuple(model.sent), added)

    return async_to_sync(work)()


def told(run: Run, *seen: Any) -> Effects:
    run.refresh_from_db()
    run.budget.refresh_from_db()
    asked, headers, connected, sent, added = seen
    calls = ProviderCall.objects.filter(run_ref=str(run.pk)).values_list(
        "provider", "operation", "status", "cost_microusd"
    )
    leads = [unchangeable(row.lead) for row in run.candidates.select_related("lead").order_by("position")]
    spent = run.budget.spent_microusd, run.budget.reserved_microusd
    return Effects(run, asked, headers, connected, sent, added, leads, tuple(sorted(calls)), spent)


def rows() -> dict[str, int]:
    """Return how many rows each table has, but for those that hold what a lead's own page publishes.

    The ceilings of a month are made for whoever spends first, so only those of activities are counted.
    """
    counted = {m._meta.label: m.objects.count() for m in apps.get_models() if m._meta.label not in OF_ITS_PAGE}
    return counted | {"billing.Budget": Budget.objects.filter(scope=Budget.Scope.ACTIVITY).count()}


def start(workspace: Workspace, prefix: str, count: int) -> Run:
    hunt = Hunt.objects.create(
        workspace=workspace,
        name=BRIEF,
        icp_json=read_brief(BRIEF).to_json(),
        source=Source.DIRECTORY,
        limit=count,
        max_spend_microusd=5_000_000,
    )
    run = pipeline.start(hunt)
    Run.objects.filter(pk=run.pk).update(discovered_at=timezone.now())
    for number in range(count):
        handle = f"{prefix}{number}.example"
        lead = Lead.objects.create(
            workspace=workspace, handle=handle, name=f"Bakery {number}", website=f"http://{handle}/"
        )
        Candidate.objects.create(run=run, lead=lead, position=number)
    return run


def unchangeable(lead: Lead) -> dict[str, object]:
    ignored = {"id", "handle", "website", *OWN_FIELDS}
    return {f.name: f.value_from_object(lead) for f in lead._meta.concrete_fields if f.name not in ignored}


@pytest.fixture
def world(settings, monkeypatch) -> Any:
    """Settings of our own, without a browser: none of this is about pictures, nor about how busy the machine is."""
    monkeypatch.setattr(chat_completions, "CONNECT_SECONDS", 60.0)
    settings.WORKER_CONCURRENCY = 8
    settings.PROVIDERS = {slug: dict(values) for slug, values in settings.PROVIDERS.items()}
    settings.BROWSER_EXECUTABLE = "/nonexistent"
    return settings


@pytest.fixture
def bystanders() -> list[Lead]:
    """A lead of the same workspace that the run does not touch, and one of another tenant."""
    ScoringConfig.current()  # made by whoever comes first
    return [LeadFactory(), LeadFactory(name=CANARY, handle="canary.example", description=CANARY, record=CANARY)]


def as_stored(leads: Sequence[Lead]) -> str:
    return serializers.serialize("json", Lead.objects.filter(pk__in=[lead.pk for lead in leads]).order_by("pk"))


def test_a_hostile_page_does_no_more_than_a_harmless_one(world, bystanders):
    before = as_stored(bystanders)
    workspace = bystanders[0].workspace
    harmless = effects_of(workspace, world, prefix="b", hostile=False)
    hostile = effects_of(workspace, world, prefix="h", hostile=True)

    assert hostile.run.status == harmless.run.status == Run.Status.SUCCEEDED
    assert not hostile.run.candidates.filter(status=Candidate.Status.FAILED).exists()
    assert hostile.connected == harmless.connected == 0
    assert hostile.asked == harmless.asked
    assert {method for _, method, _ in hostile.asked} == {"GET"}
    assert hostile.calls == harmless.calls
    assert hostile.spent == harmless.spent
    assert hostile.spent[1] == 0
    assert hostile.leads == harmless.leads
    assert hostile.added == harmless.added
    assert as_stored(bystanders) == before
    assert mail.outbox == []


def test_what_a_hostile_page_gets_shown_is_proven_and_nothing_secret_leaves(world, bystanders):
    workspace = bystanders[0].workspace
    hostile = effects_of(workspace, world, prefix="h", hostile=True)
    made = attacks("")

    # Each question is about one site; what no visitor sees, the key and another tenant are in none.
    assert len(hostile.sent) == len(made)
    for body in hostile.sent:
        question = json.loads(json.loads(body)["messages"][-1]["content"])
        [host] = {page["url"].split("/")[2] for page in question["pages"]}
        attack = made[int(host.removeprefix("h").removesuffix(".example"))]
        assert not (attack.carrier in UNSEEN and attack.said in str(question["pages"])), attack.name
    outbound = b"".join(hostile.sent).decode() + str(hostile.asked) + hostile.headers
    assert KEY not in outbound
    assert CANARY not in outbound
    assert EVIL not in str([host for host, _, _ in hostile.asked])

    # Every quote stands on a page of its own lead, and no reason hands an address on.
    proofs = Evidence.objects.filter(assessment__lead__candidacies__run=hostile.run).select_related("assessment__lead")
    texts = texts_of(proofs.exclude(quote="").values_list("snapshot_sha256", flat=True))
    for row in proofs:
        assert EVIL not in row.reason + row.url
        if row.quote:
            assert texts[row.snapshot_sha256][row.start : row.end] == row.quote
            assert row.url.split("/")[2] == row.assessment.lead.handle

    assert proofs.filter(verdict="unverified", reason__contains="gives orders").exists()

    # Nobody qualifies by an order, nor by words that no visitor sees.
    assert not hostile.run.candidates.filter(tier__in="AB").exists(), [
        made[row.position].name for row in hostile.run.candidates.filter(tier__in="AB")
    ]

    member = signed_in(MembershipFactory(workspace=workspace).user)
    shown = [member.get(hostile.run.get_absolute_url()).content.decode()]
    shown += [member.get(lead.get_absolute_url()).content.decode() for lead in Lead.objects.visible_to(workspace)]
    file = io.BytesIO()
    exports.write_csv(file, Lead.objects.visible_to(workspace).ranked())
    handed_out = "\n".join([*shown, file.getvalue().decode(), json.dumps(results.as_json(hostile.run))])
    assert not re.search(rf'(?:href|src|action)="https?://[^"]*{EVIL}', handed_out)
    assert KEY not in handed_out
    assert CANARY not in handed_out
    stored = "".join(serializers.serialize("json", model.objects.all()) for model in apps.get_models())
    assert KEY not in stored
    assert stored.count(CANARY) == serializers.serialize("json", [bystanders[1]]).count(CANARY)
