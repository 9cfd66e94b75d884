"""Which language models a workspace may ask, in which order, and by which keys.

The installation's keys stand in the settings, in the order of LANGUAGE_MODEL_ORDER. A workspace's rows say otherwise
for it: a key of its own in the place of the installation's, another model, another order, or off. A key of its own
comes first, until somebody changes the order by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit, sealing
from accounts.audit_models import Verb
from accounts.models import User
from accounts.notification_models import Kind
from accounts.notifications import notify
from integrations.models import Connection
from integrations.pace import Limits
from integrations.providers import REGISTRY
from integrations.providers.chat_completions import ChatCompletions

logger = structlog.get_logger(__name__)

LANGUAGE_MODELS: Mapping[str, type[ChatCompletions]] = {
    slug: provider for slug, provider in REGISTRY.items() if issubclass(provider, ChatCompletions)
}


@dataclass(frozen=True, slots=True)
class Access:
    """The right to ask one model: where it is, how fast, and the key that it is asked by, which nobody is shown."""

    provider: type[ChatCompletions]
    model: str
    base_url: str
    api_key: str = field(repr=False)
    limits: Limits
    connection_id: int | None = None  # of the workspace's own key

    @property
    def slug(self) -> str:
        return self.provider.slug

    @property
    def name(self) -> str:
        """The name that verdicts carry."""
        return f"{self.slug}/{self.model}"

    @property
    def is_own(self) -> bool:
        """True where the workspace brought the key."""
        return self.connection_id is not None

    @property
    def key_ref(self) -> str:
        """The name of the key in what workers share."""
        return sealing.key_ref(self.base_url, self.api_key)

    def open(self) -> ChatCompletions:
        """Return a client, to be closed by `aclose`."""
        return self.provider(api_key=self.api_key, base_url=self.base_url, model=self.model)


@dataclass(frozen=True, slots=True)
class Place:
    """A provider's place in a workspace's order. `access` is `None` where it cannot be asked; `problem` may say why."""

    slug: str
    connection: Connection | None
    access: Access | None
    problem: str = ""

    @property
    def provider(self) -> type[ChatCompletions]:
        return LANGUAGE_MODELS[self.slug]

    @property
    def is_off(self) -> bool:
        return self.connection is not None and not self.connection.is_on


def accesses(workspace_id: int | None) -> list[Access]:
    """Return the models that a workspace asks, the preferred one first; `None` is one that has decided nothing."""
    return [place.access for place in places(workspace_id) if place.access is not None and not place.is_off]


def places(workspace_id: int | None) -> list[Place]:
    """Return every language model that there is, in the workspace's order."""
    mine = Connection.objects.none() if workspace_id is None else Connection.objects.filter(workspace_id=workspace_id)
    rows = {row.provider: row for row in mine}
    found = [_place(slug, rows.get(slug)) for slug in LANGUAGE_MODELS]
    return sorted(found, key=_rank)


def _rank(place: Place) -> tuple[bool, int, bool, int]:
    row = place.connection
    order = settings.LANGUAGE_MODEL_ORDER
    position = row.position if row is not None else None
    by_default = order.index(place.slug) if place.slug in order else len(order)
    return position is None, position or 0, row is None or not row.has_key, by_default


def _place(slug: str, row: Connection | None) -> Place:
    if row is not None and row.has_key:
        try:
            return Place(slug, row, _access(slug, row, sealing.opened(row.sealed_key)), row.problem)
        except (sealing.NotSealable, sealing.NotOpenable) as error:
            logger.error("connection.not_openable", connection=row.pk, why=str(error))
            return Place(slug, row, None, _("The key cannot be read any more. Enter it again."))
    if slug not in settings.LANGUAGE_MODEL_ORDER:
        return Place(slug, row, None)
    values = settings.PROVIDERS[slug]
    is_there = values["base_url"] and (values["api_key"] or not LANGUAGE_MODELS[slug].needs_key)
    return Place(slug, row, _access(slug, row, values["api_key"]) if is_there else None)


def _access(slug: str, row: Connection | None, api_key: str) -> Access:
    values = settings.PROVIDERS[slug]
    is_own = row is not None and row.has_key
    return Access(
        LANGUAGE_MODELS[slug],
        (row.model if row else "") or values["model"],
        values["base_url"],
        api_key,
        limits_of(slug, row if is_own else None),
        row.pk if row is not None and is_own else None,
    )


def limits_of(slug: str, own: Connection | None) -> Limits:
    """Return how fast a key may be used: as its owner says, else as the settings do."""
    values = dict(settings.LANGUAGE_MODEL_LIMITS.get(slug, {}))
    if own is not None:
        said = {
            "requests": own.requests_per_minute,
            "tokens": own.tokens_per_minute,
            "at_once": own.calls_at_once,
        }
        values |= {name: value for name, value in said.items() if value is not None}
    return Limits(**values)


def models_of(slug: str) -> list[str]:
    """Return the models of a provider that a workspace can choose: those whose price is known."""
    provider = LANGUAGE_MODELS[slug]
    return list(provider.prices) if provider.needs_key else [settings.PROVIDERS[slug]["model"]]


def takes_a_key(slug: str) -> bool:
    """True where a workspace can bring a key of its own: the address is the operator's, never the customer's."""
    provider = LANGUAGE_MODELS.get(slug)
    return provider is not None and provider.needs_key and bool(settings.PROVIDERS[slug]["base_url"])


def set_key(workspace_id: int, slug: str, api_key: str, *, by: User | None) -> Connection:
    """Keep a workspace's own key, in place of one that it had. Raises sealing.NotSealable."""
    sealed = sealing.seal(api_key)
    ref = sealing.key_ref(settings.PROVIDERS[slug]["base_url"], api_key)
    with transaction.atomic():
        row = row_of(workspace_id, slug)
        if not row.has_key:
            row.position = _before_all(workspace_id, slug)
        row.set_key(sealed=sealed, ref=ref, by=by)
        audit.record(Verb.KEY_SET, row, workspace_id=workspace_id, words=slug, by=by)
    logger.info("connection.key_set", workspace=workspace_id, provider=slug)
    return row


def remove_key(workspace_id: int, slug: str) -> None:
    """Forget a workspace's own key; the installation's takes its place, if there is one."""
    row = Connection.objects.filter(workspace_id=workspace_id, provider=slug).first()
    if row is not None and row.has_key:
        with transaction.atomic():
            row.remove_key()
            audit.record(Verb.KEY_REMOVED, row, workspace_id=workspace_id, words=slug)
        logger.info("connection.key_removed", workspace=workspace_id, provider=slug)


def switch(workspace_id: int, slug: str, *, on: bool) -> None:
    """Ask a model, or do not. Switching on forgets what was wrong."""
    with transaction.atomic():
        row = row_of(workspace_id, slug)
        row.is_on, row.problem = on, "" if on else row.problem
        row.save(update_fields=["is_on", "problem"])
        words = f"{slug}: {'on' if on else 'off'}"
        audit.record(Verb.CONNECTION_SWITCHED, row, workspace_id=workspace_id, words=words)


def move(workspace_id: int, slug: str, step: int) -> None:
    """Put a model one place up (-1) or down (1) among those that can be asked."""
    with transaction.atomic():
        found = places(workspace_id)
        order = [place.slug for place in found]
        shown = [place.slug for place in found if place.access is not None]
        to = shown.index(slug) + step if slug in shown else -1
        if not 0 <= to < len(shown):
            return
        here, there = order.index(slug), order.index(shown[to])
        order[here], order[there] = order[there], order[here]
        for position, one in enumerate(order):
            row = row_of(workspace_id, one)
            row.position = position
            row.save(update_fields=["position"])


def reject(access: Access, why: str) -> None:
    """Switch a workspace's own connection off, with the reason for its owner, unless the key was replaced meanwhile."""
    if access.connection_id is None:
        logger.error("connection.installation_key_rejected", provider=access.slug, why=why)
        return
    same = Connection.objects.filter(pk=access.connection_id, key_ref=access.key_ref, is_on=True)
    with transaction.atomic():
        if not same.update(is_on=False, problem=why[:300]):
            return
        tell_of_rejection(Connection.objects.select_related("workspace").get(pk=access.connection_id), why)
    logger.warning("connection.switched_off", connection=access.connection_id, provider=access.slug, why=why)


def tell_of_rejection(connection: Connection, why: str) -> None:
    """Tell owners and admins that a key of theirs is not accepted any more: once for each key that they entered."""
    notify(
        connection.workspace,
        Kind.NEEDS_YOU,
        f"key:{connection.pk}:{connection.key_set_at:%Y%m%dT%H%M%S.%f}",
        url=reverse("integrations:models"),
        label=REGISTRY[connection.provider].name,
        parameters={"why": "key_rejected", "note": why},
    )


def believe(access: Access) -> None:
    """Switch a connection on again whose key was rejected and is accepted now."""
    if access.connection_id is not None:
        mended = Connection.objects.filter(pk=access.connection_id, key_ref=access.key_ref).exclude(problem="")
        mended.update(is_on=True, problem="")


def row_of(workspace_id: int, slug: str) -> Connection:
    """Return what a workspace has decided about a provider; a new row where that is nothing yet."""
    return Connection.objects.get_or_create(workspace_id=workspace_id, provider=slug)[0]


def _before_all(workspace_id: int, slug: str) -> int | None:
    """Return a position before those that were given by hand; `None` where none was."""
    others: Sequence[int] = [
        position
        for position in Connection.objects.filter(workspace_id=workspace_id)
        .exclude(provider=slug)
        .values_list("position", flat=True)
        if position is not None
    ]
    return min(others) - 1 if others else None
