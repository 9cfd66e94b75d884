"""What the company does: how central are a trade's phrases to what it writes of itself?"""

import re
from functools import cache

from integrations.capabilities import Criterion, Opinion
from integrations.judging.reading import Reading, opinion, unclear
from integrations.lexicon import concepts, taxonomy
from integrations.lexicon.industry_words import industry_groups, ruled_out_industries
from integrations.lexicon.keywords import keywords_in
from integrations.lexicon.language import language_of
from integrations.lexicon.words import Phrases, words

YES_FROM = 0.42  # confidence of the evidence from which a trade counts as the company's own
EXCLUDE_FROM = 0.55
MIN_SENTENCE = 12  # characters of a sentence that says what a company does
ENOUGH_TEXT = 160  # characters of own words from which silence means no


def judge_trade(criterion: Criterion, reading: Reading) -> Opinion:
    """Judge a trade or a topic."""
    idea = trade_of(criterion)
    if idea is None:
        return unclear(criterion, "The criterion names nothing that can be looked for.")
    findings = [(page, idea.find(text)) for page, text in reading.text]
    page, best = max(findings, key=lambda pair: pair[1].strength)
    # Pages say the same again, so the strongest counts and the others add a little.
    strength = best.strength + 0.15 * sum(found.strength for other, found in findings if other is not page)
    sure = concepts.confidence(strength)
    named = ", ".join(phrase.rstrip("*") for phrase in best.phrases[:3])
    if best.best and sure >= (EXCLUDE_FROM if criterion.kind == "exclude" else YES_FROM) and not best.is_only_passing:
        return opinion(criterion, "yes", page, best.best, sure, f"It writes of {named}.")
    if denial := next((found for found in reading.sentences if idea.is_denied(found[1])), None):
        return opinion(criterion, "no", denial[0], denial[1].text, 0.75, "It says itself that it does not.")
    if best.best and sure >= YES_FROM / 2:
        reason = "Only mentioned in passing" if best.is_only_passing else "Mentioned, but not clearly its own business"
        return opinion(criterion, "unclear", page, best.best, sure, f"{reason}: {named}.")
    if reading.length >= ENOUGH_TEXT:
        about = _instead(reading)
        return opinion(
            criterion, "no", reading.page_of(about), about, 0.75 - sure, "What it writes of itself is something else."
        )
    return unclear(criterion, "It says too little of itself to tell.")


def trade_of(criterion: Criterion) -> concepts.Concept | None:
    """Return the trade or topic that a criterion asks for, or None where it names nothing that can be looked for."""
    said = without_frame(criterion.text)
    if criterion.kind == "exclude" and (ruled_out := ruled_out_industries(said)):
        return concepts.industry_concept(ruled_out)
    if criterion.kind != "exclude" and criterion.facet != "keyword" and (groups := industry_groups(criterion.text)):
        return concepts.industry_concept(tuple(industry for group in groups for industry in group))
    if industry := _labelled(" ".join(words(said.split(":")[-1]))):
        return concepts.industry_concept((industry,))
    topic = criterion.text.split(":", 1)[-1] if criterion.text.count(":") == 1 else criterion.text
    keywords = keywords_in(without_frame(topic), language_of(criterion.text))
    return concepts.keyword_concept(keywords) if keywords else None


_FRAMES = (
    "The company's offer includes ",
    "The company's business is ",
    "The company's main business is ",
    "公司的产品或服务包括",
    "公司的业务是",
)


def without_frame(text: str) -> str:
    """Return the topic of a criterion without the words that make a sentence of it."""
    return next((text.removeprefix(frame) for frame in _FRAMES if text.startswith(frame)), text)


@cache
def _labels() -> dict[str, str]:
    return {
        " ".join(words(label)): industry.id
        for industry in taxonomy.industries().values()
        for label in industry.labels.values()
    }


def _labelled(topic: str) -> str:
    """Return the industry whose name `topic` is, so that pages in every language can show it; or ''."""
    return _labels().get(topic, "")


@cache
def _any_trade() -> Phrases[str]:
    return Phrases.of(
        (phrase, industry.id)
        for industry in taxonomy.industries().values()
        for phrase in (*industry.names, *industry.says)
    )


# Addresses, numbers and the like are no sentences about a business.
_NOT_A_SENTENCE = re.compile(r"@|\[at\]|\(at\)|https?:|www\.|\+\d{2}|©")


def _instead(reading: Reading) -> str:
    """Return the sentence by which the company says what it does, from the first page that has one; '' where none."""
    titles = {" ".join(words(page.title.split(" | ")[-1].split(": ")[0])) for page in reading.pages}
    for page, text in reading.text:
        best, points = "", 0.0
        for sentence in text:
            if len(sentence.text) < MIN_SENTENCE or " ".join(sentence.forms) in titles or sentence.passing_from == 0:
                continue
            if page.how == "record" and sentence.weight >= 1:
                return sentence.text
            if _NOT_A_SENTENCE.search(sentence.text):
                continue
            value = sentence.weight * min(len(_any_trade().find(sentence.forms)), 2)
            if value > points:
                best, points = sentence.text, value
        if best:
            return best
    return ""
