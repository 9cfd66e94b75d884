"""The log's tab of a run, its pages and its files."""

import csv
import io
import re

import pytest

from hunts import logs
from hunts.logs import Wanted
from hunts.models import Run, RunEvent
from tests.factories import CandidateFactory, RunFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(workspace) -> Run:
    """A run with lines of every level: one a company's error, one a warning, the others plain."""
    run = RunFactory(hunt__workspace=workspace)
    acme = CandidateFactory(run=run, lead__name="Acme", lead__handle="acme.example")
    RunEvent.objects.create(run=run, stage="discover", message="found 2 companies")
    RunEvent.objects.create(run=run, candidate=acme, level="error", stage="crawl", message="Acme: it is dead")
    RunEvent.objects.create(run=run, level="warning", message="a slow day")
    for number in range(5):
        RunEvent.objects.create(run=run, candidate=acme, stage="score", message=f"Acme: Tier A, {number} points")
    return run


def messages(run: Run, **wanted: str) -> list[str]:
    return [line.message for line in logs.page(run, Wanted(**wanted)).lines]


def test_errors_come_first_then_warnings_then_the_others_the_newest_first(run):
    assert messages(run)[:3] == ["Acme: it is dead", "a slow day", "Acme: Tier A, 4 points"]
    assert messages(run)[-1] == "found 2 companies"


def test_lines_are_narrowed_down_by_level_stage_and_words(run):
    assert messages(run, level="warning") == ["a slow day"]
    assert messages(run, stage="discover") == ["found 2 companies"]
    assert messages(run, stage="run") == ["a slow day"]
    assert messages(run, text="acme DEAD") == ["Acme: it is dead"]
    assert len(messages(run, text="acme.example")) == 6
    assert messages(run, text="Acme%points") == []


def test_the_chips_count_what_the_stage_and_the_words_leave(run):
    assert logs.counts(run, Wanted()) == {"error": 1, "warning": 1, "info": 6}
    assert logs.counts(run, Wanted(stage="score", level="error")) == {"error": 0, "warning": 0, "info": 5}


def test_page_by_page_every_line_is_seen_once_also_when_new_ones_come_meanwhile(run):
    expected, seen, after = messages(run), [], ""
    while True:
        page = logs.page(run, Wanted(), after, size=3)
        seen += [line.message for line in page.lines]
        RunEvent.objects.create(run=run, message="news")
        if not page.following:
            break
        after = page.following
    assert seen == expected


def test_page_by_page_the_lines_are_those_that_were_asked_for(run):
    for wanted in (
        Wanted(level="info"),
        Wanted(stage="score"),
        Wanted(text="acme"),
        Wanted(level="error", text="dead"),
    ):
        whole, seen, after = [line.pk for line in logs.page(run, wanted, size=100).lines], [], ""
        while after is not None:
            page = logs.page(run, wanted, after, size=2)
            seen += [line.pk for line in page.lines]
            after = page.following or None
        assert seen == whole != []


def test_a_search_shows_and_counts_the_same_whether_it_looks_once_or_twice(run, monkeypatch):
    for wanted in (Wanted(text="acme"), Wanted(text="acme points", level="info"), Wanted(text="nothing like it")):
        page, counts = logs.look(run, wanted, size=2)
        assert (page, counts) == (logs.page(run, wanted, size=2), logs.counts(run, wanted))
    monkeypatch.setattr(logs, "MOST_COUNTED", 3)
    page, counts = logs.look(run, Wanted(text="acme"), size=2)
    assert counts == {"error": 1, "warning": 0, "info": 3}
    assert [line.message for line in page.lines] == ["Acme: it is dead", "Acme: Tier A, 4 points"]


def test_a_count_that_stopped_says_so(client_of_owner, run, monkeypatch):
    monkeypatch.setattr(logs, "MOST_COUNTED", 3)
    assert '<span class="num soft">3+</span>' in client_of_owner.get(f"/hunts/runs/{run.pk}/?tab=log&q=acme").text
    assert "+</span>" not in client_of_owner.get(f"/hunts/runs/{run.pk}/?tab=log").text


def test_counts_have_their_thousands_apart_and_levels_are_told_without_colour(client_of_owner, run):
    RunEvent.objects.bulk_create(RunEvent(run=run, message="again") for _one in range(1_500))
    page = client_of_owner.get(f"/hunts/runs/{run.pk}/?tab=log").text
    assert '<span class="num soft">1,506</span>' in page
    assert re.search(r'<span class="error"><svg [^>]*aria-label="error"', page)
    assert re.search(r'<span class="warning"><svg [^>]*aria-label="warning"', page)


@pytest.mark.parametrize("after", ["x", "0", "-", "9-1", "0-" + "9" * 40, "٣-٣", "0--1"])
def test_a_cursor_that_makes_no_sense_is_no_error(run, after):
    assert logs.page(run, Wanted(), after).lines is not None


def test_the_tab_keeps_what_was_asked_for_in_its_address_and_links_each_line_to_its_lead(client_of_owner, run):
    page = client_of_owner.get(run.get_absolute_url(), {"tab": "log", "level": "error", "q": "acme"}).text
    assert "Acme: it is dead" in page and "a slow day" not in page
    assert 'value="acme"' in page
    assert f'href="{run.candidates.get().lead.get_absolute_url()}"' in page
    assert re.search(r'aria-current="true">Error <span class="num soft">1<', page)


@pytest.mark.parametrize(
    ("query", "told"),
    [("", "Each step of the run leaves a line here."), ("&q=nothing+like+it", "No line is like that")],
)
def test_an_empty_log_and_an_empty_search_say_what_to_do(client_of_owner, workspace, query, told):
    run = RunFactory(hunt__workspace=workspace)
    assert told in client_of_owner.get(f"{run.get_absolute_url()}?tab=log{query}").text


def test_what_makes_no_sense_in_the_address_is_passed_over(client_of_owner, run):
    for query in ("level=loud", "stage=lunch", "q=%00", f"q={'x' * 5000}", "after=%ff", "tab=nothing"):
        assert client_of_owner.get(f"{run.get_absolute_url()}?tab=log&{query}").status_code == 200


def test_the_files_have_the_lines_that_are_shown_and_no_cell_starts_a_formula(client_of_owner, run):
    RunEvent.objects.create(run=run, level="error", stage="crawl", message='=HYPERLINK("https://evil.example")\nx')
    answer = client_of_owner.get(f"/hunts/runs/{run.pk}/log.csv", {"level": "error"})
    assert f'filename="run-{run.pk}-log.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [row["message"] for row in rows] == ["Acme: it is dead", '\'=HYPERLINK("https://evil.example") x']
    assert (rows[0]["lead"], rows[0]["stage"], rows[0]["level"]) == ("acme.example", "crawl", "error")
    text = client_of_owner.get(f"/hunts/runs/{run.pk}/log.txt").getvalue().decode()
    assert len(text.splitlines()) == 9
    assert client_of_owner.get(f"/hunts/runs/{run.pk}/log.exe").status_code == 404


def test_strangers_see_no_line(client_of_stranger, run):
    assert client_of_stranger.get(f"{run.get_absolute_url()}?tab=log").status_code == 404
    assert client_of_stranger.get(f"/hunts/runs/{run.pk}/log.csv").status_code == 404
    assert client_of_stranger.get(f"/api/runs/{run.pk}/log").status_code == 404


def test_the_api_reads_the_log_page_by_page(client_of_owner, run):
    first = client_of_owner.get(f"/api/runs/{run.pk}/log", {"limit": 5}).json()
    assert first["counts"] == {"error": 1, "warning": 1, "info": 6}
    rest = client_of_owner.get(f"/api/runs/{run.pk}/log", {"limit": 5, "cursor": first["next_cursor"]}).json()
    assert [line["message"] for line in first["items"] + rest["items"]] == messages(run)
    assert rest["next_cursor"] is None
    assert client_of_owner.get(f"/api/runs/{run.pk}/log", {"level": "loud"}).status_code == 422
