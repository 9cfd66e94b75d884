"""Who was erased does not come back: not by a crawl, an import, a search, nor by what is remembered."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.utils import timezone

from accounts.models import Workspace
from config import checks
from enrichment import pages
from enrichment.models import Page, Snapshot
from enrichment.pages import StoredPages
from hunts import loading, pipeline, sourcing
from hunts.brief import read_brief
from hunts.models import Candidate, Hunt, Run, Source
from hunts.privacy import erasing
from integrations.capabilities import FoundCompany
from integrations.lexicon.persons import MARK
from integrations.lexicon.text import sha256_of
from leads import suppression
from leads.importing import import_companies
from leads.models import Company, Contact, Fact, Lead
from leads.wanted import Wanted
from tests.factories import CandidateFactory, RunFactory, WorkspaceFactory
from tests.harness.fake_web import FakeWeb
from tests.hunts.privacy.conftest import (
    DOMAIN,
    EMAIL,
    NAME,
    NEAR,
    PHONE,
    PROFILE,
    SHARED,
    finish,
    left,
    stored,
    told_of,
    wanted,
)
from tests.hunts.test_injection import ObedientModel, world  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

BRIEF = "Manufacturers of precision machined parts in Germany"
WORK = "We mill and turn precision parts for machines of all kinds, and meet all criteria that one could have."
HOME = (
    f"<html><head><title>Acme, {NAME}</title><meta name='description' content='Acme of {NAME}'></head><body>"
    f"<h1>Acme Precision</h1><p>{WORK}</p><p>{WORK.replace('mill', 'grind')}</p>"
    f"<p>Managing Director: {NAME}</p><p><a href='mailto:{EMAIL}'>{EMAIL}</a> {PHONE}</p>"
    f"<p><a href='{PROFILE}'>LinkedIn</a></p><p>Sales Manager: {NEAR}</p><p>office@{DOMAIN}</p>"
    "<p><a href='/about'>About us</a> <a href='/team/zita-quendel'>Zita Quendel</a></p></body></html>"
)
ABOUT = (
    f"<h1>About Acme</h1><p>{NAME} meets criteria, says everybody. Write to zita.quendel [at] acme [dot] example.</p>"
)


def hunt_of(workspace: Workspace) -> Run:
    hunt = Hunt.objects.create(
        workspace=workspace,
        name=BRIEF,
        icp_json=read_brief(BRIEF).to_json(),
        source=Source.DIRECTORY,
        limit=1,
        max_spend_microusd=5_000_000,
    )
    run = pipeline.start(hunt)
    Run.objects.filter(pk=run.pk).update(discovered_at=timezone.now())
    lead, _made = Lead.objects.get_or_create(
        workspace=workspace, handle=DOMAIN, defaults={"name": "Acme", "website": f"http://{DOMAIN}/"}
    )
    Candidate.objects.create(run=run, lead=lead, position=0)
    return run


def crawled(workspace: Workspace, settings: Any) -> tuple[Run, Sequence[bytes]]:
    """Run a hunt over the site as it is now; return it with what was sent to the model."""

    async def work() -> tuple[Run, Sequence[bytes]]:
        async with FakeWeb() as web:
            web.page(f"{DOMAIN}/", HOME)
            web.page(f"{DOMAIN}/about", ABOUT)
            web.page(f"{DOMAIN}/team/zita-quendel", f"<h1>{NAME}</h1><p>{EMAIL}</p>")
            run = await sync_to_async(hunt_of)(workspace)
            with ObedientModel() as model:
                settings.EGRESS_ROUTES = web.routes
                settings.PROVIDERS["openai"] |= {"api_key": "x", "base_url": model.base_url, "model": "gpt-4.1-mini"}
                await pipeline.work_on(run.pk)
            return run, tuple(model.sent)

    run, sent = async_to_sync(work)()
    run.refresh_from_db()
    assert run.status == Run.Status.SUCCEEDED, run.note
    assert not run.candidates.filter(status=Candidate.Status.FAILED).exists()
    return run, sent


def days_pass() -> None:
    """Let every page that was read be too old to be used again."""
    Page.objects.update(fetched_at=timezone.now() - timedelta(days=30))


def test_who_was_erased_is_in_no_table_no_file_and_nothing_that_a_model_is_sent(workspace, world, media):  # noqa: F811
    _run, sent = crawled(workspace, world)
    assert told_of(stored())
    assert told_of(b"".join(sent).decode().lower())
    assert Contact.objects.filter(email=EMAIL).exists()

    finish(erasing.begin(wanted(), workspace_id=workspace.pk, by=None))
    assert left(without=SHARED) == {}

    days_pass()
    _run, sent = crawled(workspace, world)
    assert sent
    assert told_of(b"".join(sent).decode("unicode_escape").lower()) == []
    assert left(without=SHARED) == {}
    # The others of the page are there, and what is quoted stands where it is said to stand.
    assert Contact.objects.filter(name=NEAR).exists()
    assert Contact.objects.filter(email=f"office@{DOMAIN}").exists()
    for row in Contact.objects.exclude(snapshot_sha256="").exclude(quote=""):
        assert row.quote in Snapshot.objects.get(pk=row.snapshot_sha256).text
    finish(erasing.begin(wanted(), workspace_id=None, by=None))
    assert left() == {}


def test_a_page_that_is_remembered_is_read_without_them(workspace, world, media):  # noqa: F811
    """Another workspace has read the site, and may keep the person; ours may not."""
    other = WorkspaceFactory()
    crawled(other, world)
    suppression.suppress(workspace.pk, wanted())
    _run, sent = crawled(workspace, world)
    assert told_of(b"".join(sent).decode("unicode_escape").lower()) == []
    assert not Contact.objects.filter(lead__workspace=workspace, email=EMAIL).exists()
    assert Contact.objects.filter(lead__workspace=other, email=EMAIL).exists()
    # What one leaves out, the other does not miss.
    kept = async_to_sync(StoredPages(other.pk).get)(f"http://{DOMAIN}/")
    assert EMAIL in kept.page.text
    kept = async_to_sync(StoredPages(workspace.pk).get)(f"http://{DOMAIN}/")
    assert EMAIL not in kept.page.text
    assert MARK in kept.page.text


def test_an_import_leaves_them_out(workspace, tmp_path):
    suppression.suppress(workspace.pk, wanted())
    path = tmp_path / "list.csv"
    path.write_text(f"name,website,description\nAcme,{DOMAIN},Ask {NAME} or {NEAR} at {EMAIL}\n", encoding="utf-8")
    import_companies(path, workspace=workspace)
    company = Company.objects.get()
    assert company.description == f"Ask {MARK * len(NAME)} or {NEAR} at {MARK * len(EMAIL)}"
    # Others may have them.
    import_companies(path, workspace=WorkspaceFactory())
    assert Company.objects.filter(description__contains=NAME).count() == 1


def test_what_a_search_finds_is_kept_without_them(workspace):
    suppression.suppress(workspace.pk, wanted())
    run = RunFactory(hunt__workspace=workspace)
    found = FoundCompany(name="Acme", domain=DOMAIN, description=f"By {NAME}", record=f"CEO {NAME}, {PHONE}")
    sourcing.leads_of(run, [found])
    assert told_of(json.dumps(list(Lead.objects.values("description", "record", "name"))).lower()) == []


def names(workspace_id: int | None, domain: str, text: str) -> bool:
    return suppression.names_any(suppression.watch(workspace_id, domain, text), text)


def test_where_nobody_is_on_the_list_it_costs_one_query(workspace, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert suppression.watch(workspace.pk, DOMAIN, NAME) is None


def test_the_list_of_a_workspace_binds_nobody_else_and_that_of_the_installation_binds_all(workspace):
    suppression.suppress(workspace.pk, wanted())
    other = WorkspaceFactory()
    assert suppression.watch(other.pk, DOMAIN, NAME) is None
    assert suppression.watch(None, DOMAIN, NAME) is None
    suppression.suppress(None, wanted())
    assert names(other.pk, DOMAIN, EMAIL)


def test_a_name_is_left_out_at_its_own_company_alone(workspace):
    suppression.suppress(workspace.pk, wanted())
    assert names(workspace.pk, f"www.{DOMAIN}", NAME)
    assert not names(workspace.pk, "other.example", NAME)
    assert names(workspace.pk, "other.example", EMAIL)


def test_a_person_stays_known_when_the_keys_change(workspace, settings):
    settings.SUPPRESSION_KEYS = ["one"]
    suppression.suppress(workspace.pk, wanted())
    settings.SUPPRESSION_KEYS = ["two", "one"]
    assert suppression.rows_of(workspace.pk, wanted()).exists()
    assert names(workspace.pk, DOMAIN, NAME)
    settings.SUPPRESSION_KEYS = ["two"]
    assert not names(workspace.pk, DOMAIN, NAME)


def test_a_person_who_was_hashed_by_secret_key_stays_known_when_keys_are_set_and_it_is_changed(workspace, settings):
    settings.SUPPRESSION_KEYS = []
    suppression.suppress(workspace.pk, wanted())
    settings.SUPPRESSION_KEYS = ["fresh"]
    assert names(workspace.pk, DOMAIN, NAME)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "changed"
    assert names(workspace.pk, DOMAIN, NAME)
    assert checks.people_who_are_kept_out_are_known(None, databases=["default"]) == []
    settings.SECRET_KEY_FALLBACKS = []
    (error,) = checks.people_who_are_kept_out_are_known(None, databases=["default"])
    assert error.id == "magnet.E022"
    assert error.msg.startswith("1 people")


def test_production_is_told_to_have_keys_for_the_list(settings):
    settings.SUPPRESSION_KEYS = []
    assert [one.id for one in checks.people_who_are_kept_out_have_keys_of_their_own(None)] == ["magnet.W022"]
    settings.SUPPRESSION_KEYS = ["x"]
    assert checks.people_who_are_kept_out_have_keys_of_their_own(None) == []


def test_who_has_a_domain_of_their_name_does_not_come_back_with_it(workspace, tmp_path):
    suppression.suppress(workspace.pk, Wanted.of(name=NAME, company="zita-quendel.example"))
    run = RunFactory(hunt__workspace=workspace)
    theirs = FoundCompany(name=NAME, domain="zita-quendel.example")
    got = sourcing.leads_of(run, [theirs, FoundCompany(name="Acme", domain=DOMAIN)])
    assert [one.company.domain for one in got] == [DOMAIN]
    path = tmp_path / "list.csv"
    path.write_text(f"name,website\n{NAME},zita-quendel.example\nAcme,{DOMAIN}\n", encoding="utf-8")
    report = import_companies(path, workspace=workspace)
    assert [row.domain for row in Company.objects.all()] == [DOMAIN]
    assert report.imported == 1


def test_who_is_let_back_is_kept_again(workspace):
    suppression.suppress(workspace.pk, wanted())
    assert suppression.lift(workspace.pk, wanted()) == 1
    assert suppression.length(workspace.pk) == 0
    assert Fact.objects.count() == 0


def test_a_run_that_noted_a_text_before_they_were_erased_reads_it_without_them(workspace):
    """Another workspace keeps the text; between the two rounds ours still points at it."""
    page = f"Acme Precision\nManaging director: {NAME}, {EMAIL}\n{WORK}"
    Snapshot.keep([page])
    row = {"url": f"https://{DOMAIN}/", "final_url": f"https://{DOMAIN}/", "host": DOMAIN, "fetched_at": timezone.now()}
    Page.objects.create(
        **row, url_sha256=sha256_of(row["url"]), snapshot_id=sha256_of(page), title=f"Acme, {NAME}",
        facts={"contacts": [{"name": NAME, "email": EMAIL}], "description": f"Acme of {NAME}"},
    )  # fmt: skip
    candidate = CandidateFactory(
        run__hunt__workspace=workspace, lead__workspace=workspace, lead__handle=DOMAIN,
        facts={"pages": [{"url": row["url"], "title": "", "sha256": sha256_of(page)}], "final_url": row["url"]},
    )  # fmt: skip
    suppression.suppress(workspace.pk, wanted())
    (read,) = loading._site(candidate).pages
    assert told_of(json.dumps([read.text, read.title, read.description]).lower()) == []
    assert read.contacts == ()
    # What is quoted from it stands where it stood, in a text that is stored.
    assert read.text.index(WORK) == page.index(WORK)
    assert Snapshot.objects.get(pk=read.sha256).text == read.text
    (other,) = pages.reload(candidate.facts["pages"], WorkspaceFactory().pk)
    assert other.text == page
