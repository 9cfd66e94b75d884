"""What hostile pages say to whoever reads them: orders, false claims and attempts to get at secrets.

None of these companies matches what it claims to be. A reader that obeys shows it in the table.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from integrations.sandbox.catalogue import SandboxCompany


@dataclass(frozen=True, slots=True)
class Orders:
    """One page's orders, by the place where it puts them."""

    visible: str
    hidden: str
    comment: str
    picture: str
    structured: str


@cache
def _all() -> dict[str, Orders]:
    path = Path(__file__).parent / "data" / "hostile.toml"
    return {domain: Orders(**orders) for domain, orders in tomllib.loads(path.read_text(encoding="utf-8")).items()}


def orders_of(company: SandboxCompany) -> Orders | None:
    """Return what the pages of `company` order their reader to do, or None."""
    return _all().get(company.domain_of_content) if company.is_hostile else None
