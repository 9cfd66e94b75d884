"""Through a model's manager a request reaches the rows of its own workspace alone, though the query asks for all."""

import pytest
from django.db import connection
from django.db.models import prefetch_related_objects
from django.test.utils import CaptureQueriesContext

from accounts.models import Workspace
from accounts.wall import as_system, as_tenant
from config.tenancy import OWNED, READABLE_WITHOUT_OWNER
from hunts.models import Candidate, Hunt, Run
from leads.models import Contact, Lead
from leads.person_models import Suppression
from tests.factories import CompanyFactory, CompanyListFactory
from tests.tenancy.world import digest_of, owned_models, rows_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("label", OWNED)
def test_the_manager_of_a_model_that_is_owned_gives_the_rows_of_the_scope(world, label):
    rows, own, theirs = (
        owned_models()[label]._default_manager,
        set(rows_of(label, world.a)),
        set(rows_of(label, world.b)),
    )
    assert set(rows.all()) >= own | theirs
    with as_tenant(world.a.workspace.pk):
        assert set(rows.all()) == own
        with as_system():
            assert set(rows.all()) >= own | theirs
    with as_tenant(None):
        assert set(rows.all()) == set()


@pytest.mark.parametrize("label", [label for label, way in OWNED.items() if "__" not in way])
def test_rows_that_name_their_workspace_are_held_by_the_manager_alone_on_postgresql_too(world, label):
    with as_tenant(world.a.workspace.pk):
        rows = owned_models()[label]._default_manager.all()
    # Asked for when the scope is left: no wall stands behind it there.
    assert set(rows) == set(rows_of(label, world.a))


def test_a_row_without_a_workspace_is_everybodys_where_that_is_said():
    shared = CompanyFactory(list=CompanyListFactory(workspace=None))
    everybodys = Suppression.objects.create(workspace=None, kind="email", digest="d")
    rows = {"leads.Company": shared, "leads.CompanyList": shared.list, "leads.Suppression": everybodys}
    assert rows.keys() == READABLE_WITHOUT_OWNER
    for whose in (Workspace.start("One").pk, None):
        with as_tenant(whose):
            assert [list(type(row).objects.all()) for row in rows.values()] == [[row] for row in rows.values()]


def test_nothing_of_another_workspace_is_found(world):
    lead, run, contact = world.b["lead"], world.b["run"], world.b["contact"]
    with as_tenant(world.a.workspace.pk):
        for model, row in ((Lead, lead), (Run, run), (Contact, contact)):
            with pytest.raises(model.DoesNotExist):
                model.objects.get(pk=row.pk)
            assert model.objects.in_bulk([row.pk]) == {}
            assert not model.objects.none().union(model.objects.filter(pk=row.pk))
        assert not lead.contacts.exists() and not run.candidates.exists() and not world.b.workspace.leads.exists()
        assert not Lead.objects.filter(candidacies__in=Candidate.objects.filter(run=run))
        assert not any(hunt.runs.all() for hunt in Hunt.objects.prefetch_related("runs") if hunt.pk == run.hunt_id)


@pytest.mark.parametrize("first", ["a", "b"])
def test_what_is_fetched_for_several_at_once_is_held_for_each_of_them(world, first):
    mine, theirs = (Run.objects.get(pk=whose["run"].pk) for whose in (world.a, world.b))
    with as_tenant(world.a.workspace.pk):
        prefetch_related_objects([mine, theirs] if first == "a" else [theirs, mine], "candidates")
    assert set(mine.candidates.all()) == set(Candidate.objects.filter(run=mine.pk)) != set()
    assert not theirs.candidates.all()


def test_nothing_of_another_workspace_is_changed_or_deleted(world, theirs):
    lead, run, candidate = world.b["lead"], world.b["run"], world.b["candidate"]
    lead.name = candidate.reason = "taken"
    with as_tenant(world.a.workspace.pk):
        assert Lead.objects.update(name="taken") == len(rows_of("leads.Lead", world.a))
        assert Candidate.objects.filter(pk=candidate.pk).update(reason="taken") == 0
        assert run.candidates.update(reason="taken") == 0
        assert Lead.objects.bulk_update([lead], ["name"]) == Candidate.objects.bulk_update([candidate], ["reason"]) == 0
        assert Contact.objects.all().delete()[0] > 0
        assert run.events.all().delete()[0] == 0
    assert digest_of(world.b) == theirs


def test_what_another_workspace_has_is_made_anew_and_not_taken_from_it(world, theirs):
    handle, mine = world.b["lead"].handle, world.a.workspace
    with as_tenant(mine.pk):
        made, is_new = Lead.objects.get_or_create(handle=handle, defaults={"workspace": mine, "name": "Ours"})
        again, is_newer = Lead.objects.update_or_create(handle=handle, defaults={"name": "Still ours"})
    assert (is_new, is_newer) == (True, False)
    assert made == again and made.workspace == mine
    assert digest_of(world.b) == theirs


@pytest.mark.parametrize("model", [Lead, Candidate])
def test_an_update_is_still_a_claim_on_the_columns_of_its_own_table(world, model):
    """A filter through a join, which Django makes a list of keys of, lets two processes win on PostgreSQL."""
    with as_tenant(world.a.workspace.pk), CaptureQueriesContext(connection) as asked:
        assert model.objects.filter(status="qualified").update(score=1)
    [update] = [query["sql"] for query in asked if query["sql"].startswith("UPDATE")]
    assert " JOIN " not in update and " IN (SELECT" not in update
