"""Deep research: more of a site than a hunt reads, and the passages that say most in a given context."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from integrations.capabilities import PageReader, ReadPage, ReadSite
from integrations.lexicon.taxonomy import industries
from integrations.lexicon.words import sentences, words

PAGES = 15
PASSAGES = 12
_SHORTEST = 25  # characters; shorter lines are headings and labels


@dataclass(frozen=True, slots=True)
class Context:
    """What the research is for: what one sells, and in which industries. `industries` are ids of the taxonomy."""

    product: str = ""
    industries: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()

    @property
    def topics(self) -> tuple[str, ...]:
        """The words to look for, as links and pages write them."""
        known = industries()
        # In all languages that we know: the site's may be another than the hunt's.
        names = (name for one in self.industries for name in (known[one].labels.values() if one in known else (one,)))
        return tuple(dict.fromkeys(topic for topic in (*self.keywords, self.product, *names) if topic))


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence that speaks of the context. `text` stands word for word in the page whose text has this hash."""

    text: str
    url: str
    sha256: str
    words: tuple[str, ...]  # those of the context, folded


@dataclass(frozen=True, slots=True)
class Research:
    """What was read, and the best passages first."""

    site: ReadSite
    passages: tuple[Passage, ...]


async def research(reader: PageReader, website: str, context: Context, *, max_pages: int = PAGES) -> Research:
    """Read up to `max_pages` pages of `website`, those about the context first, and find what they say of it."""
    site = await reader.read_site(website, topics=context.topics, max_pages=max_pages)
    return Research(site, passages_in(site.pages, context.topics))


def passages_in(pages: Sequence[ReadPage], topics: Sequence[str], *, limit: int = PASSAGES) -> tuple[Passage, ...]:
    """Return the sentences that name most of `topics`, each once, at most `limit`."""
    wanted = {word for topic in topics for word in words(topic) if len(word) > 2 or not word.isascii()}
    found = {passage.text: passage for page in pages for passage in _told(page, wanted)}
    return tuple(sorted(found.values(), key=lambda passage: (-len(passage.words), len(passage.text)))[:limit])


def _told(page: ReadPage, wanted: set[str]) -> Iterator[Passage]:
    for sentence in sentences(page.text):
        if len(sentence) >= _SHORTEST and (named := wanted.intersection(words(sentence))):
            yield Passage(sentence, page.url, page.sha256, tuple(sorted(named)))
