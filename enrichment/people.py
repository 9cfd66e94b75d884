"""People with titles, as team pages and imprints name them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from enrichment.lines import lines_with
from integrations.lexicon.text import normalise

# Words that make a line a title, in en, de, fr, es, it, zh, sr.
_TITLE = re.compile(
    r"\b(?:C[ETFOIMPR]O|CSO|CHRO|CISO|VP|SVP|EVP|vice[- ]president|president|chair(?:man|woman|person)?"
    r"|(?:co-?)?founder|owner|partner|principal"
    r"|(?:managing|executive|sales|marketing|technical|commercial|finance|financial|operations|purchasing"
    r"|procurement|creative|medical|regional|plant|research|engineering|export|business|managing|hr|it|product"
    r"|account|general|country|project|quality|supply\s+chain|logistics|production|service"
    r"|customer)\s+(?:[\w&-]+\s+){0,3}(?:director|manager|officer|head|lead(?:er)?)"
    r"|director|manager|head\s+of|lead\s+\w+|engineer|buyer|secretary|treasurer|chief\s+[\w &]{2,40}officer"
    r"|team\s+lead(?:er)?|supervisor|coordinator|consultant|specialist|representative|assistant|scientist|architect"
    r"|developer|designer|controller|accountant|buyer|planner|technician"
    r"|gesch(?:ä|ae)ftsf(?:ü|ue)hr(?:er|erin|ung|ender?)|inhaber(?:in)?|vorst(?:and|ändin)\w*|vorsitzende\w*"
    r"|prokurist(?:in)?|gr(?:ü|ue)nder(?:in)?|gesellschafter(?:in)?"
    r"|(?:vertriebs|verkaufs|einkaufs|betriebs|werks|produktions|technische[rn]?\s|marketing|personal|entwicklungs"
    r"|export|qualit(?:ä|ae)ts|kaufm(?:ä|ae)nnische[rn]?\s|abteilungs|projekt|team|bereichs"
    r"|niederlassungs)leit(?:er|erin|ung)|leit(?:er|erin|ung)\s+(?:\w+\s?){1,4}|(?:key[- ]account"
    r"|vertriebs)[- ]?\w*|ansprechpartner(?:in)?|eink(?:ä|ae)ufer(?:in)?|assistenz\w*|meister(?:in)?|ingenieur(?:in)?"
    r"|pr(?:é|e)sidente?|directeur|directrice|g(?:é|e)rante?|fondat(?:eur|rice)|responsable|chef(?:fe)?\s+d\w+|pdg"
    r"|dirigeante?|acheteur|acheteuse|associée?"
    r"|director(?:a)?|gerente|jef[ea]\s+de|fundador(?:a)?|propietari[oa]|amministrator[ei]|direttor[ei]|direttrice"
    r"|titolare|fondat(?:ore|rice)|responsabile"
    r"|direktor(?:ka)?|generalni\s+\w+|osniva(?:č|c)(?:ica)?|vlasni(?:k|ca)|(?:šef|sef|rukovodilac|menadžer"
    r"|menadzer|upravnik)(?:ka)?\s?\w*|zamenik\s+\w+|predsednik|predsednica"
    r"|директор(?:ка)?|оснивач|власник|руководилац|менаџер|председник)\b"
    r"|总经理|董事长|首席|创始人|创办人|总监|经理|主管|总裁|负责人|部长|主任|工程师|董事|采购|厂长|法人",
    re.I,
)
# A department is a title only where it stands alone beside a name.
_DEPARTMENT = re.compile(
    r"sales|purchasing|procurement|marketing|engineering|finance|accounting|logistics|quality|production|research"
    r"|r&d|hr|support|service"
    r"|verkauf|vertrieb|einkauf|produktion|fertigung|technik|buchhaltung|logistik|qualit(?:ä|ae)tswesen"
    r"|konstruktion|versand|achats|ventes|compras"
    r"|ventas|acquisti|vendite|prodaja|nabavka|proizvodnja|продаја|набавка|производња|销售|采购部?|技术|生产|市场|外贸|财务",
    re.I,
)
# The first letters of every word that a title or department can begin with: looking a word up costs a hundredth of
# trying all of the above at every place of a page.
_BEGINNINGS = frozenset(
    """
    ceo cto cfo coo cio cmo cpo cro cso chro ciso vp svp evp pdg hr r key sef šef vice pres chai foun owne part prin
    dire mana offi head lead engi buye secr trea chie team supe coor cons spec repr assi scie arch deve desi cont
    acco plan tech gesc inha vors prok grün grue gese vert verk eink betr werk prod mark pers entw expo qual kauf
    abte proj bere nied leit ansp meis inge prés géra gera fond resp chef diri ache asso gere jefe jefa fund prop
    ammi tito gene osni vlas ruko mena upra zame pred дире осни влас руко мена пред sale purc proc fina logi rese
    supp serv fert buch kons vers acha vent comp acqu vend naba proi прод наба прои exec comm oper crea medi regi
    rest busi cust export general sefi šefi menadž direkt fondat
    """.split()  # noqa: SIM905
)
_LETTERS_OF_TITLES = re.compile(r"[^\W\d_]+|[一-鿿]")
_HONORIFIC = re.compile(
    r"^(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Herr|Frau|M|Mme|Mlle|Sr|Sra|Dipl|Ing|Mag|Univ)\b\.?[\s-]*(?:h\.?\s?c\.?\s+"
    r"|Ing\.?\s+|Kfm\.?\s+|Kffr\.?\s+)?)+",
    re.I,
)
_AFTER = re.compile(
    r",?\s+(?:Ph\.?D\.?|MBA|M\.?Sc\.?|B\.?Sc\.?|M\.?A\.?|LL\.?M\.?|CPA|P\.?E\.?|Jr\.?|Sr\.?|I{2,3}|MD|M\.D\."
    r"|Dipl\.-Ing\.?|FRICS)\.?$"
)
_WORD = r"[A-ZÀ-ÖØ-ÞŠĐČĆŽА-ЯЂЈЉЊЋЏ][\w'’\u00b4-]{0,24}"
_NAME = re.compile(
    rf"^{_WORD}\.?(?:\s(?:(?:van|von|de|del|della|di|da|der|den|du|la|le|zu|zur|ter|ten|bin|al|el|y"
    rf"|e)\s){{0,3}}{_WORD}\.?){{1,3}}$"
)
_NAMELIKE = re.compile(r"[A-ZÀ-ÖØ-ÞŠĐČĆŽА-ЯЂЈЉЊЋЏ][^\s]* (?:[a-z]{1,5} ){0,3}[A-ZÀ-ÖØ-ÞŠĐČĆŽА-ЯЂЈЉЊЋЏ]|[\u4e00-\u9fff]")
_HAN_NAME = re.compile(r"^[\u4e00-\u9fff]{2,4}(?:先生|女士|博士)?$")
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文欧阳"
)
# Capitalised words that headings are made of and people are not called.
_NOT_NAMES = re.compile(
    r"\b(?:our|the|your|us|we|team|about|contact|home|news|company|management|services?|products?|solutions?|group"
    r"|inc|llc|ltd|gmbh|ag|kg|co|corp|sarl|sas|spa|srl|doo|"
    r"phone|fax|tel|e-?mail|street|road|avenue|suite|box|hours|monday|tuesday|wednesday|thursday|friday|saturday"
    r"|sunday|january|february|march|april|june|july|august|september|october|november|december"
    r"|privacy|policy|terms|cookies?|read|more|learn|view|click|here|download|quality|customer|support|sales"
    r"|department|office|headquarters|germany|france|china|serbia|states|kingdom|university|institute"
    r"|unser|unsere|wir|kontakt|impressum|datenschutz|unternehmen|produkte|leistungen|anfahrt|straße|strasse"
    r"|telefon|mehr|erfahren|notre|nos|équipe|societe|société|adresse|nuestro|equipo|nostro|naš|nas|tim|o|na|za"
    r"|board|directors?|managers?|officers?|president|founders?|head|vice|chief|executive|general|new|united|north"
    r"|south|east|west|international|systems?|technolog(?:y|ies)|industries|engineering|careers?|blog|menu|site|map"
    r"|registergericht|amtsgericht|handelsregister|ust|vat|and|und|et|for|für|with|of)\b",
    re.I,
)
_PAIR = re.compile(r"^(?P<left>[^,|–—:()\t]{2,60}?)\s*(?:,|\||–|—|:|\s-\s|\()\s*(?P<right>[^|]{2,90}?)\)?$")
_LIST = re.compile(r"\s*(?:,|;|&|\bund\b|\band\b|\bet\b|\by\b|、|，|\bi\b)\s*")
_CELLS = re.compile(r"\s[|·•]\s")
_MAX_TITLE = 80
_MAX_CELL = 160

_Found = tuple[str, str, int, int]  # name, title, first and last line


@dataclass(frozen=True, slots=True)
class Person:
    """A name and a title, where they stand in the page's lines. `line` is the index of the first."""

    name: str
    title: str
    quote: str
    line: int
    email: str = ""
    phone: str = ""
    linkedin_url: str = ""


@dataclass(frozen=True, slots=True)
class _Cell:
    """A piece of a line between separators."""

    text: str
    line: int


def found_in(lines: Sequence[str]) -> list[Person]:
    """Return people whose title stands beside, above or below their name."""
    cells = _cells_near_titles(lines)
    found: dict[str, Person] = {}
    for place, cell in enumerate(cells):
        if len(cell.text) > _MAX_CELL or not _may_hold_title(cell.text):
            continue
        if not any(_may_hold_name(near.text) for near in cells[max(0, place - 1) : place + 2]):
            continue
        if not (_TITLE.search(cell.text) or _DEPARTMENT.search(cell.text)):
            continue
        for name, title, first, last in _on_line(cell) or _across(cells, place):
            quote = "\n".join(line[:300] for line in lines[first : last + 1])
            found.setdefault(name.casefold(), Person(name, title, quote, first))
    return list(found.values())


def _cells_near_titles(lines: Sequence[str]) -> list[_Cell]:
    """Return the cells of the lines that may hold a title beside a name, and of those before and after them."""
    beside = _with_neighbours({index for index, _ in lines_with(_NAMELIKE, "\n".join(lines))}, len(lines))
    titles = {index for index in beside if _may_hold_title(lines[index])}
    near = sorted(_with_neighbours(titles, len(lines)))
    return [_Cell(cell.strip(), index) for index in near for cell in _CELLS.split(lines[index]) if cell.strip()]


def _with_neighbours(indexes: set[int], until: int) -> set[int]:
    return {near for index in indexes for near in (index - 1, index, index + 1) if 0 <= near < until}


@lru_cache(maxsize=4_096)  # menus and footers come again on every page of a site
def _may_hold_title(text: str) -> bool:
    if len(text) > _MAX_CELL and not _CELLS.search(text):
        return False
    words = _LETTERS_OF_TITLES.findall(text.lower())
    return any(word[:4] in _BEGINNINGS or word >= "一" for word in words)


@lru_cache(maxsize=4_096)
def _may_hold_name(text: str) -> bool:
    """A name is two words or more that begin with a capital, one behind the other, or Chinese."""
    return len(text) <= _MAX_CELL and bool(_NAMELIKE.search(text))


def _on_line(cell: _Cell) -> list[_Found]:
    """Read "Anna Schmidt, Head of Sales", "CEO: John Doe" and "Geschäftsführer: A. Weber, B. Kurz"."""
    pair = _PAIR.match(cell.text)
    if pair is None:
        return _unseparated(cell)
    left, right = pair["left"].strip(), pair["right"].strip()
    if name := name_of(left):
        return [(name, right, cell.line, cell.line)] if is_title(right) else []
    if is_title(left):
        names = [name for part in _LIST.split(right) if (name := name_of(part))]
        return [(name, left, cell.line, cell.line) for name in names[:6]]
    return []


def _unseparated(cell: _Cell) -> list[_Found]:
    """Read "Geschäftsführer Anna Schmidt" and "王芳 总经理"."""
    title = _TITLE.search(cell.text)
    if title is None:
        return []
    before, after = cell.text[: title.start()].strip(" -–"), cell.text[title.end() :].strip(" -–")
    if not before and (name := name_of(after)):
        return [(name, title[0].strip(), cell.line, cell.line)]
    if _HAN_NAME.match(before) and (name := name_of(before)):
        return [(name, cell.text[len(before) :].strip(" -–"), cell.line, cell.line)]
    return []


def _across(cells: Sequence[_Cell], place: int) -> list[_Found]:
    """Read a title with the name in the cell or line before it, or else behind it."""
    title = cells[place].text.strip(" ,;:–-")
    if not is_title(title):
        return []
    for near in (place - 1, place + 1):
        if 0 <= near < len(cells) and (name := name_of(cells[near].text)):
            first, last = sorted((cells[near].line, cells[place].line))
            return [(name, title, first, last)]
    return []


def is_title(words: str) -> bool:
    """Return whether `words` read as somebody's position and as nothing more."""
    if _DEPARTMENT.fullmatch(words):
        return True
    if not 1 < len(words) <= _MAX_TITLE or words.count(" ") > 9 or words.endswith((".", "?", "!")):
        return False
    return bool(_TITLE.search(words))


def name_of(words: str) -> str:
    """Return `words` as a person's name without honorifics and degrees, or '' where they are not one."""
    bare = _AFTER.sub("", _HONORIFIC.sub("", words.strip(" ,;:*•·-–|"))).strip()
    if len(bare) > 60:
        return ""
    if _HAN_NAME.match(bare):
        return re.sub(r"(?:先生|女士|博士)$", "", bare) if bare[0] in _SURNAMES and not _TITLE.search(bare) else ""
    if bare.isupper():
        bare = bare.title()
    return bare if _NAME.match(bare) and not _NOT_NAMES.search(bare) and not is_title(bare) else ""


def in_json_ld(objects: Sequence[Mapping[str, Any]]) -> Iterator[Person]:
    """Yield the people of a page's structured data."""
    for item in objects:
        for data in (item, *_nested(item)):
            if data.get("@type") == "Person" and (name := name_of(_text(data.get("name")))):
                yield Person(
                    name=name,
                    title=_text(data.get("jobTitle"))[:_MAX_TITLE],
                    quote="",
                    line=-1,
                    email=_text(data.get("email")).removeprefix("mailto:"),
                    phone=_text(data.get("telephone")),
                    linkedin_url=next((url for url in _texts(data.get("sameAs")) if "linkedin.com/in/" in url), ""),
                )


def _nested(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in ("founder", "founders", "employee", "employees", "member", "members", "contactPoint"):
        value = item.get(key)
        yield from (entry for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, dict))


def _text(value: object) -> str:
    return normalise(value)[:200] if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [text for entry in (value if isinstance(value, list) else [value]) if (text := _text(entry))]
