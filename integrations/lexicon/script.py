"""Serbian is written in two alphabets; the readers of briefs know one."""

import re

# Letters of other languages written in Cyrillic: where one of them stands, the text is not Serbian.
_NOT_SERBIAN = re.compile("[\u0401\u0404-\u0407\u0419\u0429-\u042f\u0439\u0449-\u044f\u0451\u0454-\u0457\u0490\u0491]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LATIN = str.maketrans(
    dict(zip("абвгдђежзијклмнопрстћуфхцчш", "abvgdđežzijklmnoprstćufhcčš", strict=True))
    | dict(zip("АБВГДЂЕЖЗИЈКЛМНОПРСТЋУФХЦЧШ", "ABVGDĐEŽZIJKLMNOPRSTĆUFHCČŠ", strict=True))
    | {"љ": "lj", "њ": "nj", "џ": "dž", "Љ": "Lj", "Њ": "Nj", "Џ": "Dž"}
)


def in_latin(text: str) -> str:
    """Return Serbian Cyrillic in Latin letters, as a Serbian reader would write it; other text as it is."""
    if not _CYRILLIC.search(text) or _NOT_SERBIAN.search(text):
        return text
    return text.translate(_LATIN)
