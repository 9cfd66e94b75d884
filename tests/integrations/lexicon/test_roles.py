import pytest

from integrations.lexicon.roles import roles_in


@pytest.mark.parametrize(
    ("said", "roles"),
    [
        ("reach the CEO, CFOs or head of purchasing at them", ("CEO", "CFOs", "head of purchasing")),
        ("plant managers and managing directors", ("plant managers", "managing directors")),
        ("founders or owners", ("founders", "owners")),
        ("Geschäftsführer, Einkaufsleiterin, Leiter Produktion",
         ("Geschäftsführer", "Einkaufsleiterin", "Leiter Produktion")),
        ("le directeur des achats, le DSI ou le responsable logistique",
         ("directeur des achats", "DSI", "responsable logistique")),
        ("采购经理、总经理或技术总监", ("采购经理", "总经理", "技术总监")),
        ("direktor nabavke, vlasnik ili šef proizvodnje", ("direktor nabavke", "vlasnik", "šef proizvodnje")),
    ],
)  # fmt: skip
def test_it_knows_job_titles(said, roles):
    assert roles_in(said) == roles


@pytest.mark.parametrize(
    "said", ["Halbleiter", "Leiterplatten", "u privatnom vlasništvu", "chefs-d'œuvre", "board games"]
)
def test_other_words_are_no_titles(said):
    assert roles_in(said) == ()
