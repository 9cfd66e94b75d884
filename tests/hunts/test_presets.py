"""Presets: saved, shared, changed by two people, cloned, run and deleted."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Membership
from hunts import deleting, presets, schedules
from hunts.chat_models import Conversation
from hunts.icp import Icp
from hunts.models import Hunt, Run
from hunts.preset_models import Firing, Preset, Schedule
from leads.models import CompanyList
from tests.conftest import signed_in
from tests.factories import CandidateFactory, HuntFactory, MembershipFactory, RunFactory

pytestmark = pytest.mark.django_db

TERMS = {
    "name": "Parts",
    "source": "sandbox",
    "limit": "20",
    "max_spend": "3.50",
    "known": "leave_out",
    "max_leads": "",
}
WHEN = {
    "frequency": "weekly",
    "weekday": "0",
    "day": "",
    "at": "09:00",
    "time_zone": "Europe/Belgrade",
    "known": "leave_out",
    "max_spend": "2",
    "version": "0",
}


@pytest.fixture
def preset(workspace, owner, sandbox) -> Preset:
    hunt = HuntFactory(workspace=workspace, max_spend_microusd=5_000_000)
    return presets.save(hunt, "Parts", by=owner, is_shared=True)


@pytest.fixture
def colleague(workspace):
    return MembershipFactory(workspace=workspace, role=Membership.Role.MEMBER).user


def page(preset: Preset, action: str) -> str:
    return f"/hunts/presets/{preset.pk}/{action}"


# ── the rows ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_preset_is_its_makers_alone_until_it_is_shared(workspace, owner, colleague):
    mine = presets.save(HuntFactory(workspace=workspace), "Parts", by=owner)
    assert not Preset.objects.visible_to(workspace, colleague).exists()
    presets.change(mine, presets.Terms("Parts", True, "reuse", "sandbox", 5, 0), seen=1, by=owner)
    assert Preset.objects.visible_to(workspace, colleague).get() == mine


def test_names_are_unique_in_the_workspace_and_for_each_maker_of_private_ones(workspace, owner, colleague):
    presets.save(HuntFactory(workspace=workspace), "Parts", by=owner)
    presets.save(HuntFactory(workspace=workspace), "Parts", by=colleague)
    presets.save(HuntFactory(workspace=workspace), "Parts", by=owner, is_shared=True)
    for is_shared in (True, False):
        with pytest.raises(presets.NameTaken, match="PARTS"):
            presets.save(HuntFactory(workspace=workspace), " PARTS ", by=owner, is_shared=is_shared)


def test_a_hunt_that_is_saved_twice_is_copied_so_that_no_preset_changes_another(preset, colleague):
    other = presets.save(preset.hunt, "Mine", by=colleague)
    assert other.hunt != preset.hunt
    presets.change(other, presets.Terms("Mine", False, "reuse", "sandbox", 7, 0), seen=1, by=colleague)
    preset.hunt.refresh_from_db()
    assert preset.hunt.limit == 10
    with pytest.raises(IntegrityError), transaction.atomic():
        Preset.objects.create(workspace=preset.workspace, hunt=preset.hunt, name="Third")


def test_the_second_of_two_editors_is_told_and_undoes_nothing(preset, owner, colleague):
    seen = preset.version
    presets.change(preset, presets.Terms("Theirs", True, "reuse", "sandbox", 7, 0), seen=seen, by=colleague)
    with pytest.raises(presets.Outdated, match=colleague.email):
        presets.change(preset, presets.Terms("Mine", True, "reuse", "sandbox", 9, 0), seen=seen, by=owner)
    preset.refresh_from_db()
    assert (preset.name, preset.hunt.limit) == ("Theirs", 7)


def test_only_its_maker_can_stop_sharing_a_preset(preset, colleague):
    with pytest.raises(presets.NotPossible, match="Only the person who made"):
        presets.change(preset, presets.Terms("Parts", False, "reuse", "sandbox", 7, 0), seen=1, by=colleague)


def test_clones_are_private_have_free_names_and_no_schedule(preset, colleague):
    Schedule.objects.create(preset=preset, frequency="daily", next_at=timezone.now())
    first, second = presets.clone(preset, by=colleague), presets.clone(preset, by=colleague)
    assert (first.name, second.name) == ("Parts (copy)", "Parts (copy 2)")
    assert not first.is_shared
    assert first.hunt != preset.hunt
    assert not Schedule.objects.filter(preset__in=[first, second]).exists()
    long = presets.save(HuntFactory(workspace=preset.workspace), "x" * 100, by=colleague)
    assert len({presets.clone(long, by=colleague).name for _ in range(2)}) == 2


def test_a_run_keeps_what_it_began_with_when_the_preset_changes(preset, owner):
    run = presets.run(preset, by=owner)
    presets.change_profile(preset, Icp(brief="Bakeries"), seen=preset.version, by=owner)
    assert run.icp.brief == "Makers of precision parts in Austria"
    assert Hunt.objects.get(pk=preset.hunt_id).icp.brief == "Bakeries"


def test_a_name_that_was_given_away_meanwhile_is_said_when_a_deletion_is_taken_back(preset, owner):
    presets.delete(preset)
    presets.save(HuntFactory(workspace=preset.workspace), "Parts", by=owner, is_shared=True)
    with pytest.raises(presets.NameTaken):
        presets.restore(preset)


def test_a_preset_of_a_deleted_hunt_is_not_seen_and_does_not_keep_its_name(preset, workspace, owner):
    deleting.delete_hunt(preset.hunt)
    assert not Preset.objects.visible_to(workspace, owner).exists()
    presets.save(HuntFactory(workspace=workspace), "Parts", by=owner, is_shared=True)


# ── the pages ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["", "1/edit", "1/schedule"])
def test_strangers_are_asked_to_log_in(client, path):
    assert client.get(f"/hunts/presets/{path}").headers["Location"].startswith("/accounts/login/")


def test_presets_of_others_are_not_there(client_of_stranger, workspace, owner, colleague):
    private = presets.save(HuntFactory(workspace=workspace), "Mine", by=owner)
    for client in (client_of_stranger, signed_in(colleague)):
        for action in ("edit", "schedule"):
            assert client.get(page(private, action)).status_code == 404
        for action in ("run", "clone", "delete", "restore", "open", "schedule/pause", "profile/1"):
            assert client.post(page(private, action)).status_code == 404
        assert client.get(f"/api/presets/{private.pk}").status_code == 404
    assert "Mine" not in signed_in(colleague).get(private.get_absolute_url()).text


def test_viewers_see_a_shared_preset_and_change_nothing(preset, viewer):
    client = signed_in(viewer)
    assert "Parts" in client.get("/hunts/presets/").text
    assert "Run now" not in client.get(preset.get_absolute_url()).text
    for action in ("run", "clone", "delete", "schedule", "edit"):
        assert client.post(page(preset, action)).status_code == 403
    assert client.post(f"/api/presets/{preset.pk}/run").status_code == 403


def test_an_empty_list_starts_the_next_step(client_of_owner, workspace):
    assert "Make a hunt first" in client_of_owner.get("/hunts/presets/").text
    hunt = HuntFactory(workspace=workspace)
    text = client_of_owner.get("/hunts/presets/").text
    assert "Save as preset" in text
    assert hunt.get_absolute_url() in text


def test_a_hunt_is_saved_run_deleted_and_brought_back_by_its_buttons(client_of_owner, workspace, sandbox):
    hunt = HuntFactory(workspace=workspace)
    client_of_owner.post(f"/hunts/presets/of/{hunt.pk}", {"name": "Gears", "is_shared": "1"})
    preset = Preset.objects.get()
    assert (preset.name, preset.is_shared) == ("Gears", True)
    client_of_owner.post(page(preset, "run"))
    assert hunt.runs.get().trigger == "person"
    again = client_of_owner.post(page(preset, "run"), follow=True).text
    assert "running already" in again
    deleted = client_of_owner.post(page(preset, "delete"), follow=True).text
    assert "is deleted" in deleted
    for path in ("/hunts/", hunt.get_absolute_url()):
        assert "Gears" not in client_of_owner.get(path).text
    assert not Preset.objects.kept().exists()
    client_of_owner.post(page(preset, "restore"))
    assert Preset.objects.kept().exists()


def test_a_list_of_many_presets_takes_few_queries(client_of_owner, workspace, owner, django_assert_max_num_queries):
    for number in range(10):
        run = RunFactory(hunt__workspace=workspace)
        CandidateFactory(run=run)
        saved = presets.save(run.hunt, f"Preset {number}", by=owner)
        Schedule.objects.create(preset=saved, frequency="daily", next_at=timezone.now(), made_by=owner)
    for path in ("/hunts/presets/", "/hunts/"):
        with django_assert_max_num_queries(14):
            assert "Every day at 09:00" in client_of_owner.get(path).text


NONSENSE = (
    ("max_spend", "-1"),
    ("max_spend", "NaN"),
    ("max_spend", "Infinity"),
    ("max_spend", "1e400"),
    ("max_spend", "10001"),
    ("max_spend", ""),
    ("limit", "0"),
    ("limit", "1001"),
    ("limit", "99999999999999999999"),
    ("max_leads", "0"),
    ("source", "moon"),
    ("source", "exa"),
    ("source", "file"),
    ("company_list", "17"),
    ("known", "maybe"),
    ("name", " "),
    ("name", "x" * 101),
    ("name", "\u200b"),
)


def test_what_makes_no_sense_is_refused_and_what_was_typed_is_kept(client_of_owner, preset):
    for field, value in NONSENSE:
        said = TERMS | {"version": "1", "limit": "33"} | {field: value}
        answer = client_of_owner.post(page(preset, "edit"), said)
        assert (answer.status_code, field, value) == (422, field, value)
        assert field == "limit" or 'value="33"' in answer.text
    preset.refresh_from_db()
    assert (preset.version, preset.hunt.limit) == (1, 10)


def test_an_edit_that_came_too_late_shows_both_and_can_be_saved_again(client_of_owner, preset, colleague):
    theirs = presets.Terms("Theirs", True, "reuse", "sandbox", 7, 0)
    presets.change(preset, theirs, seen=1, by=colleague)
    mine = TERMS | {"name": "Mine", "is_shared": "1", "version": "1"}
    answer = client_of_owner.post(page(preset, "edit"), mine)
    assert answer.status_code == 422
    assert colleague.email in answer.text
    assert "Theirs" in answer.text
    assert 'value="Mine"' in answer.text
    assert 'name="version" value="2"' in answer.text
    client_of_owner.post(page(preset, "edit"), mine | {"version": "2"})
    preset.refresh_from_db()
    assert (preset.name, preset.hunt.limit, preset.hunt.max_spend_microusd) == ("Mine", 20, 3_500_000)


def test_a_preset_looks_through_a_file_of_its_own_workspace_only(client_of_owner, preset):
    ours = CompanyList.objects.create(workspace=preset.workspace, name="ours.csv")
    others = CompanyList.objects.create(workspace=MembershipFactory().workspace, name="others.csv")
    said = TERMS | {"version": "1", "source": "file", "is_shared": "1"}
    assert client_of_owner.post(page(preset, "edit"), said | {"company_list": others.pk}).status_code == 422
    client_of_owner.post(page(preset, "edit"), said | {"company_list": ours.pk})
    assert Hunt.objects.get(pk=preset.hunt_id).company_list == ours


def test_the_profile_is_changed_in_the_chat_and_saved_to_the_preset(client_of_owner, preset, colleague):
    client_of_owner.post(page(preset, "open"))
    conversation = Conversation.objects.get()
    icp = preset.hunt.icp.to_json() | {"countries": ["DE"]}
    Conversation.objects.update(icp_json=icp)
    assert "Save to the preset" in client_of_owner.get(conversation.get_absolute_url()).text
    presets.change(preset, presets.Terms("Parts", True, "reuse", "sandbox", 7, 0), seen=1, by=colleague)
    save = page(preset, f"profile/{conversation.pk}")
    assert colleague.email in client_of_owner.post(save, follow=True).text
    assert Hunt.objects.get(pk=preset.hunt_id).icp.countries == ("AT",)
    client_of_owner.post(save)
    assert Hunt.objects.get(pk=preset.hunt_id).icp.countries == ("DE",)


def test_a_hunt_that_is_started_from_the_chat_leaves_the_preset_as_it_is(client_of_owner, preset):
    client_of_owner.post(page(preset, "open"))
    conversation = Conversation.objects.get()
    start = {"action": "start", "source": "sandbox", "limit": "3", "max_spend": "0"}
    client_of_owner.post(f"/hunts/chat/{conversation.pk}/start", start)
    assert Run.objects.get().hunt != preset.hunt
    assert Hunt.objects.get(pk=preset.hunt_id).limit == 10


NO_SCHEDULE = (
    ("frequency", "hourly"),
    ("at", "24:00"),
    ("at", ""),
    ("time_zone", "Mars/Olympus"),
    ("time_zone", "../../etc/passwd"),
    ("weekday", "7"),
    ("max_spend", "-0.01"),
    ("max_spend", "NaN"),
    ("known", ""),
)


def test_a_schedule_that_makes_no_sense_is_refused(client_of_owner, preset):
    for field, value in NO_SCHEDULE:
        answer = client_of_owner.post(page(preset, "schedule"), WHEN | {field: value})
        assert (answer.status_code, field, value) == (422, field, value)
        assert "field-error" in answer.text
    assert not Schedule.objects.exists()


def test_a_month_has_31_days_at_most_and_a_week_does_not_ask_for_one(client_of_owner, preset):
    for day in ("0", "32", "", "x"):
        said = WHEN | {"frequency": "monthly", "day": day}
        assert client_of_owner.post(page(preset, "schedule"), said).status_code == 422
    assert client_of_owner.post(page(preset, "schedule"), WHEN | {"day": "x"}).status_code == 302


def test_a_schedule_is_set_paused_resumed_and_deleted_by_its_buttons(client_of_owner, preset):
    client_of_owner.post(page(preset, "schedule"), WHEN)
    shown = client_of_owner.get(preset.get_absolute_url()).text
    assert "Every Monday at 09:00 (Europe/Belgrade)" in shown
    for action, is_paused in (("pause", True), ("resume", False)):
        client_of_owner.post(page(preset, f"schedule/{action}"))
        assert Schedule.objects.get().is_paused is is_paused
    late = client_of_owner.post(page(preset, "schedule"), WHEN | {"at": "10:00", "version": "1"})
    assert late.status_code == 422
    assert "Somebody changed this schedule" in late.text
    assert 'value="10:00"' in late.text
    client_of_owner.post(page(preset, "schedule/delete"))
    assert not Schedule.objects.kept().exists()


def test_the_page_shows_what_each_scheduled_run_brought(client_of_owner, preset):
    client_of_owner.post(page(preset, "schedule"), WHEN)
    schedule = Schedule.objects.get()
    run = schedules.fire(schedule.pk, schedule.next_at).run
    for number in range(5):
        CandidateFactory(run=run, is_known=number < 2, status="qualified" if number in (1, 4) else "rejected")
    Firing.objects.create(schedule=schedule, due_at=timezone.now(), outcome="skipped", note="Run 1 was at work.")
    shown = client_of_owner.get(preset.get_absolute_url())
    row = next(one for one in shown.context["panel"].brought if one.run)
    assert (row.run.found, row.run.new, row.run.qualified, row.run.new_qualified) == (5, 3, 2, 1)
    assert "Run 1 was at work." in shown.text


def test_hunts_are_found_by_their_brief_and_by_the_name_of_a_visible_preset(
    client_of_owner, workspace, owner, colleague
):
    hunt = HuntFactory(workspace=workspace, name="Bakeries in Graz")
    presets.save(hunt, "Monday list", by=owner)
    hidden = HuntFactory(workspace=workspace, name="Breweries")
    presets.save(hidden, "Secret list", by=colleague)
    for words, is_found in (("graz", True), ("monday", True), ("secret", False), ("nothing", False)):
        text = client_of_owner.get("/hunts/", {"q": words}).text
        assert (hunt.get_absolute_url() in text) is is_found
        assert hidden.get_absolute_url() not in text


def test_hostile_names_are_shown_as_text(client_of_owner, workspace, owner):
    evil = "<script>alert(1)</script>"
    preset = presets.save(HuntFactory(workspace=workspace, name=evil), evil, by=owner)
    for path in (
        "/hunts/presets/",
        "/hunts/",
        preset.get_absolute_url(),
        page(preset, "edit"),
        page(preset, "schedule"),
    ):
        text = client_of_owner.get(path).text
        assert evil not in text
        assert "&lt;script&gt;" in text
