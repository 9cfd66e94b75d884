"""Which language a short text is in, by its letters and its little words."""

import re
import tomllib
from collections import Counter
from pathlib import Path

from integrations.lexicon.words import CJK, fold

_LITTLE = tomllib.loads((Path(__file__).with_name("data") / "little_words.toml").read_text(encoding="utf-8"))
_WORDS = {language: frozenset(words.split()) for language, words in _LITTLE.items()}
_LETTERS = (("sr", re.compile(r"[čćđšž]|[\u0400-\u04ff]", re.I)), ("de", re.compile(r"[äöüß]", re.I)),
            ("fr", re.compile(r"[èêçàùîôœ]", re.I)), ("es", re.compile("[ñ¿¡]")))  # fmt: skip


def language_of(text: str) -> str:
    """Return the ISO 639-1 code of `text` (en, fr, de, zh, ja, ko, sr, es, it, pt); `en` where nothing tells."""
    if re.search("[\u3040-\u30ff]", text):
        return "ja"
    if re.search("[\uac00-\ud7af]", text):
        return "ko"
    if len(re.findall(f"[{CJK}]", text)) * 4 > len(text.replace(" ", "")):
        return "zh"
    counts: Counter[str] = Counter()
    found = re.findall(r"[^\W\d_]+", fold(text))
    for language, little in _WORDS.items():
        counts[language] = 2 * sum(word in little for word in found)
    for language, letters in _LETTERS:
        counts[language] += len(letters.findall(text))
    best, points = max(counts.items(), key=lambda pair: (pair[1], pair[0] == "en"))
    return best if points else "en"
