"""The full-text index of company lists: kept in step by the database itself, so that every way of writing is indexed."""

from django.db import migrations

# Rows in scripts without spaces (Chinese, Japanese): a word index does not find their words, so they are looked
# through letter by letter, and this keeps the others out of that.
UNSPACED = (
    "CREATE INDEX leads_company_unspaced ON leads_company (list_id, country) WHERE (name || one_liner || description)"
)

# Names count most, then the one-liner; see leads/directory.py for the queries.
SQLITE = [
    """
    CREATE VIRTUAL TABLE leads_company_index USING fts5(
        name, one_liner, description, location,
        content='leads_company', content_rowid='id', tokenize="unicode61 remove_diacritics 2"
    )
    """,
    """
    CREATE TRIGGER leads_company_indexed AFTER INSERT ON leads_company BEGIN
        INSERT INTO leads_company_index(rowid, name, one_liner, description, location)
        VALUES (new.id, new.name, new.one_liner, new.description, new.location);
    END
    """,
    """
    CREATE TRIGGER leads_company_unindexed AFTER DELETE ON leads_company BEGIN
        INSERT INTO leads_company_index(leads_company_index, rowid, name, one_liner, description, location)
        VALUES ('delete', old.id, old.name, old.one_liner, old.description, old.location);
    END
    """,
    """
    CREATE TRIGGER leads_company_reindexed AFTER UPDATE ON leads_company BEGIN
        INSERT INTO leads_company_index(leads_company_index, rowid, name, one_liner, description, location)
        VALUES ('delete', old.id, old.name, old.one_liner, old.description, old.location);
        INSERT INTO leads_company_index(rowid, name, one_liner, description, location)
        VALUES (new.id, new.name, new.one_liner, new.description, new.location);
    END
    """,
    f"{UNSPACED} GLOB '*[\u3040-\u9fff]*'",
]
SQLITE_BACK = [
    "DROP INDEX leads_company_unspaced",
    "DROP TRIGGER leads_company_reindexed",
    "DROP TRIGGER leads_company_unindexed",
    "DROP TRIGGER leads_company_indexed",
    "DROP TABLE leads_company_index",
]

# Words without accents and without stemming: the lists are in many languages, and the query brings its own variants.
POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS unaccent",
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE TEXT SEARCH CONFIGURATION magnet (COPY = simple)",
    "ALTER TEXT SEARCH CONFIGURATION magnet ALTER MAPPING FOR hword, hword_part, word WITH unaccent, simple",
    """
    ALTER TABLE leads_company ADD COLUMN words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('magnet', name), 'A') || setweight(to_tsvector('magnet', one_liner), 'B')
        || setweight(to_tsvector('magnet', description), 'C') || setweight(to_tsvector('magnet', location), 'D')
    ) STORED
    """,
    "CREATE INDEX leads_company_words ON leads_company USING gin (words)",
    f"{UNSPACED} ~ '[\u3040-\u9fff]'",
    # Helps with words of three letters and more.
    "CREATE INDEX leads_company_letters ON leads_company USING gin (lower(name || one_liner || description) gin_trgm_ops) "
    "WHERE (name || one_liner || description) ~ '[\u3040-\u9fff]'",
]
POSTGRESQL_BACK = [
    "DROP INDEX leads_company_letters",
    "DROP INDEX leads_company_unspaced",
    "DROP INDEX leads_company_words",
    "ALTER TABLE leads_company DROP COLUMN words",
    "DROP TEXT SEARCH CONFIGURATION magnet",
]


def index(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def unindex(apps, schema_editor):
    for statement in SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRESQL_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [migrations.RunPython(index, unindex)]
