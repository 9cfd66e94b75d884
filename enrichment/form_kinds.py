"""What a form is for, by what it asks and how its author names it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from enrichment.form_words import folded, words_pattern
from integrations.capabilities import FieldKind, FormField, FormKind

_NOT_FILLED: frozenset[FieldKind] = frozenset(["hidden", "honeypot", "captcha", "submit"])
_PERSON: frozenset[FieldKind] = frozenset(["name", "first_name", "last_name", "email", "phone", "company"])
_BASKET = words_pattern(
    r"add~to~(?:\w+~)?(?:cart|basket|bag)|add~?to~?cart|\bcart\b|checkout|warenkorb|in~den~korb|panier|carrito|cesta"
    r"|carrello|koszyk|carrinho|winkelwagen|winkelmand|корзин|купить|购物车|加入|korp[au]|корп|\bbuy~?now|jetzt~kaufen|\border"
    r"|bestell|commander|comprar|acquista|zamow|bestel|заказ|basket|place~order|purchase"
)
_QUANTITY = re.compile(
    r"\b(?:qty|quantity|quantite|menge|anzahl|cantidad|quantita|ilosc|quantidade|aantal)\b|\bcard number\b"
)
_LETTER = words_pattern(
    r"newsletter|news~letter|subscri|abonn|mailing~?list|suscri|iscri|inscri|biuletyn|boletin|boletim|nieuwsbrief|рассыл|подпис"
    r"|订阅|訂閱|prijavi|bilten|билтен|mailchimp|list~?manage|\bmc4wp|\bmailer|mail~list|join~(?:our|the|my)|stay~(?:informed|up)"
    r"|email~updates|\bupdates\b|feedburner|aweber|notify|\bnews\b|zapisz"
)
_CONTACT = words_pattern(
    r"conta[ck]t|contat|kontak|enquir|inquir|feedback|anfrage|comment|kommentar|messag|nachricht|guest~?book|gastebuch|wpcf7"
    r"|support|ticket|\bquote|callback|call~back|ruckruf|\bask\b|question|write~(?:to~)?us|связ|обратн|вопрос|联系|聯絡"
    r"|留言|poruk|порук|review|reply|recommend|tell~a~friend|send~to~(?:a~)?friend|email~(?:a~|this~)|weiterempf|devis"
    r"|presupuesto|preventivo|wiadomosc|wyslij|mensaje|mensagem|messaggio|bericht|сообщ|коммент|отзыв|отправить|erreichen"
    r"|(?:send|enviar|envoyer|senden|inviare|invia|verzenden|wyslij|posalji|отправить)~(?:an?~|un~)?e?~?mail|get~in~touch|reach~us|talk~to~us|anregung|mailto|formmail|form~mail|sendmail|send~mail|request"
)
_DESK = words_pattern(r"conta[ck]t|contat|kontak|enquir|inquir|anfrage|wpcf7|support|联系|связ|обратн")
_COMMENT = words_pattern(
    r"comment(?!s~or)|kommentar|coment|koment|коммент|reply|respond|antwort|review|rezension|bewertung|\bavis\b|opinion|отзыв"
    r"|guest~?book|gastebuch|(?:new|add|create)~?post|post~(?:a~|your~)?(?:comment|message|reply)|thread|forum|topic|discuss|评论|rating"
)
_REGISTER = words_pattern(
    r"regist|sign~?up|create~(?:an~|my~|your~)?account|new~(?:user|member|account|customer)|enrol|anmeld|inscription|s~inscrire"
    r"|crear~cuenta|registr|iscrizione|iscriviti|zarejestruj|rejestr|cadastr|aanmeld|регистр|注册|註冊|registruj|join|apply"
    r"|application|become~a"
)
_RECOVER = words_pattern(
    r"forgot|recover|reset|lost~?pass|passwor[dt]|passe~oubli|contrasena|\bsenha|\bhaslo|пароль|vergessen|lozink|wachtwoord|忘记|remind"
)
_SEARCH = words_pattern(
    r"search|\bsuch|recherch|\bbusca|\bcerca|ricerca|szuk|pesquis|zoek|поиск|искать|найти|搜索|搜尋|pretra|претра|\bhled|\bfinder?\b"
)


def speaks_of_contact(words: str) -> bool:
    """Return whether the folded `words` of a title or an address are those of a page to write to somebody."""
    return bool(_CONTACT.search(words))


@dataclass(frozen=True, slots=True)
class Clues:
    """What a form says of itself beside its fields: `words` of its own attributes and address, folded."""

    words: str
    method: str = "get"


def kind_of_form(clues: Clues, fields: Sequence[FormField]) -> tuple[FormKind, float]:
    """Return what the form is for, and how sure that is (0-1).

    A form under something published (a comment, a review, an answer in a forum) is one by which its owner
    can be written to, thus a contact form; its confidence is at most 0.6.
    """
    filled = [one for one in fields if one.kind not in _NOT_FILLED]
    kinds = Counter(one.kind for one in filled)
    words = " ".join([clues.words, *(folded(one.label) for one in fields if one.kind == "submit")])
    names = " ".join(folded(one.name) for one in filled)
    if kinds["password"]:
        return _of_account(kinds, len(filled), words)
    if _takes_message(kinds, filled):
        return _of_message(kinds, len(filled), words)
    if _QUANTITY.search(names) or (not kinds["email"] and _BASKET.search(words) and not kinds["query"]):
        return "order", 0.8
    if _is_search(kinds, filled, words):
        return "search", 0.9 if kinds["query"] else 0.7
    return _of_address(kinds, filled, f"{words} {names}")


def _takes_message(kinds: Counter[FieldKind], filled: Sequence[FormField]) -> bool:
    if any(one.kind == "message" and one.type == "textarea" for one in filled):
        return True
    # A line for "your question" alone is more often a search.
    return bool(kinds["message"]) and kinds["email"] + kinds["phone"] >= 1 and not kinds["query"] and len(filled) >= 3


def _of_account(kinds: Counter[FieldKind], size: int, words: str) -> tuple[FormKind, float]:
    if kinds["password"] >= 2 or size >= 5 or (_REGISTER.search(words) and kinds["email"] and size >= 3):
        if kinds["password"] >= 2 and size == kinds["password"]:
            return "other", 0.6  # a change of the password
        return "registration", 0.9
    return "login", 0.95 if size <= 3 else 0.7


def _of_message(kinds: Counter[FieldKind], size: int, words: str) -> tuple[FormKind, float]:
    is_contact, is_comment = bool(_CONTACT.search(words)), bool(_COMMENT.search(words))
    if not (is_contact or is_comment) and size >= 5 and _REGISTER.search(words):
        return "registration", 0.6
    if is_comment and not _DESK.search(words):
        return "contact", 0.6
    if not any(kinds[kind] for kind in _PERSON):
        # Whoever cannot say who they are is not answered: a question to all, a tool that works on a text.
        return ("contact", 0.5) if _DESK.search(words) or kinds["subject"] else ("other", 0.5)
    return "contact", 0.97 if is_contact or kinds["subject"] or kinds["phone"] else 0.9


def _is_search(kinds: Counter[FieldKind], filled: Sequence[FormField], words: str) -> bool:
    if kinds["email"] or kinds["phone"] or not filled:
        return False
    return bool(kinds["query"]) or bool(_SEARCH.search(words))


def _of_address(kinds: Counter[FieldKind], filled: Sequence[FormField], words: str) -> tuple[FormKind, float]:
    """Tell apart the forms that ask for an address but neither for a message nor for a password."""
    people = sum(kinds[kind] for kind in _PERSON)
    names = kinds["name"] + kinds["first_name"] + kinds["last_name"]
    is_short = len(filled) - kinds["newsletter"] - kinds["consent"] <= 4
    if is_short and (kinds["email"] or kinds["newsletter"]) and (kinds["newsletter"] or _LETTER.search(words)):
        return "newsletter", 0.9
    if is_short and _RECOVER.search(words) and people <= 1:
        return "other", 0.7
    if names and people >= 2 and _CONTACT.search(words) and not _REGISTER.search(words):
        return "contact", 0.7
    if people and kinds["subject"] + kinds["topic"]:
        return "contact", 0.6
    if names and people >= 2 and len(filled) >= 4:
        return "registration", 0.6
    if kinds["email"] and is_short:
        return "newsletter", 0.7
    return "other", 0.5


def fields_in(kind: FormKind, fields: Sequence[FormField]) -> list[FormField]:
    """Return `fields` with what is known only once the form's kind is: a lone text in a search is the query."""
    if kind == "search" and not any(one.kind == "query" for one in fields):
        first = next((one for one in fields if one.type == "text" and one.kind in ("other", "name", "subject")), None)
        return [replace(one, kind="query") if one is first else one for one in fields]
    kinds = {one.kind for one in fields}
    rest: FieldKind | None = None
    if "name" in kinds and len(kinds & {"first_name", "last_name"}) == 1:
        rest = "first_name" if "last_name" in kinds else "last_name"
    return [replace(one, kind=rest) if rest and one.kind == "name" else one for one in fields]
