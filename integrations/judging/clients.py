"""Whom the company serves."""

import re

from integrations.capabilities import Criterion, Opinion, ReadPage
from integrations.judging.reading import Reading, after_frame, opinion, unclear
from integrations.lexicon import concepts
from integrations.lexicon.industry_words import industry_groups
from integrations.lexicon.keywords import keywords_in
from integrations.lexicon.language import language_of
from integrations.lexicon.words import fold

# A sentence that says whom its writer serves, and one that says for what its products are.
_SERVES = re.compile(
    r"\b(?:customers?|clients?|we (?:work for|serve|supply)|serving|buys? from us|industries we|sectors we|"
    r"kunden|abnehmer\w*|wir arbeiten fur|fur wen wir|branchen|"
    r"nous (?:travaillons pour|servons)|nos marches|secteurs|"
    r"kupci|klijent\w*|radimo za|prodajemo)\b|客户|服务于|服务对象"
)
_FOR = re.compile(r"\b(?:for|fur|pour|za)\b|为|用于")
_FRAME = re.compile(r"^The company serves customers in |^公司的客户来自", re.IGNORECASE)


def judge_customers(criterion: Criterion, reading: Reading) -> Opinion:
    """Judge by the sentences that say whom the company works for."""
    idea = customers_of(criterion)
    if idea is None:
        return unclear(criterion, "The criterion names no customers that can be looked for.")
    others: tuple[ReadPage, str] | None = None
    possible: Opinion | None = None
    for page, sentence in reading.sentences:
        folded = fold(sentence.text)
        serves = _SERVES.search(folded) is not None
        found = idea.find([concepts.Sentence(sentence.text, sentence.forms, 1.0)])
        if found.strength >= 0.8 and serves:
            return opinion(criterion, "yes", page, sentence.text, 0.85, "It says that it serves them.")
        if found.strength >= 0.8 and possible is None and _FOR.search(folded):
            possible = opinion(criterion, "yes", page, sentence.text, 0.6, "It says that its work is for them.")
        if others is None and concepts.speaks_of_customers(sentence.text):
            others = (page, sentence.text)
    if possible is not None:
        return possible
    if others is not None:
        page, quote = others
        return opinion(criterion, "unclear", page, quote, 0.4, "It speaks of its customers, but not of these.")
    return unclear(criterion, "It does not say whom it serves.")


def customers_of(criterion: Criterion) -> concepts.Concept | None:
    """Return what the customers that a criterion asks for do, or None where it names nothing."""
    topic = _FRAME.sub("", after_frame(criterion.text))
    if groups := industry_groups(topic):
        return concepts.industry_concept(tuple(industry for group in groups for industry in group))
    keywords = keywords_in(topic, language_of(criterion.text))
    return concepts.keyword_concept(keywords) if keywords else None
