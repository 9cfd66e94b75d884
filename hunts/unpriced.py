"""Language models without a known price: no run asks them, and each run that would have says so."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from hunts.models import Run, RunEvent
from integrations.chain import Chain
from integrations.errors import PriceUnknown
from integrations.turns import Tier


def refusal(models: Sequence[str]) -> str:
    """Say that none of a workspace's language models has a known price, and what to do."""
    return _(
        "No price is known for %(models)s, and what has no price is not asked. Choose a model with a price under "
        "Settings → Language models, or switch it off there so that rules judge; then run it again."
    ) % {"models": ", ".join(models)}


def report(run: Run, chain: Chain) -> None:
    """Log for each model without a price, once a run, that it is passed over. Raises PriceUnknown where all are."""
    missing = chain.unpriced
    if not missing:
        return
    priced = [tier for tier in chain.tiers if tier.is_priced]
    if not priced:
        raise PriceUnknown(refusal([_label(tier) for tier in missing]))
    lines = [_line(tier, instead=priced[0]) for tier in missing]
    with transaction.atomic():
        Run.objects.select_for_update(no_key=True).get(pk=run.pk)  # the run's workers take turns
        told = set(RunEvent.objects.filter(run=run, message__in=lines).values_list("message", flat=True))
        RunEvent.objects.bulk_create(
            RunEvent(run=run, level=RunEvent.Level.WARNING, message=line) for line in lines if line not in told
        )


def _line(tier: Tier, *, instead: Tier) -> str:
    said = _(
        "No price is known for %(model)s, so it is not asked: %(instead)s is. Choose a model with a price under "
        "Settings → Language models."
    )
    return (said % {"model": _label(tier), "instead": _label(instead)})[:500]


def _label(tier: Tier) -> str:
    return f"{tier.access.provider.name} ({tier.access.model})"
