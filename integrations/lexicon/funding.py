"""Money raised, the stage of a company and what kind of company it is, as a sentence states them."""

import re
from dataclasses import dataclass

from integrations.capabilities import Range
from integrations.lexicon.words import fold

_STAGES = (
    (r"pre[- ]?seed|种子前", "Pre-Seed"),
    (r"(?<!pre-)(?<!pre )\bseed\b(?! oil| company| bank| compan|s\b|[- ]corn)|\bamorcage|startfinanzierung|"
     r"pocetn\w+ finansiranj\w*|semensk\w+|种子轮|种子期", "Seed"),
    (r"天使轮|angel round|\bangel[- ]funded", "Angel"),
    (r"\b(?:series|serie|serij[aeiu]|rund[aeu])[- ]([a-h])\b", "Series {}"),
    (r"\b([a-h])[- ](?:runde|rund[aeu]|series)\b", "Series {}"),
    (r"\b([a-h]) ?轮", "Series {}"),
    (r"\bbootstrapped\b|self[- ]funded|autofinance\w*|eigenfinanziert\w*|ohne (?:fremd|risiko)kapital|"
     r"samofinansira\w*|自筹资金|未融资", "Bootstrapped"),
)  # fmt: skip
# Between stages, the one that was reached counts: `from seed to Series B`, `skipped Series A and went straight to B`.
_REACHED = re.compile(
    r"(?:seed|series [a-h]|serie [a-h]|[a-h]轮)\b.{0,30}?\b(?:to|straight to|zu|bis|a|na|do|到)[ -]?(?:series |"
    r"serie )?([b-h])\b"
)
_NOT_YET = re.compile(
    r"\b(?:struggling to (?:raise|close)|yet to raise|about to raise|before (?:their |its |a |the )?|"
    r"preparing (?:for )?"
    r"(?:a |their )?|looking to raise)\s?$"
)
_TYPES = (
    (r"haven't ipo'?d|not public|\bprivate (?!equity|cloud|key|label|school|market|data|network|jet|sector|funding|"
     r"invest\w+|capital|clinic|hospital|bank|practice|lesson|client|customer|universit)(?=\w+)|privately[- ]held|"
     r"private compan\w+|privately owned|family[- ]?(?:owned|run|business\w*|compan\w+|firms?)|owner[- ]managed|"
     r"still private|stayed private|never raised|familien(?:unternehmen|betrieb\w*|gefuhrt\w*)|inhabergefuhrt\w*|"
     r"privatunternehmen|private unternehmen|entreprises? (?:familiale|privee)s?|societes? (?:familiale|privee)s?|"
     r"民营|私营|私企|民企|家族企业|非上市|未上市|privatn\w+ (?:firm|kompanij|preduzec|vlasnis)\w*|"
     r"u privatnom vlasnistvu|porodicn\w+ (?:firm|kompanij|preduzec|biznis)\w*", "Privately Held"),
    (r"(?<!or )\bpublic (?!sector|safety|health|transport|agenc|school|good|cloud|relation|policy|institution|"
     r"administration|procurement|service|utilit|librar|universit|hospital|tender|work|bod)(?=\w+)|"
     r"publicly[- ](?:traded|listed|held)|public compan\w+|listed on(?: (?:the|a))?(?: stock exchange)?|"
     r"listed (?:compan\w+|firms?)|\bipo'?d\b|went public|"
     r"stock exchange|stock[- ]listed|(?:societes? )?cotees? en bourse|societes? cotees?|cotees? a (?:la bourse|"
     r"euronext)|"
     r"borsennotiert\w*|aktiengesellschaften|上市(?:公司|企业)|(?<![非未])上市的|\bnasdaq\b|\bnyse\b|recently ipo|"
     r"na berzi|berzansk\w*|javno kotiran\w*|listiran\w*", "Public Company"),
    (r"non[- ]?profits?\b|not[- ]for[- ]profit|\bngos?\b|charit(?:y|ies)|\bassociations? (?:a but non lucratif|loi)|"
     r"a but non lucratif|\bongs?\b|gemeinnutzig\w*|\bnpos?\b|非营利|非盈利|公益|neprofitn\w*|"
     r"nevladin\w*", "Nonprofit"),
    (r"government[- ](?:agency|agencies|owned|backed|entity|entities|run|technology provider)|state[- ]owned|"
     r"public (?:agency|agencies|bodies|institutions?|administration)|public sector (?:organi[sz]ations?|bodies)|"
     r"behorde\w*|staatlich\w*|staatsunternehmen|kommunalunternehmen|offentliche verwaltung|"
     r"etablissements? publics?|entreprises? publiques?|administrations? publiques?|collectivites|"
     r"国有|国企|央企|政府机构|drzavn\w+ (?:firm|preduzec|kompanij|institucij|agencij|organ|ustanov)\w*|"
     r"javn\w+ preduzec\w*", "Government Agency"),
    (r"subcontract(?!ing software)\w*|sous[- ]traitant\w*|lohnfertiger\w*|zulieferer\w*|podizvodjac\w*|外包商|分包商|"
     r"外包|分包", "Subcontractor"),
)  # fmt: skip

_CURRENCY = r"(?:us\$|[$€£¥]|usd|eur|gbp|chf|rmb)"
_CURRENCY_NAME = (
    r"(?:usd|eur|gbp|chf|rmb|[$€£¥]|us dollars?|dollars?|euros?|evra|eura|dolara|pounds?|francs?|franken|美元|美金|"
    r"欧元|英镑|人民币|元)"
)
_SIGNS = {
    "$": r"us\$|\$|usd|dol+ar|美",
    "€": r"€|eur|evr|欧",
    "£": r"£|gbp|pound|英",
    "¥": r"¥|rmb|元|人民",
    "CHF ": "chf|fran",
}
_UNIT = (
    r"(?:m\b|mn\b|mio\b\.?|million\w*|milion\w*|mil\b\.?|b\b|bn\b|billion\w*|milliard\w*|milijard\w*|mrd\b\.?|"
    r"k\b|千万|百万|万|亿)"
)
_SIZES = (("milli|milij|mrd", 10**9), ("b", 10**9), ("千万", 10**7), ("百万", 10**6), ("万", 10**4), ("亿", 10**8),
          ("k", 10**3), ("m", 10**6))  # fmt: skip
_DIGITS = r"\d{1,12}(?:[.,]\d{1,6}){0,4}"  # bounded: a brief may be nothing but digits
_AMOUNT = (
    rf"(?:(?:{_CURRENCY}\s?{_DIGITS}\s?{_UNIT}?|(?<!\d){_DIGITS}\s?{_UNIT})"
    rf"(?:\s?(?:de |d')?{_CURRENCY_NAME}(?![a-z]))?)"
)
_TO = r"\s?(?:-|–|—|to|and|bis|und|a|et|do|i|至|到|~)\s?"
_MORE = (
    r"(?:more than|over|above|at least|minimum(?: of)?|upwards of|plus de|au moins|mehr als|mindestens|uber|ab|"
    r"vise od|"
    r"preko|najmanje|bar|超过|至少|大于|不低于|高于)"
)
_LESS = (
    r"(?:fewer than|less than|under|below|at most|up to|maximum(?: of)?|max\.?|moins de|au plus|jusqu'?a|"
    r"weniger als|unter|"
    r"hochstens|maximal|bis zu|manje od|ispod|najvise|do|少于|不超过|低于|最多|不到)"
)
_MONEY = re.compile(
    rf"(?:(?:between|from|entre|zwischen|von|od|izmedju|de)\s)?(?P<low>{_AMOUNT}|"
    rf"{_CURRENCY}?(?<!\d){_DIGITS}){_TO}(?P<high>{_AMOUNT})"
    rf"|(?P<cue>(?P<more>{_MORE})|(?P<less>{_LESS}))\s?(?P<one>{_AMOUNT})"
    rf"|(?P<bare>{_AMOUNT})(?P<plus>\s?\+|以上)?(?P<minus>以下|以内)?"
)
_RAISED = re.compile(
    r"rais(?:ed|ing|es?)\b|fund(?:ing|ed|s)\b|financed|capital\b|rounds?\b|invested|backing|seed\b|series\b|"
    r"\bleve\w*|"
    r"financement|leves|finanz\w*|kapital\w*|eingesammelt|eingeworben|finansira\w*|prikupi\w*|investicij\w*|融资|募资|"
    r"获投|筹集"
)
_EARNED = re.compile(
    r"\b(?:arr|mrr|revenues?|turnover|sales|valu\w+|gmv|aum|assets|contracts?|profit\w*|ebitda|budget|umsatz\w*|"
    r"jahresumsatz|bewert\w+|chiffre d'affaires|ca\b|prihod\w*|promet\w*)|营收|收入|营业额|估值|销售额"
)
_EARNINGS = re.compile(
    rf"(?:{_EARNED.pattern})[^.;,\d]{{0,20}}{_AMOUNT}|{_AMOUNT}\s?\+?\s?(?:in |of )?(?:annual )?(?:{_EARNED.pattern})"
)
_BEFORE, _AFTER = 40, 25  # characters


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of money, open or closed, in whole units of its currency, and the folded words that state it."""

    range: Range
    sign: str
    words: str

    def __str__(self) -> str:
        low, high = (self.sign + _short(end) if end is not None else "" for end in (self.range.min, self.range.max))
        if low and high:
            return low if low == high else f"{low} to {high}"
        return f"at least {low}" if low else f"at most {high}"


@dataclass(frozen=True, slots=True)
class Kind:
    """A stage or a kind of company, and the folded words that name it. Both are '' where nothing does."""

    name: str = ""
    words: str = ""


def stage_in(text: str) -> Kind:
    """Return the funding stage that `text` names: `Seed`, `Series A`."""
    folded = fold(text)
    if reached := _REACHED.search(folded):
        return Kind(f"Series {reached.group(1).upper()}", reached.group())
    for pattern, stage in _STAGES:
        match = re.search(pattern, folded)
        if match and not _NOT_YET.search(folded[: match.start()]):
            return Kind(stage.format(match.group(1).upper()) if match.groups() else stage, match.group())
    return Kind()


def company_type_in(text: str) -> Kind:
    """Return the kind of company that `text` asks for: `Public Company`, `Subcontractor`."""
    folded = fold(text)
    found = ((kind, re.search(pattern, folded)) for pattern, kind in _TYPES)
    return next((Kind(kind, match.group().strip()) for kind, match in found if match), Kind())


def money_raised(text: str) -> Money | None:
    """Return how much money `text` says was raised; a range of money alone counts where it speaks of nothing earned."""
    folded = fold(text)
    for match in _MONEY.finditer(folded):
        before = re.split(r"[,;.] ", folded[max(0, match.start() - _BEFORE) : match.start()])[-1]
        after = folded[match.end() : match.end() + _AFTER]
        if _is_raised(match, before, after):
            return _money(match)
    return None


def earnings_in(text: str) -> str:
    """Return the folded words of `text` that say what companies earn, which no field of a profile holds, or ''."""
    match = _EARNINGS.search(fold(text))
    return match.group() if match else ""


def _is_raised(match: re.Match[str], before: str, after: str) -> bool:
    last = max(_RAISED.finditer(before), key=lambda found: found.start(), default=None)
    earned = max(_EARNED.finditer(before), key=lambda found: found.start(), default=None)
    if last and (earned is None or earned.start() < last.start()):
        return _EARNED.match(after.strip()) is None
    if earned or _EARNED.search(after):
        return False
    return bool(_RAISED.search(after)) or (match["low"] is not None and re.search(_CURRENCY, match.group()) is not None)


def _money(match: re.Match[str]) -> Money:
    sign = next((sign for sign, names in _SIGNS.items() if re.search(names, match.group())), "$")
    if match["high"]:
        high = _value(match["high"])
        low = _value(match["low"])
        if not re.search(_UNIT, match["low"]) and low < 10_000:
            low = low * _size(match["high"])  # 5-20 million
        return Money(Range(min(low, high), max(low, high)), sign, match.group())
    if match["one"]:
        value = _value(match["one"])
        return Money(Range(value, None) if match["more"] else Range(None, value), sign, match.group())
    value = _value(match["bare"])
    if match["minus"]:
        return Money(Range(None, value), sign, match.group())
    return Money(Range(value, None if match["plus"] else value), sign, match.group())


def _value(amount: str) -> int:
    digits = re.search(r"\d[\d.,]*", amount)
    number = digits.group().rstrip(".,") if digits else "0"
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", number):
        return int(re.sub(r"[.,]", "", number)) * _size(amount)
    return round(float(number.replace(",", ".", 1).replace(",", "")) * _size(amount))


def _size(amount: str) -> int:
    unit = re.search(_UNIT, amount)
    if unit is None:
        return 1
    said = unit.group()
    if said.startswith(("million", "milion", "mil", "mio")) and not said.startswith(("milliard", "milijard")):
        return 10**6
    return next((size for start, size in _SIZES if re.match(start, said)), 1)


def _short(value: int) -> str:
    for size, unit in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if value >= size:
            return f"{value / size:.10g}{unit}"
    return str(value)
