"""The doors of conversations, as a browser without JavaScript and one with htmx use them."""

import json
import os
from pathlib import Path

import pytest
from django.urls import reverse

from hunts import chat
from hunts.chat_models import Conversation, Message
from hunts.icp import Icp
from hunts.models import Hunt, Run, SavedIcp
from integrations.capabilities import Range
from tests.conftest import signed_in
from tests.factories import CompanyFactory, RunFactory

pytestmark = pytest.mark.django_db

SHARED_DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
BRIEF = "Fintech companies in the United Kingdom with 11-200 employees"
LIVE = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def conversation(client_of_owner, workspace) -> Conversation:
    client_of_owner.post("/hunts/new", {"brief": BRIEF})
    return Conversation.objects.get(workspace=workspace)


def fields_of(conversation: Conversation, **more) -> dict:
    """What a browser sends for the profile beside a conversation."""
    icp: Icp = conversation.icp
    return {
        "version": conversation.version,
        "product": icp.product,
        "value": icp.value,
        "countries": list(icp.countries),
        "industries": list(icp.industries),
        "keywords": list(icp.keywords),
        "excluded": list(icp.excluded),
        "employees_min": icp.employees.min or "",
        "employees_max": icp.employees.max or "",
        "criterion": [criterion.text for criterion in icp.criteria],
        "kind": [criterion.kind for criterion in icp.criteria],
        "weight": [criterion.weight for criterion in icp.criteria],
        "facet": [criterion.facet for criterion in icp.criteria],
        **more,
    }


def edit(client, conversation: Conversation, **more) -> Conversation:
    client.post(reverse("hunts:edit-profile", args=[conversation.pk]), fields_of(conversation, **more))
    conversation.refresh_from_db()
    return conversation


def limits(**more) -> dict:
    return {"source": "directory", "limit": "10", "max_spend": "1.50", "action": "start", **more}


def start(client, conversation: Conversation, **more):
    return client.post(reverse("hunts:start", args=[conversation.pk]), limits(**more))


def test_a_brief_begins_a_conversation_with_its_profile(client_of_owner, conversation):
    page = client_of_owner.get(conversation.get_absolute_url()).text
    assert "United Kingdom" in page
    assert 'name="employees_min" value="11"' in page
    assert "What do you sell to them" in page
    assert conversation.icp.employees == Range(11, 200)


def test_a_browser_that_takes_streams_is_told_where_the_answer_comes_from(client_of_owner, workspace):
    client_of_owner.post("/hunts/new", {"brief": BRIEF}, **LIVE)
    conversation = Conversation.objects.get()
    message = conversation.messages.get(role=Message.Role.ASSISTANT)
    assert message.status == Message.Status.WRITING
    page = client_of_owner.get(conversation.get_absolute_url()).text
    assert f"{conversation.get_absolute_url()}stream/{message.pk}" in page


def test_a_brief_that_cannot_be_read_is_kept_and_says_what_to_do(client_of_owner):
    answer = client_of_owner.post("/hunts/new", {"brief": "   "})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert not Conversation.objects.exists()


def test_saying_something_more_changes_the_profile(client_of_owner, conversation):
    client_of_owner.post(reverse("hunts:say", args=[conversation.pk]), {"said": "We sell audits"})
    client_of_owner.post(reverse("hunts:say", args=[conversation.pk]), {"said": "also Ireland"})
    conversation.refresh_from_db()
    assert conversation.icp.countries == ("GB", "IE")


def test_a_message_that_is_refused_stays_in_its_field(client_of_owner, conversation):
    said = "x" * 20_001
    answer = client_of_owner.post(reverse("hunts:say", args=[conversation.pk]), {"said": said}, **LIVE)
    assert 'role="alert"' in answer.text
    assert "x" * 20_000 in answer.text


def test_adding_a_country_changes_the_criterion_that_followed_from_it(client_of_owner, conversation):
    edit(client_of_owner, conversation, action="add:countries", new_countries="Ireland")
    assert "The company is based in the United Kingdom or Ireland." in [one.text for one in conversation.icp.criteria]
    assert "Ireland" in conversation.messages.filter(role=Message.Role.EDIT).last().text


def test_what_is_typed_and_not_added_is_taken_all_the_same(client_of_owner, conversation):
    edit(client_of_owner, conversation, action="update", new_keywords="open banking", new_criterion="It exports.")
    assert conversation.icp.keywords == ("open banking",)
    assert conversation.icp.criteria[-1].text == "It exports."


def test_a_deleted_criterion_stays_deleted_when_a_fact_changes(client_of_owner, conversation):
    gone = next(at for at, one in enumerate(conversation.icp.criteria) if "employees" in one.text)
    edit(client_of_owner, conversation, action=f"remove-criterion:{gone}")
    edit(client_of_owner, conversation, action="add:keywords", new_keywords="open banking")
    assert conversation.icp.keywords == ("open banking",)
    assert not any("11 to 200" in one.text for one in conversation.icp.criteria)


def test_a_word_that_is_no_country_is_refused_and_nothing_is_lost(client_of_owner, conversation):
    fields = fields_of(conversation, action="add:countries", new_countries="Atlantis", product="audits")
    page = client_of_owner.post(reverse("hunts:edit-profile", args=[conversation.pk]), fields, **LIVE).text
    assert "not a country that we know" in page
    conversation.refresh_from_db()
    assert conversation.icp.product == "audits"


def test_an_edit_of_an_old_page_is_put_onto_the_profile_of_now(client_of_owner, conversation):
    old = fields_of(conversation, action="add:keywords", new_keywords="open banking")
    edit(client_of_owner, conversation, action="add:countries", new_countries="Ireland")
    client_of_owner.post(reverse("hunts:edit-profile", args=[conversation.pk]), old)
    conversation.refresh_from_db()
    assert (conversation.icp.countries, conversation.icp.keywords) == (("GB", "IE"), ("open banking",))


def test_an_edit_can_be_taken_back(client_of_owner, conversation):
    before = conversation.icp
    edit(client_of_owner, conversation, action="add:countries", new_countries="Ireland")
    edit(client_of_owner, conversation, action="undo")
    assert conversation.icp == before


def test_starting_makes_a_hunt_and_a_run_with_its_limits(client_of_owner, conversation, workspace):
    CompanyFactory()
    answer = start(client_of_owner, conversation)
    run = Run.objects.get(workspace=workspace)
    assert answer.headers["Location"] == run.get_absolute_url()
    assert (run.limit, run.is_sample, run.budget.cap_microusd) == (10, False, 1_500_000)
    assert run.icp.countries == ("GB",)


def test_a_sample_is_adjusted_and_then_run_whole_as_the_same_hunt(client_of_owner, conversation):
    CompanyFactory()
    start(client_of_owner, conversation, action="sample")
    sample = Run.objects.get()
    assert (sample.limit, sample.is_sample) == (5, True)
    conversation.refresh_from_db()
    edit(client_of_owner, conversation, action="add:countries", new_countries="Ireland")
    start(client_of_owner, conversation)
    whole = Run.objects.exclude(pk=sample.pk).get()
    assert (whole.hunt, whole.limit, whole.icp.countries) == (sample.hunt, 10, ("GB", "IE"))
    conversation.refresh_from_db()
    start(client_of_owner, conversation)
    assert Hunt.objects.count() == 2  # a hunt that was run whole is not changed under its runs


def test_the_page_of_a_sample_leads_back_to_its_conversation(client_of_owner, conversation):
    CompanyFactory()
    start(client_of_owner, conversation, action="sample")
    Run.objects.update(status=Run.Status.SUCCEEDED)
    page = client_of_owner.get(Run.objects.get().get_absolute_url()).text
    assert conversation.get_absolute_url() in page
    assert "Judge all 10" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [("limit", "0"), ("limit", "1001"), ("limit", "x"), ("max_spend", "-1"), ("max_spend", "NaN"), ("source", "moon")],
)
def test_nothing_starts_on_a_value_that_makes_no_sense(client_of_owner, conversation, field, value):
    CompanyFactory()
    answer = start(client_of_owner, conversation, **{field: value})
    assert 'role="alert"' in answer.text
    assert not Hunt.objects.exists()


def test_a_source_without_companies_or_key_cannot_be_chosen(client_of_owner, conversation):
    for source in ("directory", "exa", "file"):
        start(client_of_owner, conversation, source=source)
    assert not Hunt.objects.exists()


def test_a_hunt_without_criteria_does_not_start(client_of_owner, workspace, owner):
    CompanyFactory()
    empty = chat.begin(workspace, by=owner)
    assert "at least one criterion" in start(client_of_owner, empty).text
    assert not Hunt.objects.exists()


def test_another_workspaces_conversation_is_not_there(client_of_stranger, conversation):
    assert client_of_stranger.get(conversation.get_absolute_url()).status_code == 404
    message = conversation.messages.last()
    for name, args in (
        ("say", []),
        ("edit-profile", []),
        ("start", []),
        ("save-icp", []),
        ("rename-chat", []),
        ("delete-chat", []),
        ("ask-again", [message.pk]),
    ):
        path = reverse(f"hunts:{name}", args=[conversation.pk, *args])
        assert client_of_stranger.post(path, {"said": "mine"}).status_code == 404, name
    assert Conversation.objects.filter(pk=conversation.pk).exists()


def test_a_viewer_reads_and_changes_nothing(viewer, conversation):
    client = signed_in(viewer)
    page = client.get(conversation.get_absolute_url()).text
    assert "viewer" in page
    assert 'id="composer"' not in page
    for name in ("say", "edit-profile", "start", "save-icp", "rename-chat", "delete-chat"):
        assert client.post(reverse(f"hunts:{name}", args=[conversation.pk])).status_code == 403


def test_a_saved_profile_begins_another_conversation(client_of_owner, client_of_stranger, conversation):
    client_of_owner.post(reverse("hunts:save-icp", args=[conversation.pk]), {"name": "Fintechs"})
    kept = SavedIcp.objects.get()
    assert "Fintechs" in client_of_owner.get("/hunts/new").text
    assert "Fintechs" not in client_of_stranger.get("/hunts/new").text
    assert client_of_stranger.post("/hunts/new", {"icp": kept.pk}).status_code == 404
    client_of_owner.post("/hunts/new", {"icp": kept.pk})
    assert Conversation.objects.exclude(pk=conversation.pk).get().icp == conversation.icp
    assert client_of_stranger.post(reverse("hunts:delete-icp", args=[kept.pk])).status_code == 404
    client_of_owner.post(reverse("hunts:delete-icp", args=[kept.pk]))
    assert not SavedIcp.objects.exists()


def test_editing_a_hunt_begins_with_its_own_profile_and_limits(client_of_owner, client_of_stranger, workspace):
    hunt = RunFactory(hunt__workspace=workspace, hunt__limit=37, hunt__max_spend_microusd=2_500_000).hunt
    page = client_of_owner.post("/hunts/new", {"hunt": hunt.pk}, follow=True).text
    assert hunt.icp.criteria[0].text in page
    assert 'value="37"' in page and 'value="2.50"' in page
    assert client_of_stranger.post("/hunts/new", {"hunt": hunt.pk}).status_code == 404
    assert client_of_owner.post("/hunts/new", {"hunt": "x"}).status_code == 404


def test_conversations_are_listed_renamed_and_deleted(client_of_owner, conversation):
    client_of_owner.post(reverse("hunts:rename-chat", args=[conversation.pk]), {"title": "Banks \0 and more"})
    assert "Banks and more" in client_of_owner.get(reverse("hunts:conversations")).text
    client_of_owner.post(reverse("hunts:delete-chat", args=[conversation.pk]))
    assert "Nothing said yet" in client_of_owner.get(reverse("hunts:conversations")).text


def test_a_long_conversation_takes_few_queries(client_of_owner, conversation, django_assert_max_num_queries):
    for number in range(20):
        conversation.messages.create(role=Message.Role.USER, text=f"Number {number}")
    with django_assert_max_num_queries(14):
        assert client_of_owner.get(conversation.get_absolute_url()).status_code == 200


@pytest.mark.skipif(not SHARED_DATA.exists(), reason="the shared test data is not on this machine")
def test_no_naughty_string_breaks_a_conversation(client_of_owner, conversation):
    naughty = json.loads((SHARED_DATA / "corpora" / "blns.json").read_text())
    for text in naughty[::9]:
        assert client_of_owner.post("/hunts/new", {"brief": text}).status_code in (302, 422)
        fields = fields_of(conversation, action="add-criterion", new_criterion=text, keywords=[text], limit=text)
        edited = client_of_owner.post(reverse("hunts:edit-profile", args=[conversation.pk]), fields, **LIVE)
        assert edited.status_code == 200
    assert "\\u0000" not in json.dumps(list(Conversation.objects.values_list("icp_json", flat=True)))


def test_hostile_text_is_shown_as_text(client_of_owner, conversation):
    evil = "<script>alert(1)</script>"
    for role in Message.Role:
        conversation.messages.create(role=role, text=evil, problem=evil, suggestions=[evil])
    Conversation.objects.update(title=evil)
    page = client_of_owner.get(conversation.get_absolute_url()).text
    assert evil not in page
    assert page.count("&lt;script&gt;") >= 3
