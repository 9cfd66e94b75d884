"""Why a message did not arrive: kept in English by whoever sent it, said in the language of whoever reads of it.

What is kept is a sentence that the translations know; a code may stand in parentheses at its end: "… (550)."
"""

import re

from django.utils.translation import gettext as _

_WITH_CODE = re.compile(r"(?P<sentence>.+) \((?P<code>[^()]*)\)\.")
CODE = "%(code)s"  # as it stands in the translations


def said(problem: str) -> str:
    """Return what is kept of a problem in the language that is spoken; '' for none, what nobody translated as it is."""
    if not problem:
        return ""
    found = _WITH_CODE.fullmatch(problem)
    if found is None:
        return _(problem)
    sentence = f"{found['sentence']} ({CODE})."
    return _(sentence).replace(CODE, found["code"])
