"""`manage.py hunt` and `manage.py demo`, as people and scripts use them."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from enrichment.pages import texts_of
from hunts.models import Hunt
from integrations.models import ProviderCall
from leads.models import Lead
from tests.factories import CompanyFactory
from tests.harness.processes import run_command

pytestmark = pytest.mark.django_db(transaction=True)

COMPANIES = [
    {"name": "Acme Robotics", "website": "https://acme-robotics.invalid", "location": "Boston, MA, USA",
     "description": "Acme builds industrial robots that pick and place boxes in warehouses."},
    {"name": "Plain Bakery", "website": "https://plain-bakery.invalid", "location": "Boston, MA, USA",
     "description": "We bake bread and cakes for our neighbourhood every morning."},
]  # fmt: skip


def hunt(brief: str, **options) -> dict:
    out = io.StringIO()
    call_command("hunt", brief, as_json=True, stdout=out, **options)
    return json.loads(out.getvalue())


@pytest.fixture
def company_file(tmp_path) -> Path:
    path = tmp_path / "companies.jsonl"
    path.write_text("\n".join(map(json.dumps, COMPANIES)))
    return path


@pytest.mark.parametrize(
    ("brief", "options", "says"),
    [
        ("", {"source": "sandbox"}, "brief"),
        (" \n\t", {"source": "sandbox"}, "brief"),
        ("x" * 20_001, {"source": "sandbox"}, "20"),
        ("robots", {"source": "sandbox", "limit": 0}, "--limit"),
        ("robots", {"source": "sandbox", "limit": 1_001}, "--limit"),
        ("robots", {"source": "sandbox", "max_spend": "-1"}, "--max-spend"),
        ("robots", {"source": "sandbox", "max_spend": "NaN"}, "--max-spend"),
        ("robots", {"source": "sandbox", "workspace": "nobody"}, "nobody"),
        ("robots", {"source": "sandbox", "output": "leads.doc"}, ".csv"),
        ("robots", {"source": "directory"}, "import_companies"),
        ("robots", {"source": "file"}, "--companies"),
        ("robots", {"source": "file", "companies": "/nowhere.csv"}, "/nowhere.csv"),
    ],
)
def test_what_cannot_work_ends_with_2_and_says_what_to_do(brief, options, says):
    with pytest.raises(CommandError) as caught:
        hunt(brief, **options)
    assert caught.value.returncode == 2
    assert says in str(caught.value)
    assert not Hunt.objects.exists()


def test_a_brief_of_ten_megabytes_is_refused_from_standard_input():
    done = run_command("hunt", "-", "--source", "sandbox", stdin="robots " * 1_500_000)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_a_source_without_its_key_fails_and_says_which(settings):
    with pytest.raises(CommandError, match="EXA_API_KEY") as caught:
        hunt("robots", source="exa")
    assert caught.value.returncode == 1


@pytest.mark.parametrize(
    "brief", ["software", "物流软件公司", "Proizvođači hrane u Srbiji", "robots 🤖", "'; DROP TABLE leads_lead; --"]
)
def test_any_words_in_any_language_make_a_run_that_ends(sandbox, brief):
    assert hunt(brief, source="sandbox", limit=5)["run"]["status"] == "succeeded"


def test_a_file_of_companies_is_judged_from_its_rows_when_their_sites_do_not_resolve(company_file):
    shown = hunt("Robotics companies in the United States", source="file", companies=str(company_file))
    best = shown["leads"][0]
    assert best["domain"] == "acme-robotics.invalid"
    assert "does not exist" in best["site_problem"]
    quoted = [verdict for lead in shown["leads"] for verdict in lead["verdicts"] if verdict["quote"]]
    texts = texts_of({verdict["snapshot_sha256"] for verdict in quoted})
    assert quoted
    assert all(
        texts[verdict["snapshot_sha256"]][verdict["start"] : verdict["end"]] == verdict["quote"] for verdict in quoted
    )


def test_a_second_hunt_is_cached_and_costs_nothing(company_file):
    brief = "Robotics companies in the United States"
    first = hunt(brief, source="file", companies=str(company_file))
    again = hunt(brief, source="file", companies=str(company_file))
    assert [lead["score"] for lead in first["leads"]] == [lead["score"] for lead in again["leads"]]
    assert all(lead["cached"] for lead in again["leads"])
    assert again["run"]["spent_microusd"] == 0
    assert not ProviderCall.objects.exists()


def test_the_directory_is_searched_and_the_leads_are_written_to_a_file(tmp_path):
    CompanyFactory(name="Acme Robotics", domain="acme-robotics.invalid", description=COMPANIES[0]["description"])
    target = tmp_path / "leads.csv"
    shown = hunt("Robotics companies", source="directory", output=str(target))
    assert shown["run"]["counts"]["found"] == 1
    assert "acme-robotics.invalid" in target.read_text("utf-8-sig")


def test_the_demo_ends_well_in_at_least_three_tiers_and_is_cached_the_second_time(sandbox, settings, tmp_path, capsys):
    settings.VAR_DIR = tmp_path
    call_command("demo")
    tiers = set(Lead.objects.exclude(tier="").values_list("tier", flat=True))
    assert len(tiers) >= 3
    assert (tmp_path / "demo" / "leads.csv").stat().st_size > 1_000
    assert (tmp_path / "demo" / "leads.xlsx").stat().st_size > 1_000
    call_command("demo")
    assert "were judged before and cost nothing" in " ".join(capsys.readouterr().out.split())
