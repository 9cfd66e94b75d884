"""What says that two leads are one, in words."""

from django import template

from leads import merge_page
from leads.dedupe import Found
from leads.merge_models import Merge

register = template.Library()


@register.filter
def in_words(clue: Found) -> str:
    return merge_page.said([clue.to_json()])[0]


@register.filter
def evidence_in_words(merge: Merge) -> list[str]:
    return merge_page.said(merge.evidence)
