"""Which rows are gone over for a person: all of a workspace's, and of what all share those that it has read itself."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db.models import F, IntegerField, Model, Q, QuerySet, Value

from enrichment.models import Page
from enrichment.pages import own_key
from hunts.models import Candidate
from hunts.privacy.registry import PERSONAL
from hunts.research_models import Research, Statement
from integrations.lexicon.persons import domain_key
from integrations.lexicon.text import sha256_of
from leads.models import Assessment, Contact, Evidence, Fact, Lead

BATCH = 500


class Reach:
    """The rows of one workspace, or, with None, those of all of them and all that is shared."""

    def __init__(self, workspace_id: int | None) -> None:
        self.workspace_id = workspace_id
        self._texts: dict[str, set[str]] | None = None

    def batches(self, label: str, *, after: Any = None) -> Iterator[list[Model]]:
        """Yield the rows of a table, some at a time, each with its owner and the domain that its words are about."""
        rows, last = self._rows(label), after
        while batch := list((rows if last is None else rows.filter(pk__gt=last))[:BATCH]):
            yield batch
            last = batch[-1].pk

    def company_of(self, row: Model) -> list[str]:
        """Return the domains that a row's words may be about; [''] where nobody knows."""
        if row._meta.label == "enrichment.Snapshot":
            return sorted(self.texts().get(row.pk, set())) if self.workspace_id else self._hosts_of(row) or [""]
        return [row.of_company or ""]  # type: ignore[attr-defined]

    def _rows(self, label: str) -> QuerySet[Any]:
        held = PERSONAL[label]
        company = F(held.company) if held.company else Value("")
        owner = F(held.workspace) if held.workspace else Value(None, output_field=IntegerField())
        every: QuerySet[Any] = apps.get_model(label)._base_manager.all()
        rows: QuerySet[Any] = every.annotate(of_company=company, of_workspace=owner).order_by("pk")
        if self.workspace_id is None:
            return rows
        if held.workspace:
            return rows.filter(**{held.workspace: self.workspace_id})
        return rows.filter(self._shared(label))

    def _shared(self, label: str) -> Q:
        if label == "enrichment.Snapshot":
            return Q(pk__in=list(self.texts()))
        if label == "enrichment.Page":
            return Q(pk__in=self._pages())
        # A picture of a home page is shown to all: it is not one workspace's to take away.
        return Q(pk__in=[])

    def _domains(self) -> set[str]:
        return set(Lead.objects.filter(workspace=self.workspace_id).values_list("handle", flat=True))

    def _pages(self) -> QuerySet[Page]:
        """Return the pages of the workspace's companies as it reads them: its own rows, or else those that all read."""
        domains, mine = self._domains(), self.workspace_id
        hosts = [host for host in Page.objects.values_list("host", flat=True).distinct() if domain_key(host) in domains]
        found = list(Page.objects.filter(host__in=hosts).values_list("pk", "url_sha256", "url"))
        keys = {key for _pk, key, _url in found}
        read: dict[str, tuple[int, int]] = {}
        for pk, key, url in found:
            own = own_key(url, mine)
            rank = 2 if key == own else 1 if key == sha256_of(url) else 0
            if (rank == 2 or own not in keys) and (rank, pk) > read.get(url, (-1, 0)):
                read[url] = (rank, pk)
        return Page.objects.filter(pk__in=[pk for _rank, pk in read.values()])

    @staticmethod
    def _hosts_of(row: Model) -> list[str]:
        shown = Page.objects.filter(Q(snapshot=row.pk) | Q(clues=row.pk))
        return list(shown.values_list("host", flat=True).distinct())

    def texts(self) -> dict[str, set[str]]:
        """Return the stored texts that the workspace's rows point at, with the companies that these are about."""
        if self._texts is None:
            found: defaultdict[str, set[str]] = defaultdict(set)
            for sha256, domain in self._pointed_at():
                if sha256:
                    found[sha256].add(domain)
            self._texts = dict(found)
        return self._texts

    def _pointed_at(self) -> Iterator[tuple[str, str]]:
        mine = self.workspace_id
        for model, lead in ((Contact, "lead"), (Fact, "lead"), (Evidence, "assessment__lead")):
            rows = model._base_manager.filter(**{f"{lead}__workspace": mine}).exclude(snapshot_sha256="")
            yield from rows.values_list("snapshot_sha256", f"{lead}__handle").distinct()
        yield from Statement.objects.filter(question__research__workspace=mine).values_list(
            "snapshot", "question__research__lead__handle"
        )
        judged = Assessment.objects.filter(lead__workspace=mine).values_list("snapshots", "lead__handle")
        yield from ((one, domain) for texts, domain in judged.iterator() for one in texts)
        read = Candidate.objects.filter(run__workspace=mine).values_list("facts", "lead__handle")
        yield from _of_pages((facts.get("pages", ()), domain) for facts, domain in read.iterator())
        studied = Research.objects.filter(workspace=mine).values_list("pages", "lead__handle")
        yield from _of_pages((pages or (), domain) for pages, domain in studied.iterator())
        for page in self._pages():
            for sha256 in (page.snapshot_id, page.clues_id):
                yield sha256 or "", domain_key(page.host)


def _of_pages(read: Iterable[tuple[Iterable[Any], str]]) -> Iterator[tuple[str, str]]:
    return ((page["sha256"], domain) for pages, domain in read for page in pages)
