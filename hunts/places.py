"""What a workspace has of everything that is limited, and the last place that two cannot both take."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model, QuerySet

from accounts import quotas
from accounts.counting import NumberOf
from accounts.models import Workspace
from accounts.quotas import QuotaReached
from hunts.models import Hunt, Run
from hunts.pipeline_errors import NotStarted
from hunts.preset_models import Preset, Schedule
from leads.models import Company, CompanyList

Rows = tuple[QuerySet[Any], ...]


class TooManyRuns(QuotaReached, NotStarted):
    """As many runs as may be are under way."""


# By the name of the limit: the rows of a workspace that count.
PLACES: dict[str, Callable[[int], Rows]] = {
    "runs": lambda workspace_id: (Run.objects.live().filter(workspace=workspace_id),),
    "hunts": lambda workspace_id: (Hunt.objects.kept().filter(workspace=workspace_id),),
    "presets": lambda workspace_id: (Preset.objects.kept().filter(workspace=workspace_id),),
    "schedules": lambda workspace_id: (
        Schedule.objects.kept().filter(preset__workspace=workspace_id, preset__deleted_at__isnull=True),
    ),
    "people": quotas.people_of,
    "tokens": quotas.tokens_of,
    "lists": lambda workspace_id: (CompanyList.objects.kept().filter(workspace=workspace_id),),
    "companies": lambda workspace_id: (
        Company.objects.filter(list__workspace=workspace_id, list__deleted_at__isnull=True),
    ),
}


def hold(workspace_id: int, name: str, *, more: int = 1) -> None:
    """See that there are places for so many more, within a transaction: `quotas.hold_place`. Raises QuotaReached."""
    error = TooManyRuns if name == "runs" else QuotaReached
    quotas.hold_place(workspace_id, name, lambda of: quotas.number_of(PLACES[name](of)), more=more, error=error)


def used(workspace: Workspace) -> dict[str, int]:
    """Return how many places of each kind are taken: one query."""
    columns = {
        f"{name}_{number}": NumberOf(_bare(rows))
        for name, of in PLACES.items()
        for number, rows in enumerate(of(workspace.pk))
    }
    found: Any = Workspace.objects.filter(pk=workspace.pk).values(**columns).get()
    return {name: sum(found[column] for column in columns if column.rpartition("_")[0] == name) for name in PLACES}


def _bare(rows: QuerySet[Model]) -> QuerySet[Model]:
    return rows.order_by().values("pk")  # type: ignore[return-value]
