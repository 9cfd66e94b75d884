"""By what the rows of the console may be narrowed down: by what its lists offer, and by whose rows they are.

Django takes any column of a table in an address, those too that no page shows. Who asks for the first letter, and then
for the next one, reads a key of a session that way.
https://docs.djangoproject.com/en/5.2/ref/contrib/admin/#django.contrib.admin.ModelAdmin.lookup_allowed
"""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.utils import get_fields_from_path
from django.db.models import ForeignKey, Model
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest

# What may follow a column that leads to another table: its number, and nothing else of that table.
_OF_A_LINK = {"pk", "exact", "in", "isnull"}


def is_offered(of: "ModelAdmin[Any]", lookup: str, request: HttpRequest) -> bool:
    """Return whether `lookup`, such as `status__exact`, asks for no more than what the lists of an admin offer."""
    filters = list(of.get_list_filter(request))
    own = {one.parameter_name for one in filters if isinstance(one, type) and issubclass(one, SimpleListFilter)}
    searched = {field.lstrip("^=@") for field in of.get_search_fields(request)}
    if lookup in own | searched:
        return True
    return any(_is_about(of.model, path, lookup) for path in (*_filtered(filters), *_columns(of)))


def _filtered(filters: list[Any]) -> Iterator[str]:
    """Yield the columns of those filters that have one."""
    for one in filters:
        if isinstance(one, str):
            yield one
        elif isinstance(one, tuple):
            yield one[0]


def _columns(of: "ModelAdmin[Any]") -> Iterator[str]:
    """Yield what every list may be narrowed down by: numbers of rows, of its own and of those that they belong to."""
    yield "pk"
    yield of.opts.pk.name
    if of.date_hierarchy:
        yield of.date_hierarchy
    for field in of.opts.concrete_fields:
        if isinstance(field, ForeignKey):
            yield field.name
            yield field.attname


def _is_about(model: type[Model], path: str, lookup: str) -> bool:
    """Return whether `lookup` asks for the column at `path`, and not through it for one of another table."""
    if lookup == path:
        return True
    if not lookup.startswith(path + LOOKUP_SEP):
        return False
    field = model._meta.pk if path == "pk" else get_fields_from_path(model, path)[-1]
    if not field.is_relation:
        return True
    more = set(lookup.removeprefix(path + LOOKUP_SEP).split(LOOKUP_SEP))
    return more <= {*_OF_A_LINK, field.related_model._meta.pk.name}  # type: ignore[union-attr]  # of a relation
