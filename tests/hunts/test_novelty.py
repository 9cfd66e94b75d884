"""What filters are, what they brought before, and what is suggested in their place."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from hunts import chat, recording
from hunts.chat_models import Conversation, Message
from hunts.claims import claim_discovery
from hunts.filter_models import FilterHistory
from hunts.filters import filters_sha256, normalised
from hunts.icp import Icp
from hunts.models import Hunt, Run, Source
from hunts.novelty import Novelty, history, novelty
from hunts.suggestions import suggested, suggestions
from integrations.capabilities import Criterion, FoundCompany, Range
from tests.factories import ICP, CompanyFactory, CompanyListFactory, HuntFactory, RunFactory

WHOLE = Icp(
    brief="CNC machining and foundries in Bavaria, Austria or Slovenia with 20-500 employees, no distributors",
    industries=("machining", "foundry"),
    keywords=("ISO 9001", "Medical Devices", "turned parts"),
    excluded=("distributors", "staffing agencies"),
    countries=("DE", "AT", "SI"),
    regions=("Bavaria",),
    events=("Hannover Messe", "AMB"),
    employees=Range(20, 500),
    founded_year=Range(1980, None),
    criteria=(Criterion("a", "It mills.", "must", 5), Criterion("b", "It turns.", "nice", 3)),
)
LISTS = ("industries", "keywords", "excluded", "countries", "regions", "events")


def name_of(icp: Icp, source: str = Source.EXA) -> str:
    return filters_sha256(icp, source=source)


@st.composite
def rewritten(draw) -> Icp:
    """The same filters, written another way: another order, case, more spaces, something said twice."""
    changed = {}
    for name in LISTS:
        values = draw(st.permutations(getattr(WHOLE, name)))
        if name in ("keywords", "excluded", "events"):
            values = [
                draw(st.sampled_from((str, str.upper, str.title, lambda text: f"  {text} ")))(one) for one in values
            ]
        changed[name] = tuple(values) + ((values[0],) if draw(st.booleans()) else ())
    weights = draw(st.lists(st.integers(1, 10), min_size=2, max_size=2))
    criteria = tuple(replace(one, weight=weight) for one, weight in zip(WHOLE.criteria, weights, strict=True))
    return replace(WHOLE, criteria=criteria, language=draw(st.sampled_from(("en", "de"))), **changed)


@given(rewritten())
def test_filters_written_another_way_have_the_same_name(icp):
    assert name_of(icp) == name_of(WHOLE)


@pytest.mark.parametrize(
    "other",
    [
        {"countries": ("DE", "AT")},
        {"regions": ()},
        {"regions": ("Tyrol",)},
        {"industries": ("machining",)},
        {"keywords": ("ISO 9001", "Medical Devices")},
        {"keywords": (*WHOLE.keywords, "aerospace")},
        {"excluded": ("distributors",)},
        {"events": ("AMB",)},
        {"employees": Range(20, 501)},
        {"employees": Range(None, 500)},
        {"founded_year": Range(None, 1980)},
    ],
    ids=lambda other: "-".join(f"{name}-{value}" for name, value in other.items()),
)
def test_a_real_change_of_the_filters_changes_their_name(other):
    assert name_of(replace(WHOLE, **other)) != name_of(WHOLE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"keywords": ("machining",)}, {"keywords": ("usinage",)}),
        ({"regions": ("Bavaria",)}, {"regions": ("Bayern",)}),
        ({"regions": ("DACH",)}, {"countries": ("CH", "DE", "AT")}),
        (
            {"countries": ("AT",), "brief": "anything in Austria"},
            {"countries": ("at",), "brief": "in Austria: anything"},
        ),
    ],
    ids=["a synonym of an industry", "a region's other name", "a group is its countries", "words without a trade"],
)
def test_other_words_for_the_same_are_the_same_filters(one, other):
    assert normalised(Icp(**one), source="exa") == normalised(Icp(**other), source="exa")


def test_a_source_and_a_file_are_filters_but_what_only_judges_is_none():
    assert name_of(WHOLE, Source.DIRECTORY) != name_of(WHOLE, Source.EXA)
    of_list = [filters_sha256(WHOLE, source=Source.FILE, company_list_id=pk) for pk in (1, 2)]
    assert of_list[0] != of_list[1]
    assert name_of(replace(WHOLE, criteria=(), product="pumps", roles=("CEO",), good_examples=("Acme",))) == name_of(
        WHOLE
    )


def found(*names: str) -> list[FoundCompany]:
    return [FoundCompany(name, f"{name}.example") for name in names]


def discovered(hunt: Hunt, *names: str) -> FilterHistory:
    run = RunFactory(hunt=hunt, discovered_at=None, status=Run.Status.RUNNING)
    recording.record_discovery(run, claim_discovery(run.pk), found(*names))
    Run.objects.filter(pk=run.pk).update(status=Run.Status.SUCCEEDED)
    return FilterHistory.objects.get(run=run)


@pytest.mark.django_db
def test_each_run_writes_down_how_many_companies_were_new_to_the_workspace(workspace):
    hunt = HuntFactory(workspace=workspace)
    first = discovered(hunt, "a", "b", "c", "d")
    second = discovered(hunt, "c", "d", "e", "f", "g")
    elsewhere = discovered(HuntFactory(), "a", "b")
    nothing = discovered(hunt)
    assert [(row.total, row.new, row.novelty) for row in (first, second, elsewhere, nothing)] == [
        (4, 4, 1.0),
        (5, 3, pytest.approx(0.6)),
        (2, 2, 1.0),
        (0, 0, 0.0),
    ]
    assert second.filters_sha256 == first.filters_sha256 == filters_sha256(ICP, source=hunt.source)
    assert list(FilterHistory.objects.visible_to(workspace).order_by("pk")) == [first, second, nothing]


@pytest.mark.django_db
def test_what_was_found_stays_known_when_the_run_is_gone(workspace):
    row = discovered(HuntFactory(workspace=workspace), "a")
    row.run.delete()
    assert history(workspace.pk, row.filters_sha256) == [row]


@pytest.mark.django_db
def test_no_more_can_be_new_than_was_found(workspace):
    with pytest.raises(IntegrityError), transaction.atomic():
        FilterHistory.objects.create(workspace=workspace, filters_sha256="x", source="exa", limit=9, total=1, new=2)


def past(workspace, *, limit=50, total=50, new=6, icp=ICP, source=Source.SANDBOX, days=3) -> FilterHistory:
    row = FilterHistory.objects.create(
        workspace=workspace,
        filters_sha256=filters_sha256(icp, source=source),
        source=source,
        limit=limit,
        total=total,
        new=new,
    )
    FilterHistory.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(days=days))
    row.refresh_from_db()
    return row


def novelty_of(row: FilterHistory, *, limit: int) -> Novelty:
    return novelty(history(row.workspace_id, row.filters_sha256), limit=limit, matching=None)


@pytest.mark.django_db
def test_filters_that_brought_little_say_so_before_the_start(workspace):
    told = novelty_of(past(workspace, total=50, new=6), limit=50)
    assert told.is_low
    assert told.sentence.replace("\xa0", " ") == (
        "Last run with these filters: 3 days ago, 50 companies found, 12 % new. Consider a wider region or other words."
    )
    settled = novelty_of(past(workspace, total=50, new=10, days=1), limit=50)
    assert settled.expected == pytest.approx(0.2)
    assert not settled.is_low


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("row", "limit", "is_low"),
    [
        ({"limit": 5, "total": 5, "new": 0}, 50, False),
        ({"limit": 5, "total": 3, "new": 0}, 50, True),
        ({"limit": 100, "total": 100, "new": 0}, 50, True),
        ({"limit": 50, "total": 0, "new": 0}, 50, True),
    ],
    ids=["a sample tells nothing of more", "it found all there was", "it looked further", "it found nothing"],
)
def test_a_run_tells_of_another_that_looks_no_further(workspace, row, limit, is_low):
    assert novelty_of(past(workspace, **row), limit=limit).is_low is is_low


@pytest.mark.parametrize(
    ("icp", "key", "change"),
    [
        (WHOLE, "whole-country", {"regions": ()}),
        (replace(WHOLE, regions=()), "neighbours", None),
        (Icp(countries=("GB",)), "whole-region", {"countries": ("GB", "IE")}),
        (Icp(countries=("DE",), regions=("Bavaria", "Munich")), "whole-country", {"regions": ("Bavaria",)}),
        (WHOLE, "fewer-words", {"keywords": ("ISO 9001", "Medical Devices")}),
        (WHOLE, "wider-industry", {"industries": ("machining", "manufacturing")}),
        (replace(WHOLE, keywords=(), industries=("fintech",)), "sizes", {"employees": Range(10, 1000)}),
        (Icp(founded_year=Range(2015, None)), "ages", {"founded_year": Range()}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_suggestion_changes_what_it_says_and_nothing_else(icp, key, change):
    chosen = suggested(icp, key)
    assert chosen is not None and chosen.changes
    assert name_of(chosen.icp) != name_of(icp)
    for name, value in (change or {}).items():
        assert getattr(chosen.icp, name) == value
    untouched = set(LISTS) | {"employees", "founded_year"}
    assert sum(getattr(chosen.icp, name) != getattr(icp, name) for name in untouched) <= 1


def test_every_suggestion_has_a_key_of_its_own_and_other_words_are_really_others():
    offered = suggestions(replace(WHOLE, keywords=("machining",), regions=()))
    assert len({one.key for one in offered}) == len(offered) > 3
    added = next(one for one in offered if one.key == "other-words").icp.keywords[1:]
    assert added and "machining" not in added


@pytest.fixture
def conversation(client_of_owner, workspace) -> Conversation:
    client_of_owner.post("/hunts/new", {"brief": "Fintech companies in the United Kingdom with 11-200 employees"})
    return Conversation.objects.get(workspace=workspace)


@pytest.mark.django_db
def test_a_clicked_suggestion_is_an_edit_that_can_be_taken_back(client_of_owner, conversation, sandbox):
    past(conversation.workspace, icp=conversation.icp)
    page = client_of_owner.get(conversation.get_absolute_url()).text
    assert "12 % new. Consider a wider region or other words." in page
    assert "All of this region: UK and Ireland" in page and "Countries: + Ireland" in page
    asked = {
        "suggestion": "whole-region",
        "seen": conversation.version,
        "limit": "33",
        "max_spend": "7",
        "source": "sandbox",
    }
    answer = client_of_owner.post(reverse("hunts:widen", args=[conversation.pk]), asked, headers={"HX-Request": "true"})
    conversation.refresh_from_db()
    assert conversation.icp.countries == ("GB", "IE")
    assert "The company is based in the United Kingdom or Ireland." in [one.text for one in conversation.icp.criteria]
    assert 'id="estimate"' in answer.text and 'id="start"' not in answer.text  # what is typed there stays
    assert "12 % new" not in answer.text
    assert "Ireland" in conversation.messages.filter(role=Message.Role.EDIT).last().text
    chat.undo(conversation)
    assert conversation.icp.countries == ("GB",)


@pytest.mark.django_db
def test_a_suggestion_for_a_profile_of_before_says_so(client_of_owner, client_of_stranger, conversation):
    address = reverse("hunts:widen", args=[conversation.pk])
    asked = {"suggestion": "nonsense", "seen": conversation.version}
    answer = client_of_owner.post(address, asked, headers={"HX-Request": "true"})
    assert "look at the suggestions again" in answer.text
    assert client_of_stranger.post(address, asked).status_code == 404


@pytest.mark.django_db
def test_a_file_that_was_looked_through_already_is_told_of_before_the_start(client_of_owner, conversation, workspace):
    companies = CompanyListFactory(workspace=workspace)
    for number in range(3):
        CompanyFactory(list=companies, description="Fintech in London", country="GB", domain=f"known{number}.example")
    hunt = HuntFactory(
        workspace=workspace, icp_json=conversation.icp_json, source=Source.FILE, company_list=companies, limit=50
    )
    discovered(hunt, "known0", "known1", "known2")
    asked = {"action": "estimate", "source": "file", "list": companies.pk, "limit": "50", "max_spend": "0"}
    page = client_of_owner.post(
        reverse("hunts:start", args=[conversation.pk]), asked, headers={"HX-Request": "true"}
    ).text
    assert "Of 3 companies that are found now, 0 are new to you." in page
    answer = client_of_owner.post(reverse("hunts:start", args=[conversation.pk]), asked | {"action": "start"})
    assert answer.status_code == 302  # it is told, not forbidden
    assert Run.objects.latest("pk").company_list == companies


@pytest.mark.django_db
def test_a_new_file_of_known_companies_is_told_of_before_anything_is_spent(client_of_owner, conversation, workspace):
    discovered(HuntFactory(workspace=workspace), "known0", "known1", "known2")
    rows = "".join(f"Known {n},known{n}.example,Fintech in London,GB\n" for n in range(3))
    address = reverse("hunts:start", args=[conversation.pk])
    asked = {"action": "start", "source": "file", "limit": "50", "max_spend": "0"}
    upload = SimpleUploadedFile("mine.csv", f"name,domain,description,country\n{rows}".encode())
    answer = client_of_owner.post(address, asked | {"companies": upload}, headers={"HX-Request": "true"})
    assert "Of 3 companies that are found now, 0 are new to you." in answer.text
    assert answer.headers["HX-Retarget"] == "#start"
    chosen = workspace.company_lists.get()
    assert f'<option value="{chosen.pk}" selected>mine.csv (3)</option>' in answer.text
    assert not Run.objects.filter(source=Source.FILE).exists()
    answer = client_of_owner.post(address, asked | {"list": chosen.pk}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == Run.objects.get(source=Source.FILE).get_absolute_url()


@pytest.mark.django_db
def test_a_hunts_page_says_what_another_run_brings_and_a_suggestion_opens_the_chat(client_of_owner, workspace, sandbox):
    hunt = HuntFactory(workspace=workspace, limit=50)
    past(workspace)
    page = client_of_owner.get(hunt.get_absolute_url()).text
    assert "12 % new. Consider a wider region or other words." in page
    client_of_owner.post("/hunts/new", {"hunt": hunt.pk, "suggestion": "whole-region"})
    assert set(Conversation.objects.get(hunt=hunt).icp.countries) == {"AT", "DE", "CH"}
