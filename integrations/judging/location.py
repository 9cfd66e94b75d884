"""Where the company sits: by its record, the addresses and phone numbers on its pages, or a sentence that says so."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from integrations.capabilities import Criterion, Opinion, ReadPage
from integrations.judging.reading import Reading, after_frame, opinion, unclear
from integrations.lexicon import addresses, places
from integrations.lexicon.addresses import Stated
from integrations.lexicon.words import fold, words

_SAYS_WHERE = (
    "address", "adresse", "anschrift", "sitz", "siege", "headquarter", "based", "office", "located", "impressum",
    "sediste", "adresa", "地址", "总部", "位于", "street", "strasse", "rue", "contact", "standort", "implante",
)  # fmt: skip


def judge_place(criterion: Criterion, reading: Reading) -> Opinion:
    """Judge where the company is by what it states itself."""
    wanted = [hit.value for hit in places.find(words(after_frame(criterion.text)))]
    if not wanted:
        return unclear(criterion, "The criterion names no place that is known.")
    named = reading.facts.get("Location") or reading.facts.get("Country")
    if named is not None:
        page, line = named
        address = _recorded(reading, line)
        if address.countries:
            return _answer(criterion, wanted, address, page, line, 0.95)
    stated = [(page, one) for page, lines in reading.lines for one in addresses.addresses_in(lines)]
    if stated:
        page, one = _chosen(stated, wanted)
        return _answer(criterion, wanted, one.address, page, one.quote, one.sure)
    for page, line in _telling_sentences(reading):
        address = places.parse_address(line)
        if address.countries and any(_is_in(address, place) for place in wanted):
            return _answer(criterion, wanted, address, page, line, 0.7)
    return unclear(criterion, "No address of it was found.")


def _chosen(stated: Sequence[tuple[ReadPage, Stated]], wanted: Sequence[places.Place]) -> tuple[ReadPage, Stated]:
    """Return the address of the country that the site names most; among its addresses a wanted and a sure one."""
    named: defaultdict[str, float] = defaultdict(float)
    for _, one in stated:
        named[one.address.country] += one.sure
    home = max(named, key=lambda country: named[country])
    return max(
        ((page, one) for page, one in stated if one.address.country == home),
        key=lambda pair: (any(_is_in(pair[1].address, place) for place in wanted), pair[1].sure),
    )


def _recorded(reading: Reading, line: str) -> places.Address:
    phone = reading.facts.get("Phone", (None, ""))[1].removeprefix("Phone: ")
    website = reading.facts.get("Website", (None, ""))[1].removeprefix("Website: ").split("/")
    domain = website[2] if len(website) > 2 else website[0]
    address = places.parse_address(line.split(": ", 1)[-1], phone, domain)
    if not address.countries and (country := reading.facts.get("Country")):
        return places.parse_address(country[1].removeprefix("Country: "))
    return address


def _is_in(address: places.Address, place: places.Place) -> bool:
    if place.region and place.kind in ("region", "city"):
        return places.lies_in(address, place.region)
    return bool(set(place.countries) & set(address.countries))


def _answer(
    criterion: Criterion,
    wanted: Sequence[places.Place],
    address: places.Address,
    page: ReadPage,
    line: str,
    sure: float,
) -> Opinion:
    if any(_is_in(address, place) for place in wanted):
        at_home = any(address.country in place.countries for place in wanted)
        return opinion(criterion, "yes", page, line, sure if at_home else sure - 0.15, "Its address lies there.")
    if (
        any(place.region for place in wanted)
        and not address.regions
        and set(address.countries) & {code for place in wanted for code in place.countries}
    ):
        return opinion(criterion, "unclear", page, line, 0.4, "The country fits; the region is not stated.")
    return opinion(criterion, "no", page, line, sure, "Its address is elsewhere.")


def _telling_sentences(reading: Reading) -> Iterator[tuple[ReadPage, str]]:
    """Yield the sentences that say where the company sits."""
    for page, sentence in reading.sentences:
        folded = fold(sentence.text)
        if len(sentence.text) < 300 and any(word in folded for word in _SAYS_WHERE):
            yield page, sentence.text
