"""A preset over a file of companies gets another file: read when it is saved, the old one kept until then."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from hunts import presets
from hunts.models import Hunt
from hunts.preset_models import Preset
from leads.models import CompanyList
from tests.factories import CompanyFactory, CompanyListFactory, HuntFactory

pytestmark = pytest.mark.django_db
TERMS = {"name": "Parts", "source": "file", "limit": "20", "max_spend": "0", "known": "reuse", "max_leads": ""}


@pytest.fixture
def old(workspace) -> CompanyList:
    return CompanyFactory(list=CompanyListFactory(workspace=workspace, name="mine.csv")).list


@pytest.fixture
def preset(workspace, owner, old) -> Preset:
    return presets.save(HuntFactory(workspace=workspace, source="file", company_list=old), "Parts", by=owner)


def table(*domains: str, name: str = "mine.csv") -> SimpleUploadedFile:
    rows = "".join(f"Company {domain},{domain}\n" for domain in domains)
    return SimpleUploadedFile(name, f"name,domain\n{rows}".encode())


def save(client, preset: Preset, **changes: object):
    path = f"/hunts/presets/{preset.pk}/edit"
    return client.post(
        path, TERMS | {"version": str(preset.version), "company_list": preset.hunt.company_list_id} | changes
    )


def looks_through(preset: Preset) -> CompanyList:
    found = Hunt.objects.get(pk=preset.hunt_id).company_list
    assert found is not None
    return found


def test_a_new_file_takes_the_place_of_the_old_one_even_under_its_name(client_of_owner, preset, old):
    answer = save(client_of_owner, preset, companies=table("new.example", "newer.example"))
    assert answer.status_code == 302
    now = looks_through(preset)
    assert now.name == "mine.csv (2)"
    assert set(now.companies.values_list("domain", flat=True)) == {"new.example", "newer.example"}
    assert old.companies.count() == 1  # other hunts look through it


def test_without_a_new_file_the_old_one_stays(client_of_owner, preset, old):
    assert save(client_of_owner, preset, limit="30").status_code == 302
    assert looks_through(preset) == old
    assert 'type="file"' in client_of_owner.get(f"/hunts/presets/{preset.pk}/edit").text


def test_rows_that_cannot_be_used_are_told_of(client_of_owner, preset):
    upload = SimpleUploadedFile("other.csv", b"name,domain\nGood,good.example\nBad,\n")
    save(client_of_owner, preset, companies=upload)
    shown = client_of_owner.get(preset.get_absolute_url()).text
    assert "1 companies were read from other.csv; 1 rows could not be used." in shown


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "The file is empty."),
        ("prose.csv", b"dear,all\nhello,there\n", "needs a column for the company"),
        ("broken.xlsx", b"PK\x03\x04 not a workbook", "The preset is as it was."),
        ("rows.csv", b"name,domain\nBad,\n", "The preset is as it was."),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do_and_changes_nothing(
    client_of_owner, preset, old, name, content, said
):
    answer = save(client_of_owner, preset, name="New name", companies=SimpleUploadedFile(name, content))
    assert answer.status_code == 422
    assert said in answer.text and 'value="New name"' in answer.text
    assert looks_through(preset) == old and Preset.objects.get().name == "Parts"


def test_a_file_that_is_too_large_is_not_read(client_of_owner, preset, old, monkeypatch):
    monkeypatch.setattr("hunts.preset_forms.LARGEST_UPLOAD", 10)
    answer = save(client_of_owner, preset, companies=table("new.example"))
    assert answer.status_code == 422 and "larger than 25 MB" in answer.text
    assert CompanyList.objects.get() == old


def test_a_file_beside_another_mistake_is_not_read_and_the_person_is_told_to_choose_it_again(
    client_of_owner, preset, old
):
    answer = save(client_of_owner, preset, limit="0", companies=table("new.example"))
    assert answer.status_code == 422 and "Choose the file again" in answer.text
    assert CompanyList.objects.get() == old


def test_an_edit_that_came_too_late_keeps_the_file_that_was_read(client_of_owner, preset, old):
    presets.change(preset, presets.terms_of(preset), seen=1, by=preset.made_by)
    answer = save(client_of_owner, preset, version="1", companies=table("new.example"))
    new = CompanyList.objects.exclude(pk=old.pk).get()
    assert answer.status_code == 422 and f'<option value="{new.pk}" selected>' in answer.text
    assert looks_through(preset) == old
    assert save(client_of_owner, preset, version="2", company_list=new.pk).status_code == 302
    assert looks_through(preset) == new and CompanyList.objects.count() == 2


def test_a_source_that_is_no_file_reads_none(client_of_owner, preset, old, sandbox):
    assert save(client_of_owner, preset, source="sandbox", companies=table("new.example")).status_code == 302
    assert CompanyList.objects.get() == old
