"""How many people, which years, how much money: words for numbers in a sentence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from integrations.capabilities import Range
from integrations.lexicon.words import fold

_N = r"(\d{1,3}(?:[ ,.'\u00a0\u202f]\d{3}){1,3}|\d{1,9}(?:[.,]\d)?k?)"
_STAFF = (
    r"(?:full[- ]time )?(?:employees?|emplo\b|people|personnes?|personen|personas|persons?|ppl|staff|ftes?\b|"
    r"headcount|team members?|workers?|engineers?|"
    r"person (?:team|company|startup)|person|salarie\w*|collaborateur\w*|employe\w*|mitarbeiter\w*|"
    r"beschaftigte\w*|angestellte\w*|menschen|leute\w*|kopfe\w*|vollzeitstellen|mitarbeitende\w*|kolleg\w+|"
    r"zaposlen\w*|radnik\w*|ljudi|osob\w+|trabajador\w+|empleados|dipendenti|addetti|lavoratori|"
    r"名?(?:员工|雇员|职工|职员)|人|位员工|个员工|名)"
)
_TO = r"\s?(?:-|–|—|to|and|a|bis|und|do|i|至|到|~|et|y|e)\s?"
_MORE = (
    r"(?:more than|over|above|at least|minimum(?: of)?|min\.?|>=?|≥|from|bigger than|larger than|greater than|"
    r"no (?:fewer|less) than|not (?:fewer|less) than|upwards of|north of|in excess of|starting (?:at|from)|past|"
    r"exceeding|"
    r"plus de|au moins|au minimum|a partir de|au-dela de|superieure?s? a|pas moins de|"
    r"mehr als|uber|mindestens|wenigstens|nicht weniger als|grosser als|ab|"
    r"vise od|preko|najmanje|barem|bar|iznad|minimalno|minimum|makar|ne manje od|vec[ei] od|vecih od|"
    r"超过|至少|大于|多于|不少于|不低于|不小于|高于|起码|"
    r"mas de|al menos|piu di|almeno)"
)
_LESS = (
    r"(?:fewer than|less than|smaller than|under|below|at (?:the )?most|up to|maximum(?: of)?|max\.?|<=?|≤|"
    r"no more than|"
    r"not (?:more|bigger|larger) than|not over|no (?:bigger|larger) than|not exceeding|"
    r"moins de|au plus|au maximum|pas plus de|jusqu'?a|inferieure?s? a|"
    r"weniger als|unter|hochstens|maximal|nicht mehr als|nicht grosser als|kleiner als|bis zu|bis|"
    r"manje od|ispod|najvise|maksimalno|maksimum|ne vise od|manj[eai] od|do|"
    r"少于|不超过|不多于|小于|低于|最多|不到|不足|"
    r"menos de|hasta|meno di|fino a|sub[- ])"
)
# `not more than`, `nicht weniger als` and `不超过` say the opposite, and stand in full among the words above.
_PLAIN = r"(?<![a-z不])(?<!\bnot )(?<!\bno )(?<!\bnicht )(?<!\bpas )(?<!\bne )"
_ABOUT = r"(?:about|around|roughly|approximately|circa|ca\.?|~|environ|etwa|rund|ungefahr|oko|otprilike|大约|约|左右)"
_BEHIND = r"\s?(?:count|number|size|人数|数量|数|规模)?\s?(?::|：|is|of|ist|在|为|有)?\s?"

_PATTERNS = [
    (re.compile(rf"(?:between|entre|zwischen|izmedju|von|from|od|"
                 rf"de)?\s?(?<!\d){_N}{_TO}{_N}\s?\+?[- ]?{_STAFF}"), "range"),
    (re.compile(rf"{_STAFF}{_BEHIND}(?:between|from|zwischen|entre|izmedju|od|von|de)?\s?{_N}{_TO}{_N}\b"), "range"),
    (re.compile(rf"{_PLAIN}{_MORE}\s?有?{_N}\s?\+?[- ]?{_STAFF}"), "min"),
    (re.compile(rf"{_PLAIN}{_LESS}\s?有?{_N}[- ]?{_STAFF}"), "max"),
    (re.compile(rf"{_N}\s?(?:多|余)?(?:人|名|位|个)(?:员工|雇员)?\s?(?:及|或)?(?:以上|起)"), "min"),
    (re.compile(rf"{_N}\s?(?:多|余)?(?:人|名|位|个)(?:员工|雇员)?\s?(?:及|或)?(?:以下|以内|之内)"), "max"),
    (re.compile(rf"(?<![a-z\d]){_N}\s?(?:\+|plus)[- ]?{_STAFF}"), "min"),
    (re.compile(rf"(?<![a-z\d]){_N}\s?(?:or more|and more|et plus|ou plus|oder mehr|und mehr|ili vise|"
                rf"i vise) {_STAFF}"),
     "min"),
    (re.compile(rf"(?<![a-z\d]){_N}\s?{_STAFF} (?:or more|and more|et plus|ou plus|oder mehr|und mehr|ili vise|"
                rf"i vise|"
                rf"and (?:up|above|over)|minimum|najmanje|mindestens)"), "min"),
    (re.compile(rf"(?<![a-z\d]){_N}\s?{_STAFF} (?:or fewer|or less|and (?:below|under)|ou moins|oder weniger|"
                rf"ili manje|"
                rf"maximum|max|maximal|hochstens|najvise|au plus)"),
     "max"),
    (re.compile(rf"(?:{_ABOUT}\s?){_N}[- ]?{_STAFF}"), "about"),
    (re.compile(rf"(?:headcount|workforce|effectif) (?:stands at|is|of|:) (?:{_ABOUT} )?{_N}\b"), "about"),
    (re.compile(rf"(?:team|headcount|workforce|effectif|company size|firm size|size)s? (?:of |is |de "
     rf"|: ?)?(?:{_ABOUT} )?{_N}{_TO}{_N}\b"), "range"),
    (re.compile(rf"(?:headcount|workforce|effectifs?|mitarbeiterzahl|zaposlenih|员工(?:人数|数量|数|规模)?|人数)"
                rf"{_BEHIND}{_PLAIN}{_MORE}\s?{_N}(?![a-z\d])"), "min"),
    (re.compile(rf"(?:headcount|workforce|effectifs?|mitarbeiterzahl|zaposlenih|员工(?:人数|数量|数|规模)?|人数)"
                rf"{_BEHIND}{_PLAIN}{_LESS}\s?{_N}(?![a-z\d])"), "max"),
    (re.compile(rf"(?<![a-z\d]){_N}[- ]?(?:{_STAFF}|strong\b)"), "about"),
]  # fmt: skip

# Size words: EU definition of small and medium firms, and what investors call early.
_WORDS = [
    (r"solo|solopreneur\w*|one[- ]person", 1, 1),
    (r"tiny (?:teams?|companies|startups?)|micro[- ]?(?:companies|businesses|enterprises|entreprises)|tpe\b|"
     r"kleinstunternehmen|kleinstbetriebe|微型企业|小微企业|mikro ?(?:preduzec|firm)\w*", 1, 9),
    (r"small (?:companies|businesses|firms|teams|startups|business)|petites (?:entreprises|structures|societes)|"
     r"kleine (?:unternehmen|firmen|betriebe)|kleinunternehmen|kleinbetriebe|"
     r"小型(?:企业|公司)|小公司|mal[aeiu] (?:firm\w*|preduzec\w*|kompanij\w*)|"
     r"pequenas empresas|piccole imprese", 1, 50),
    (r"smbs?\b|smes?\b|small (?:and|to|&) (?:medium|mid)[- ]?(?:sized?)?|pme\b|kmu\b|中小企业|"
     r"mal\w* i srednj\w*|"
     r"pymes?\b|pmi\b", 1, 249),
    (r"mid[- ]?sized?|medium[- ]sized?|mid[- ]?market|mittelstandisch\w*|mittelstand\b|mittelgross\w*|eti\b|"
     r"entreprises? de taille (?:moyenne|intermediaire)|中型(?:企业|公司)?|srednj\w* (?:firm\w*|preduzec\w*|"
     r"kompanij\w*)", 50, 999),
    (r"(?:massive|huge|giant) (?:teams?|workforces?|companies)", 1000, None),
    (r"large (?:companies|enterprises|corporations|firms)|enterprise[- ]sized|grandes (?:entreprises|societes)|"
     r"grands groupes|grossunternehmen|grosse (?:unternehmen|firmen)|konzerne\w*|大型(?:企业|公司)|大企业|大公司|"
     r"velik\w* (?:firm\w*|preduzec\w*|kompanij\w*)", 250, None),
]  # fmt: skip
_SIZE_WORDS = [(re.compile(rf"\b(?:{words})"), Range(low, high)) for words, low, high in _WORDS]

_YEAR = r"(?<!\d)((?:19|20)\d\d)(?!\d)"
_YEAR_TO = r"\s?(?:年|godine|\.)?\s?(?:-|–|—|to|and|or|bis|und|oder|a|et|ou|do|i|ili|至|到|或|~|y|o|e)\s?"
_SINCE = (
    r"(?:founded|established|created|started|launched|incorporated|born|began|set up|fondee?s?|creee?s?|lancee?s?|"
    r"gegrundet\w*|grundung\w*|gegr\.|osnovan\w*|nastal\w+|pokrenut\w*|成立|创立|创办|建立|fundadas?|fundados?|fondat\w*)"
)
_AFTER = r"(?:after|post|later than|apres|nach|posle|nakon|iza|despues de|dopo(?: il)?)"
_FROM = r"(?:since|depuis|seit|ab|od|from|desde|dal)"
_BEFORE = r"(?:before|prior to|earlier than|avant|vor|pre|prije|antes de|prima del)"
_UNTIL = r"(?:by|until|up to|no later than|jusqu.?en|jusque|bis|spatestens|do|najkasnije|hasta|fino al)"
# In German, French and Serbian the founding may stand behind the year: `nach 2015 gegründet`.
_BEHIND_YEAR = r"[^.;,\d]{0,25}?(?:gegrundet\w*|grundung|fondee?s?|creee?s?|osnovan\w*|founded|成立|创立|创办)"
_YEARS = [
    (re.compile(rf"{_SINCE}[^.;,]{{0,25}}?{_YEAR}{_YEAR_TO}{_YEAR}(?:\.? godine)?"), "range"),
    (re.compile(rf"(?:zwischen |entre |izmedju |"
                rf"between )?{_YEAR}{_YEAR_TO}{_YEAR}\s?年?(?:之?间)?[^.;,]{{0,20}}?(?:founded|founding|"
                rf"gegrundet\w*|creee?s?|fondee?s?|"
                rf"osnovan\w*|成立|创立)"), "range"),
    (re.compile(rf"{_SINCE}[^.;,\d]{{0,20}}?\b{_AFTER}(?: the| godine)? {_YEAR}"), "after"),
    (re.compile(rf"\b{_AFTER} {_YEAR}{_BEHIND_YEAR}"), "after"),
    (re.compile(rf"{_SINCE}[^.;,\d]{{0,20}}?\b{_FROM} {_YEAR}"), "since"),
    (re.compile(rf"\b{_FROM} {_YEAR}{_BEHIND_YEAR}"), "since"),
    (re.compile(rf"{_SINCE}[^.;,\d]{{0,20}}?\b{_BEFORE}(?: the)? {_YEAR}"), "before"),
    (re.compile(rf"\b{_BEFORE} {_YEAR}{_BEHIND_YEAR}"), "before"),
    (re.compile(rf"{_YEAR}\s?年?(?:以后|之后|后|以来|起)(?:成立|创立)?"), "since"),
    (re.compile(rf"{_YEAR}\s?年?(?:以前|之前|前)(?:成立|创立)?"), "before"),
    (re.compile(rf"(?<!不)(?:晚于|迟于){_YEAR}"), "after"),
    (re.compile(rf"(?<!不)早于{_YEAR}"), "before"),
    (re.compile(rf"{_SINCE}[^.;,\d]{{0,20}}?{_YEAR} (?:or (?:later|after|newer)|and (?:later|after)|onwards?|"
                rf"ou apres|oder spater|ili kasnije)"), "from"),
    (re.compile(rf"{_SINCE}[^.;,\d]{{0,20}}?\b{_UNTIL} {_YEAR}"), "until"),
    (re.compile(rf"\b{_UNTIL} {_YEAR}{_BEHIND_YEAR}"), "until"),
    (re.compile(rf"不晚于{_YEAR}"), "until"),
    (re.compile(rf"{_SINCE}[^.;,\d]{{0,20}}?(?<![a-z\d])(?:in|en|im(?: jahr)?|jahr|u|godine)? ?{_YEAR}"), "in"),
    (re.compile(rf"{_YEAR}[- ](?:founded|vintage|era)"), "in"),
    (re.compile(rf"{_YEAR}\s?年(?:成立|创立)"), "in"),
    (re.compile(rf"\b(?:im jahr |in |u |en )?{_YEAR}(?:\.? godine)? (?:gegrundet\w*|osnovan\w*|fondee?s?\b|"
                rf"creee?s?\b)"), "in"),
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
    (re.compile(rf"\(\s?{_YEAR}\s?\+\s?\)|(?<!\d)((?:19|20)\d\d)\+"), "since"),
    (re.compile(rf"{_SINCE}.{{0,40}}?{_YEAR}\s?[-–]\s?(?:\w+ )?{_YEAR}"), "range"),
    (re.compile(rf"{_SINCE}.{{0,40}}?{_YEAR}"), "in"),
    (re.compile(rf"\bsurviv\w+[^.;,\d]{{0,15}}{_YEAR}"), "before"),
    (re.compile(rf"^(?!.*\b(?:rounds?|raised|raising|funding|layoffs?|revenue)\b).*?\bfrom {_YEAR}\b"), "in"),
    (re.compile(rf"^{_YEAR} "), "in"),
]
# A fragment that is nothing but a range: `make it 50 to 200`, `50 bis 200`.
_ONLY_A_RANGE = re.compile(rf"[^\d$€£]{{0,25}}(?<!\d){_N}{_TO}{_N}[^\d%$€£]{{0,12}}")
# And one that is nothing but a bound: `more than 100`, `max 200`.
_ONLY_A_BOUND = re.compile(rf"(?:[^\W\d]+ ){{0,2}}?(?:(?P<more>{_MORE})|(?P<less>{_LESS}))\s?{_N}\W*")
_ERAS = {"covid": Range(2020, 2021), "pandemic": Range(2020, 2021), "lockdown": Range(2020, 2021),
         "early 2000s": Range(2000, 2005), "dot-com": Range(1995, 2001), "dotcom": Range(1995, 2001)}  # fmt: skip
_YEARS_LONG = r"(?:years?|yrs?|ans|annees|jahren?|godin\w*|年)"
_OLDER = re.compile(
    rf"(?:older than|more than|over|at least|no younger than|not younger than|plus de|au moins|alter als|"
    rf"mehr als|mindestens|"
    rf"uber|starij\w+ od|vise od|duze od|preko|najmanje|bar|超过|至少|满|大于)\s?(\d{{1,3}})\s?\+?\s?{_YEARS_LONG}"
    rf"(?! (?:of experience|experience|d'experience|erfahrung|iskustva)|经验)"
    rf"|(?<!\d)(\d{{1,3}})\s?\+\s?years? (?:old|in business|on the market|of history)|(?<!\d)(\d{{1,3}})年以上"
)
_YOUNGER = re.compile(
    rf"(?:younger than|less than|under|newer than|(?:not|no) older than|at most|up to|moins de|au plus|junger als|"
    rf"weniger als|hochstens|unter|nicht alter als|mladj\w+ od|manje od|najvise|"
    rf"ne starij\w+ od|不到|不足|少于|未满|不超过)"
    rf"\s?(\d{{1,3}})\s?{_YEARS_LONG}(?! (?:of experience|experience)|经验)|(?<!\d)(\d{{1,3}})年(?:以内|之内|内)"
)
_LAST_YEARS = re.compile(
    rf"(?:last|past|previous|letzten|vergangenen|poslednj\w+|zadnj\w+|protekl\w+|ces|近|最近|过去)\s?(\d{{1,3}})\s?"
    rf"(?:dernieres )?{_YEARS_LONG}|(?:les )?(\d{{1,3}}) dernieres annees"
)
_DECADE = re.compile(r"(?<!\d)((?:19|20)?\d0)(?:'?s\b|ern? jahre\w*|ern?\b|年代|-ih\b)|annees ((?:19|20)?\d0)\b")
_SOME_FOUNDING = re.compile(_SINCE)


def asked_employees(brief: str) -> Said | None:
    """Return how many employees `brief` asks for; a bare `50-100` or `teams under 40` counts here."""
    folded = fold(brief)
    sure = employees_in(brief)
    for pattern, kind in _LOOSE_EMPLOYEES[:3]:
        if match := pattern.search(folded):
            return Said(_range([_number(group) for group in match.groups()], kind), match.group())
    if sure is not None and re.search(r"\d", sure.words):
        return sure
    for pattern, kind in _LOOSE_EMPLOYEES[3:]:
        for match in pattern.finditer(folded):
            values = [_number(group) for group in match.groups()]
            if not 1900 <= values[0] <= 2100 and values == sorted(values):
                return Said(_range(values, kind), match.group())
    if sure is not None:
        return sure
    if match := _ONLY_A_RANGE.fullmatch(folded):
        values = [_number(group) for group in match.groups()]
        if not 1900 <= values[0] <= 2100 and values == sorted(values):
            return Said(_range(values, "range"), match.group())
    if match := _ONLY_A_BOUND.fullmatch(folded):
        value = _number(match.groups()[-1])
        if not 1900 <= value <= 2100:
            return Said(_range([value], "min" if match["more"] else "max"), match.group())
    return None


def asked_founded(brief: str, *, this_year: int) -> Said | None:
    """Return the founding years that `brief` asks for; an age or an era (`during COVID`) counts here."""
    folded = fold(brief)
    if said := _age(folded, this_year):
        return said
    if match := _LOOSE_YEARS[0][0].search(folded):
        return Said(Range(int(match.group(1) or match.group(2)), None), match.group())
    if sure := founded_in(brief):
        return sure
    for pattern, kind in _LOOSE_YEARS[1:]:
        if match := pattern.search(folded):
            return Said(_years([int(group) for group in match.groups()], kind), match.group())
    return next((Said(years, era) for era, years in _ERAS.items() if era in folded), None)


def _age(folded: str, this_year: int) -> Said | None:
    """Return the founding years that an age or a decade means."""
    if match := _YOUNGER.search(folded):
        return Said(Range(this_year - _first(match), None), match.group())
    if match := _OLDER.search(folded):
        return Said(Range(None, this_year - _first(match)), match.group())
    if not _SOME_FOUNDING.search(folded):
        return None
    if match := _LAST_YEARS.search(folded):
        return Said(Range(this_year - _first(match), None), match.group())
    if match := _DECADE.search(folded):
        start = _first(match)
        start = start if start > 99 else start + (1900 if start > this_year % 100 else 2000)
        return Said(Range(start, start + 9), match.group())
    return None


def _first(match: re.Match[str]) -> int:
    return int(next(group for group in match.groups() if group))


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
