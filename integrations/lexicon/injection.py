"""Text on a page that speaks to whoever judges it. It is only words, and it proves nothing."""

import re
from collections.abc import Sequence
from functools import lru_cache

from integrations.lexicon.words import fold

# In English, French, German, Chinese, Serbian and Spanish, after folding (no accents, small letters).
_SUSPECT = re.compile(
    r"(?:ignore|disregard|forget|override)[^.]{0,30}(?:previous|prior|above|earlier|all|your|system)[^.]{0,20}"
    r"(?:instruction|prompt|rule|criteri)"
    r"|(?:answer|reply|respond|say|output|return|write)\b[^.]{0,25}[\"'“«]?\b(?:yes|true|oui|ja|da|si)\b"
    r"|(?:system|developer|assistant) ?(?:prompt|message|note|override|instruction)s?\b"
    r"|^\s*\W*(?:system|assistant|user|developer)\s*:"
    r"|<\|?/?(?:im_start|im_end|system|assistant|user|instructions?)\b"
    r"|\b(?:ai|llm|language model|gpt|chatbot|bot|crawler|assistant|reader|evaluator|judge|model)s?\b[^.]{0,40}"
    r"\b(?:must|should|shall|please|are (?:to|instructed|required)|will now|note that)\b[^.]{0,60}"
    r"\b(?:mark|rate|score|rank|answer|classify|treat|consider|judge|approve|qualify|confirm|report|ignore|"
    r"email|visit|send)\b"
    r"|(?:mark|rate|score|rank|classify|treat|judge|qualify)\w* (?:this|our|the) (?:company|page|lead|site|"
    r"business)[^.]{0,30}"
    r"\b(?:as|with|a|highest|tier|100|10|perfect|ideal|match)\b"
    r"|all (?:criteria|requirements|conditions) (?:are|is|have been) (?:met|satisfied|fulfilled|true)"
    r"|(?:every|each|any|all) criteri\w+"
    r"|you are (?:now )?(?:an? )?(?:ai|assistant|language model|evaluator)"
    r"|(?:ignore[zr]?|oubliez?|ne tenez pas compte)[^.]{0,40}(?:instructions?|consignes?|regles?)"
    r"|repond(?:ez|s|re)[^.]{0,25}\boui\b|tous les criteres"
    r"|(?:ignorier\w*|vergiss|vergessen sie|missacht\w*)[^.]{0,40}(?:anweisung|instruktion|vorgab|regel)\w*"
    r"|(?:antwort\w*|sag\w*)[^.]{0,25}\bja\b|alle kriterien"
    r"|忽略[^。]{0,12}(?:指令|指示|说明|提示|要求|规则)|(?:请)?(?:回答|输出|回复)[^。]{0,6}(?:是|yes)|所有(?:标准|条件|要求)[^。]{0,6}(?:满足|符合)"
    r"|(?:zanemari\w*|ignorisi\w*|zaboravi\w*)[^.]{0,40}(?:uputst|instrukcij|pravil|nalog)\w*"
    r"|odgovori\w*[^.]{0,25}\bda\b|sv(?:i|e) (?:kriterijum|uslov)\w*"
    r"|(?:ignora|olvida)\w*[^.]{0,40}(?:instruccion|regla|indicacion)\w*|(?:responde|"
    r"contesta)\w*[^.]{0,25}\bsi\b|todos los criterios"
)


def is_suspect(text: str) -> bool:
    """Say whether `text` reads like an instruction to a judge rather than a statement about a company."""
    return _is_suspect(text) if len(text) <= 500 else _SUSPECT.search(fold(text)) is not None


@lru_cache(maxsize=10_000)  # a line is often one sentence, and asked for as both
def _is_suspect(text: str) -> bool:
    return _SUSPECT.search(fold(text)) is not None


def without_orders(lines: Sequence[str]) -> tuple[str, ...]:
    """Return `lines` with '' for each that speaks to its reader, and for the lines next to such a one.

    What stands beside an order was written by the same hand and says what suits it.
    """
    suspect = [is_suspect(line) for line in lines]
    return tuple("" if any(suspect[max(0, at - 1) : at + 2]) else line for at, line in enumerate(lines))
