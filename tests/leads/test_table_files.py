import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from leads.table_files import read_table
from leads.table_rows import BadRow, NotATable, Row, UnreadableFile


def write(folder: Path, content: bytes | str, name: str = "companies.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(path: Path) -> list[dict[str, object]]:
    found = list(read_table(path))
    assert all(isinstance(row, Row) for row in found), found
    return [dict(row.values) for row in found if isinstance(row, Row)]


def bad_lines(path: Path) -> list[int]:
    return [row.line for row in read_table(path) if isinstance(row, BadRow)]


def names(path: Path) -> list[object]:
    return [row.values.get("name") for row in read_table(path) if isinstance(row, Row)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_it_sees_which_delimiter_and_line_ending_a_file_has(tmp_path, delimiter, ending):
    text = ending.join([delimiter.join(["name", "web"]), delimiter.join(["Acme", "acme.example"]), ""])
    assert rows(write(tmp_path, text)) == [{"name": "Acme", "web": "acme.example"}]


def test_a_delimiter_in_quotes_does_not_count(tmp_path):
    path = write(tmp_path, '"name, legal, in full, with form";web\nAcme;acme.example\n')
    assert rows(path) == [{"name, legal, in full, with form": "Acme", "web": "acme.example"}]


def test_it_takes_excels_own_first_line(tmp_path):
    assert rows(write(tmp_path, "sep=;\r\nname;web\r\nAcme, Inc;acme.example\r\n")) == [
        {"name": "Acme, Inc", "web": "acme.example"}
    ]


GERMAN = "name;web;what\nMüller Präzisionstechnik GmbH;mueller.example;Zerspanung und Fräsen für Großkunden\n"
FRENCH = "name;web;what\nSociété de décolletage;societe.example;Pièces usinées à façon\n"
CHINESE = "name,web,what\n深圳市精密机械有限公司,sz.example,主营业务数控机床加工\n"
SERBIAN = "name,web,what\nMašinska obrada Čačak,cacak.example,Obrada metala i šrafova za đačke klupe\n"
CYRILLIC = "name,web,what\nПредузеће Машинска обрада Чачак,cacak.example,обрада метала\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "cp1252"),
        (FRENCH, "cp1252"),
        (FRENCH, "latin-1"),
        (CHINESE, "gb18030"),
        (CHINESE, "utf-16"),
        (SERBIAN, "cp1250"),
        (CYRILLIC, "cp1251"),
    ],
)
def test_it_sees_which_encoding_a_file_is_in(tmp_path, text, encoding):
    name = text.splitlines()[1].replace(";", ",").split(",")[0]
    assert names(write(tmp_path, text.encode(encoding))) == [name]


def test_letters_that_come_late_in_a_file_tell_its_encoding_too(tmp_path):
    plain = "".join(f"Firm {number},firm{number}.example\n" for number in range(60_000))
    path = write(tmp_path, f"name,web\n{plain}Société Générale de Décolletage,late.example\n".encode("cp1252"))
    assert names(path)[-1] == "Société Générale de Décolletage"


def test_a_broken_row_in_a_good_file_is_set_aside_and_the_others_keep_their_letters(tmp_path):
    good = "".join(f"Müller {number},m{number}.example\n" for number in range(5))
    content = b"name,web\nBroken \xfc\xff,broken.example\n" + good.encode()
    path = write(tmp_path, content)
    assert bad_lines(path) == [2]
    assert names(path) == [f"Müller {number}" for number in range(5)]


def test_a_row_with_too_many_cells_is_set_aside_and_one_with_too_few_has_blanks(tmp_path):
    path = write(tmp_path, "name,web\nA,a.example,what,else\nB\nC,c.example,,\n")
    assert bad_lines(path) == [2]
    assert names(path) == ["B", "C"]


def test_a_quoted_cell_may_hold_line_breaks_and_quotes(tmp_path):
    path = write(tmp_path, 'name,web\n"Acme\n""The"" firm",acme.example\nBeta,beta.example\n')
    assert names(path) == ['Acme\n"The" firm', "Beta"]


def test_a_quote_that_is_never_closed_costs_its_row_only(tmp_path):
    path = write(tmp_path, 'name,web\n"Acme,acme.example\nBeta,beta.example\n"Gamma, Inc",gamma.example\n')
    assert bad_lines(path) == [2]
    assert names(path) == ["Beta", "Gamma, Inc"]


def test_quotes_that_are_never_closed_do_not_swallow_each_other(tmp_path):
    lines = "".join(f'"Broken {n},b{n}.example\nGood {n},g{n}.example\n' for n in range(300))
    path = write(tmp_path, "name,web\n" + lines)
    assert len(bad_lines(path)) == 300
    assert names(path) == [f"Good {n}" for n in range(300)]


def test_an_inch_sign_is_no_quote(tmp_path):
    path = write(tmp_path, 'name,web\n27" Screens,screens.example\nBeta,beta.example\n3" Pipes,pipes.example\n')
    assert names(path) == ['27" Screens', "Beta", '3" Pipes']


def test_a_second_column_of_the_same_name_does_not_replace_the_first(tmp_path):
    assert rows(write(tmp_path, "name,web,web\nA,a.example,\n")) == [{"name": "A", "web": "a.example", "web (2)": ""}]


def test_rows_know_their_line_and_their_text(tmp_path):
    path = write(tmp_path, 'name,web\n\n"A\nB",a.example\nC,c.example\n')
    assert [(row.line, row.raw) for row in read_table(path)] == [(3, '"A\nB",a.example'), (5, "C,c.example")]


def test_a_line_that_is_not_json_costs_itself_only(tmp_path):
    lines = [
        '{"name": "A"}',
        "{oops",
        "[1]",
        "",
        '"text"',
        '{"name": "B"}',
        "[" * 100_000,
        '{"n": ' + "9" * 5_000 + "}",
    ]
    path = write(tmp_path, "\n".join(lines), "companies.jsonl")
    assert names(path) == ["A", "B"]
    assert bad_lines(path) == [2, 3, 5, 7, 8]


@pytest.mark.parametrize("name", ["companies.csv", "companies.txt", "companies"])
def test_the_content_counts_and_not_the_name(tmp_path, name):
    line = json.dumps({"name": "A"}) + "\n"
    assert names(write(tmp_path, line, name)) == ["A"]
    assert names(write(tmp_path, gzip.compress(b"name,web\nB,b.example\n"), name)) == ["B"]


def workbook(*table: list[object]) -> bytes:
    book = Workbook()
    for row in table:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_it_reads_the_first_sheet_of_a_workbook(tmp_path, pack):
    content = workbook([], ["name", "web", "staff"], ["Müller", "mueller.example", 12], [], ["Beta", None, 1.5])
    found = rows(write(tmp_path, pack(content), "companies.xlsx"))
    assert found == [
        {"name": "Müller", "web": "mueller.example", "staff": 12.0},
        {"name": "Beta", "web": "", "staff": 1.5},
    ]


def repacked(content: bytes, **replaced: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            new.writestr(entry, replaced.get(Path(entry).stem, old.read(entry)))
    return stream.getvalue()


SHEET = (
    b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b"%s</sheetData></worksheet>"
)


def test_a_workbook_that_would_unpack_without_end_is_refused(tmp_path):
    bomb = repacked(workbook(["name"], ["A"]), sheet1=SHEET % (b" " * 310_000_000))
    assert len(bomb) < 1_000_000
    with pytest.raises(NotATable, match="too large"):
        list(read_table(write(tmp_path, bomb, "bomb.xlsx")))


def test_a_workbook_with_one_cell_far_away_is_refused(tmp_path):
    cells = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    path = write(tmp_path, repacked(workbook(["name"]), sheet1=SHEET % cells), "far.xlsx")
    with pytest.raises(NotATable, match="too large"):
        list(read_table(path))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b" \n\n ", id="blank lines"),
        pytest.param(b"%PDF-1.7\n" + bytes(range(256)) * 8, id="a PDF"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(400), id="a picture"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), id="an old workbook"),
        pytest.param(b'[{"name": "A"}]', id="a JSON array"),
        pytest.param(gzip.compress(b""), id="nothing, packed"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content):
    with pytest.raises(NotATable):
        list(read_table(write(tmp_path, content)))


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(NotATable, match=str(path)):
            list(read_table(path))


def test_a_zip_that_is_no_workbook_is_refused(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("companies.csv", "name,web\n")
    with pytest.raises(NotATable, match="ZIP"):
        list(read_table(write(tmp_path, stream.getvalue())))


def test_damage_is_told_from_a_wrong_file(tmp_path):
    packed = gzip.compress(("name,web\n" + "".join(f"F{n},f{n * 7919}.example\n" for n in range(50_000))).encode())
    for name, content in (("cut.csv.gz", packed[: len(packed) // 2]), ("cut.xlsx", workbook(["name"], ["A"])[:-300])):
        with pytest.raises(UnreadableFile) as refused:
            list(read_table(write(tmp_path, content, name)))
        assert not isinstance(refused.value, NotATable)
