"""The index behind the directory provider: full-text search over company lists, on SQLite and on PostgreSQL.

It finds rows by words, the fullest matches first; weighing what the words mean is the provider's part.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.db import connection
from django.db.models import Q, QuerySet

from accounts.wall import as_system
from integrations.providers.directory import DirectoryRow
from leads.models import Company, CompanyList

# Scripts without spaces between words, whose words a word index does not find.
_UNSPACED = ("\u3040", "\u9fff")
# SQLite takes no expression deeper than 1,000.
_TERMS_AT_ONCE = 400

# Rows in such a script: as the partial index of migration 0002 says it, so that only they are looked through. SQLite
# has to be told to use it.
_TEXT = "c.name || c.one_liner || c.description"
_UNSPACED_ROWS = {
    "sqlite": f"leads_company c INDEXED BY leads_company_unspaced WHERE ({_TEXT}) GLOB '*[\u3040-\u9fff]*'",
    "postgresql": f"leads_company c WHERE ({_TEXT}) ~ '[\u3040-\u9fff]'",
}
_HOLDS = {
    "sqlite": f"instr(lower({_TEXT}), %s) > 0",
    "postgresql": f"lower({_TEXT}) LIKE '%%' || %s || '%%'",
}
# The full-text table is asked once and joined to; a rank looked up row by row took a hundred times as long.
# The weights say how much a word counts by where it stands: name, one-liner, description, location.
_BY_WORDS = {
    "sqlite": "SELECT c.id FROM leads_company_index JOIN leads_company c ON c.id = leads_company_index.rowid "
    "WHERE leads_company_index MATCH %s AND {scope} "
    "ORDER BY bm25(leads_company_index, 4.0, 3.0, 1.0, 0.3), c.id LIMIT %s",
    "postgresql": "SELECT c.id FROM leads_company c, to_tsquery('magnet', %s) asked WHERE c.words @@ asked AND {scope} "
    "ORDER BY ts_rank('{{0.1, 0.25, 0.75, 1}}', c.words, asked) DESC, c.id LIMIT %s",
}


@dataclass(frozen=True, slots=True)
class DatabaseIndex:
    """The lists that a workspace may search: its own and the installation's, or just one of them."""

    workspace_id: int
    list_id: int | None = None

    async def candidates(self, terms: Sequence[str], *, countries: Sequence[str], limit: int) -> list[DirectoryRow]:
        """Return up to `limit` rows that hold any of `terms`, each domain once; see `CompanyIndex`."""
        return await sync_to_async(self._candidates)(terms, countries, limit)

    def _candidates(self, terms: Sequence[str], countries: Sequence[str], limit: int) -> list[DirectoryRow]:
        lists = self.lists()
        asked = [term for term in terms if any(map(str.isalnum, term))]
        if not lists or limit < 1:
            return []
        scope = _Scope(lists, [*countries, ""] if countries else [])
        ids = _holding(asked, scope, limit) if asked else _any(scope, limit)
        companies = Company.objects.select_related("list").in_bulk(ids)
        rows: dict[str, DirectoryRow] = {}
        for company in (companies[pk] for pk in ids if pk in companies):
            if company.domain not in rows:
                rows[company.domain] = _row(company)
        return list(rows.values())

    def lists(self) -> list[int]:
        """Return the lists that are searched: none where the one that is asked for was deleted."""
        lists = CompanyList.objects.kept().filter(Q(workspace_id=self.workspace_id) | Q(workspace__isnull=True))
        if self.list_id is not None:
            lists = lists.filter(pk=self.list_id)
        return list(lists.values_list("pk", flat=True))


def searchable(workspace_id: int) -> QuerySet[Company]:
    """Return the companies that a workspace may search: those of its own lists and of the installation's."""
    lists = Q(list__workspace_id=workspace_id) | Q(list__workspace__isnull=True)
    return Company.objects.filter(lists, list__deleted_at__isnull=True)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Which rows may be found: of these lists, and, where countries are given, of these."""

    lists: Sequence[int]
    countries: Sequence[str]

    @property
    def sql(self) -> str:
        of_lists = f"c.list_id IN ({_marks(self.lists)})"
        return f"{of_lists} AND c.country IN ({_marks(self.countries)})" if self.countries else of_lists

    @property
    def values(self) -> list[int | str]:
        return [*self.lists, *self.countries]


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _any(scope: _Scope, limit: int) -> list[int]:
    return _ids(f"SELECT c.id FROM leads_company c WHERE {scope.sql} ORDER BY c.id LIMIT %s", [*scope.values, limit])  # noqa: S608


def _holding(terms: Sequence[str], scope: _Scope, limit: int) -> list[int]:
    """Return the ids of rows that hold any of `terms`, the fullest matches first."""
    spaced = [term for term in terms if not _is_unspaced(term)]
    unspaced = [term.rstrip("*").replace("\0", "") for term in terms if _is_unspaced(term)]
    found = dict.fromkeys(_by_words(spaced, scope, limit)) if spaced else {}
    for start in range(0, len(unspaced), _TERMS_AT_ONCE):
        if len(found) < limit:
            found |= dict.fromkeys(_by_letters(unspaced[start : start + _TERMS_AT_ONCE], scope, limit))
    return list(found)[:limit]


def _by_words(terms: Sequence[str], scope: _Scope, limit: int) -> list[int]:
    query = " OR ".join(map(_fts5, terms)) if connection.vendor == "sqlite" else " | ".join(map(_tsquery, terms))
    return _ids(_BY_WORDS[connection.vendor].format(scope=scope.sql), [query, *scope.values, limit])


def _by_letters(terms: Sequence[str], scope: _Scope, limit: int) -> list[int]:
    holds = " OR ".join([_HOLDS[connection.vendor]] * len(terms))
    sql = (
        f"SELECT c.id FROM {_UNSPACED_ROWS[connection.vendor]} "  # noqa: S608
        f"AND {scope.sql} AND ({holds}) ORDER BY c.id LIMIT %s"
    )
    if connection.vendor == "postgresql":
        terms = [re.sub(r"([%_\\])", r"\\\1", term) for term in terms]
    return _ids(sql, [*scope.values, *terms, limit])


def _ids(sql: str, values: Sequence[int | str]) -> list[int]:
    # A tenant cannot use the index of words. Keys alone are looked up so, in lists that were its own to see.
    with as_system(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [pk for (pk,) in cursor.fetchall()]


def _fts5(term: str) -> str:
    """Return a term in FTS5's language: a quoted phrase, with a star behind it where it is a prefix."""
    phrase = term.rstrip("*").replace('"', '""').replace("\0", " ")
    return f'"{phrase}"{"*" if term.endswith("*") else ""}'


def _tsquery(term: str) -> str:
    """Return a term in tsquery's language: its words one after the other."""
    bare = [word.replace("\\", "\\\\").replace("'", "''").replace("\0", "") for word in term.rstrip("*").split()]
    *first, last = (f"'{word}'" for word in bare)
    return " <-> ".join([*first, f"{last}:*" if term.endswith("*") else last])


def _is_unspaced(term: str) -> bool:
    return any(_UNSPACED[0] <= letter <= _UNSPACED[1] for letter in term)


def _row(company: Company) -> DirectoryRow:
    return DirectoryRow(
        name=company.name,
        domain=company.domain,
        website=company.website,
        one_liner=company.one_liner,
        description=company.description,
        location=company.location,
        country=company.country,
        employees=company.employees,
        founded_year=company.founded_year,
        phone=company.phone,
        event=company.source or company.list.name,
    )
