"""What is known of one person, for the person: the answer to "what do you have about me?"."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import User
from accounts.wall import as_system

# They open doors, or say something of other people; that they exist is told.
NEVER_TOLD = frozenset(
    {"password", "data", "session_key", "digest", "token", "token_secret", "parameters", "answer", "sealed"}
)
# Tables that are about the person. Of all others, what a workspace made, only when and where they are named is told.
ABOUT_THE_PERSON = frozenset({"account", "accounts", "mfa", "socialaccount", "usersessions"})


@as_system()
def known_of(user: User) -> dict[str, Any]:
    """Return everything that names `user`, as JSON can say it: each row with its table, and its dates."""
    return {
        "made_at": timezone.now().isoformat(),
        "person": _told(user),
        "rows": [row for relation in naming_people() for row in _rows(relation, user)],
    }


def naming_people() -> Iterator[models.ForeignKey[Any, Any]]:
    """Yield the columns of all tables that name a person."""
    for relation in User._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel) and not relation.related_model._meta.auto_created:
            yield relation.field


def _rows(column: "models.ForeignKey[Any, Any]", user: User) -> Iterator[dict[str, Any]]:
    table = column.model
    is_about_them = table._meta.app_label in ABOUT_THE_PERSON and column.name == "user"
    for row in table._base_manager.filter(**{column.name: user}).order_by("pk").iterator():
        told = _told(row) if is_about_them else {"id": row.pk} | _dates(row)
        yield {"table": table._meta.label_lower, "as": column.name} | told


def _told(row: models.Model) -> dict[str, Any]:
    return {
        field.attname: _plain(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.name not in NEVER_TOLD
    }


def _dates(row: models.Model) -> dict[str, Any]:
    return {
        field.attname: _plain(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if isinstance(field, models.DateField)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)
