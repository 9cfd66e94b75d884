"""Company lists: shown, uploaded, renamed, handed out, deleted and brought back; a deleted one is searched no more."""

import csv
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.audit_models import AuditEntry
from accounts.models import Membership
from hunts import company_lists, deleting, launch, pipeline, places, presets, schedules
from hunts.icp import Icp
from hunts.matching import matching
from hunts.models import Hunt, Run, Source
from hunts.preset_models import Firing
from hunts.recurrence import Recurrence
from leads.directory import DatabaseIndex, searchable
from leads.importing import import_companies
from leads.models import Company, CompanyList, Lead
from tests.conftest import signed_in
from tests.factories import (
    ICP,
    CandidateFactory,
    CompanyFactory,
    CompanyListFactory,
    HuntFactory,
    JudgedLeadFactory,
    MembershipFactory,
    RunFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def fair(workspace, owner) -> CompanyList:
    companies = CompanyListFactory(workspace=workspace, name="fair.csv", uploaded_by=owner)
    CompanyFactory(list=companies, name="Acme", domain="acme.example", employees_min=11, employees_max=50)
    return companies


@pytest.fixture
def hunt(workspace, fair) -> Hunt:
    return HuntFactory(workspace=workspace, name="Exhibitors", source=Source.FILE, company_list=fair)


def table(*domains: str, name: str = "fair.csv") -> SimpleUploadedFile:
    rows = "".join(f"Company {domain},{domain}\n" for domain in domains)
    return SimpleUploadedFile(name, f"name,domain\n{rows}".encode())


def verbs() -> list[str]:
    return list(AuditEntry.objects.filter(verb__startswith="list.").order_by("pk").values_list("verb", flat=True))


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_says_how_many_companies_a_list_has_and_who_uploaded_it(client_of_owner, fair, owner, stranger):
    CompanyListFactory(name="the installation's")
    CompanyListFactory(name="theirs.csv", workspace=stranger.memberships.get().workspace)
    shown = client_of_owner.get("/lists/").text
    assert "fair.csv" in shown and owner.email in shown and '<td class="right num">1</td>' in shown
    assert "the installation&#x27;s" not in shown and "theirs.csv" not in shown


def test_without_lists_the_page_says_how_to_begin(client_of_owner, viewer):
    assert "No lists yet" in client_of_owner.get("/lists/").text
    looked = signed_in(viewer).get("/lists/").text
    assert "No lists yet" in looked and 'type="file"' not in looked


def test_a_file_becomes_a_list_of_its_own(client_of_owner, fair, owner):
    answer = client_of_owner.post("/lists/upload", {"companies": table("new.example")}, follow=True)
    new = CompanyList.objects.exclude(pk=fair.pk).get()
    assert new.name == "fair.csv (2)" and "“fair.csv (2)” is there" in answer.text
    assert new.uploaded_by == owner and new.companies.get().domain == "new.example"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Choose a file of companies"),
        ({"companies": SimpleUploadedFile("empty.csv", b"")}, "The file is empty."),
        ({"companies": SimpleUploadedFile("prose.csv", b"dear,all\nhello,there\n")}, "needs a column for the company"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_what_to_do(client_of_owner, sent, said):
    answer = client_of_owner.post("/lists/upload", sent)
    assert answer.status_code == 422 and said in answer.text
    assert not CompanyList.objects.exists()


def test_a_file_that_is_too_large_is_not_read(client_of_owner, monkeypatch):
    monkeypatch.setattr("hunts.forms.LARGEST_UPLOAD", 10)
    answer = client_of_owner.post("/lists/upload", {"companies": table("new.example")})
    assert answer.status_code == 422 and "larger than 25 MB" in answer.text


def test_the_file_that_is_handed_out_is_read_again_as_it_was(client_of_owner, fair, tmp_path, owner):
    CompanyFactory(list=fair, name="=HYPERLINK(1)", domain="evil.example", employees_max=9, location="A, B", phone="+4")
    CompanyFactory(
        list=fair,
        name="Big",
        domain="big.example",
        employees_min=1000,
        founded_year=1999,
        location="Graz",
        country="AT",
    )
    answer = client_of_owner.get(f"/lists/{fair.pk}/companies.csv")
    content = b"".join(answer.streaming_content)
    assert "attachment" in answer["Content-Disposition"] and "fair.csv" in answer["Content-Disposition"]
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    assert [row["name"] for row in rows] == ["Acme", "'=HYPERLINK(1)", "Big"]
    (tmp_path / "again.csv").write_bytes(content)
    again = import_companies(tmp_path / "again.csv", workspace=fair.workspace).list
    columns = ("name", "domain", "employees_min", "employees_max", "founded_year", "location", "phone")
    assert list(again.companies.values_list(*columns)) == list(fair.companies.values_list(*columns))
    assert verbs() == ["list.downloaded"]


# ── another name ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_list_gets_another_name_that_no_other_list_has(client_of_owner, fair, workspace):
    CompanyListFactory(workspace=workspace, name="taken.csv")
    CompanyListFactory(workspace=workspace, name="gone.csv", deleted_at=timezone.now())
    path = f"/lists/{fair.pk}/rename"
    for name, said in (("taken.csv", "already"), ("  ", "Give the list a name"), ("x" * 201, "longer than 200")):
        answer = client_of_owner.post(path, {"name": name})
        assert answer.status_code == 422 and said in answer.text
    assert client_of_owner.post(path, {"name": " gone.csv\n"}).status_code == 302
    fair.refresh_from_db()
    assert fair.name == "gone.csv" and verbs() == ["list.renamed"]


# ── deleting ─────────────────────────────────────────────────────────────────────────────────────────────


def test_before_a_list_is_deleted_the_page_says_what_looks_through_it(client_of_owner, fair, hunt, owner, workspace):
    colleague = MembershipFactory(workspace=workspace, role=Membership.Role.MEMBER).user
    plan = schedules.Plan(Recurrence("daily", timezone.now().time(), "UTC"), "reuse", 1_000_000)
    schedules.put(presets.save(hunt, "Every fair", by=owner, is_shared=True), plan, by=owner, seen=0)
    of_file = {"workspace": workspace, "source": Source.FILE, "company_list": fair}
    presets.save(HuntFactory(name="Secret", **of_file), "Hidden", by=colleague)
    HuntFactory(name="Not there", deleted_at=timezone.now(), **of_file)
    RunFactory(hunt=hunt, company_list=fair, discovered_at=None)
    shown = client_of_owner.get(f"/lists/{fair.pk}/delete").text
    for said in ("its 1 company", "2 hunts look", "2 presets are among them", "1 is a private", "1 schedule starts"):
        assert said in shown, said
    assert "1 run was started" in shown
    assert "Every fair" in shown and "Exhibitors" in shown
    assert "Hidden" not in shown and "Not there" not in shown
    read = client_of_owner.get(f"/api/lists/{fair.pk}").json()
    assert (read["hunts"], read["presets"], read["schedules"], read["companies"]) == (2, 2, 1, 1)
    fair.refresh_from_db()
    assert fair.deleted_at is None


def test_a_deleted_list_is_gone_everywhere_and_back_by_undo(client_of_owner, fair, hunt):
    page = client_of_owner.post(f"/lists/{fair.pk}/delete", follow=True).text
    assert "“fair.csv” is deleted" in page and "Undo" in page
    for path in (f"/lists/{fair.pk}/delete", f"/lists/{fair.pk}/rename", f"/lists/{fair.pk}/companies.csv"):
        assert client_of_owner.get(path).status_code == 404, path
    assert client_of_owner.get("/api/lists").json()["items"] == []
    assert not company_lists.delete(fair)
    assert "was deleted. Bring it back" in client_of_owner.get(hunt.get_absolute_url()).text
    CompanyList.objects.filter(pk=fair.pk).update(name="W" * 200)
    told = client_of_owner.post(f"/lists/{fair.pk}/restore", follow=True).text
    assert f"The list “{'W' * 79}…” is back." in told
    assert client_of_owner.get(f"/lists/{fair.pk}/companies.csv").status_code == 200
    assert verbs()[:2] == ["list.deleted", "list.restored"]


def test_new_searches_leave_a_deleted_list_out_and_find_it_again_once_it_is_back(workspace, fair):
    other = CompanyFactory(list=CompanyListFactory(workspace=workspace), domain="other.example")
    CompanyFactory(list=fair, domain="second.example")
    found = async_to_sync(DatabaseIndex(workspace.pk).candidates)
    asked = {"source": Source.DIRECTORY, "limit": 10, "company_list_id": None, "last": None, "judge": "rules"}

    def domains() -> set[str]:
        return {row.domain for row in found((), countries=(), limit=10)}

    icp = Icp(brief="Companies", criteria=ICP.criteria)
    before = matching(workspace.pk, icp, **asked)
    company_lists.delete(fair)
    assert domains() == {"other.example"} and list(searchable(workspace.pk)) == [other]
    assert async_to_sync(DatabaseIndex(workspace.pk, list_id=fair.pk).candidates)((), countries=(), limit=10) == []
    after = matching(workspace.pk, icp, **asked)
    assert before is not None and set(before.handles) == {"second.example", "other.example"}
    assert after is not None and after.handles == ("other.example",)
    company_lists.restore(fair)
    assert domains() == {"acme.example", "second.example", "other.example"}


def test_a_hunt_through_a_deleted_list_is_not_run_and_says_what_to_do(client_of_owner, fair, hunt, owner):
    preset = presets.save(hunt, "Every fair", by=owner, is_shared=True)
    company_lists.delete(fair)
    with pytest.raises(pipeline.NotStarted, match="“fair"):
        launch.run(hunt)
    answer = client_of_owner.post(f"/api/hunts/{hunt.pk}/runs")
    assert answer.status_code == 409 and "Bring it back" in answer.json()["detail"]
    assert "Bring it back" in client_of_owner.post(f"/api/hunts/{hunt.pk}/estimate", {}, "application/json").text
    edit = client_of_owner.get(f"/hunts/presets/{preset.pk}/edit").text
    assert "fair.csv" not in edit
    said = {"name": "P", "source": "file", "limit": "5", "max_spend": "0", "known": "reuse", "version": "1"}
    answer = client_of_owner.post(f"/hunts/presets/{preset.pk}/edit", said | {"company_list": fair.pk})
    assert answer.status_code == 422 and "This list was deleted" in answer.text
    assert not Run.objects.exists()


def test_a_schedule_over_a_deleted_list_starts_nothing_and_says_why(fair, hunt, owner):
    plan = schedules.Plan(Recurrence("daily", timezone.now().time(), "UTC"), "reuse", 1_000_000)
    schedule = schedules.put(presets.save(hunt, "Every fair", by=owner), plan, by=owner, seen=0)
    company_lists.delete(fair)
    firing = schedules.fire(schedule.pk, schedule.next_at)
    assert firing is not None and firing.outcome == Firing.Outcome.FAILED and "“fair.csv” was deleted" in firing.note


@pytest.mark.parametrize("way", ["deleted", "purged"])
def test_a_run_whose_list_went_before_it_searched_fails_and_does_not_search_the_rest(fair, hunt, way):
    CompanyFactory(list=CompanyListFactory(), domain="other.example")
    run = launch.run(hunt)
    company_lists.delete(fair)
    if way == "purged":
        company_lists.purge(timezone.now() + timedelta(seconds=1))
    async_to_sync(pipeline.work_on)(run.pk)
    run.refresh_from_db()
    assert run.status == Run.Status.FAILED and "was deleted" in run.note and not run.candidates.exists()


def test_what_was_found_on_a_list_stays_when_it_is_purged(fair, hunt, monkeypatch):
    monkeypatch.setattr("hunts.company_lists.PURGED_AT_ONCE", 2)
    CompanyFactory.create_batch(4, list=fair)
    run = RunFactory(hunt=hunt, company_list=fair, status=Run.Status.SUCCEEDED)
    CandidateFactory(run=run, lead=JudgedLeadFactory(workspace=hunt.workspace))
    kept = CompanyFactory(list=CompanyListFactory(workspace=hunt.workspace, deleted_at=timezone.now()))
    company_lists.delete(fair)
    CompanyList.objects.filter(pk=fair.pk).update(deleted_at=timezone.now() - timedelta(days=31))
    assert not company_lists.deleted(hunt.workspace).filter(pk=fair.pk).exists()
    assert deleting.purge() == 1
    assert list(Company.objects.all()) == [kept]
    assert run.candidates.count() == 1 and Lead.objects.exists()
    hunt.refresh_from_db()
    with pytest.raises(pipeline.NotStarted, match="The file of companies was deleted"):
        launch.run(hunt)


def test_the_name_of_a_deleted_list_is_free_and_a_list_does_not_come_back_beside_its_successor(
    client_of_owner, fair, workspace, tmp_path
):
    company_lists.delete(fair)
    client_of_owner.post("/lists/upload", {"companies": table("new.example")})
    new = CompanyList.objects.visible_to(workspace).get()
    assert new.name == "fair.csv" and new.companies.get().domain == "new.example"
    said = client_of_owner.post(f"/lists/{fair.pk}/restore", follow=True).text
    assert "already" in said
    assert client_of_owner.post(f"/api/lists/{fair.pk}/restore").status_code == 409
    company_lists.rename(new, "newer.csv")
    assert client_of_owner.post(f"/api/lists/{fair.pk}/restore").json()["companies"] == 1


def test_a_deleted_list_takes_no_room_and_comes_back_only_where_there_is_some(fair, workspace, settings):
    settings.QUOTAS = settings.QUOTAS | {"lists": 1, "companies": 1}
    company_lists.delete(fair)
    assert (places.used(workspace)["lists"], places.used(workspace)["companies"]) == (0, 0)
    CompanyFactory(list=CompanyListFactory(workspace=workspace))
    with pytest.raises(places.QuotaReached):
        company_lists.restore(fair)
    settings.QUOTAS = settings.QUOTAS | {"lists": 2}
    with pytest.raises(places.QuotaReached, match="Delete a list"):
        company_lists.restore(fair)
    settings.QUOTAS = settings.QUOTAS | {"companies": 2}
    assert company_lists.restore(fair)


def test_members_delete_lists_viewers_and_strangers_do_not(fair, workspace, viewer, client_of_stranger):
    company_lists.delete(gone := CompanyListFactory(workspace=workspace))
    for client, status in ((client_of_stranger, 404), (signed_in(viewer), 403)):
        for action in ("delete", "rename"):
            assert client.post(f"/lists/{fair.pk}/{action}", {"name": "Mine"}).status_code == status
        assert client.post(f"/lists/{gone.pk}/restore").status_code == status
        assert client.delete(f"/api/lists/{fair.pk}").status_code == status
        assert client.patch(f"/api/lists/{fair.pk}", {"name": "M"}, "application/json").status_code == status
    assert signed_in(viewer).post("/lists/upload", {"companies": table("new.example")}).status_code == 403
    assert signed_in(viewer).get(f"/lists/{fair.pk}/companies.csv").status_code == 200
    assert client_of_stranger.get(f"/lists/{fair.pk}/companies.csv").status_code == 404
    member = MembershipFactory(workspace=workspace, role=Membership.Role.MEMBER).user
    assert signed_in(member).delete(f"/api/lists/{fair.pk}").status_code == 204
    assert signed_in(member).delete(f"/api/lists/{fair.pk}").status_code == 404


def test_the_installations_own_lists_are_nobodys_to_delete(client_of_owner):
    shared = CompanyListFactory()
    assert client_of_owner.post(f"/lists/{shared.pk}/delete").status_code == 404
    assert client_of_owner.delete(f"/api/lists/{shared.pk}").status_code == 404
