"""Musts, wishes, certificates and exclusions of a brief, in the languages of our users."""

import pytest

from hunts.brief import read_brief

CONTRACT = (
    "Contract manufacturers of precision machined parts in Germany or Austria with 20 to 500 employees, "
    "ISO 9001 certified, nice to have: medical technology customers, no distributors"
)


def asked(brief: str) -> set[tuple[str, str]]:
    return {(criterion.kind, criterion.facet) for criterion in read_brief(brief).criteria}


def test_a_full_brief_is_taken_apart():
    icp = read_brief(CONTRACT)
    assert icp.industries == ("machining",)
    assert icp.countries == ("DE", "AT")
    assert icp.excluded == ("distributors",)
    assert [(criterion.kind, criterion.text) for criterion in icp.criteria] == [
        ("must", "The company's main business is machining."),
        ("nice", "The company's offer includes contract manufacturing."),
        ("must", "The company is based in Germany or Austria."),
        ("must", "The company has 20 to 500 employees."),
        ("must", "The company is certified to ISO 9001."),
        ("nice", "The company serves customers in medical devices."),
        ("exclude", "The company's business is distribution and wholesale."),
    ]


@pytest.mark.parametrize(
    "brief",
    [
        "Lohnfertiger für Zerspanung in Österreich, zertifiziert nach ISO 9001, "
        "idealerweise Kunden aus der Medizintechnik, keine Händler",
        "Sous-traitants en usinage en France certifiés ISO 9001, idéalement des clients dans le médical, "
        "sans distributeurs ni négoce",
        "精密零件代工厂，中国，ISO 9001认证，最好有医疗设备客户，不要经销商",
        "Mašinska obrada u Srbiji, sertifikat ISO 9001, po mogućstvu kupci iz medicine, bez distributera",
    ],
)
def test_the_same_is_read_in_every_language(brief):
    wanted = {("must", "industry"), ("must", "country"), ("must", "certification"), ("nice", "customers")}
    assert wanted | {("exclude", "other")} <= asked(brief)


def test_what_is_nice_to_have_narrows_no_search():
    icp = read_brief("Software companies in Germany, ideally in Bavaria with SOC 2; nice to have: 50 to 100 employees")
    assert (icp.countries, icp.regions, bool(icp.employees)) == (("DE",), (), False)
    assert {("nice", "region"), ("nice", "certification"), ("nice", "employees")} <= {
        (criterion.kind, criterion.facet) for criterion in icp.criteria
    }


def test_either_of_two_certificates_is_one_criterion_and_both_are_two():
    either = read_brief("Bakeries in France, IFS or BRC certified").criteria
    both = read_brief("Machining companies in Germany with ISO 9001 and ISO 13485").criteria
    assert [c.text for c in either if c.facet == "certification"] == ["The company is certified to IFS or BRCGS."]
    assert len([c for c in both if c.facet == "certification"]) == 2
