import csv
import gzip
import json
import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Workspace
from accounts.notification_models import Notification
from leads.importing import ImportFailed, NoRoom, NotImportable, import_companies
from leads.models import Company, CompanyList

pytestmark = pytest.mark.django_db

SHARED_DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
needs_shared_data = pytest.mark.skipif(not SHARED_DATA.exists(), reason="the shared test data is not on this machine")


@pytest.fixture(autouse=True)
def var(tmp_path, settings):
    settings.VAR_DIR = tmp_path / "var"
    return settings.VAR_DIR


def write(folder: Path, text: str | bytes, name: str = "fair.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rejected(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))[1:]


def test_good_rows_are_kept_and_bad_ones_told(tmp_path, var):
    path = write(tmp_path, "name,website\nAcme,acme.com\n,nameless.com\nBeta,\nGamma,not an address\nDelta,delta.de\n")
    report = import_companies(path)
    assert (report.read, report.imported, report.updated, report.duplicates, report.rejected) == (5, 2, 0, 0, 3)
    assert set(report.list.companies.values_list("domain", flat=True)) == {"acme.com", "delta.de"}
    assert report.rejects_path == var / "imports" / "fair.csv-rejects.csv"
    lines = rejected(report.rejects_path)
    assert [(line, row) for line, _reason, row in lines] == [
        ("3", ",nameless.com"),
        ("4", "Beta,"),
        ("5", "Gamma,not an address"),
    ]
    assert "name" in lines[0][1] and "no website" in lines[1][1] and "not an address" in lines[2][1]


def test_without_bad_rows_there_is_no_rejects_file(tmp_path, var):
    assert import_companies(write(tmp_path, "name,website\nAcme,acme.com\n")).rejects_path is None
    assert not var.exists()


def test_of_rows_about_the_same_domain_the_first_counts_and_later_ones_fill_its_blanks(tmp_path):
    path = write(
        tmp_path,
        "name,website,phone,employees\nAcme,acme.com,,\nAcme Inc,www.acme.com/en,+49 1,11-50\nA,acme.com,+49 2,6\n",
    )
    report = import_companies(path)
    assert (report.imported, report.duplicates, report.rejected) == (1, 2, 0)
    acme = Company.objects.get()
    assert (acme.name, acme.phone, acme.employees_min, acme.employees_max) == ("Acme", "+49 1", 11, 50)


def test_a_row_far_behind_fills_the_blanks_of_the_first_too(tmp_path):
    between = "".join(f"Firm {number},firm{number}.com,\n" for number in range(2_500))
    path = write(
        tmp_path, f"name,website,phone\nAcme,acme.com,\n{between}Acme Inc,acme.com,+49 1\nLate,acme.com,+49 2\n"
    )
    report = import_companies(path)
    assert (report.read, report.imported, report.updated, report.duplicates) == (2_503, 2_501, 0, 2)
    acme = Company.objects.get(domain="acme.com")
    assert (acme.name, acme.phone) == ("Acme", "+49 1")


def test_importing_again_updates_and_blanks_nothing(tmp_path):
    import_companies(write(tmp_path, "name,website,phone\nAcme,acme.com,+49 1\nBeta,beta.com,\n"))
    before = dict(Company.objects.values_list("domain", "pk"))
    report = import_companies(write(tmp_path, "name,website,phone\nAcme AG,acme.com,\nNew,new.com,\n"))
    assert (report.imported, report.updated) == (1, 1)
    acme = Company.objects.get(domain="acme.com")
    assert (acme.name, acme.phone, acme.pk) == ("Acme AG", "+49 1", before["acme.com"])
    assert CompanyList.objects.get().name == "fair"


def test_lists_of_two_workspaces_and_of_the_installation_are_apart(tmp_path):
    path = write(tmp_path, "name,website\nAcme,acme.com\n")
    ours, theirs = Workspace.start("Ours"), Workspace.start("Theirs")
    lists = {import_companies(path, workspace=who, list_name="fair").list for who in (ours, theirs, None, ours)}
    assert {found.workspace for found in lists} == {ours, theirs, None}
    assert Company.objects.count() == 3


def test_where_the_file_has_its_rows_from_is_kept(tmp_path):
    rows = [
        {"name": "A", "domain": "a.com", "event": "Hannover Messe 2018"},
        {"name": "B", "domain": "b.com", "source": "yc"},
    ]
    import_companies(write(tmp_path, "\n".join(map(json.dumps, rows)), "rows.jsonl"))
    assert dict(Company.objects.values_list("name", "source")) == {"A": "Hannover Messe 2018", "B": "yc"}


def test_it_tells_of_its_progress(tmp_path):
    told: list[int] = []
    rows = "".join(f"Firm {number},firm{number}.com\n" for number in range(3_000))
    import_companies(write(tmp_path, "name,website\n" + rows), on_progress=lambda report: told.append(report.read))
    assert told == [1_000, 2_000, 3_000]


def test_a_file_without_the_needed_columns_says_which_it_has_and_which_it_needs(tmp_path, var):
    with pytest.raises(NotImportable, match=r"name.*website or domain.*favourite, colour"):
        import_companies(write(tmp_path, "favourite,colour\nred,blue\n"))
    with pytest.raises(NotImportable, match="website or domain"):
        import_companies(write(tmp_path, '{"favourite": "red"}\n'))
    assert not CompanyList.objects.exists()


def test_a_file_in_which_no_row_is_usable_failed_and_says_where_the_reasons_are(tmp_path):
    with pytest.raises(ImportFailed, match=r"fair\.csv-rejects\.csv") as failed:
        import_companies(write(tmp_path, "name,website\nAcme,\nBeta,facebook.com\n"))
    assert not isinstance(failed.value, NotImportable)
    assert not CompanyList.objects.exists()


def test_what_was_read_of_a_file_that_breaks_off_is_kept(tmp_path):
    rows = "".join(f"Firm {number},firm{number * 7919}.com\n" for number in range(40_000))
    packed = gzip.compress(f"name,website\n{rows}".encode())
    with pytest.raises(ImportFailed, match="companies before that place were imported"):
        import_companies(write(tmp_path, packed[: len(packed) // 10], "cut.csv.gz"))
    assert Company.objects.count() > 1_000


def test_the_rejects_file_cannot_be_the_imported_file(tmp_path):
    path = write(tmp_path, "name,website\nAcme,\n")
    with pytest.raises(NotImportable):
        import_companies(path, rejects_path=tmp_path / "." / "fair.csv")
    assert path.read_text() == "name,website\nAcme,\n"


def test_a_rejects_file_that_cannot_be_written_loses_no_good_row(tmp_path):
    path = write(tmp_path, "name,website\nGood,good.com\nBad,\n")
    with pytest.raises(ImportFailed):
        import_companies(path, rejects_path=tmp_path / "fair.csv" / "rejects.csv")
    assert Company.objects.get().name == "Good"


def test_no_rejected_row_starts_a_formula_and_broken_bytes_are_kept(tmp_path):
    rows = b"name,website\n=1+1,\nM\xfcller,m.com\nGood \xc3\xbc,g.com\nFine \xc3\xa9,f.com\n"
    report = import_companies(write(tmp_path, rows))
    assert report.imported == 2
    content = report.rejects_path.read_bytes()
    assert b"'=1+1" in content
    assert b"M\xfcller" in content


def test_naughty_texts_are_values_and_nothing_more(tmp_path):
    naughty = [
        "'; DROP TABLE leads_company; --",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "\ud800",
        "a\0b",
        "%s %d",
    ]
    rows = [{"name": f"N {text}", "domain": f"n{n}.com", "description": text} for n, text in enumerate(naughty)]
    report = import_companies(write(tmp_path, "\n".join(map(json.dumps, rows)), "naughty.jsonl"))
    assert report.imported == len(naughty)
    assert Company.objects.get(domain="n1.com").description == naughty[1]


@needs_shared_data
def test_every_naughty_string_can_be_a_cell(tmp_path):
    naughty = json.loads((SHARED_DATA / "corpora" / "blns.json").read_text())
    naughty += (SHARED_DATA / "corpora" / "csv_injection.txt").read_text().splitlines()
    stream = StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(["name", "domain", "description", "employees", "founded", "website", "country", "location"])
    for number, text in enumerate(naughty):
        writer.writerow([f"N{number}", f"n{number}.com", text, text, text, text, text, text])
        writer.writerow([text, text, text, "", "", "", "", ""])
    report = import_companies(write(tmp_path, stream.getvalue()))
    assert report.read == len(naughty) + sum(bool(text.strip()) for text in naughty)  # a blank row is none
    assert report.imported >= len(naughty) - 5
    websites = Company.objects.values_list("website", flat=True)
    assert all(website.startswith(("https://", "http://")) for website in websites)


@needs_shared_data
def test_real_companies_are_imported(tmp_path):
    report = import_companies(SHARED_DATA / "companies.jsonl.gz")
    assert report.read == 6_274
    assert report.rejected <= 1  # one gives a page in an app shop for its site
    assert report.imported + report.duplicates + report.rejected == report.read
    countries = Company.objects.exclude(country="").count()
    assert countries > 0.9 * report.imported


@needs_shared_data
def test_real_exhibitors_are_imported_with_their_duplicates_counted(tmp_path):
    report = import_companies(SHARED_DATA / "exhibitors.jsonl.gz")
    assert report.read == 9_934
    assert report.duplicates > 1_000
    assert len(rejected(report.rejects_path)) == report.rejected < 400
    assert Company.objects.count() == report.imported > 8_000


def run(*arguments: str) -> int:
    try:
        call_command("import_companies", *arguments)
    except CommandError as error:
        return error.returncode
    return 0


def test_the_command_tells_what_it_did(tmp_path, capsys):
    path = write(tmp_path, "name,website\nAcme,acme.com\nBeta,\n")
    assert run(str(path), "--list", "My fair", "--rejects", str(tmp_path / "bad.csv")) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "2 rows: 1 new companies, 0 updated, 0 duplicates, 1 rejected" in told
    assert "My fair" in told and "bad.csv" in told


def test_the_command_imports_for_one_workspace(tmp_path):
    workspace = Workspace.start("Acme")
    path = write(tmp_path, "name,website\nAcme,acme.com\n")
    assert run(str(path), "--workspace", workspace.slug) == 0
    assert CompanyList.objects.get().workspace == workspace


def test_a_wrong_use_is_told_from_a_failure_by_the_exit_code(tmp_path):
    good = write(tmp_path, "name,website\nAcme,acme.com\n")
    assert run(str(tmp_path / "missing.csv")) == 2
    assert run(str(good), "--workspace", "nobody") == 2
    assert run(str(write(tmp_path, "a,b\nc,d\n", "columns.csv"))) == 2
    assert run(str(write(tmp_path, gzip.compress(good.read_bytes())[:-9], "cut.csv.gz"))) == 1
    assert run(str(write(tmp_path, "name,website\nAcme,\n", "unusable.csv"))) == 1


def numbered(folder: Path, *numbers: int) -> Path:
    return write(folder, "name,domain\n" + "".join(f"Firm {n},firm{n}.com\n" for n in numbers))


def test_a_file_brings_no_more_companies_than_there_is_room_for(tmp_path, settings, workspace):
    settings.QUOTAS = settings.QUOTAS | {"companies": 1_500}
    with pytest.raises(NoRoom, match=r"hold 1000 of at most 1500 companies\..* 1000 companies before that place"):
        import_companies(numbered(tmp_path, *range(2_500)), workspace=workspace)
    assert Company.objects.filter(list__workspace=workspace).count() == 1_000


def test_a_full_workspace_refreshes_what_it_has_and_takes_nothing_new(tmp_path, settings, workspace):
    settings.QUOTAS = settings.QUOTAS | {"companies": 3}
    import_companies(numbered(tmp_path, 1, 2, 3), workspace=workspace, list_name="fair")
    assert import_companies(numbered(tmp_path, 1, 2), workspace=workspace, list_name="fair").updated == 2
    for list_name in ("fair", "another"):
        with pytest.raises(NoRoom, match="hold 3 of at most 3 companies"):
            import_companies(numbered(tmp_path, 3, 4), workspace=workspace, list_name=list_name)
    assert workspace.company_lists.count() == 1


def test_owners_are_told_when_a_file_leaves_little_room(tmp_path, settings, workspace, owner):
    settings.QUOTAS = settings.QUOTAS | {"companies": 10}
    import_companies(numbered(tmp_path, *range(9)), workspace=workspace)
    assert Notification.objects.get(user=owner).parameters["used"] == 9
