"""What the page about a workspace's language models shows: each in order, its state, and what can be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.utils.translation import gettext as _

from accounts import sealing
from integrations import connections, trial
from integrations.connections import Place
from integrations.forms import ConnectionForm
from integrations.health import READY, Health, Standing
from integrations.shared import open_shared
from integrations.trial import Trial
from integrations.turns import clock_time

# Where a customer gets a key.
KEY_PAGES = {
    "kimi": "https://platform.kimi.ai/console/api-keys",
    "moonshot": "https://platform.kimi.ai/console/api-keys",
    "openai": "https://platform.openai.com/api-keys",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One language model on the page. `look` is the colour of its state; `until` is when the state ends by itself."""

    place: Place
    number: int | None  # its place in the order; None where it is not asked
    look: str
    state: str
    why: str = ""
    until: datetime | None = None
    is_first: bool = False
    is_last: bool = False
    price_of_trial: int | None = None
    form: ConnectionForm | None = None
    trial: Trial | None = None

    @property
    def slug(self) -> str:
        return self.place.slug

    @property
    def name(self) -> str:
        return self.place.provider.name

    @property
    def can_be_asked(self) -> bool:
        return self.place.access is not None

    @property
    def model(self) -> str:
        row = self.place.connection
        return (row.model if row else "") or str(settings.PROVIDERS[self.slug]["model"])

    @property
    def clock(self) -> str:
        """When the state ends, as short as it can be said."""
        return clock_time(self.until) if self.until else ""

    @property
    def models(self) -> list[str]:
        return connections.models_of(self.slug)

    @property
    def takes_a_key(self) -> bool:
        return connections.takes_a_key(self.slug)

    @property
    def key_page(self) -> str:
        return KEY_PAGES.get(self.slug, "")

    @property
    def limits(self) -> list[tuple[str, str, int | None, int]]:
        """Return for each limit its field, its label, what the workspace says, and what the settings say."""
        row, usual = self.place.connection, connections.limits_of(self.slug, None)
        return [
            ("requests_per_minute", _("Calls a minute"), row.requests_per_minute if row else None, usual.requests),
            ("tokens_per_minute", _("Tokens a minute"), row.tokens_per_minute if row else None, usual.tokens),
            ("calls_at_once", _("Calls at once"), row.calls_at_once if row else None, usual.at_once),
        ]


def context(
    workspace_id: int, *, may_edit: bool, form: tuple[str, ConnectionForm] | None = None, tried: Trial | None = None
) -> dict[str, Any]:
    """Return what the page needs. `form` is one that did not validate, with its provider."""
    rows = rows_of(workspace_id, form=form, tried=tried)
    asked = [row for row in rows if row.can_be_asked]
    return {
        "asked": asked,
        "others": [row for row in rows if not row.can_be_asked],
        "may_edit": may_edit,
        "can_keep_keys": sealing.is_ready(),
    }


def rows_of(
    workspace_id: int, *, form: tuple[str, ConnectionForm] | None = None, tried: Trial | None = None
) -> list[Row]:
    """Return every language model, in the workspace's order."""
    places = connections.places(workspace_id)
    standings = async_to_sync(_standings)(places)
    shown = [place.slug for place in places if place.access is not None]
    number = 0
    rows = []
    for place, standing in zip(places, standings, strict=True):
        price = trial.price_of(place.access) if place.access else None
        is_asked = place.access is not None and not place.is_off and price is not None
        number += is_asked
        look, state, why = _state(place, standing, is_priced=price is not None)
        rows.append(
            Row(
                place,
                number if is_asked else None,
                look,
                state,
                why,
                standing.until if is_asked else None,
                is_first=shown[:1] == [place.slug],
                is_last=shown[-1:] == [place.slug],
                price_of_trial=price,
                form=form[1] if form and form[0] == place.slug else None,
                trial=tried if tried and place.access and tried.model == place.access.name else None,
            )
        )
    return rows


async def _standings(places: Sequence[Place]) -> list[Standing]:
    async with open_shared() as shared:
        return [
            await Health(shared, place.access.key_ref).look() if place.access is not None else READY for place in places
        ]


def _state(place: Place, standing: Standing, *, is_priced: bool) -> tuple[str, str, str]:
    """Return the colour, the state in words, and why."""
    if place.access is None:
        return ("failed", _("switched off"), place.problem) if place.problem else ("", _("not set up"), "")
    if place.is_off:
        return ("failed" if place.problem else ""), _("switched off"), place.problem
    if not is_priced:
        return "failed", _("not asked: no price known"), _unpriced(place)
    words = {
        "ready": ("succeeded", _("ready")),
        "resting": ("paused", _("asked us to wait")),
        "used up": ("paused", _("used up")),
        "rejected": ("failed", _("its key is not accepted")),
        "broken": ("paused", _("not answering")),
        "being tried": ("paused", _("not answering")),
    }
    look, state = words[standing.state]
    return look, state, standing.why


def _unpriced(place: Place) -> str:
    """Say of a model without a price what that means and what to do, by whoever can."""
    if connections.takes_a_key(place.slug):
        return _(
            "The price of this model is not known, so it is not asked. Choose another model below, or switch this one "
            "off; runs that have no other model end before they begin."
        )
    return _(
        "The price of this model is not known, so it is not asked. Whoever runs this installation can choose another."
    )
