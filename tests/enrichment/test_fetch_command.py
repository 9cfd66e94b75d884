"""`manage.py fetch`: what an operator is shown of a site, and what a program gets."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from enrichment.models import Page
from integrations.egress.browser import find_executable
from integrations.sandbox.catalogue import COMPANIES
from tests.harness.processes import run_command

pytestmark = pytest.mark.django_db(transaction=True)

READABLE = next(company for company in COMPANIES if company.is_readable and not company.needs_browser)
SCRIPTED = next(company for company in COMPANIES if company.needs_browser)


def fetched(capsys: pytest.CaptureFixture[str], *options: str) -> dict:
    call_command("fetch", *options, "--json")
    return json.loads(capsys.readouterr().out)


def test_it_gives_all_that_was_seen_as_one_object(sandbox, capsys):
    seen = fetched(capsys, f"http://{READABLE.domain}/", "--pages", "4", "--render", "never")
    assert seen["ok"] and seen["problem"] == "" and seen["status"] == 200 and seen["how"] == "http"
    assert len(seen["pages"]) == 4 and seen["links_chosen"]
    assert seen["title"] and seen["language"] and seen["bytes"] > 0 and seen["milliseconds"] > 0
    for page in seen["pages"]:
        stored = page["text"] + "\n" + page["clues"]
        assert all(fact["quote"] in stored and fact["source_url"] == page["final_url"] for fact in page["facts"])
    kinds = {fact["kind"] for page in seen["pages"] for fact in page["facts"]}
    assert {"email", "person"} <= kinds


def test_it_keeps_nothing_and_asks_anew(sandbox, capsys):
    fetched(capsys, f"http://{READABLE.domain}/", "--render", "never")
    assert not Page.objects.exists()


def test_it_prints_pages_for_people(sandbox, capsys):
    call_command("fetch", f"http://{READABLE.domain}/", "--render", "never", "--pages", "4")
    shown = capsys.readouterr().out
    assert "status 200, by http" in shown and "email" in shown


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data/", "may not be visited"),
        ("http://127.0.0.1:5432/", "may not be visited"),
        ("file:///etc/passwd", "not a web address"),
        ("http://no-such-name.invalid/", "does not exist"),
    ],
)
def test_what_is_refused_says_why_and_fails(sandbox, capsys, url, reason):
    with pytest.raises(CommandError, match=reason) as refused:
        call_command("fetch", url, "--json")
    assert refused.value.returncode == 1
    seen = json.loads(capsys.readouterr().out)
    assert seen["ok"] is False and reason in seen["problem"] and seen["pages"] == []


@pytest.mark.parametrize("pages", ["0", "51"])
def test_a_number_of_pages_that_cannot_be_is_refused(pages):
    with pytest.raises(CommandError, match="--pages") as refused:
        call_command("fetch", "http://acme.example/", "--pages", pages)
    assert refused.value.returncode == 2


def test_a_page_that_needs_a_browser_says_so_without_one(sandbox, capsys):
    with pytest.raises(CommandError, match="needed"):
        call_command("fetch", f"http://{SCRIPTED.domain}/", "--render", "never", "--json")
    assert json.loads(capsys.readouterr().out)["needs_browser"] is True


@pytest.mark.browser
@pytest.mark.skipif(not find_executable(), reason="no Chromium on this machine")
def test_the_browser_is_used_where_it_is_needed_or_asked_for(sandbox, capsys):
    assert fetched(capsys, f"http://{SCRIPTED.domain}/")["how"] == "browser"
    assert fetched(capsys, f"http://{READABLE.domain}/", "--render", "auto")["how"] == "http"
    assert fetched(capsys, f"http://{READABLE.domain}/", "--render", "always")["how"] == "browser"


def test_the_exit_code_tells_a_shell_script(sandbox, tmp_path: Path):
    done = run_command("fetch", "http://10.0.0.1/", "--render", "never", SANDBOX_BASE_URL=sandbox.base_url)
    assert done.returncode == 1 and "may not be visited" in done.stderr
    assert "Traceback" not in done.stderr
