"""Leads found by letters of their names and descriptions: by an index of letters where a word is rare.

A rare word is looked up in the index (migration 0009), which leaves a handful of leads to read. A frequent one is not:
whatever order the leads are listed in, enough of them stand at its beginning, and are found by walking along it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from django.db import connection
from django.db.models import Func, TextField

from accounts.wall import as_system

MOST_WORDS = 8
# With more leads than this a search walks the list: by then one lead in a hundred of a big workspace has the words.
FEW = 1_000
# The shortest word that the index knows.
_LETTERS = 3
# Two Latin letters stand in nearly every description, so they are looked for in names and domains alone.
NAMES = ("name", "handle")
TEXTS = (*NAMES, "description", "location")
_JOINED: dict[tuple[str, ...], str] = {
    columns: " || ' ' || ".join(f"l.{column}" for column in columns) for columns in (NAMES, TEXTS)
}

_LIKE = {"sqlite": "LIKE %s ESCAPE '\\'", "postgresql": "LIKE upper(%s)"}
_UPPER = {"sqlite": "({})", "postgresql": "upper({})"}


class Joined(Func):
    """The text of some columns with a space between them, which no word has; written as the index of letters has it.

    By that PostgreSQL knows how frequent a word is. `Concat` would not do: it writes other than that.
    """

    template = "(%(expressions)s)"
    arg_joiner = " || ' ' || "
    output_field = TextField()


@dataclass(frozen=True, slots=True)
class Found:
    """What the indexes say of some words.

    `texts` are the leads that hold all of them in their own texts, `others` the words that leads have in other names,
    by lead; each is None where there are more than FEW.
    """

    texts: list[int] | None
    others: Mapping[int, AbstractSet[str]] | None

    @property
    def candidates(self) -> list[int] | None:
        """Return the only leads that can hold all of the words; None where nobody narrowed them down."""
        return None if self.texts is None or self.others is None else [*self.texts, *self.others]

    def called(self, word: str) -> list[int] | None:
        """Return the leads that have a word in another name; None where nobody listed them."""
        return None if self.others is None else [pk for pk, words in self.others.items() if word in words]


@as_system()
def look_up(workspace_id: int, words: Sequence[str]) -> Found:
    """Look words up in the names and texts of a workspace's leads: one query.

    A lead that was merged stands in for the one that it was merged into: its name and domain are other names of that.
    As the system, because a tenant cannot use an index of letters (see docs/row-security.md); what is found is read as
    the tenant.
    """
    texts, text_values = _in_texts(workspace_id, words)
    aliases, alias_values = _in_other_names(workspace_id, words)
    merged, merged_values = _in_merged_names(workspace_id, words)
    limbs = (
        f"SELECT * FROM ({texts} LIMIT {FEW + 1}) found UNION ALL "  # noqa: S608
        f"SELECT * FROM ({aliases} UNION ALL {merged} LIMIT {FEW + 1}) named"
    )
    with connection.cursor() as cursor:
        cursor.execute(limbs, [*text_values, *alias_values, *merged_values])
        rows = cursor.fetchall()
    found, others = [pk for pk, is_text, *_has in rows if is_text], defaultdict[int, set[str]](set)
    for pk, is_text, *has in rows:
        if not is_text:
            # Which words are there the database says: no other fold of letters (ı, ß, İ) is quite like its own.
            others[pk].update(word for word, is_there in zip(words, has, strict=True) if is_there)
    has_few_others = len(rows) - len(found) <= FEW
    return Found(found if len(found) <= FEW else None, others if has_few_others else None)


def columns_of(word: str) -> tuple[str, ...]:
    """Return the columns of a lead that a word is looked for in. Two Chinese characters are a whole word."""
    return NAMES if len(word) < _LETTERS and word.isascii() else TEXTS


def _in_texts(workspace_id: int, words: Sequence[str]) -> tuple[str, list[str | int]]:
    """Return the query for leads that have each of the words in one of its columns, and its values."""
    indexed = [word for word in words if len(word) >= _LETTERS]
    if connection.vendor == "sqlite" and indexed:
        asked = " AND ".join('"{}"'.format(word.replace('"', '""')) for word in indexed)
        # The index knows nothing of workspaces: their numbers keep it from reading most of the others' leads.
        mine = "(SELECT {}(id) FROM leads_lead WHERE workspace_id = %s)"
        return (
            f"SELECT {_own(words)} FROM leads_lead_letters JOIN leads_lead l ON l.id = leads_lead_letters.rowid "  # noqa: S608
            f"WHERE leads_lead_letters MATCH %s AND leads_lead_letters.rowid BETWEEN {mine.format('min')} "
            f"AND {mine.format('max')} AND l.workspace_id = %s",
            [asked, workspace_id, workspace_id, workspace_id],
        )
    named = [word for word in words if columns_of(word) is NAMES]
    first = named[0] if len(named) == len(words) else None
    each = ["l.workspace_id = %s"]
    values: list[str | int] = [workspace_id]
    for word in words:
        if word is not first:
            each.append(f"{_folded(_JOINED[columns_of(word)])} {_like()}")
            values.append(_pattern(word))
    leads, more = _named(workspace_id, first) if first else ("leads_lead l", [])
    return f"SELECT {_own(words)} FROM {leads} WHERE {' AND '.join(each)}", [*more, *values]  # noqa: S608


def _named(workspace_id: int, word: str) -> tuple[str, list[str | int]]:
    """Return the leads that have a short word in name or domain, and the values for that.

    Each column is read along an index that has little else, until there are enough; who has it in both comes twice.
    Domains are kept in small letters: to fold 100,000 of them takes longer than to look through them.
    """
    has = "SELECT id FROM leads_lead WHERE workspace_id = %s AND"
    found = (
        f"{has} {_folded('name')} {_like()} UNION ALL {has} (platform = 'web' AND handle {_plain_like()} "
        f"OR platform <> 'web' AND {_folded('handle')} {_like()})"
    )
    values: list[str | int] = [workspace_id, _pattern(word), workspace_id, _pattern(word.lower()), _pattern(word)]
    return f"({found}) named JOIN leads_lead l ON l.id = named.id", values


def _in_other_names(workspace_id: int, words: Sequence[str]) -> tuple[str, list[str | int]]:
    has = [f"({_folded('a.handle')} {_like()})"] * len(words)
    return (
        f"SELECT coalesce(l.merged_into_id, l.id), false, {', '.join(has)} "  # noqa: S608
        "FROM leads_leadalias a JOIN leads_lead l ON l.id = a.lead_id "
        f"WHERE a.workspace_id = %s AND ({' OR '.join(has)})",
        [*_patterns(words), workspace_id, *_patterns(words)],
    )


def _in_merged_names(workspace_id: int, words: Sequence[str]) -> tuple[str, list[str | int]]:
    has = [f"({_folded('l.name')} {_like()} OR {_folded('l.handle')} {_like()})"] * len(words)
    twice = [pattern for pattern in _patterns(words) for _column in range(2)]
    return (
        f"SELECT l.merged_into_id, false, {', '.join(has)} FROM leads_lead l "  # noqa: S608
        f"WHERE l.workspace_id = %s AND l.merged_into_id IS NOT NULL AND ({' OR '.join(has)})",
        [*twice, workspace_id, *twice],
    )


def _own(words: Sequence[str]) -> str:
    """Return the columns of a lead that is found by its own texts: it has all of the words."""
    return ", ".join(["l.id", "true", *["true" for _word in words]])


def _like() -> str:
    return _LIKE[connection.vendor]


def _plain_like() -> str:
    """Like `_like`, for a column and a pattern that are in small letters already."""
    return "LIKE %s" if connection.vendor == "postgresql" else _like()


def _folded(column: str) -> str:
    return _UPPER[connection.vendor].format(column)


def _pattern(word: str) -> str:
    return f"%{connection.ops.prep_for_like_query(word)}%"


def _patterns(words: Sequence[str]) -> list[str]:
    return [_pattern(word) for word in words]
