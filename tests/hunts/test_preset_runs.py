"""Presets that are run again, copied, saved and brought back, and who is told what of them."""

import json
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import Membership, User
from hunts import deleting, presets, schedules
from hunts.amount_fields import as_typed
from hunts.models import Run, Source
from hunts.preset_models import Known, Preset
from hunts.presets import LONGEST_NAME
from tests.conftest import signed_in
from tests.factories import CompanyFactory, CompanyListFactory, HuntFactory, LeadFactory, MembershipFactory
from tests.hunts.test_schedules import DAILY

pytestmark = pytest.mark.django_db


@pytest.fixture
def preset(workspace, owner, sandbox) -> Preset:
    hunt = HuntFactory(workspace=workspace, max_spend_microusd=5_000_000)
    return presets.save(hunt, "Parts", by=owner, is_shared=True, known=Known.LEAVE_OUT)


@pytest.fixture
def colleague(workspace) -> User:
    return MembershipFactory(workspace=workspace, role=Membership.Role.MEMBER).user


def run_again(client, hunt):
    return client.post(reverse("hunts:run-again", args=[hunt.pk]), follow=True)


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_hunt_that_runs_again_leaves_out_what_its_preset_leaves_out(client_of_owner, preset, door):
    if door == "page":
        run_again(client_of_owner, preset.hunt)
    else:
        assert client_of_owner.post(f"/api/hunts/{preset.hunt_id}/runs").status_code == 201
    assert Run.objects.get().known == Known.LEAVE_OUT


def test_a_preset_that_one_does_not_see_changes_nothing_of_ones_run(preset, colleague):
    Preset.objects.update(is_shared=False)
    run_again(signed_in(colleague), preset.hunt)
    assert Run.objects.get().known == Known.REUSE


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_hunt_that_cannot_run_again_says_why(client_of_owner, workspace, door):
    hunt = HuntFactory(workspace=workspace, source=Source.FILE)
    if door == "page":
        told = run_again(client_of_owner, hunt).text
    else:
        answer = client_of_owner.post(f"/api/hunts/{hunt.pk}/runs")
        assert answer.status_code == 409
        told = answer.text
    assert "The file of companies was deleted" in told
    assert not Run.objects.exists()


# ── copies and names ─────────────────────────────────────────────────────────────────────────────────────


def test_a_long_name_that_is_cut_at_a_space_is_copied_as_often_as_one_likes(preset, colleague):
    Preset.objects.update(name=f"{'x' * (LONGEST_NAME - 13)} {'y' * 12}")
    preset.refresh_from_db()
    names = {presets.clone(preset, by=colleague).name for _press in range(3)}
    assert len(names) == 3


@pytest.mark.django_db(transaction=True)
def test_two_presses_of_clone_at_once_make_two_copies_or_one_and_say_why():
    place = MembershipFactory()
    preset = presets.save(HuntFactory(workspace=place.workspace), "Parts", by=place.user)
    at_once, answers = Barrier(2), []

    def press() -> None:
        client = signed_in(place.user)
        at_once.wait()
        answers.append(client.post(f"/api/presets/{preset.pk}/clone").status_code)
        answers.append(client.post(f"/hunts/presets/{preset.pk}/clone").status_code)
        connection.close()

    presses = [Thread(target=press) for _press in range(2)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert len(answers) == 4 and set(answers) <= {201, 302, 409}
    names = list(Preset.objects.values_list("name", flat=True))
    assert len(set(names)) == len(names) >= 3


def test_saving_a_preset_leaves_what_a_colleague_can_bring_back_as_it_was(workspace, owner, colleague):
    theirs = presets.save(HuntFactory(workspace=workspace), "Parts", by=colleague)
    schedule = schedules.put(theirs, DAILY, by=colleague, seen=0)
    deleting.delete_hunt(theirs.hunt)
    presets.save(HuntFactory(workspace=workspace), "Parts", by=owner)
    presets.save(HuntFactory(workspace=workspace), "parts", by=owner, is_shared=True)
    deleting.restore_hunt(theirs.hunt)
    assert Preset.objects.visible_to(workspace, colleague).filter(pk=theirs.pk, schedule=schedule).exists()


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_preset_whose_hunt_was_saved_as_another_says_which_one_is_in_the_way(preset, colleague, is_shared):
    presets.delete(preset)
    other = presets.save(preset.hunt, "Better parts", by=colleague, is_shared=is_shared)
    with pytest.raises(presets.NotPossible) as refused:
        presets.restore(preset)
    # The name of a private one is its maker's alone.
    assert ("“Better parts”" in str(refused.value)) == is_shared
    assert is_shared or colleague.email in str(refused.value)
    presets.delete(other)
    assert presets.restore(preset)


# ── who is told what ─────────────────────────────────────────────────────────────────────────────────────


def test_the_estimate_of_another_run_is_of_the_preset_that_the_reader_sees(preset, workspace, owner, colleague):
    companies = CompanyListFactory(workspace=workspace)
    Run.objects.all().delete()
    hunt = preset.hunt
    CompanyFactory(list=companies, domain="precision.example", country="AT", description="Precision parts")
    LeadFactory(workspace=workspace, handle="precision.example")
    type(hunt).objects.filter(pk=hunt.pk).update(source=Source.DIRECTORY)
    Preset.objects.update(is_shared=False)
    address = f"/api/hunts/{hunt.pk}/estimate"
    for reader, leaves_out in ((owner, True), (colleague, False)):
        client = signed_in(reader)
        page = client.get(hunt.get_absolute_url()).text
        assert ("1 known company is left out" in page) == leaves_out
        told = client.post(address, "{}", content_type="application/json").json()
        assert (told["leaves_out_known"], told["reused"]) == (leaves_out, int(leaves_out))
        asked = json.dumps({"leaves_out_known": not leaves_out})
        assert client.post(address, asked, content_type="application/json").json()["reused"] == int(not leaves_out)


def test_what_somebody_disabled_had_for_themselves_is_seen_by_the_others(preset, workspace, owner, colleague):
    Preset.objects.update(is_shared=False)
    assert not Preset.objects.visible_to(workspace, colleague).exists()
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert Preset.objects.visible_to(workspace, colleague).get() == preset


@pytest.mark.parametrize(
    ("microusd", "shown"), [(1_996_000, "1.99"), (5_000_000, "5"), (12_500_000, "12.50"), (9_999, "0"), (0, "0")]
)
def test_a_limit_is_shown_in_whole_cents_and_never_as_more_than_it_is(microusd, shown):
    assert as_typed(microusd) == shown


def test_a_new_name_does_not_raise_the_limit(client_of_owner, preset):
    type(preset.hunt).objects.update(max_spend_microusd=1_996_000)
    address = f"/hunts/presets/{preset.pk}/edit"
    assert 'value="1.99"' in client_of_owner.get(address).text
    assert 'value="1.99"' in client_of_owner.get(reverse("hunts:schedule", args=[preset.pk])).text
