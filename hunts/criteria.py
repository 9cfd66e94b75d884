"""The criteria that follow from a profile: one readable sentence each, in the brief's language.

The sentences are also what a judge reads, so each can be understood without the profile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hunts.icp import Icp, criterion_key
from integrations.capabilities import Criterion, CriterionKind, Range
from integrations.lexicon import places, taxonomy
from integrations.lexicon.words import words

# The sentences by language; {} is filled in.
_SENTENCES = {
    "en": {
        "industry": "The company's main business is {}.", "keyword": "The company's offer includes {}.",
        "place": "The company is based in {}.", "between": "The company has {} to {} employees.",
        "least": "The company has at least {} employees.", "most": "The company has at most {} employees.",
        "founded": "The company was founded between {} and {}.", "since": "The company was founded in {} or later.",
        "until": "The company was founded by {}.", "in": "The company was founded in {}.",
        "event": "The company exhibits at {}.",
        "certified": "The company is certified to {}.", "serves": "The company serves customers in {}.",
        "exclude": "The company's business is {}.", "or": " or ",
    },
    "fr": {
        "industry": "L'activité principale de l'entreprise : {}.", "keyword": "L'offre de l'entreprise comprend : {}.",
        "place": "L'entreprise est implantée ici : {}.", "between": "L'entreprise compte de {} à {} employés.",
        "least": "L'entreprise compte au moins {} employés.", "most": "L'entreprise compte au plus {} employés.",
        "founded": "L'entreprise a été fondée de {} à {}.", "since": "L'entreprise a été fondée depuis {}.",
        "until": "L'entreprise a été fondée jusqu'en {}.", "in": "L'entreprise a été fondée en {}.",
        "event": "L'entreprise expose à {}.",
        "certified": "L'entreprise est certifiée : {}.", "serves": "L'entreprise a des clients dans : {}.",
        "exclude": "L'entreprise travaille dans : {}.", "or": " ou ",
    },
    "de": {
        "industry": "Haupttätigkeit des Unternehmens: {}.", "keyword": "Zum Angebot des Unternehmens gehört: {}.",
        "place": "Sitz des Unternehmens: {}.", "between": "Das Unternehmen hat {} bis {} Mitarbeiter.",
        "least": "Das Unternehmen hat mindestens {} Mitarbeiter.",
        "most": "Das Unternehmen hat höchstens {} "
        "Mitarbeiter.",
        "founded": "Das Unternehmen wurde gegründet: {} bis {}.",
        "since": "Das Unternehmen wurde gegründet seit {}.",
        "until": "Das Unternehmen wurde gegründet bis {}.", "in": "Das Unternehmen wurde gegründet {}.",
        "event": "Das Unternehmen stellt aus auf: {}.",
        "certified": "Das Unternehmen ist zertifiziert nach: {}.", "serves": "Das Unternehmen hat Kunden aus: {}.",
        "exclude": "Das Unternehmen arbeitet im Bereich: "
        "{}.", "or": " oder ",
    },
    "zh": {
        "industry": "公司的主营业务是{}。", "keyword": "公司的产品或服务包括{}。", "place": "公司位于{}。",
        "between": "公司有{}至{}名员工。", "least": "公司至少有{}名员工。", "most": "公司最多有{}名员工。",
        "founded": "公司成立于{}至{}年。", "since": "公司成立于{}年以后。", "until": "公司成立不晚于{}年。",
        "in": "公司成立于{}年。", "event": "公司参加展会：{}。",
        "certified": "公司通过{}认证。", "serves": "公司的客户来自{}。", "exclude": "公司的业务是{}。", "or": "或",
    },
    "sr": {
        "industry": "Glavna delatnost firme: {}.", "keyword": "Ponuda firme obuhvata: {}.",
        "place": "Sedište firme: {}.",
        "between": "Firma ima od {} do {} zaposlenih.", "least": "Firma ima najmanje {} zaposlenih.",
        "most": "Firma ima najviše {} zaposlenih.", "founded": "Firma je osnovana od {} do {}.",
        "since": "Firma je osnovana od {} pa nadalje.", "until": "Firma je osnovana do {}.", "in": "Firma je "
        "osnovana {}.",
        "event": "Firma izlaže na: {}.", "certified": "Firma ima sertifikat: {}.", "serves": "Firma ima kupce iz: {}.",
        "exclude": "Firma se bavi: {}.", "or": " ili ",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NiceToHave:
    """What only adds to a company. `customers` are industries or topics, `certificates` groups of which any will do."""

    certificates: tuple[tuple[str, ...], ...] = ()
    customers: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    employees: Range = Range()


def criteria_of(
    icp: Icp,
    *,
    groups: Sequence[Sequence[str]],
    certificates: Sequence[Sequence[str]] = (),
    customers: Sequence[str] = (),
    nice: NiceToHave | None = None,
) -> tuple[Criterion, ...]:
    """Return the criteria that a profile's facts make, the weightiest first. Of a group's industries any will do."""
    nice = nice or NiceToHave()
    language = icp.language if icp.language in _SENTENCES else "en"
    said = _SENTENCES[language]
    made = [
        *_industries(said, groups, language),
        *_keywords(said, icp.keywords, is_all=not groups),
        *_places(said, icp.countries, icp.regions, language),
        *_numbers(said, icp.employees, icp.founded_year),
        *_certificates(said, certificates),
        *(_criterion(said["serves"].format(topic), "must", 5, "customers") for topic in customers),
        *(_criterion(said["event"].format(event), "must", 6, "event") for event in icp.events),
        *_nice(said, nice, language),
        *(_excluded(said, text, language) for text in icp.excluded),
    ]
    return tuple({criterion.key: criterion for criterion in made}.values())


def _nice(said: dict[str, str], nice: NiceToHave, language: str) -> Iterator[Criterion]:
    """Return the same sentences as for a must, as what only adds."""
    wanted = (
        *(_criterion(said["serves"].format(topic), "nice", 3, "customers") for topic in nice.customers),
        *_certificates(said, nice.certificates),
        *_places(said, nice.countries, nice.regions, language),
        *_numbers(said, nice.employees, Range()),
        *_keywords(said, nice.keywords, is_all=False),
    )
    return (replace(criterion, kind="nice") for criterion in wanted)


def _certificates(said: dict[str, str], groups: Sequence[Sequence[str]]) -> Iterator[Criterion]:
    for group in groups:
        yield _criterion(said["certified"].format(said["or"].join(group)), "must", 5, "certification")


def _criterion(text: str, kind: CriterionKind, weight: int, facet: str) -> Criterion:
    return Criterion(key=criterion_key(text), text=text, kind=kind, weight=weight, facet=facet)


def _industries(said: dict[str, str], groups: Sequence[Sequence[str]], language: str) -> Iterator[Criterion]:
    for place, group in enumerate(groups):
        labels = said["or"].join(taxonomy.industries()[industry].label(language) for industry in group)
        yield _criterion(said["industry"].format(labels), "must", 10 if place == 0 else 8, "industry")


def _keywords(said: dict[str, str], keywords: Sequence[str], *, is_all: bool) -> Iterator[Criterion]:
    for place, keyword in enumerate(keywords[:4]):
        kind: CriterionKind = "must" if is_all and place == 0 else "nice"
        yield _criterion(said["keyword"].format(keyword), kind, 8 if kind == "must" else 3, "keyword")


def _places(
    said: dict[str, str], countries: Sequence[str], regions: Sequence[str], language: str
) -> Iterator[Criterion]:
    """Regions that lie in a wanted country say more than it; what is left of the countries is asked as one."""
    known = [(name, places.lookup(name)) for name in regions]
    covered = {code for _, place in known if place and _is_inside(place) for code in place.countries}
    names = [_country(code, language) for code in countries if code not in covered]
    groups = [_group(name, language) for name, place in known if place is None or not _is_inside(place)]
    if names or groups:
        yield _criterion(said["place"].format(said["or"].join([*names, *groups])), "must", 6, "country")
    if inside := [name for name, place in known if place and _is_inside(place)]:
        yield _criterion(said["place"].format(said["or"].join(inside)), "must", 6, "region")


_WITH_ARTICLE = {"Nordics", "Baltics", "Balkans", "Middle East", "EU", "Americas", "Caribbean", "Adriatic Region"}


def _group(name: str, language: str) -> str:
    return f"the {name}" if language == "en" and name in _WITH_ARTICLE else name


def _is_inside(place: places.Place) -> bool:
    """Say whether a place lies in one country, rather than being one or several."""
    return place.kind in ("region", "city")


def _excluded(said: dict[str, str], text: str, language: str) -> Criterion:
    """Return what rules a company out: where it is, if `text` is a place, or else its business."""
    place = places.lookup(text)
    if place is None:
        return _criterion(said["exclude"].format(_business(text, language)), "exclude", 8, "other")
    facet = "country" if place.kind in ("country", "group") else "region"
    name = _country(place.countries[0], language) if place.kind == "country" else text
    return _criterion(said["place"].format(name), "exclude", 8, facet)


def _business(said: str, language: str) -> str:
    """Return the name of the business that `said` (`dealers`) means as a whole, or `said` itself."""
    hits = taxonomy.leading_names().find(words(said))
    if len(hits) == 1 and (hits[0].start, hits[0].end) == (0, len(words(said))):
        return taxonomy.industries()[hits[0].value].label(language)
    return said


def _country(code: str, language: str) -> str:
    article = "the " if language == "en" and code in {"US", "GB", "AE", "NL", "PH", "CZ"} else ""
    return article + places.country_name(code, language)


def _numbers(said: dict[str, str], employees: Range, founded: Range) -> Iterator[Criterion]:
    if employees.min is not None and employees.max is not None:
        yield _criterion(said["between"].format(employees.min, employees.max), "must", 5, "employees")
    elif employees:
        text = said["least"].format(employees.min) if employees.min is not None else said["most"].format(employees.max)
        yield _criterion(text, "must", 5, "employees")
    if founded.min is not None and founded.min == founded.max:
        yield _criterion(said["in"].format(founded.min), "must", 4, "founded_year")
    elif founded.min is not None and founded.max is not None:
        yield _criterion(said["founded"].format(founded.min, founded.max), "must", 4, "founded_year")
    elif founded:
        text = said["since"].format(founded.min) if founded.min is not None else said["until"].format(founded.max)
        yield _criterion(text, "must", 4, "founded_year")
