"""The commands as an operator runs them: real processes, their exit codes and what they say."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from leads.importing import import_companies
from leads.models import Company, Lead
from tests.harness.processes import PATIENCE, ROOT, environment, run_command

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = "name,website\nAcme,acme.com\nBeta,\nGamma,gamma.de\n"
BRIEF = "Companies that do CNC milling in Germany"


@pytest.fixture
def fair(tmp_path) -> Path:
    path = tmp_path / "fair.csv.gz"
    path.write_bytes(gzip.compress(ROWS.encode()))
    return path


def run_on_a_full_disk(*arguments: str, kilobytes: int) -> subprocess.CompletedProcess[str]:
    """Run `manage.py ARGUMENTS` where no file can grow beyond so many kilobytes."""
    script = 'ulimit -f "$0"; exec "$@"'
    return subprocess.run(
        ["bash", "-c", script, str(kilobytes), sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_a_wrong_use_ends_with_2_and_one_plain_sentence(tmp_path):
    columns = tmp_path / "columns.csv"
    columns.write_text("favourite,colour\nred,blue\n")
    done = run_command("import_companies", str(columns))
    assert done.returncode == 2
    assert "favourite, colour" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_full_disk_ends_with_1_and_keeps_what_was_there(fair, tmp_path):
    import_companies(fair, list_name="fair", rejects_path=tmp_path / "bad.csv")
    rows = "".join(f"Firm {number},{'x' * 300}\nGood {number},good{number}.com\n" for number in range(3_000))
    more = tmp_path / "more.csv"
    more.write_text(f"name,website\n{rows}")
    done = run_on_a_full_disk(
        "import_companies", str(more), "--list", "fair", "--rejects", str(tmp_path / "bad.csv"), kilobytes=40
    )
    assert done.returncode == 1, done.stderr
    assert "Free some space" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert {"acme.com", "gamma.de"} <= set(Company.objects.values_list("domain", flat=True))
    again = import_companies(more, list_name="fair", rejects_path=tmp_path / "bad.csv")
    assert (again.rejected, Company.objects.count()) == (3_000, 3_002)


def test_an_export_that_cannot_be_written_ends_with_1_and_loses_no_lead(tmp_path):
    companies = tmp_path / "companies.jsonl"
    row = {"name": "Acme", "domain": "acme.invalid", "description": "CNC milling of steel parts", "country": "Germany"}
    companies.write_text(json.dumps(row))
    (tmp_path / "file.txt").write_text("")
    output = tmp_path / "file.txt" / "leads.csv"
    done = run_command("hunt", BRIEF, "--source", "file", "--companies", str(companies), "--output", str(output))
    assert done.returncode == 1, done.stderr
    assert "could not be written" in done.stderr and "choose another folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert Lead.objects.count() == 1
    assert sorted(found.name for found in tmp_path.iterdir()) == ["companies.jsonl", "file.txt"]
