"""The questions of a deep research: a fixed plan, made from what the hunt is about. No model writes them.

Each question comes with the phrases by which a page shows that it speaks of it, in the languages that we know, so
that it can be answered with passages where there is no language model.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from hunts.icp import Icp
from integrations.capabilities import Criterion
from integrations.judging.traces import traces_of
from integrations.lexicon import taxonomy
from integrations.lexicon.keywords import keywords_in

MOST_CRITERIA = 4
_NAME, _CUE, _HINT = 1.0, 0.6, 0.3


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one company. `looks_for` are phrases (a `*` ends a stem) with weights from 0 to 1."""

    key: str
    text: str
    looks_for: Mapping[str, float]


def plan(icp: Icp, unsettled: Sequence[str] | None = None) -> tuple[Question, ...]:
    """Return the questions for a company that a hunt with this profile found, in the language that is active.

    `unsettled` are the keys of the criteria that its judge could not answer with yes: what is settled is not asked
    again. None where it was not judged.
    """
    return tuple(_questions(icp, unsettled))


def _questions(icp: Icp, unsettled: Sequence[str] | None) -> Iterator[Question]:
    trade = _trade(icp)
    yield Question("offer", _("What does the company make or offer?"), trade | _cues("offer"))
    yield Question("customers", _("Whom does it serve?"), _cues("customers"))
    if sold := icp.product:
        wanted = dict.fromkeys((*keywords_in(sold, icp.language), *icp.keywords), _NAME)
        asked = _("What on its pages speaks for or against a need for this: %(product)s?") % {"product": sold[:200]}
        yield Question("fit", asked, wanted | _cues("fit"))
    for criterion in _criteria(icp, unsettled):
        asked = _("What do its pages say about this: %(criterion)s") % {"criterion": criterion.text[:500]}
        yield Question(f"criterion:{criterion.key}", asked, dict(traces_of(criterion)))
    yield Question("size", _("How large is it, and since when is there such a company?"), _cues("size"))
    titles = dict.fromkeys(icp.roles, _NAME)
    yield Question("people", _people(icp), titles | _cues("people"))
    yield Question("news", _("What has changed there of late?"), _cues("news"))
    yield Question("buying", _("How does it choose its suppliers, and how does one reach its buyers?"), _cues("buying"))


def _people(icp: Icp) -> str:
    if not icp.roles:
        return _("Who leads the company?")
    return _("Who there is responsible: %(roles)s?") % {"roles": ", ".join(icp.roles)[:200]}


def _criteria(icp: Icp, unsettled: Sequence[str] | None) -> list[Criterion]:
    """Return the criteria to look at more closely: what must be before what is nice, the weightiest first."""
    asked = [one for one in icp.criteria if one.kind != "exclude" and (unsettled is None or one.key in unsettled)]
    return sorted(asked, key=lambda one: (one.kind != "must", -one.weight))[:MOST_CRITERIA]


def _trade(icp: Icp) -> dict[str, float]:
    """Return how such companies speak of what they do."""
    said = dict.fromkeys(icp.keywords, _NAME)
    for industry in icp.industries:
        if industry in taxonomy.industries():
            said |= taxonomy.evidence_of(industry)
    return {phrase: weight for phrase, weight in said.items() if weight > 0}


def _cues(name: str) -> dict[str, float]:
    return {phrase: weight for phrases, weight in _CUES[name] for phrase in phrases.split("|")}


# Words beside which such a thing is told: English, German, French, Serbian, Chinese.
_CUES: Mapping[str, Sequence[tuple[str, float]]] = {
    "offer": (
        ("we make|we offer|we provide|we develop|we produce|we manufacture|we supply|our products|our services", _CUE),
        ("wir bieten|wir entwickeln|wir fertigen|wir produzieren|wir liefern|unsere produkte|unsere leistungen", _CUE),
        ("nous proposons|nous fabriquons|nous concevons|nos produits|nos services|notre offre", _CUE),
        ("proizvodimo|nudimo|razvijamo|isporucujemo|nasi proizvodi|nase usluge|我们生产|我们提供|主营|产品|服务", _CUE),
        ("product*|service*|solution*|leistung*|produkt*|losung*|produit*|prestation*|proizvod*|uslug*", _HINT),
    ),
    "customers": (
        (
            "our customers|our clients|customers include|clients include|trusted by|we serve|references|case stud*",
            _NAME,
        ),
        ("unsere kunden|kunden aus|referenzen|zu unseren kunden|nos clients|ils nous font confiance|references", _NAME),
        ("nasi kupci|nasi klijenti|reference|我们的客户|客户包括|合作伙伴|应用领域", _NAME),
        ("customer*|client*|industr*|sector*|kunden|branche*|secteur*|marche*|kupc*|klijent*|客户|行业", _HINT),
    ),
    "fit": (("need*|require*|challenge*|use*|bedarf|herausforderung*|besoin*|defi*|potreb*|izazov*|需要|需求", _HINT),),
    "size": (
        ("employees|people work|team of|headcount|founded in|established in|since|turnover|revenue|square met*", _CUE),
        ("mitarbeite*|gegrundet|grundung|seit|umsatz|standort*|quadratmeter|salarie*|collaborateur*|effectif", _CUE),
        ("fondee*|cree en|depuis|chiffre d affaires|zaposlen*|osnovan*|od godine|promet|员工|成立于|创立|平方米", _CUE),
        ("offices|locations|plants|countries|sites|zemalja|pays|landern|工厂", _HINT),
    ),
    "people": (
        ("ceo|chief executive|managing director|founder|co founder|owner|president|head of|director of|vp of", _CUE),
        ("geschaftsfuhr*|inhaber*|grunder*|leiter*|leitung|vorstand|gerant|dirigeant*|directeur*|directrice", _CUE),
        ("fondateur*|president*|direktor*|vlasnik|osnivac*|rukovodilac|总经理|创始人|董事长|负责人", _CUE),
        ("team|management|ansprechpartner|equipe|tim|kontakt osoba|团队", _HINT),
    ),
    "news": (
        ("new|now|recently|launch*|announc*|expan*|acqui*|opened|invest*|hiring|award*|joined|2024|2025|2026", _CUE),
        ("neu*|jetzt|erweiter*|eroffn*|ubernahm*|investier*|ausgezeichnet|stellenangebot*|karriere", _CUE),
        ("nouveau*|nouvelle*|lance*|annonce*|ouvert*|investi*|recrut*|acquis*|novi|nova|novo|otvor*|ulag*", _CUE),
        ("zaposljavamo|nagrad*|新|最近|推出|扩建|投资|招聘|荣获", _CUE),
    ),
    "buying": (
        ("supplier*|procurement|purchasing|sourcing|vendor*|tender*|buyer*|request for quotation|supply chain", _NAME),
        ("lieferant*|einkauf*|beschaffung*|ausschreibung*|fournisseur*|achats|acheteur*|appel* d offres", _NAME),
        ("dobavljac*|nabavk*|nabavljac*|tender*|javn* nabavk*|供应商|采购|招标", _NAME),
        ("contact us|get in touch|kontakt|contactez|kontaktirajte|联系我们", _HINT),
    ),
}
