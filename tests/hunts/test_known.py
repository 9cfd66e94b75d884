"""A run knows what its workspace knows: known companies are counted, left out or reused, and each is one lead."""

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Workspace
from hunts import identity, loading, pipeline, recording, reports
from hunts.claims import claim
from hunts.identity import RunIdentities
from hunts.models import Candidate, Known, Run
from hunts.searches import Planned
from hunts.stages import crawl, dedupe, discover
from hunts.work import Tools
from integrations.capabilities import FoundCompany, PageFact, ReadPage, ReadSite, SearchQuery
from leads import merging
from leads.models import Lead, LeadAlias, Merge
from tests.factories import CandidateFactory, JudgedLeadFactory, LeadFactory, RunFactory
from tests.harness.processes import PATIENCE, start_python

pytestmark = pytest.mark.django_db

HOME = "We mill and turn precision parts. " * 20


def found(*domains: str) -> list[FoundCompany]:
    return [FoundCompany(name=domain.partition(".")[0].title(), domain=domain) for domain in domains]


def discovered(workspace: Workspace, companies: list[FoundCompany], **options) -> Run:
    """Return a run whose search found these companies."""
    repeats = options.pop("repeats", 0)
    run = RunFactory(hunt__workspace=workspace, discovered_at=None, discover_fence=1, **options)
    recording.record_discovery(run, 1, companies, repeats=repeats)
    run.refresh_from_db()
    return run


def site(domain: str, *, text: str = "", path: str = "/", facts: tuple[PageFact, ...] = ()) -> ReadSite:
    url = f"https://{domain}{path}"
    return ReadSite(final_url=url, pages=(ReadPage(url, text or domain, f"{text or domain:0>64}"[-64:], facts=facts),))


class Reader:
    """A page reader that has one answer."""

    def __init__(self, answer: ReadSite) -> None:
        self.answer = answer

    async def read_site(self, website, *, topics=(), max_pages=5) -> ReadSite:
        return self.answer


def crawled(candidate: Candidate, answer: ReadSite) -> Candidate:
    """Take a candidate through the crawl, with `answer` for its site; return it as it is then."""
    run = candidate.run
    Candidate.objects.filter(pk=candidate.pk).update(stage="crawl", status="queued", position=0)
    Candidate.objects.filter(run=run).exclude(pk=candidate.pk).update(position=9)
    (mine,) = claim(run.pk, 1)
    assert mine.pk == candidate.pk
    (work,) = loading.works(run, [mine], judge="local/rules")
    tools = Tools(Reader(answer), None, (), RunIdentities(mine), None)
    verdict = async_to_sync(crawl.run)(work, tools)
    recording.record(mine, [(verdict, verdict.added_to(work))])
    return Candidate.objects.select_related("lead").get(pk=candidate.pk)


def test_a_run_tells_the_known_from_the_new(workspace):
    for domain in ("a.example", "b.example"):
        LeadFactory(workspace=workspace, handle=domain)
    LeadFactory(handle="c.example")  # somebody else's
    run = discovered(workspace, found("a.example", "b.example", "c.example", "d.example", "e.example"), repeats=3)
    now = reports.progress(run)
    assert (now.found, now.known, now.new, now.repeats) == (5, 2, 3, 3)
    assert [step.count for step in now.funnel if step.name in ("found", "new")] == [5, 3]
    assert "5 found, 2 already known, 3 new." in run.events.latest("pk").message


def test_two_names_of_one_lead_are_one_candidate_and_counted(workspace):
    kept, merged = LeadFactory.create_batch(2, workspace=workspace)
    LeadAlias.objects.create(workspace=workspace, lead=merged, platform="web", handle="acme.de", kind="redirect")
    merging.merge(kept.pk, merged.pk, by=None)
    run = discovered(workspace, found("new.example", "acme.de", merged.handle, kept.handle))
    assert list(run.candidates.order_by("position").values_list("lead__handle", "is_known")) == [
        ("new.example", False),
        (kept.handle, True),
    ]
    assert run.repeats == 2
    assert not Lead.objects.filter(handle="acme.de").exists()


def test_a_company_named_in_several_answers_is_found_once_and_counted():
    class Searcher:
        async def search(self, query, *, limit, offset=0):
            return found("a.example", "a.example", "b.example")

    plan = tuple(Planned(SearchQuery(text), "keywords", "", "en", share=10) for text in ("one", "two"))
    answer = async_to_sync(discover.run)(plan, Searcher(), limit=10)
    assert ([company.domain for company in answer], answer.repeats) == (["a.example", "b.example"], 4)


def test_a_thousand_found_companies_take_a_handful_of_queries(workspace):
    companies = found(*(f"firm{number}.example" for number in range(1_000)))
    for number in range(0, 1_000, 10):
        LeadFactory(workspace=workspace, handle=f"firm{number}.example")
    with CaptureQueriesContext(connection) as queries:
        run = discovered(workspace, companies)
    assert run.candidates.filter(is_known=True).count() == 100
    selects = [one for one in queries if one["sql"].startswith("SELECT")]
    assert len(selects) < 20


@pytest.mark.django_db(transaction=True)
def test_only_new_companies_are_worked_on_where_that_is_asked_for(sandbox, start_run):
    first = start_run(limit=6)
    async_to_sync(pipeline.work_on)(first.pk)
    again = pipeline.start(first.hunt, known=Known.LEAVE_OUT)
    async_to_sync(pipeline.work_on)(again.pk)
    again.refresh_from_db()
    now = reports.progress(again)
    assert again.status == Run.Status.SUCCEEDED
    assert (now.known, now.new, now.qualified, now.cached) == (now.found, 0, 0, 0)
    assert set(again.candidates.values_list("stage", "status")) == {("dedupe", "rejected")}
    assert set(Lead.objects.values_list("status", flat=True)) == {"qualified", "rejected"}


def test_what_another_run_is_working_on_is_left_out_and_not_rejected_for_it(workspace):
    one = discovered(workspace, found("a.example"))
    other = discovered(workspace, found("a.example", "b.example"), known=Known.LEAVE_OUT)
    claimed = claim(other.pk, 2)
    works = loading.works(other, claimed, judge="local/rules")
    assert [work.is_left_out for work in works] == [True, False]
    verdict = async_to_sync(dedupe.run)(works[0], None)
    assert recording.record(claimed[0], [(verdict, works[0])])
    assert one.candidates.get().status == Candidate.Status.QUEUED
    assert Lead.objects.get(handle="a.example").status == Lead.Status.NEW


def test_a_site_that_leads_to_a_company_of_the_run_makes_the_two_one(workspace):
    run = discovered(workspace, found("acme.com", "acme.de"))
    twin, other = run.candidates.order_by("position")
    twin = crawled(twin, site("acme.de"))
    assert (twin.status, twin.reason) == ("rejected", "The same company as Acme.")
    assert twin.lead.merged_into == other.lead
    (evidence,) = Merge.objects.get().evidence
    assert evidence == {"kind": "redirect", "detail": "https://acme.de/"}
    again = discovered(workspace, found("acme.com", "acme.de"))
    assert list(again.candidates.values_list("lead", flat=True)) == [other.lead_id]


def test_a_site_that_leads_to_a_known_company_goes_on_as_that_one(workspace):
    known = JudgedLeadFactory(workspace=workspace, handle="acme.de", name="Acme")
    run = discovered(workspace, found("acme.com"))
    candidate = crawled(run.candidates.get(), site("acme.de", path="/en/"))
    assert (candidate.lead, candidate.is_known) == (known, True)
    assert (candidate.status, candidate.stage, candidate.attempts) == ("queued", "dedupe", 0)
    assert "Found as acme.com" in candidate.reason
    assert Lead.objects.get(handle="acme.com").merged_into == known


def test_a_site_that_leads_elsewhere_is_remembered_and_costs_nothing_the_next_time(workspace):
    run = discovered(workspace, found("acme.com"))
    candidate = crawled(run.candidates.get(), site("acme.de"))
    assert candidate.stage == "qualify"
    assert LeadAlias.objects.get().handle == "acme.de"
    again = discovered(workspace, found("acme.de"))
    assert list(again.candidates.values_list("lead__handle", "is_known")) == [("acme.com", True)]


@pytest.mark.parametrize(
    ("domain", "path"), [("acme.de", "/branches/berlin"), ("facebook.com", "/"), ("linkedin.com", "/company/acme")]
)
def test_a_page_of_somebody_elses_is_no_other_name(workspace, domain, path):
    run = discovered(workspace, found("acme-berlin.com"))
    crawled(run.candidates.get(), site(domain, path=path))
    assert not LeadAlias.objects.exists()
    LeadFactory(workspace=workspace, handle=domain)
    candidate = crawled(run.candidates.get(), site(domain, path=path))
    assert not Merge.objects.exists() and candidate.lead.handle == "acme-berlin.com"


@pytest.mark.parametrize(("name", "is_merged"), [("Acme", True), ("Zeta", False)], ids=["one name", "two names"])
def test_the_same_home_page_is_one_company_only_under_one_name(workspace, name, is_merged):
    run = discovered(workspace, [*found("acme.com"), FoundCompany(name=name, domain="other.example")])
    first, second = run.candidates.order_by("position")
    assert crawled(first, site("acme.com", text=HOME)).stage == "qualify"
    assert crawled(second, site("other.example", text=HOME)).status == "rejected"
    assert Merge.objects.exists() is is_merged


def test_one_name_and_one_address_in_one_country_is_one_company(workspace):
    address = PageFact("address", "Musterstr. 12, 10115 Berlin", quote="Musterstr. 12")
    facts = (PageFact("country", "DE", quote="Germany"), address)
    run = discovered(workspace, found("acme.com", "acme.io"))
    first, second = run.candidates.order_by("position")
    Lead.objects.filter(pk=first.lead_id).update(country="DE")
    first.lead.facts.create(
        kind="address", value=address.value, quote="x", source_url="", snapshot_sha256="", found_at=run.created_at
    )
    second = crawled(second, site("acme.io", facts=facts))
    assert (second.status, second.lead.merged_into) == ("rejected", first.lead)
    assert [clue["kind"] for clue in Merge.objects.get().evidence] == ["name", "country", "address"]


def test_what_a_person_parted_no_run_merges_again(workspace, owner):
    run = discovered(workspace, found("acme.com", "acme.de"))
    twin, other = run.candidates.order_by("position")
    made = merging.merge(other.lead_id, twin.lead_id, by=None)
    merging.unmerge(made.pk, by=owner)
    twin = crawled(twin, site("acme.de"))
    assert (twin.stage, Merge.objects.standing().count()) == ("qualify", 0)


def test_two_that_take_each_other_for_their_twin_are_not_both_left_out(workspace):
    run = RunFactory(hunt__workspace=workspace)
    one, other = (CandidateFactory(run=run, stage="crawl", status="working") for _ in range(2))
    verdicts = []
    for mine, twin in ((one, other), (other, one)):
        landed = RunIdentities(mine)._twin_with(twin.lead_id, (), is_certain=True)
        assert landed is not None
        verdicts.append((mine, recording.Verdict("rejected", "twin", site=site("x.example"), twin=landed)))
    settled = [identity.settle(mine, verdict)[0].outcome for mine, verdict in verdicts]
    assert settled == ["rejected", "passed"]


CRAWL = """
import time
from pathlib import Path
from hunts import recording
from hunts.models import Candidate
from hunts.identity import RunIdentities
from hunts.work import Verdict, Work
from integrations.capabilities import ReadSite
mine = Candidate.objects.select_related("lead", "run").get(pk=sys.argv[1])
site = ReadSite(final_url="https://known.example/")
twin = RunIdentities(mine)._twin(site, "")
print("ready", flush=True)
while not Path(sys.argv[2]).exists():
    time.sleep(0.001)
verdict = Verdict("waiting", "twin", skip_to="dedupe", site=site, twin=twin)
recording.record(mine, [(verdict, None)])
"""


@pytest.mark.django_db(transaction=True)
def test_two_workers_whose_sites_lead_to_one_known_company_make_it_one_candidate(tmp_path):
    workspace = Workspace.start("Acme")
    known = LeadFactory(workspace=workspace, handle="known.example")
    run = RunFactory(hunt__workspace=workspace)
    twins = [CandidateFactory(run=run, stage="crawl", status="working") for _ in range(2)]
    go = tmp_path / "go"
    workers = [start_python(CRAWL, str(twin.pk), str(go)) for twin in twins]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    go.touch()
    for worker in workers:
        _out, errors = worker.communicate(timeout=PATIENCE)
        assert worker.returncode == 0, errors
    assert set(run.candidates.values_list("status", "stage")) == {("queued", "dedupe"), ("rejected", "crawl")}
    assert run.candidates.filter(lead=known).count() == 1
    assert set(Lead.objects.exclude(pk=known.pk).values_list("merged_into", flat=True)) == {known.pk}
