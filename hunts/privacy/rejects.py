"""Files of rows that could not be imported: they lie beside the program, and may name anybody.

They stand in no table and belong to no workspace, so only whoever runs the installation reaches them.
"""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from integrations.lexicon.persons import blanked
from leads.wanted import Wanted


def _read(path: Path) -> str:
    """Return a file as it is: bytes that are in no encoding, and ends of lines, are kept."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


def naming(wanted: Wanted) -> Iterator[Path]:
    """Yield the files that name a person."""
    watch = wanted.at("")
    for path in sorted((settings.VAR_DIR / "imports").glob("*.csv")):
        if watch.is_in(_read(path)):
            yield path


def blank(wanted: Wanted) -> int:
    """Put marks in place of a person in all of them; return in how many. A file changes whole or not at all."""
    watch, changed = wanted.at(""), 0
    for path in naming(wanted):
        fresh = path.with_suffix(".blanked")
        fresh.write_bytes(blanked(_read(path), watch).encode("utf-8", "surrogateescape"))
        fresh.replace(path)
        changed += 1
    return changed
