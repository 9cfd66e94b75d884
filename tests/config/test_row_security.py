"""Rows on PostgreSQL when the program's own filters are gone: the database hands out those of one workspace alone."""
# ruff: noqa: S608  (the names of our own tables)

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts.wall import as_system, as_tenant, system_role, tenant_role
from config import row_security
from config.tenancy import OWNED, READABLE_WITHOUT_OWNER
from tests.factories import CompanyFactory, CompanyListFactory
from tests.tenancy.world import build_world, owned_models, rows_of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no row-level security"),
]


@pytest.fixture
def world():
    return build_world()


def asked(sql: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def keys(label: str) -> set[int]:
    """Return the keys of all rows that the database shows of a table, by raw SQL."""
    meta = apps.get_model(label)._meta
    return {pk for (pk,) in asked(f'SELECT "{meta.pk.column}" FROM "{meta.db_table}"')}


def everything() -> dict[str, list[tuple]]:
    return {label: asked(f'SELECT * FROM "{one._meta.db_table}" ORDER BY 1') for label, one in owned_models().items()}


def test_nothing_is_missing_after_migrate():
    assert row_security.missing(connection) == []


@pytest.mark.parametrize("label", OWNED)
def test_a_table_is_closed_to_everybody_and_has_its_rules_alone(label):
    model = apps.get_model(label)
    [(enabled, forced)] = asked(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", model._meta.db_table
    )
    assert enabled and forced
    found = asked(
        "SELECT split_part(policyname, '_', 1), permissive, roles::text[], cmd, with_check IS NOT NULL "
        "FROM pg_policies WHERE schemaname = current_schema() AND tablename = %s ORDER BY 1",
        model._meta.db_table,
    )
    wanted = [
        ("system", "PERMISSIVE", [system_role()], "ALL", True),
        ("tenant", "PERMISSIVE", [tenant_role()], "ALL", True),
    ]
    if label in READABLE_WITHOUT_OWNER:
        wanted.insert(0, ("readable", "PERMISSIVE", [tenant_role()], "SELECT", False))
    assert found == wanted


def test_the_roles_can_nothing_but_what_they_are_for():
    for role in (tenant_role(), system_role()):
        rights = "rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication"
        assert asked(f"SELECT {rights} FROM pg_roles WHERE rolname = %s", role) == [(False,) * 6]
        assert asked("SELECT relname FROM pg_class WHERE relowner = %s::regrole", role) == []
        assert asked("SELECT roleid FROM pg_auth_members WHERE member = %s::regrole", role) == []
    assert asked("SELECT relname FROM pg_class WHERE relkind = 'r' AND has_table_privilege(%s, oid, 'TRUNCATE')",
                 tenant_role()) == []  # fmt: skip


def test_a_table_that_nobody_declared_is_closed_to_tenants():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE undeclared (id int)")
    with as_tenant(1), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        asked("SELECT * FROM undeclared")


def test_a_tenant_sees_its_own_rows_of_every_table_and_nobody_elses(world):
    mine, theirs = ({label: {row.pk for row in rows_of(label, who)} for label in OWNED} for who in (world.a, world.b))
    assert all(mine.values()) and all(theirs.values()), "the world has a row of everything"
    with as_tenant(world.a.workspace.pk):
        assert {label: keys(label) for label in OWNED} == mine
        assert {label: {row.pk for row in model._base_manager.all()} for label, model in owned_models().items()} == mine
    with as_tenant(world.b.workspace.pk):
        assert {label: keys(label) for label in OWNED} == theirs


def test_without_a_tenant_there_are_no_rows(world):
    with as_tenant(None):
        assert {label: keys(label) for label in OWNED} == {label: set() for label in OWNED}
        with as_system():
            assert keys("accounts.Workspace") >= {world.a.workspace.pk, world.b.workspace.pk}
        assert keys("accounts.Workspace") == set()


def test_what_is_somebody_elses_can_be_neither_changed_nor_deleted(world):
    before = everything()
    for label, model in owned_models().items():
        table, key = model._meta.db_table, model._meta.pk.column
        theirs = [row.pk for row in rows_of(label, world.b)]
        with as_tenant(world.a.workspace.pk), connection.cursor() as cursor:
            cursor.execute(f'UPDATE "{table}" SET "{key}" = "{key}" WHERE "{key}" = ANY(%s)', [theirs])
            assert cursor.rowcount == 0, label
            cursor.execute(f'DELETE FROM "{table}" WHERE "{key}" = ANY(%s)', [theirs])
            assert cursor.rowcount == 0, label
    assert everything() == before


@pytest.mark.parametrize("label", sorted(OWNED))
def test_a_row_cannot_be_written_into_another_workspace(world, label):
    """Neither as a new one nor by giving away one's own."""
    model = owned_models()[label]
    written = [field for field in model._meta.concrete_fields if not field.primary_key and not field.generated]
    names = [field.column for field in written]
    table, key = model._meta.db_table, model._meta.pk.column
    columns = ", ".join(f'"{name}"' for name in names)
    theirs = rows_of(label, world.b).first()
    with connection.cursor() as cursor:
        cursor.execute(
            f'CREATE TEMPORARY TABLE taken AS SELECT {columns} FROM "{table}" WHERE "{key}" = %s', [theirs.pk]
        )
        cursor.execute(f'GRANT SELECT ON taken TO "{tenant_role()}"')
    refused = pytest.raises(ProgrammingError, match="row-level security")
    with as_tenant(world.a.workspace.pk), refused, transaction.atomic():
        asked(f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM taken RETURNING 1')


def test_a_row_of_ones_own_cannot_be_given_away(world):
    with as_tenant(world.a.workspace.pk), pytest.raises(ProgrammingError, match="row-level"), transaction.atomic():
        asked("UPDATE leads_lead SET workspace_id = %s RETURNING 1", world.b.workspace.pk)


def test_the_directory_that_belongs_to_nobody_is_read_by_all_and_written_by_none(world):
    company = CompanyFactory(list=CompanyListFactory(workspace=None))
    with as_tenant(world.a.workspace.pk):
        assert company.pk in keys("leads.Company") and company.list_id in keys("leads.CompanyList")
        for table, pk in (("leads_company", company.pk), ("leads_companylist", company.list_id)):
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE {table} SET name = 'mine' WHERE id = %s", [pk])
                assert cursor.rowcount == 0
        with pytest.raises(ProgrammingError, match="row-level"), transaction.atomic():
            CompanyFactory(list_id=company.list_id, list=None)
        with pytest.raises(ProgrammingError, match="row-level"), transaction.atomic():
            CompanyListFactory(workspace=None)
    with as_tenant(None):
        assert company.pk in keys("leads.Company")


def test_what_refers_to_a_row_that_the_tenant_cannot_see_is_still_checked(world):
    """Foreign keys look past the wall, as they must: they tell no more than that a number is not there."""
    lead = world.a["lead"]
    with as_tenant(world.a.workspace.pk), pytest.raises(IntegrityError), transaction.atomic():
        asked("UPDATE leads_lead SET merged_into_id = -1 WHERE id = %s RETURNING 1", lead.pk)
        connection.check_constraints()


def test_it_is_put_up_again_where_something_of_it_is_gone():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leads_lead DISABLE ROW LEVEL SECURITY")
        cursor.execute("CREATE POLICY open_to_all ON leads_fact USING (true)")
        cursor.execute(f'REVOKE ALL ON hunts_run FROM "{tenant_role()}"')
    [check] = [
        one for one in run_checks(databases=["default"], include_deployment_checks=True) if one.id == "magnet.W021"
    ]
    assert "row_security" in check.hint
    call_command("row_security", "--show")
    assert len(row_security.missing(connection)) == 3
    call_command("row_security")
    assert row_security.missing(connection) == []
    assert asked("SELECT 1 FROM pg_policies WHERE policyname = 'open_to_all'") == []


def test_a_login_that_may_not_is_told_what_to_run_and_migrates_all_the_same():
    with connection.cursor() as cursor:
        cursor.execute("DROP POLICY IF EXISTS nothing ON leads_lead")
        cursor.execute("ALTER TABLE leads_lead NO FORCE ROW LEVEL SECURITY")
        cursor.execute("CREATE ROLE magnet_test_poor_login NOLOGIN")
        cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO magnet_test_poor_login")
        cursor.execute(f'GRANT "{tenant_role()}", "{system_role()}" TO magnet_test_poor_login')
        cursor.execute("SET LOCAL ROLE magnet_test_poor_login")
    with pytest.raises(CommandError, match="as the owner of the tables"), transaction.atomic():
        call_command("row_security")
    with transaction.atomic():
        row_security.after_migrate(sender=None, using="default")
    assert row_security.missing(connection) != []


def test_an_owner_who_is_not_the_servers_administrator_is_behind_the_wall_too(world):
    """The simplest installation: one login owns the tables, migrates them and serves."""
    connection.check_constraints()  # or what is to be checked at the end holds the table
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE magnet_test_owner NOLOGIN")
        cursor.execute("ALTER TABLE leads_lead OWNER TO magnet_test_owner")
        cursor.execute("SET LOCAL ROLE magnet_test_owner")
    assert keys("leads.Lead") == set()
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(f'GRANT "{tenant_role()}", "{system_role()}" TO magnet_test_owner')
        cursor.execute("SET LOCAL ROLE magnet_test_owner")
    assert keys("leads.Lead") >= {world.a["lead"].pk, world.b["lead"].pk}
