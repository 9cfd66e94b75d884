"""`python -m config.messages [FILE.po …]`: compile translations, without gettext's own tools.

Without a file, all of `locale/*/LC_MESSAGES/*.po`. The same text gives the same bytes; fuzzy entries are guesses that
nobody has looked at, and are left out. `make messages` brings the files up to date with the sources.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)


def catalogues() -> list[Path]:
    """Return the translations that there are, one file a language."""
    return sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po"))


def read(source: Path) -> Catalog:
    """Return the translations in a file. Raises PoFileError, which names the line, where it is not one."""
    with source.open("rb") as file:
        return read_po(file, abort_invalid=True)


def compiled(source: Path) -> bytes:
    """Return the translations in a file as Django reads them."""
    catalogue = read(source)
    catalogue.creation_date = NO_DATE  # without one, Babel writes the moment of compiling
    machine = BytesIO()
    write_mo(machine, catalogue)
    return machine.getvalue()


def main(sources: Iterable[Path]) -> None:
    for source in sources:
        machine = compiled(source)  # before anything is written: a broken file leaves the last good one in place
        source.with_suffix(".mo").write_bytes(machine)


if __name__ == "__main__":
    main(map(Path, sys.argv[1:]) if sys.argv[1:] else catalogues())
