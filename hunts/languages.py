"""Which language the product speaks to a customer: the one that they wrote in, where it is one of ours."""

from django.conf import settings
from django.utils import translation

# Ours, by what a brief is written in.
_OURS = {"zh": "zh-hans", "sr": "sr-latn"}


def spoken(language: str) -> str:
    """Return the language to answer in, where a brief is written in `language` (ISO 639-1)."""
    code = _OURS.get(language, language)
    return code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def speaking(language: str) -> translation.override:
    """Return a context in which our sentences are in the customer's language, also in tasks that it begins."""
    return translation.override(spoken(language))
