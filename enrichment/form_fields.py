"""What a field of a form asks for, and the traps and CAPTCHAs among the fields."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from enrichment.form_words import (
    ARITHMETIC,
    CAPTCHA,
    CONSENT,
    COUNTRIES,
    EMAIL,
    KINDS,
    NEWSLETTER,
    NO_PERSON,
    TRAP_NAMES,
    TRAP_WORDS,
    folded,
)
from integrations.capabilities import FieldKind

# A hint longer than this is a sentence and speaks of more than its own field.
_MAX_WORDS = 80

# https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#autofill
_AUTOCOMPLETE: Mapping[str, FieldKind] = {
    "name": "name",
    "given-name": "first_name",
    "family-name": "last_name",
    "email": "email",
    "tel": "phone",
    "tel-national": "phone",
    "organization": "company",
    "organization-title": "job_title",
    "url": "website",
    "street-address": "address",
    "address-line1": "address",
    "address-line2": "address",
    "address-level2": "city",
    "postal-code": "postcode",
    "country": "country",
    "country-name": "country",
    "current-password": "password",
    "new-password": "password",
    "username": "other",
    "one-time-code": "captcha",
}
_BY_TYPE: Mapping[str, FieldKind] = {
    "hidden": "hidden",
    "submit": "submit",
    "image": "submit",
    "button": "submit",
    "file": "file",
    "password": "password",
    "search": "query",
    "email": "email",
    "tel": "phone",
    "url": "website",
}
# What a choice among options may be; one that reads like a text is a choice of what the message is about.
_CHOSEN: Mapping[FieldKind, FieldKind] = {
    "subject": "topic",
    "message": "topic",
    "topic": "topic",
    "country": "country",
    "city": "city",
    "budget": "budget",
    "job_title": "job_title",
    "company": "company",
    "captcha": "captcha",
    "consent": "consent",
}


_WIDGET_FIELD = re.compile(
    r"recaptcha|hcaptcha|h-captcha|cf-turnstile|frc-captcha|captcha-(?:response|token|solution)|captcha_(?:sid|token)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Control:
    """A control of a form as it stands in the HTML. `type` is that of an input, otherwise the tag's name.

    `label` is what a visitor reads beside it, `guess` what merely stands before it. `is_concealed` says that a
    visitor does not see it, `is_out_of_reach` that neither the keyboard nor a screen reader comes to it.
    """

    name: str
    type: str
    label: str = ""
    guess: str = ""
    placeholder: str = ""
    id: str = ""
    classes: str = ""
    autocomplete: str = ""
    is_required: bool = False
    is_concealed: bool = False
    is_out_of_reach: bool = False
    is_fixed: bool = False  # to be read, not written in
    options: tuple[str, ...] = ()


def kind_of(control: Control) -> FieldKind:
    """Return what `control` asks for: by its type, its autocomplete attribute, then the words of its label and name."""
    if is_captcha_name(control.name, control.classes):
        return "captcha"
    if control.type in ("submit", "image", "button", "hidden"):
        return _BY_TYPE[control.type]
    if _is_trap(control):
        return "honeypot"
    if control.type in ("checkbox", "radio"):
        return _kind_of_box(control)
    if asks_question(control):
        return "captcha"
    autocomplete = control.autocomplete.split()
    kind = _BY_TYPE.get(control.type) or (_AUTOCOMPLETE.get(autocomplete[-1]) if autocomplete else None)
    kind = kind or _kind_by_words(control)
    if control.type == "textarea":
        return "other" if control.is_fixed else kind if kind == "address" else "message"
    if control.type == "select":
        return "country" if _names_countries(control.options) else _CHOSEN.get(kind, "other")
    return kind


def _kind_by_words(control: Control) -> FieldKind:
    """Return the kind by the first text that says one. A name is written for programs, a guess may belong elsewhere."""
    for text in (control.label, control.name, control.placeholder, control.id, control.guess):
        kind = kind_of_words(text[:_MAX_WORDS]) if text else None
        # Programs call many a field "username" that asks a visitor for their name.
        if kind and (kind != "other" or text is control.label):
            return kind
    return "other"


@lru_cache(maxsize=8_192)
def kind_of_words(text: str) -> FieldKind | None:
    """Return the kind of field that a label or a name such as `text` stands at, None where it says nothing."""
    words = folded(text)
    if NO_PERSON.search(words) and not EMAIL.search(words):
        return "other"
    return next((kind for kind, pattern in KINDS if pattern.search(words)), None)


def _kind_of_box(control: Control) -> FieldKind:
    if control.type == "radio" or len(control.options) > 1:
        return _CHOSEN.get(_kind_by_words(control), "other")
    texts = (control.label or control.guess, control.name, control.id)
    if any(map(_is_newsletter, texts)):
        return "newsletter"
    if any(map(_is_consent, texts)):
        return "consent"
    return "captcha" if any(map(_is_captcha, texts)) else "other"


def is_captcha_name(name: str, classes: str = "") -> bool:
    """Return whether a script of a CAPTCHA service fills the field in."""
    return "aptcha" in f"{name}{classes}" and bool(_WIDGET_FIELD.search(f"{name} {classes}"))


def asks_question(control: Control) -> bool:
    """Return whether a person proves at `control` that they are one."""
    if control.type not in ("text", "number", "textarea"):
        return False
    texts = (control.label, control.name, control.placeholder, control.id, control.guess)
    return any(map(_is_captcha, texts)) or is_sum(control)


def is_sum(control: Control) -> bool:
    """Return whether the question beside `control` is one of arithmetic, or a quiz."""
    texts = (control.label, control.placeholder, control.guess)
    return control.type != "textarea" and ("quiz" in control.classes or any(map(_is_sum, texts)))


def _is_trap(control: Control) -> bool:
    """Return whether only a program would fill `control` in."""
    if any(map(_is_trap_name, (control.name, control.id, control.classes))):
        return True
    if any(map(_warns, (control.label, control.guess, control.placeholder))):
        return True
    # Editors and pickers lay themselves over the textarea, select or box that they conceal.
    if control.type == "textarea":
        return control.is_concealed and control.is_out_of_reach
    return control.type not in ("select", "file", "password", "radio") and (
        control.is_concealed or control.is_out_of_reach
    )


def _names_countries(options: Sequence[str]) -> bool:
    return len(options) > 5 and len(COUNTRIES.intersection(map(str.lower, options))) >= 3


# The labels and names of forms are much the same on all sites: most questions have been answered before.
@lru_cache(maxsize=8_192)
def _is_captcha(text: str) -> bool:
    return bool(text and CAPTCHA.search(folded(text)))


@lru_cache(maxsize=8_192)
def _is_sum(text: str) -> bool:
    return any(map(str.isdigit, text)) and bool(ARITHMETIC.search(text))


@lru_cache(maxsize=8_192)
def _is_trap_name(text: str) -> bool:
    return bool(text and TRAP_NAMES.search(folded(text)))


@lru_cache(maxsize=8_192)
def _warns(text: str) -> bool:
    return len(text) > 3 and bool(TRAP_WORDS.search(folded(text)))


@lru_cache(maxsize=2_048)
def _is_newsletter(text: str) -> bool:
    return bool(text and NEWSLETTER.search(folded(text)))


@lru_cache(maxsize=2_048)
def _is_consent(text: str) -> bool:
    return bool(text and CONSENT.search(folded(text)))
