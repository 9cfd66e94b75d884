"""One normal form for every text that is stored, searched or quoted from."""

import hashlib
import re
import unicodedata

# Characters that a reader does not see and that can hide or reorder text: zero-width marks,
# bidirectional controls, soft hyphen, variation selectors, tag characters.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
# Halves of surrogate pairs stand with them: no database and no UTF-8 takes them.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# Only what changes is matched: a single space stays, and most spaces are.
_SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_BREAKS = re.compile(r" \n[ \n]*|\n[ \n]+")


def normalise(text: str) -> str:
    """Return `text` in NFKC, without invisible characters, spaces folded, one line break where there were any."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        text = CONTROL.sub(" ", text)
    else:
        text = INVISIBLE.sub("", CONTROL.sub(" ", unicodedata.normalize("NFKC", text)))
    return _BREAKS.sub("\n", _SPACES.sub(" ", text)).strip()


def visible(text: str) -> str:
    """Return `text` as it was typed, without characters that nobody sees and that hide or reorder others."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return INVISIBLE.sub("", CONTROL.sub(" ", text)).strip()


def one_line(text: str) -> str:
    """Return `text` normalised, on one line: as `normalise` does, without its cost for the plain words of a label."""
    plain = " ".join(text.split())
    return plain if plain.isascii() and plain.isprintable() else normalise(text).replace("\n", " ")


def sha256_of(text: str) -> str:
    """Return the hex SHA-256 of `text` in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
