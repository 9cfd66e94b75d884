"""Parts of postal addresses: what reads like a street with its number, a part of a building, or neither."""

import re

_MAX_STREET = 90  # characters
_DIGITS = frozenset("0123456789")


def _any(words: str) -> str:
    """Return a pattern for any of `words`, the longer first; in them a space stands for itself or nothing."""
    alternatives = (re.escape(word.strip()).replace(r"\ ", " ?") for word in words.split("|"))
    return "(?:" + "|".join(sorted(alternatives, key=len, reverse=True)) + ")"


_PARTED = re.compile(r" ?[|•·♦●▪■;,，、\\]+ ?| [-–—]+ |(?<!\b[Nn][or]): | [-–—]+$|^[-–—]+ ")
_LEGAL = re.compile(
    r"\b"
    + _any(
        "GmbH|AG|KG|OHG|KGaA|UG|mbH|e. K.|e. V.|SE|SAS|SASU|SARL|SA|S.A.|S.A.S.|S.A.U.|SL|S.L.|S.L.U.|S.r.l.|Srl|"
        "S.p.A.|SpA|B.V.|BV|N.V.|NV|Ltd|Limited|LLC|LLP|PLC|plc|Inc|Incorporated|Corp|Corporation|Company|Co|Pty|Pvt|"
        "s. r. o.|a. s.|Sp. z o. o.|sp. z o. o.|d. o. o.|d. d.|A/S|ApS|AB|AS|ASA|Oy|Oyj|Kft|Zrt"
    )
    + r"(?!\w)\.?,? ?(?:& Co\.? ?(?:KG(?:aA)?)?)?"
)
# What stands on other lines than those of an address.
_CONTACT = re.compile(
    r"[@©?!=<>*%$€£]|https?:|www\.|\d[:.]\d\d ?(?:am|pm|h\b)|\d ?(?:am|pm)\b|\d[\d ()./-]{9,}\d|\d{8}|\d/\d\d?/\d|\b"
    + _any(
        "tel|telephone|telefon|phone|fax|telefax|mobil|mobile|email|e-mail|copyright|hours|opening hours|monday|"
        "tuesday|wednesday|thursday|friday|saturday|sunday|montag|freitag|lundi|vendredi|uhr|vat|ust|siret|siren|rcs|hrb|hra|"
        "iban|bic|nif|cif|p. iva|krs|regon|nip|pib|mb|ico|dic|isbn|since|seit|price|license|lic|review|reviews"
    )
    + r"\b",
    re.I,
)
_PARTS_OF_BUILDINGS = _any(
    "suite|ste|unit|floor|fl|level|lvl|building|bldg|block|room|rm|apt|apartment|office|shop|mail code|tower|etg|etage|"
    "og|stock|stiege|top|haus|gebäude|halle|bâtiment|bât|bat|escalier|planta|piso|puerta|local|oficina|scala|piano|interno|"
    "int|lokal|stan|kat|sprat"
)
_UNIT = re.compile(
    rf"(?:(?:{_PARTS_OF_BUILDINGS}|\d+(?:st|nd|rd|th))\b\.?[ #]{{0,2}}[\w#/-]{{0,12}}"
    r"(?: (?:north|south|east|west|floor|[nsew]))?"
    r"|#? ?\d{1,5}(?:[-/]\d{1,5})?[a-z]?|\d{1,4} ?(?:bis|ter|quater)"
    r"|\d{1,3}\.? ?(?:og|eg|ug|stock|etage|sal|tv|th|mf|[ºª°].{0,6}))\.?",
    re.I,
)
_BLOCK = re.compile(
    r"\b(?:suite|unit|level|lvl ?\d|floor \d|ground floor|room|shop|building|plot|flat|block|no\.? ?\d|\d{1,4}/F"
    r"|\d{1,2}(?:st|nd|rd|th) (?:fl|floor)\b)[\w .#&/-]{0,80}",
    re.I,
)
_BOX = re.compile(
    r"\b"
    + _any(
        "p. o. box|po box|post box|postal box|gpo box|postfach|postbus|boîte postale|b. p.|bp|cs|tsa|apartado|apdo.|"
        "apartado de correos|casella postale|c. p.|skr. poczt.|postboks|boks|postbox|box|pl|pošt. fah|p. p.|locked bag|"
        "private bag"
    )
    + r" ?(?:n[r°º]?\.? ?)?[0-9][0-9 ]{0,8}\b",
    re.I,
)
# A street's name begins with one of these words; nothing before it but its number is a part of it.
_FIRST_WORDS = _any(
    "rue|avenue|av.|ave.|boulevard|bd|bd.|chemin|allée|allee|impasse|route|rte|quai|cours|passage|ruelle|voie|z. i.|"
    "z. a.|zone|zac|calle|c/|avenida|avda|avda.|plaza|pza.|pl.|paseo|pº|carretera|ctra.|camino|ronda|rambla|travesía|"
    "polígono|poligono|pol. ind.|via|viale|v.le|piazza|p.zza|piazzale|corso|c.so|strada|vicolo|località|loc.|largo|"
    "contrada|ul.|al.|aleja|aleje|os.|osiedle|bul.|ул.|бул.|rua|praça|travessa|șoseaua|calea"
)
# In some countries these stand first, in others last, before the number.
_EITHER_END = _any("ulica|ulice|plac|trg|bulevar|nám.|náměstí|námestie|třída|tř.|улица|булевар|трг")
_NAMED_FIRST = re.compile(
    r"(?:\b\d{1,4}(?: ?[-/] ?\d{1,4})?(?: ?(?:bis|ter|quater|[A-Z]))?,? )?"
    rf"(?<![^\s,(./])(?:{_FIRST_WORDS}(?= |(?<=[./])\S)|{_EITHER_END}(?= [^\d])).+",
    re.I,
)
_LETTER = r" ?(?:[a-zA-Z](?![a-zA-Z]))?"
_NUMBER_LAST = re.compile(
    r"(?P<name>\D{3,70}?)[ ,]+(?:nr?[.:]? ?|no[.:]* ?|č\. ?|br\. ?|бр\. ?|n[º°]\.? ?)?"
    rf"(?P<number>\d{{1,4}}{_LETTER}(?: ?[-–/+&] ?\d{{1,4}}{_LETTER})?)(?P<rest>\b.*)",
    re.I,
)
_NUMBER_FIRST = re.compile(
    r"(?<![\w.,/#-])(?:[NSEW]\d{1,4} )?[A-Z]?\d{1,6}[A-Za-z]?(?:[-–/&] ?\d{1,5}[A-Za-z]?(?:[-–/]\d{1,5})?)?(?:,| -)? "
    r"(?:\d{1,3}(?:st|nd|rd|th) )?[^\W\d_].*"
    r"|(?<![\w.,/])\d{1,3}(?:st|nd|rd|th) (?:Street|St|Avenue|Ave|Road|Floor)\b.*"
)
_STREET_WORD = re.compile(
    r"\b"
    + _any(
        "street|st|road|rd|avenue|ave|boulevard|blvd|drive|dr|lane|ln|way|court|ct|place|pl|square|sq|parkway|pkwy|pky|"
        "highway|hwy|circle|cir|terrace|ter|close|crescent|cres|quay|row|mews|walk|hill|park|house|plaza|broadway|"
        "turnpike|tpke|pike|trail|trl|loop|alley|wharf|gardens|grove|rise|centre|center|estate|yard|marg|nagar|chowk|"
        "sector|phase|midc|route|rt|zone|cad|caddesi|sok|sokak|mah|mahallesi|bulvarı|bulvari|bölgesi|prospekt|prospect|"
        "ulitsa|shosse"
    )
    + r"\b|"
    + _any(
        "straße|strasse|str.|straat|gasse|platz|allee|weg|laan|plein|gracht|gatan|vägen|gata|vej|gade|veien|gate|vei|katu|"
        "tie|kuja|ring|damm|ufer|markt|hof|kade|singel|dreef"
    )
    + r"(?![a-zß])|utca|\bút\b|\btér\b|körút",
    re.I,
)
_LITTLE_WORDS = (
    "am an der den dem des die das de du la le les del della van von vom zum zur zu im auf unter i u na pod nad of the "
    "et y e st. dr."
)
_PARTICLES = frozenset(_LITTLE_WORDS.split())


def pieces_of(text: str) -> list[str]:
    """Return the parts of a line that commas, bars, dots and dashes hold apart."""
    pieces = (part.strip(" .") if len(part) < 4 else part.strip() for part in _PARTED.split(text))
    return [piece for piece in pieces if piece]


def is_contact(piece: str) -> bool:
    """Say whether `piece` tells a phone number, an e-mail address, hours, a price or the like."""
    return _CONTACT.search(piece) is not None


def is_unit(piece: str) -> bool:
    """Say whether `piece` is a part of a building or a bare number, which belongs to a street beside it."""
    return len(piece) <= 40 and _UNIT.fullmatch(piece) is not None


def is_block(piece: str) -> bool:
    """Say whether `piece` begins with a floor, a suite or a building."""
    return _BLOCK.match(piece) is not None or is_unit(piece)


def is_box(piece: str) -> bool:
    """Say whether `piece` begins with a post-office box."""
    return _BOX.match(piece) is not None


def has_digit(piece: str) -> bool:
    """Say whether an ASCII digit stands in `piece`."""
    return not _DIGITS.isdisjoint(piece)


def has_street_word(piece: str) -> bool:
    """Say whether a word for a street, a square or the like stands in `piece`."""
    return _STREET_WORD.search(piece) is not None or _NAMED_FIRST.search(piece) is not None


def street_in(piece: str, *, number_first: bool) -> str:
    """Return the end of `piece` that reads like a street with its number or a post-office box, '' where nothing does.

    `number_first` says that a bare number stands before the street's name (12 High Street), not behind it.
    """
    piece = _without_company(piece)[-_MAX_STREET:]
    if box := _BOX.search(piece):
        return piece[box.start() :]
    return _number_first(piece) if number_first else _name_first(piece)


def _without_company(piece: str) -> str:
    """Return what stands behind a company's name, where that has a digit: Acme GmbH Musterstraße 12."""
    for legal in _LEGAL.finditer(piece):
        rest = piece[legal.end() :].lstrip(" ,")
        if has_digit(rest):
            return rest
    return piece


def _number_first(piece: str) -> str:
    found = [one.start() for one in (_NUMBER_FIRST.search(piece), _BLOCK.search(piece)) if one]
    return piece[min(found) :] if found else ""


def _name_first(piece: str) -> str:
    named = _NAMED_FIRST.search(piece)
    if named and (has_digit(named[0]) or len(named[0]) < 50):
        return named[0]
    numbered = _NUMBER_LAST.search(piece)
    if numbered and len(numbered["rest"]) <= 30:
        name = _name_at_end(numbered["name"].strip())
        return f"{name} {piece[numbered.start('number') :]}" if name else ""
    first = _NUMBER_FIRST.search(piece)
    return piece[first.start() :] if first and has_street_word(first[0]) else ""


def _name_at_end(words: str) -> str:
    """Return the words at the end that are a name: in capitals or a particle each, the first in capitals."""
    tokens = words.split(" ")
    start = len(tokens)
    if start > 1 and tokens[-1].islower() and len(tokens[-1]) > 2 and tokens[-2][:1].isupper():
        start -= 1  # Slovenska cesta, Karl Johans gate
    while start and (tokens[start - 1][:1].isupper() or tokens[start - 1].lower() in _PARTICLES):
        start -= 1
    while start < len(tokens) and not tokens[start][:1].isupper():
        start += 1
    return " ".join(tokens[start:][-5:])
