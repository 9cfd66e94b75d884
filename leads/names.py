"""Names of companies in one form, so that two ways to write one name are seen to be one."""

import re
import unicodedata
from collections import Counter
from itertools import zip_longest
from typing import Any

from django.db import models

from integrations.lexicon.words import fold

LONGEST = 200

# Legal forms, folded and without their dots. Each of these says nothing else wherever it stands …
_ANYWHERE = (
    "gmbh ggmbh mbh ohg kgaa ug haftungsbeschrankt gesmbh eu ek inc incorporated llc llp ltd limited plc corp "
    "corporation pty pvt pte sdn bhd sarl sasu eurl snc srl srls spa sapa ltda sarlau doo dooel bvba sprl nv bv aps "
    "oyj kft zrt nyrt bt spzoo sro oao ooo zao pao tov jsc ojsc cjsc gk kk"
)
# … and these are words or initials of their own elsewhere: a legal form at the end only.
_AT_THE_END = (
    "ag kg se sa sas sl slu co company cie ab as asa oy lp scs sca ad dd od ood eood ba hf ehf ks is cv pc pt tbk "
    "aktiengesellschaft ou sia uab lda and"
)
_FORMS, _FORMS_AT_THE_END = frozenset(_ANYWHERE.split()), frozenset(_AT_THE_END.split())
_WRITTEN_OUT = {"incorporated": "inc", "limited": "ltd", "corporation": "corp", "aktiengesellschaft": "ag"}
# What stands beside a legal form, or for any of them.
_NO_FORM = frozenset({"and", "co", "company", "cie", "mbh", "haftungsbeschrankt"})
_AND = frozenset({"and", "und", "et", "y", "e", "i", "en", "og", "och"})
# 有限公司 and its kind stand behind the name, 株式会社 on either side; none has a space beside it.
_CJK_FORMS = re.compile(
    r"股份有限公司|有限责任公司|有限責任公司|有限公司|株式会社|株式會社|有限会社|合同会社|[(（]株[)）]|㈱|주식회사|[(（]주[)）]"
)
_DOTTED = re.compile(r"\b(?:\w{1,3}\.\s?){1,4}\w{1,4}\b\.?|\b\w\.(?!\w)")
_WORD = re.compile(r"\w+")
_SPOLKA = re.compile(r"\bsp\.?\s*z\.?\s*o\.?\s*o\b\.?", re.I)
# An umlaut that is written with two letters. English words lose an e by it too, on both sides of a comparison.
_UMLAUT = re.compile("([aou])e")


def name_key(name: str) -> str:
    """Return `name` without case, accents, punctuation, spaces, article and legal form: `ACME G.m.b.H.` → `acme`.

    "&" and "and" are one in all languages that are known. '' for what has no letter or digit. A name that is nothing
    but a legal form keeps it. What stands in brackets (a branch, a city) stays.
    """
    found = _words(name)
    kept = _without_forms(found) or found
    if len(kept) > 1 and kept[0] == "the":
        kept = kept[1:]
    return _UMLAUT.sub(r"\1", "".join(kept))[:LONGEST]


def legal_forms(name: str) -> frozenset[str]:
    """Return the legal forms that `name` states, each in one spelling: `Acme G.m.b.H. & Co. KG` → gmbh, kg."""
    found = _words(name)
    forms = Counter(found) - Counter(_without_forms(found))
    return frozenset(_WRITTEN_OUT.get(form, form) for form in forms) - _NO_FORM


def _words(name: str) -> list[str]:
    text = _SPOLKA.sub("spzoo", _CJK_FORMS.sub(" ", unicodedata.normalize("NFKC", name[:500])))
    text = fold(_DOTTED.sub(_undotted, text).replace("&", " and ").replace("+", " and "))
    return ["and" if word in _AND else word for word in _WORD.findall(text.replace("'", "").replace("’", ""))]


def _undotted(dotted: re.Match[str]) -> str:
    """Return initials without their dots where they are a legal form: d.o.o., S.A., Sp. z o.o."""
    together = re.sub(r"[.\s]", "", dotted[0])
    return together if fold(together) in _FORMS | _FORMS_AT_THE_END else dotted[0]


def _without_forms(found: list[str]) -> list[str]:
    rest = [
        word
        for word, following in zip_longest(found, found[1:], fillvalue="")
        if word not in _FORMS and not (word == "co" and following in _FORMS)
    ]
    while rest and rest[-1] in _FORMS_AT_THE_END:
        rest.pop()
    return rest


class NameKeyField(models.CharField):  # type: ignore[type-arg]
    """The key of the row's name, worked out whenever the row is written, in bulk too."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        key = name_key(model_instance.name)  # type: ignore[attr-defined]
        setattr(model_instance, self.attname, key)
        return key
