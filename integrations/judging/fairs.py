"""Which trade fairs the company exhibits at."""

from collections.abc import Sequence

from integrations.capabilities import Criterion, Opinion
from integrations.judging.reading import Reading, after_frame, opinion, unclear
from integrations.lexicon.events import events_in
from integrations.lexicon.words import words


def judge_event(criterion: Criterion, reading: Reading) -> Opinion:
    """Judge by the record's list of fairs, else by a sentence that names the fair."""
    wanted = [name for name, _ in events_in(criterion.text)] or [after_frame(criterion.text).strip(" .。")]
    if "Exhibits at" in reading.facts:
        page, line = reading.facts["Exhibits at"]
        if any(_names(line, event) for event in wanted):
            return opinion(criterion, "yes", page, line, 0.97, "It is on the fair's list.")
        return opinion(criterion, "no", page, line, 0.5, "It is on another fair's list.")
    forms = [words(event) for event in wanted]
    for page, text in reading.text:
        for sentence in text:
            said = sentence.forms or tuple(words(sentence.text))
            if any(_stands_in(event, said) for event in forms):
                return opinion(criterion, "yes", page, sentence.text, 0.7, "It names the fair.")
    return unclear(criterion, "Nothing of it names the fair.")


def _names(text: str, event: str) -> bool:
    return _stands_in(words(event), words(text))


def _stands_in(wanted: Sequence[str], forms: Sequence[str]) -> bool:
    if not wanted or wanted[0] not in forms:
        return False
    sought = list(wanted)
    return any(list(forms[at : at + len(sought)]) == sought for at in range(len(forms) - len(sought) + 1))
