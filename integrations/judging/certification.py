"""Which certificates the company holds, in its own words."""

import re
from collections.abc import Callable, Set

from integrations.capabilities import Criterion, Opinion
from integrations.judging.reading import Reading, opinion, unclear
from integrations.lexicon.certificates import certificates_in, holds, says_none


def judge_certification(criterion: Criterion, reading: Reading) -> Opinion:
    """Judge by the sentences that name the certificate; one that is only planned is not held."""
    wanted = {one.name for one in certificates_in(criterion.text)}
    if not wanted:
        return unclear(criterion, "The criterion names no certificate that is known.")
    doubtful: Opinion | None = None
    may_name = _may_name(wanted)
    for page, sentence in reading.sentences:
        named = {one.name for one in certificates_in(sentence.text)} if may_name(sentence.text) else set()
        if not (wanted & named or ("ISO" in wanted and any(name.startswith("ISO ") for name in named))):
            if _SPEAKS_OF.search(sentence.text) and says_none(sentence.text):
                doubtful = opinion(criterion, "no", page, sentence.text, 0.7, "It says that it holds no certificate.")
            continue
        held = holds(sentence.text)
        if held:
            return opinion(criterion, "yes", page, sentence.text, 0.85, "It names the certificate as its own.")
        if held is False:
            doubtful = opinion(criterion, "no", page, sentence.text, 0.7, "The certificate is planned or not held.")
        elif doubtful is None:
            reason = "It speaks of the certificate, but not clearly as its own."
            doubtful = opinion(criterion, "unclear", page, sentence.text, 0.4, reason)
    return doubtful or unclear(criterion, "It names no such certificate.")


# What must stand in a sentence before it is worth to be taken apart; accents do not hide it.
_SPEAKS_OF = re.compile(r"[^\x00-\x7f]|ertifi", re.IGNORECASE)


def _may_name(wanted: Set[str]) -> Callable[[str], bool]:
    """Return a quick look at whether a sentence may name one of `wanted`: by their numbers, where all have one."""
    numbers = [name.rpartition(" ")[2] for name in wanted]
    if not all(number.isdigit() and len(number) >= 4 for number in numbers):
        return lambda text: True
    return lambda text: any(number in text for number in numbers)
