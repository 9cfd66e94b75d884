"""The database is emptied after a test that commits: by DELETE, where Django truncates and writes its own rows anew.

Truncating some eighty tables of a few rows takes PostgreSQL most of a second; deleting takes it milliseconds. What
Django itself keeps (content types, permissions, migrations) is the same for every test and stays.
"""

from importlib import import_module

from django.db import connection, transaction
from django.test import TransactionTestCase

STAYS = {"django_content_type", "auth_permission", "django_migrations"}


def empty(_case: TransactionTestCase | None = None) -> None:
    """Delete every row that a test can have left; stands in for `TransactionTestCase._fixture_teardown`."""
    tables = [table for table in connection.introspection.django_table_names() if table not in STAYS]
    deletions = [f"DELETE FROM {connection.ops.quote_name(table)}" for table in tables]  # noqa: S608  (our own)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # As a replica it runs no triggers: neither those of foreign keys nor the seals on the books.
            cursor.execute("; ".join(["SET LOCAL session_replication_role = replica", *deletions]))
            return
        seals = [import_module(name) for name in ("billing.migrations.0002_ledger", "accounts.migrations.0008_support")]
        unsealing = [statement for seal in seals for statement in seal.UNSEAL["sqlite"]]
        sealing = [statement for seal in seals for statement in seal.SEAL["sqlite"]]
        for statement in (*unsealing, *deletions, *sealing):
            cursor.execute(statement)
