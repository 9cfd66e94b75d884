"""Numbers that are spelled out before what they count: `fifty employees`, `fünfzig Mitarbeiter`, `五十人`."""

import re
import unicodedata

_TENS = {
    10: "ten|zehn|dix|deset", 20: "twenty|zwanzig|vingt|dvadeset", 30: "thirty|dreis+ig|trente|trideset",
    40: "forty|vierzig|quarante|cetrdeset", 50: "fifty|funfzig|cinquante|pedeset",
    60: "sixty|sechzig|soixante|sezdeset", 70: "seventy|siebzig|sedamdeset", 80: "eighty|achtzig|osamdeset",
    90: "ninety|neunzig|devedeset", 12: "a dozen|zwolf|une douzaine|douze|dvanaest",
    15: "fifteen|funfzehn|quinze|petnaest",
    100: "(?:a|one) hundred|hundert|einhundert|cent|sto|stotinu",
    200: "two hundred|zweihundert|deux cents?|dvesta|dvjesto",
    250: "two hundred (?:and )?fifty|zweihundertfunfzig|deux cent cinquante|dvesta pedeset",
    300: "three hundred|dreihundert|trois cents?|trista|tristo",
    500: "five hundred|funfhundert|cinq cents?|petsto|pet stotina",
    1000: "(?:a|one) thousand|tausend|eintausend|mille|hiljadu|tisucu",
}  # fmt: skip
_COUNTED = (
    r"(?:employees?|people|persons?|staff|workers?|person|mitarbeiter\w*|beschaftigte\w*|leute|personen|salarie\w*|"
    r"employe\w*|personnes?|collaborateurs?|zaposlen\w*|radnik\w*|ljudi|years?|jahren?|ans|annees|godin\w*)"
)
_VALUES = {number: re.compile(names) for number, names in _TENS.items()}
_SINGLE = [name for names in _TENS.values() for name in re.split(r"\|(?![^(]*\))", names)]
_NAMES = "|".join(sorted(_SINGLE, key=len, reverse=True))  # `two hundred fifty` before `two hundred`
_TO = r" (?:to|or|bis|oder|a|ou|do|ili) "
_MORE = r"(?:or more |und mehr |et plus |i vise )?"
_SPELLED = re.compile(rf"\b(?:{_NAMES})\b(?=(?:{_TO}(?:{_NAMES}|\d+))?[ -]{_MORE}{_COUNTED}\b)")
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}
_CHINESE = re.compile(
    "[一二两三四五六七八九十百千万]{1,7}(?=(?:多|余)?(?:人|名|位|个(?:员工|人)|年(?:代|以上|以内|内)))"
    "|(?<=近)[一二两三四五六七八九十]{1,3}(?=年)"
)


def in_digits(text: str) -> str:
    """Return `text` with such numbers in digits."""
    for match in reversed(list(_SPELLED.finditer(_folded(text)))):
        text = f"{text[: match.start()]}{_value(match.group())}{text[match.end() :]}"
    return _CHINESE.sub(lambda match: str(_chinese(match.group())), text)


def _folded(text: str) -> str:
    """Return `text` in small letters without accents, each letter at its old place."""
    if text.isascii():
        return text.lower()
    return "".join(unicodedata.normalize("NFKD", letter)[0].lower()[:1] for letter in text).replace("ß", "s")


def _value(name: str) -> int:
    return next(number for number, names in _VALUES.items() if names.fullmatch(name))


def _chinese(numeral: str) -> int:
    total, digit = 0, 0
    for sign in numeral:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign == "万":
            total, digit = (total + digit or 1) * 10_000, 0
        else:
            total, digit = total + (digit or 1) * _UNITS[sign], 0
    return total + digit
