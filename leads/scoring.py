"""The score: a pure function of verdicts and one numbered config.

No clock, no database, no floating point in what is summed: the same verdicts and the same config give the same
bytes on every machine, so that other weights can be tried on past runs for nothing.

A criterion earns a share of its points: all of them for a sure yes, part for a hesitant one, a
little where nothing is known, nothing for a no or for a quote that was not found. The points are
scaled to 100. Then what must not be is held against it: a `must` that is not met, or an
`exclude` that is, puts a ceiling over the tier, and the score is scaled down under that ceiling, so that
score and tier never disagree and the order below the ceiling is kept.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import Any, Literal

Verdict = Literal["yes", "no", "unclear", "unverified"]

MILLI = 1000  # all arithmetic is in whole thousandths


class Tier(StrEnum):
    A = "A"
    B = "B"
    C = "C"
    D = "D"


@dataclass(frozen=True, slots=True)
class Scored:
    """One verdict as the score sees it. `confidence` is 0 to 1 and counts in thousandths."""

    key: str
    text: str
    kind: str
    weight: int
    verdict: Verdict
    confidence: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the explanation: what gave or took how many points."""

    label: str  # the criterion's sentence, or '' for an adjustment
    reason: str  # yes, no, unclear, unverified, or the name of the ceiling
    points: Decimal
    possible: Decimal


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100 in thousandths, the tier, and the lines that sum to it exactly."""

    total: Decimal
    tier: Tier
    lines: tuple[Line, ...]

    def to_bytes(self) -> bytes:
        """Return one canonical form; equal scores are equal bytes."""
        lines = [[line.label, line.reason, str(line.points), str(line.possible)] for line in self.lines]
        return json.dumps([str(self.total), self.tier, lines], ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Config:
    """Weights and cut-offs, all whole numbers: shares in thousandths of a criterion's points, cut-offs in points."""

    yes_floor: int = 400  # what a yes of no confidence is worth; a sure yes is worth 1000
    unclear: int = 150
    nice_factor: int = 500  # a `nice` weighs half of a `must`
    cutoff_a: int = 75
    cutoff_b: int = 55
    cutoff_c: int = 35
    must_not_met: Tier = Tier.D
    must_unverified: Tier = Tier.C
    must_unclear: Tier = Tier.B
    exclude_met: Tier = Tier.D

    def hash(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def row(self) -> dict[str, Any]:
        """Return the columns of a `ScoringConfig` with these values."""
        return {"values": asdict(self), "config_hash": self.hash()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Config":
        tiers = {"must_not_met", "must_unverified", "must_unclear", "exclude_met"}
        typed: dict[str, Any] = {name: Tier(value) if name in tiers else value for name, value in values.items()}
        return cls(**typed)

    def score(self, verdicts: Sequence[Scored | Mapping[str, Any]]) -> Score:
        """Return the score of `verdicts`, with its explanation; without any criterion it is 0 and D."""
        rows = [row if isinstance(row, Scored) else Scored(**row) for row in verdicts]
        asked = [row for row in rows if row.kind != "exclude"]
        lines = self._lines(asked)
        base = sum((line.points for line in lines), Decimal(0))
        ceiling, why = self._ceiling(rows)
        total = base
        if ceiling is not None:
            # Under the ceiling everything is scaled, not cut, so that better still stands above worse;
            # the highest total is a thousandth below the cut-off.
            total = _thousandths(int(base * MILLI) * (self._limit(ceiling) * MILLI - 1) // (100 * MILLI))
            lines.append(Line("", why, total - base, Decimal(0)))
        return Score(total, self._tier(total), tuple(lines))

    def _stake(self, row: Scored) -> int:
        return row.weight * (self.nice_factor if row.kind == "nice" else MILLI)

    def _share(self, row: Scored) -> int:
        if row.verdict == "yes":
            sure = round(min(max(row.confidence, 0), 1) * MILLI)
            return self.yes_floor + (MILLI - self.yes_floor) * sure // MILLI
        return self.unclear if row.verdict == "unclear" else 0

    def _lines(self, rows: Sequence[Scored]) -> list[Line]:
        """Scale the points to 100. Each line is what it adds to a rounded running sum, so that lines add up exactly."""
        stakes = [self._stake(row) for row in rows]
        earned = _scaled([stake * self._share(row) for stake, row in zip(stakes, rows, strict=True)], sum(stakes))
        possible = _scaled([stake * MILLI for stake in stakes], sum(stakes))
        return [
            Line(row.text, row.verdict, points, most) for row, points, most in zip(rows, earned, possible, strict=True)
        ]

    def _ceiling(self, rows: Sequence[Scored]) -> tuple[Tier | None, str]:
        """Return the lowest tier that some verdict holds the lead under, and that verdict's name."""
        met: list[tuple[Tier, str]] = []
        for row in rows:
            if row.kind == "exclude" and row.verdict == "yes":
                met.append((self.exclude_met, "exclude_met"))
            elif row.kind == "must" and row.verdict != "yes":
                name = {"no": "must_not_met", "unverified": "must_unverified", "unclear": "must_unclear"}[row.verdict]
                met.append((getattr(self, name), name))
        return max(met, default=(None, ""), key=lambda pair: pair[0] or "")

    def _limit(self, tier: Tier) -> int:
        """Return the points that a lead of at most `tier` stays below."""
        return {Tier.A: 100, Tier.B: self.cutoff_a, Tier.C: self.cutoff_b, Tier.D: self.cutoff_c}[tier]

    def _tier(self, total: Decimal) -> Tier:
        for tier, cutoff in ((Tier.A, self.cutoff_a), (Tier.B, self.cutoff_b), (Tier.C, self.cutoff_c)):
            if total >= cutoff:
                return tier
        return Tier.D


def _scaled(values: Sequence[int], whole: int) -> list[Decimal]:
    """Return thousandths of a point: what each value adds to the running sum in percent of `whole`."""
    sums = [0, *(running * 100 // whole for running in accumulate(values))]
    return [_thousandths(after - before) for before, after in pairwise(sums)]


def _thousandths(value: int) -> Decimal:
    return Decimal(value).scaleb(-3)
