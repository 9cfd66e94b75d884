"""Other weights tried on verdicts that are stored already: nobody is asked, nothing is paid, nothing is changed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import cast

from leads.models import Assessment, Evidence
from leads.scoring import Config, Scored, Tier, Verdict

# A question for the verdicts of this many assessments at a time: SQLite takes no more than 32,766 parameters.
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Rescored:
    """One assessment's score and tier, as they are and as another config would have them."""

    assessment_id: int
    lead_id: int
    tier: str
    score: Decimal
    new_tier: Tier
    new_score: Decimal

    @property
    def change(self) -> Decimal:
        return self.new_score - self.score


@dataclass(frozen=True, slots=True)
class Trial:
    """What another config would do to past assessments. `moves` counts them by (tier now, tier then)."""

    count: int
    moves: dict[tuple[str, str], int]
    movers: tuple[Rescored, ...]  # those that would change most, the most changed first

    @property
    def changed(self) -> int:
        """How many would be in another tier."""
        return sum(count for (now, then), count in self.moves.items() if now != then)

    @property
    def rows(self) -> list[tuple[str, list[int]]]:
        """Return for each tier of now how many would be in each tier then, A to D."""
        return [(now, [self.moves.get((now, then), 0) for then in Tier]) for now in Tier]


def rescore(assessment_ids: Sequence[int], config: Config) -> Iterator[Rescored]:
    """Yield the scored ones of these assessments, in their order, scored again by `config`; two queries a batch."""
    for start in range(0, len(assessment_ids), BATCH):
        ids = assessment_ids[start : start + BATCH]
        rows = Assessment.objects.filter(pk__in=ids, score__isnull=False).values_list("pk", "lead_id", "tier", "score")
        scored = {row[0]: row for row in rows}
        verdicts = _verdicts(ids)
        for pk in ids:
            if pk in scored:
                new = config.score(verdicts.get(pk, ()))
                _pk, lead_id, tier, score = scored[pk]
                yield Rescored(pk, lead_id, tier, score or Decimal(0), new.tier, new.total)


def _verdicts(assessment_ids: Iterable[int]) -> dict[int, list[Scored]]:
    rows = Evidence.objects.filter(assessment__in=assessment_ids).order_by("assessment", "position")
    found = rows.values_list("assessment", "criterion", "text", "kind", "weight", "verdict", "confidence")
    return {
        pk: [
            Scored(key, text, kind, weight, cast(Verdict, verdict), confidence)
            for _pk, key, text, kind, weight, verdict, confidence in group
        ]
        for pk, group in groupby(found, key=itemgetter(0))
    }


def latest(count: int) -> list[int]:
    """Return the latest `count` assessments that were scored, newest first."""
    scored = Assessment.objects.filter(score__isnull=False)
    return list(scored.order_by("-pk").values_list("pk", flat=True)[:count])


def trial(assessment_ids: Sequence[int], config: Config, *, most_movers: int = 20) -> Trial:
    """Try `config` on past assessments and return what it would change."""
    found = list(rescore(assessment_ids, config))
    movers = sorted((one for one in found if one.change), key=lambda one: -abs(one.change))
    moves = Counter((one.tier, str(one.new_tier)) for one in found)
    return Trial(len(found), dict(moves), tuple(movers[:most_movers]))
