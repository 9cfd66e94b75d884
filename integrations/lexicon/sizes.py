"""How many people, which years, how much money: words for numbers in a sentence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from integrations.capabilities import Range
from integrations.lexicon.words import fold

_N = r"(\d{1,3}(?:[ ,.'\u00a0\u202f]\d{3})+|\d+(?:[.,]\d)?k?)"
_STAFF = (
    r"(?:full[- ]time )?(?:employees?|emplo\b|people|persons?|staff|fte|headcount|team members?|workers?|engineers?|"
    r"person (?:team|company|startup)|person|salaries?|collaborateurs?|personnes?|employes?|mitarbeiter\w*|"
    r"beschaftigte\w*|"
    r"angestellte\w*|menschen|mitarbeitende\w*|kolleg\w+|zaposlen\w*|radnik\w*|ljudi|empleados|dipendenti|addetti|人|名员工|员工|位员工|名)"
)
_TO = r"\s?(?:-|–|—|to|and|a|bis|und|do|i|至|到|~|et|y)\s?"
_MORE = (
    r"(?:more than|over|above|at least|minimum(?: of)?|min\.?|>=?|≥|from|plus de|au moins|au minimum|"
    r"a partir de|mehr als|"
    r"uber|mindestens|ab|vise od|preko|najmanje|barem|iznad|超过|至少|大于|多于|"
    r"mas de|al menos|piu di|almeno|upwards of)"
)
_LESS = (
    r"(?:fewer than|less than|under|below|at most|up to|maximum(?: of)?|max\.?|<=?|≤|no more than|not more than|"
    r"moins de|"
    r"au plus|jusqu'?a|weniger als|unter|hochstens|maximal|bis zu|manje od|ispod|najvise|do|少于|不超过|小于|低于|最多|"
    r"menos de|hasta|meno di|fino a|sub[- ])"
)
_ABOUT = r"(?:about|around|roughly|approximately|circa|ca\.?|~|environ|etwa|rund|oko|大约|约)"

_PATTERNS = [
    (re.compile(rf"(?:between|entre|zwischen|izmedju|von|from|od|"
                 rf"de)?\s?(?<!\d){_N}{_TO}{_N}\s?\+?[- ]?{_STAFF}"), "range"),
    (re.compile(rf"{_STAFF}\s?(?:count|number|size)?\s?(?::|of|between|from)?\s?{_N}{_TO}{_N}\b"), "range"),
    (re.compile(rf"(?<![a-z]){_MORE}\s?有?{_N}\s?\+?[- ]?{_STAFF}"), "min"),
    (re.compile(rf"(?<![a-z]){_LESS}\s?有?{_N}[- ]?{_STAFF}"), "max"),
    (re.compile(rf"{_N}\s?(?:人|名|位)(?:员工)?\s?以上"), "min"),
    (re.compile(rf"{_N}\s?(?:人|名|位)(?:员工)?\s?以下"), "max"),
    (re.compile(rf"(?<![a-z\d]){_N}\s?(?:\+|plus)[- ]?{_STAFF}"), "min"),
    (re.compile(rf"(?<![a-z\d]){_N}\s?(?:or more|et plus|oder mehr|ili vise) {_STAFF}"), "min"),
    (re.compile(rf"(?<![a-z\d]){_N}\s?{_STAFF} (?:or more|et plus|oder mehr|ili vise|and up|minimum)"), "min"),
    (re.compile(rf"(?<![a-z\d]){_N}\s?{_STAFF} (?:or fewer|or less|ou moins|oder weniger|ili manje|maximum|max)"),
     "max"),
    (re.compile(rf"(?:{_ABOUT}\s?){_N}[- ]?{_STAFF}"), "about"),
    (re.compile(rf"(?:headcount|workforce|effectif) (?:stands at|is|of|:) (?:{_ABOUT} )?{_N}\b"), "about"),
    (re.compile(rf"(?:team|headcount|workforce|effectif|company size|firm size|size)s? (?:of |is |"
     rf": ?)?(?:{_ABOUT} )?{_N}{_TO}{_N}\b"), "range"),
    (re.compile(rf"(?<![a-z\d]){_N}[- ]?{_STAFF}"), "about"),
]  # fmt: skip

# Size words: EU definition of small and medium firms, and what investors call early.
_WORDS = [
    (r"solo|solopreneur\w*|one[- ]person", 1, 1),
    (r"micro[- ]?(?:companies|businesses|enterprises|entreprises)|tpe\b|微型企业|mikro preduzec\w*", 1, 9),
    (r"small (?:companies|businesses|firms|teams|startups|business)|petites entreprises|kleine unternehmen|"
     r"kleinunternehmen|"
     r"小型(?:企业|公司)|小公司|mal[aeiu] (?:firm\w*|preduzec\w*|kompanij\w*)|"
     r"pequenas empresas|piccole imprese", 1, 50),
    (r"smbs?\b|smes?\b|small (?:and|to|&) (?:medium|mid)[- ]?(?:sized?)?|pme\b|kmu\b|中小企业|"
     r"mal\w* i srednj\w*|"
     r"pymes?\b|pmi\b", 1, 249),
    (r"mid[- ]?sized?|medium[- ]sized?|mid[- ]?market|mittelstandisch\w*|mittelstand\b|mittelgross\w*|eti\b|"
     r"entreprises? de taille (?:moyenne|intermediaire)|中型(?:企业|公司)?|srednj\w* (?:firm\w*|preduzec\w*|"
     r"kompanij\w*)", 50, 999),
    (r"large (?:companies|enterprises|corporations|firms)|enterprise[- ]sized|grandes entreprises|"
     r"grossunternehmen|大型(?:企业|公司)|"
     r"velik\w* (?:firm\w*|preduzec\w*|kompanij\w*)", 250, None),
]  # fmt: skip
_SIZE_WORDS = [(re.compile(rf"\b(?:{words})"), Range(low, high)) for words, low, high in _WORDS]

_YEAR = r"((?:19|20)\d\d)"
_SINCE = (
    r"(?:founded|established|created|started|launched|incorporated|born|began|fondee?s?|creee?s?|"
    r"gegrundet\w*|osnovan\w*|成立|创立|创办|fundadas?|fondat\w*)"
)
_YEARS = [
    (re.compile(rf"{_SINCE}[^.;,]{{0,25}}?(?<!\d){_YEAR}{_TO}{_YEAR}"), "range"),
    (re.compile(rf"(?<!\d){_YEAR}{_TO}{_YEAR}[^.;,]{{0,12}}?(?:founded|founding|年成立|成立)"), "range"),
    (re.compile(rf"{_SINCE}[^.;,\d]{{0,20}}?\b(?:after|apres|nach|posle|nakon)(?: the)? {_YEAR}"), "after"),
    (re.compile(rf"{_SINCE}[^.;,\d]{{0,20}}?\b(?:since|depuis|seit|od) {_YEAR}"), "since"),
    (re.compile(rf"{_SINCE}[^.;,\d]{{0,20}}?\b(?:before|prior to|avant|vor|pre|prije|pre)(?: the)? {_YEAR}"), "before"),
    (re.compile(rf"(?<!\d){_YEAR}\s?年?(?:以后|之后|后)(?:成立|创立)?"), "since"),
    (re.compile(rf"(?<!\d){_YEAR}\s?年?(?:以前|之前|前)(?:成立|创立)?"), "before"),
    (re.compile(rf"{_SINCE}[^.;,\d]{{0,20}}?(?<!\d){_YEAR} or (?:later|after|newer)"), "from"),
    (re.compile(rf"{_SINCE}[^.;,\d]{{0,20}}?\b(?:by|until|up to|no later than|jusqu.?en|jusque|bis|do|"
                rf"hasta|fino al) {_YEAR}"), "until"),
    (re.compile(rf"不晚于{_YEAR}"), "until"),
    (re.compile(rf"{_SINCE}[^.;,\d]{{0,20}}?(?<![a-z\d])(?:in|en|im(?: jahr)?|jahr|u|godine)? ?{_YEAR}"), "in"),
    (re.compile(rf"(?<!\d){_YEAR}[- ](?:founded|vintage|era)"), "in"),
    (re.compile(rf"{_YEAR}\s?年(?:成立|创立)"), "in"),
    (re.compile(rf"\b(?:post|after)[- ]{_YEAR}\b"), "after"),
    (re.compile(rf"\b(?:since)[- ]{_YEAR}\b"), "since"),
    (re.compile(rf"\b(?:before|pre|prior to)[- ]{_YEAR}\b"), "before"),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A range that a sentence states, and the folded words that state it."""

    range: Range
    words: str


def employees_in(sentence: str) -> Said | None:
    """Return how many employees `sentence` asks for or states, or None."""
    folded = fold(sentence)
    for pattern, kind in _PATTERNS:
        if match := pattern.search(folded):
            return Said(_range([_number(group) for group in match.groups()], kind), match.group())
    for pattern, found in _SIZE_WORDS:
        if match := pattern.search(folded):
            return Said(found, match.group())
    return None


def founded_in(sentence: str) -> Said | None:
    """Return the founding years that `sentence` asks for or states, or None."""
    folded = fold(sentence)
    for pattern, kind in _YEARS:
        if match := pattern.search(folded):
            return Said(_years([int(group) for group in match.groups()], kind), match.group())
    return None


# What means a headcount or a founding year in a wish, though not in running text about a company.
_LOOSE_EMPLOYEES = [
    (re.compile(rf"\bteams? (?:of )?{_LESS}\s?{_N}\b(?! ?(?:m|mn|b|bn|k|%|million|billion|year))"), "max"),
    (re.compile(rf"\bteams? (?:of )?{_MORE}\s?{_N}\b(?! ?(?:m|mn|b|bn|k|%|million|billion|year))"), "min"),
    (re.compile(r"(?:past|beyond|au-dela de) (\d[\d,.]*) (?:people|employees|staff)"), "min"),
    (re.compile(r"(?<![\d$€£.])\b(\d{1,4})\s?[-–]\s?(\d{1,5})\b(?! ?(?:m|mn|b|bn|k|%|million|billion|year|month|"
        r"day)s?\b)"), "range"),
    (re.compile(r"(?<![\d$€£.])\b(\d{2,5})\+(?! ?(?:m|mn|b|bn|k|%|million|billion|year|countr|client|"
        r"customer))"), "min"),
]  # fmt: skip
_LOOSE_YEARS = [
    (re.compile(rf"\(\s?{_YEAR}\s?\+\s?\)|\b{_YEAR}\+"), "since"),
    (re.compile(rf"{_SINCE}.{{0,40}}?{_YEAR}\s?[-–]\s?(?:\w+ )?{_YEAR}"), "range"),
    (re.compile(rf"{_SINCE}.{{0,40}}?{_YEAR}"), "in"),
    (re.compile(rf"\bfrom {_YEAR}\b"), "in"),
    (re.compile(rf"^{_YEAR} "), "in"),
]
_ERAS = {"covid": Range(2020, 2021), "pandemic": Range(2020, 2021), "lockdown": Range(2020, 2021),
         "early 2000s": Range(2000, 2005), "dot-com": Range(1995, 2001), "dotcom": Range(1995, 2001)}  # fmt: skip
_OLDER = re.compile(r"(?:older than|more than|over|at least|plus de|alter als) (\d+) (?:years? old|years?|ans|jahre)\b")
_YOUNGER = re.compile(
    r"(?:younger than|less than|under|newer than|moins de|junger als) (\d+) (?:years? old|"
    r"years?|ans|jahre)\b"
)


def asked_employees(brief: str) -> Said | None:
    """Return how many employees `brief` asks for; a bare `50-100` or `teams under 40` counts here."""
    folded = fold(brief)
    sure = employees_in(brief)
    for pattern, kind in _LOOSE_EMPLOYEES[:3]:
        if match := pattern.search(folded):
            return Said(_range([_number(group) for group in match.groups()], kind), match.group())
    if sure is not None:
        return sure
    for pattern, kind in _LOOSE_EMPLOYEES[3:]:
        for match in pattern.finditer(folded):
            values = [_number(group) for group in match.groups()]
            if not 1900 <= values[0] <= 2100 and values == sorted(values):
                return Said(_range(values, kind), match.group())
    return None


def asked_founded(brief: str, *, this_year: int) -> Said | None:
    """Return the founding years that `brief` asks for; an age or an era (`during COVID`) counts here."""
    folded = fold(brief)
    if match := _OLDER.search(folded):
        return Said(Range(None, this_year - int(match.group(1))), match.group())
    if match := _YOUNGER.search(folded):
        return Said(Range(this_year - int(match.group(1)), None), match.group())
    if match := _LOOSE_YEARS[0][0].search(folded):
        return Said(Range(int(match.group(1) or match.group(2)), None), match.group())
    if sure := founded_in(brief):
        return sure
    for pattern, kind in _LOOSE_YEARS[1:]:
        if match := pattern.search(folded):
            return Said(_years([int(group) for group in match.groups()], kind), match.group())
    return next((Said(years, era) for era, years in _ERAS.items() if era in folded), None)


def exact_employees(text: str) -> Iterator[tuple[str, Range]]:
    """Yield each statement of a company's own headcount in `text`: its words and the range."""
    for pattern, kind in _PATTERNS:
        for match in pattern.finditer(text):
            values = [_number(group) for group in match.groups()]
            yield match.group(), Range(values[0], values[0]) if kind == "about" else _range(values, kind)


def _number(text: str) -> int:
    text = text.strip()
    if text.endswith("k"):
        return int(float(text[:-1].replace(",", ".")) * 1000)
    return int(re.sub(r"\D", "", text) or 0)


def _range(values: list[int], kind: str) -> Range:
    if kind == "range":
        return Range(min(values), max(values))
    if kind == "min":
        return Range(values[0], None)
    if kind == "max":
        return Range(None, values[0])
    return Range(values[0] * 3 // 4, values[0] * 5 // 4)


def _years(values: list[int], kind: str) -> Range:
    first = values[0]
    return {
        "range": Range(first, values[-1]),
        "since": Range(first, None),
        "after": Range(first + 1, None),
        "from": Range(first, None),
        "before": Range(None, first - 1),
        "until": Range(None, first),
        "in": Range(first, first),
    }[kind]
