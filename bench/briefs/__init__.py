"""How well briefs are read without a model: per field precision and recall of `read_brief` on `icp_queries.jsonl`.

A field counts as read right when it is the same as its label: countries exactly, employees within a tenth, years
exactly, a group of countries when it is the labelled one or lies within it (the labels know `APAC`, not `Southeast
Asia`), an industry when it is the label's own by the taxonomy or the label's words stand among the keywords.

Two precisions are given. `as labelled` counts whatever is read beyond the labels as wrong. Many sentences are labelled
with one thing only (`Nordic proptech at seed` with the stage), so `precision` and `recall` are against the labels
completed by `stated.toml`. The halves, by a hash of the sentence's id, show a rule that fits a few sentences only; they
are no held-out set, for the sentences were read while the reader was written.

`python -m bench.briefs` measures this alone; `python -m bench.quality` with the hunts.
"""

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

from hunts.brief import read_brief
from hunts.icp import Icp
from integrations.capabilities import Range
from integrations.lexicon import funding, places
from integrations.lexicon.industry_words import industry_groups
from integrations.lexicon.words import words

THIS_YEAR = 2024  # when the sentences were written
TARGETS = {"country": 0.9, "region": 0.9, "employees": 0.9, "founded_year": 0.9, "category or industry": 0.75}


@dataclass(slots=True)
class Field:
    """How often a field was read right, read where nothing was labelled (or wrongly), and missed."""

    right: int = 0
    extra: int = 0
    missed: int = 0

    def count(self, *, wanted: bool, got: bool, same: bool) -> None:
        if wanted and got and same:
            self.right += 1
            return
        self.extra += got
        self.missed += wanted

    @property
    def precision(self) -> float:
        return self.right / max(self.right + self.extra, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + self.missed, 1)


@dataclass(slots=True)
class Reading:
    """The counts of each field over some sentences."""

    fields: dict[str, Field] = field(default_factory=dict)

    def count(self, name: str, *, wanted: object, got: object, same: bool) -> None:
        self.fields.setdefault(name, Field()).count(wanted=bool(wanted), got=bool(got), same=same)


@dataclass(frozen=True, slots=True)
class Measured:
    """All sentences against the labels as they are and completed, and the completed ones in two halves."""

    as_labelled: dict[str, Field]
    completed: dict[str, Field]
    halves: tuple[dict[str, Field], dict[str, Field]]


def measure(sentences: Path) -> Measured:
    """Return the counts over the labelled sentences of a file."""
    as_labelled, completed, halves = Reading(), Reading(), (Reading(), Reading())
    stated = tomllib.loads(Path(__file__).with_name("stated.toml").read_text(encoding="utf-8"))
    for line in sentences.read_text(encoding="utf-8").splitlines():
        query = json.loads(line)
        icp = read_brief(query["text"], this_year=THIS_YEAR)
        labels = query["constraints"]
        count_fields(as_labelled, labels, icp)
        labels = dict(_completions(query["query_id"], stated)) | labels
        for reading in (completed, halves[hashlib.sha256(query["query_id"].encode()).digest()[0] % 2]):
            count_fields(reading, labels, icp)
    return Measured(as_labelled.fields, completed.fields, (halves[0].fields, halves[1].fields))


def _completions(query_id: str, stated: dict[str, dict[str, str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    shapes: dict[str, Callable[[str], dict[str, Any]]] = {
        "country": lambda said: {"eq": said},
        "region": lambda said: {"contains": said},
        "founded_year": lambda said: {"lte": int(said)},
    }
    for name, shape in shapes.items():
        if said := stated[name].get(query_id):
            yield name, shape(said)


def count_fields(reading: Reading, wanted: dict[str, Any], icp: Icp) -> None:
    country = places.lookup(wanted["country"]["eq"]) if "country" in wanted else None
    codes = country.countries if country else ()
    reading.count("country", wanted=codes, got=icp.countries, same=codes == icp.countries)
    region = wanted.get("region", {}).get("contains", "")
    groups = [place for name in icp.regions if (place := places.lookup(name)) and place.kind == "group"]
    reading.count("region", wanted=region, got=groups, same=lie_within(groups, region))
    for name, got, slack in (("employees", icp.employees, 0.1), ("founded_year", icp.founded_year, 0.0)):
        asked = range_of(wanted.get(name, {}))
        reading.count(name, wanted=asked, got=got, same=nearly(asked, got, slack))
    for name in ("category", "industry"):
        if label := wanted.get(name, {}).get("contains", ""):
            reading.count(
                "category or industry", wanted=label, got=icp.industries or icp.keywords, same=means(icp, label)
            )
    asked, money = range_of(wanted.get("funding", {})), funding.money_raised(f"raised {icp.funding}")
    raised = money.range if money else Range()
    reading.count("funding", wanted=asked, got=raised, same=nearly(asked, raised, 0.0))
    stage = wanted.get("funding_stage", {}).get("contains", "")
    reading.count("funding_stage", wanted=stage, got=icp.funding_stage, same=stage == icp.funding_stage)
    kind = wanted.get("company_type", {}).get("eq", "")
    reading.count("company_type", wanted=kind, got=icp.company_type, same=kind == icp.company_type)


def lie_within(groups: list[places.Place], region: str) -> bool:
    wanted = places.lookup(region)
    return wanted is not None and all(set(group.countries) <= set(wanted.countries) for group in groups)


def range_of(asked: dict[str, int]) -> Range:
    if "eq" in asked:
        return Range(asked["eq"], asked["eq"])
    return Range(asked.get("gte"), asked.get("lte"))


def nearly(asked: Range, got: Range, slack: float) -> bool:
    pairs = [(asked.min, got.min), (asked.max, got.max)]
    return all(a == b or (a is not None and b is not None and abs(a - b) <= slack * a) for a, b in pairs)


def means(icp: Icp, label: str) -> bool:
    """Say whether a label is among the industries read, by the taxonomy, or stands in the keywords."""
    ids = {industry for group in industry_groups(label) for industry in group}
    said = {word for keyword in icp.keywords for word in words(keyword)}
    return bool(ids & set(icp.industries)) or set(words(label)) <= said


def table(measured: Measured) -> Table:
    """Return the counts for people; `as labelled` is a precision, a half both."""
    heads = ("field", "precision", "recall", "stated", "as labelled", "half 1", "half 2")
    shown = Table(*heads, title="Reading briefs", box=None)
    for name, counted in measured.completed.items():
        plain = measured.as_labelled[name]
        halves = (half.get(name, Field()) for half in measured.halves)
        shown.add_row(
            name,
            f"{counted.precision:.2f}",
            f"{counted.recall:.2f}",
            str(counted.right + counted.missed),
            f"{plain.precision:.2f}",
            *(f"{half.precision:.2f}/{half.recall:.2f}" for half in halves),
        )
    return shown


def scoreboard(measured: Measured) -> list[dict[str, Any]]:
    """Return a line for the precision and one for the recall of each field that has a target."""
    return [
        {
            "name": f"reading briefs: {kind} of {name}",
            "ours": round(value, 3),
            "peer": None,
            "peer_name": "none",
            "unit": "share",
            "ratio": None,
            "target": f">= {target:.2f}",
            "met": value >= target,
        }
        for name, target in TARGETS.items()
        for kind, value in (
            ("precision", measured.completed[name].precision),
            ("recall", measured.completed[name].recall),
        )
    ]
