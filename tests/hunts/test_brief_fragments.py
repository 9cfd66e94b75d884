"""What people add in a chat: a few words that change one thing. Each must be read as that, and as nothing else."""

import pytest

from hunts.brief import read_brief
from tests.hunts.test_brief_languages import facts_of

FRAGMENTS = [
    # English
    ("also Austria", {"countries": "AT"}),
    ("and the Netherlands too", {"countries": "NL"}),
    ("no distributors", {"excluded": "distributors"}),
    ("no distributors, no resellers", {"excluded": "distributors, resellers"}),
    ("not in Poland", {"excluded": "Poland"}),
    ("not German companies", {"excluded": "Germany"}),
    ("only over 50 people", {"employees": "50-"}),
    ("at least 20 employees", {"employees": "20-"}),
    ("make it 50 to 200", {"employees": "50-200"}),
    ("max 200", {"employees": "-200"}),
    ("founded after 2010", {"founded_year": "2011-"}),
    ("up to 5 years old", {"founded_year": "2019-"}),
    ("only in Bavaria", {"countries": "DE", "regions": "Bavaria"}),
    ("the CFO or head of sales", {"roles": "CFO, head of sales"}),
    ("only family-owned ones", {"company_type": "Privately Held"}),
    ("only Series A", {"funding_stage": "Series A"}),
    ("also packaging", {"industries": "packaging"}),
    ("no startups and at least 50 employees", {"excluded": "startups", "employees": "50-"}),
    # German
    ("und auch die Schweiz", {"countries": "CH"}),
    ("auch in Österreich bitte", {"countries": "AT"}),
    ("keine Händler", {"excluded": "Händler"}),
    ("nicht in Polen", {"excluded": "Polen"}),
    ("keine Firmen aus China", {"excluded": "China"}),
    ("nur über 50 Mitarbeiter", {"employees": "50-"}),
    ("mindestens 20 Leute", {"employees": "20-"}),
    ("zwischen 10 und 50", {"employees": "10-50"}),
    ("nach 2010 gegründet", {"founded_year": "2011-"}),
    ("der Einkaufsleiter", {"roles": "Einkaufsleiter"}),
    ("nur Familienunternehmen", {"company_type": "Privately Held"}),
    ("keine Start-ups und mindestens 50 Mitarbeiter", {"excluded": "Start-ups", "employees": "50-"}),
    # French
    ("aussi la Belgique", {"countries": "BE"}),
    ("ajoutez l'Autriche", {"countries": "AT"}),
    ("pas de distributeurs", {"excluded": "distributeurs"}),
    ("sans la Suisse", {"excluded": "Suisse"}),
    ("pas d'entreprises chinoises", {"excluded": "Chine"}),
    ("seulement plus de 50 salariés", {"employees": "50-"}),
    ("au moins 20 employés", {"employees": "20-"}),
    ("entre 10 et 50 personnes", {"employees": "10-50"}),
    ("créées après 2010", {"founded_year": "2011-"}),
    ("le directeur des achats", {"roles": "directeur des achats"}),
    ("uniquement en Bretagne", {"countries": "FR", "regions": "Bretagne"}),
    # Chinese
    ("也要奥地利", {"countries": "AT"}),
    ("还有瑞士和德国", {"countries": "CH, DE"}),
    ("不要经销商", {"excluded": "经销商"}),
    ("不要波兰的公司", {"excluded": "波兰"}),
    ("只要50人以上的", {"employees": "50-"}),
    ("至少20名员工", {"employees": "20-"}),
    ("10到50人", {"employees": "10-50"}),
    ("2010年以后成立的", {"founded_year": "2010-"}),
    ("采购经理", {"roles": "采购经理"}),
    ("只看广东", {"countries": "CN", "regions": "广东"}),
    ("加上包装行业", {"industries": "packaging"}),
    # Serbian, in both alphabets
    ("i Austriju takođe", {"countries": "AT"}),
    ("dodaj Hrvatsku", {"countries": "HR"}),
    ("bez distributera", {"excluded": "distributera"}),
    ("ne iz Poljske", {"excluded": "Poljska"}),
    ("bez firmi iz Kine", {"excluded": "Kina"}),
    ("samo preko 50 zaposlenih", {"employees": "50-"}),
    ("bar 20 zaposlenih", {"employees": "20-"}),
    ("od 10 do 50 ljudi", {"employees": "10-50"}),
    ("osnovane posle 2010", {"founded_year": "2011-"}),
    ("direktor nabavke", {"roles": "direktor nabavke"}),
    ("и Аустрију такође", {"countries": "AT"}),
    ("без дистрибутера", {"excluded": "distributera"}),
    ("не Пољску", {"excluded": "Poljska"}),
    ("само преко 50 запослених", {"employees": "50-"}),
    ("најмање 20 запослених", {"employees": "20-"}),
    ("основане после 2010", {"founded_year": "2011-"}),
]


@pytest.mark.parametrize(("fragment", "facts"), FRAGMENTS)
def test_a_fragment_says_one_thing(fragment, facts):
    assert facts_of(read_brief(fragment, this_year=2024)) == facts


@pytest.mark.parametrize(
    ("fragment", "kind", "facet"),
    [
        ("they should be ISO 9001 certified", "must", "certification"),
        ("nice to have: medical customers", "nice", "customers"),
        ("idealerweise Kunden aus der Medizintechnik", "nice", "customers"),
        ("不要德国的", "exclude", "country"),
        ("not in Bavaria", "exclude", "region"),
    ],
)
def test_what_is_no_field_becomes_a_criterion(fragment, kind, facet):
    assert [(one.kind, one.facet) for one in read_brief(fragment).criteria] == [(kind, facet)]


def test_a_place_that_is_ruled_out_is_judged_by_where_the_company_is():
    (criterion,) = read_brief("not German companies").criteria
    assert criterion.text == "The company is based in Germany."
