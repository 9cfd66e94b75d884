"""The seat belt between workspaces: in a request, a model's manager gives the rows of the request's workspace alone.

Every query says whose rows it wants, by `visible_to()` or the like. Where one forgets to, this still holds, on every
database; on PostgreSQL the wall (`accounts.wall`) stands behind it, which also holds where no manager is asked. Both go
by the scope of django-scopes, which only `as_tenant` and `as_system` enter, so that they cannot disagree.

A model says by its manager how its rows are owned, and `config.tenancy.OWNED` says the same to the wall. What a manager
cannot hold stands in docs/row-security.md. https://github.com/raphaelm/django-scopes
"""

from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connections
from django.db.models import Exists, Manager, Model, OuterRef, QuerySet
from django_scopes import ScopedManager, scopes_disabled  # noqa: TID251  (here and in `accounts.wall` alone)

from accounts.wall import is_system

M = TypeVar("M", bound=Model, covariant=True)

if TYPE_CHECKING:
    from django.db.models import Manager as ScopedByKey
    from django.db.models import Manager as ScopedByWorkspace
else:
    ScopedByKey = type(ScopedManager(workspace="pk"))
    ScopedByWorkspace = type(ScopedManager(workspace="workspace"))


class _OpenOutsideOfRequests(Manager[M]):
    """Gives workers, commands and the shell all rows, where django-scopes by itself would raise."""

    def get_queryset(self) -> QuerySet[M]:
        if not is_system():
            return super().get_queryset()
        with scopes_disabled():
            return super().get_queryset()


class WorkspaceManager(_OpenOutsideOfRequests[M], ScopedByKey[M]):
    """Of the workspaces themselves."""


class OwnedManager(_OpenOutsideOfRequests[M], ScopedByWorkspace[M]):
    """Of rows that name the workspace that owns them."""


class OwnedOrSharedManager(OwnedManager[M]):
    """Of rows that name the workspace that owns them, or none, and then all may read them."""

    def get_queryset(self) -> QuerySet[M]:
        rows = super().get_queryset()
        if is_system():
            return rows
        with scopes_disabled():
            return rows | super().get_queryset().filter(workspace=None)


class OwnedThroughManager(Manager[M]):
    """Of rows that belong to whoever owns another one: that which their foreign key `parent` leads to.

    django-scopes would join the other table, and an UPDATE that joins is no longer a claim on columns of its own table.
    So it is a condition, the same as in the policy of PostgreSQL's wall; to ask for it twice there would make the pages
    of big runs a quarter slower and hold nothing more.
    """

    def __init__(self, parent: str = "") -> None:
        super().__init__()
        self.parent = parent

    def get_queryset(self) -> QuerySet[M]:
        rows = super().get_queryset()
        if is_system() or connections[rows.db].vendor == "postgresql":
            return rows
        # Django makes the managers of relations, such as `run.candidates`, without a word of `parent`.
        manager: Any = self.model._default_manager
        parents: Any = self.model._meta.get_field(manager.parent).related_model
        return rows.filter(Exists(parents.objects.filter(pk=self._asked_of() or OuterRef(manager.parent))))

    def _asked_of(self) -> Any:
        """Return the key of the one row whose rows are asked for, as in `run.candidates`; None where it may be any.

        Then SQLite looks once whose that one is, and not again for each of its rows. What is prefetched for several
        at once is asked for by the first of them, which then keeps what it is given in a place of its own.
        """
        one: Model | None = getattr(self, "instance", None)
        is_one = one is not None and not hasattr(one, "_prefetched_objects_cache")
        return one.pk if one is not None and is_one and self._leads_to_parent() else None

    def _leads_to_parent(self) -> bool:
        field: Any = getattr(self, "field", None)
        manager: Any = self.model._default_manager
        return field is not None and field.name == manager.parent
