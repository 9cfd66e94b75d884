"""Rows for tests: each factory makes a whole, valid row with everything that it needs."""

from decimal import Decimal

import factory
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.models import Invitation, Membership, User, Workspace
from billing.models import Budget
from enrichment.models import Snapshot
from hunts.icp import Icp, criterion_key
from hunts.models import Candidate, Hunt, Run, Source, Stage
from integrations.capabilities import Criterion
from integrations.lexicon.text import sha256_of
from leads.models import Assessment, Company, CompanyList, Contact, Evidence, Lead, ScoringConfig

PAGE = "Acme Precision\nWe mill and turn precision parts in Graz.\nWe have 120 employees."
QUOTE = "We mill and turn precision parts in Graz."
CRITERION = Criterion(criterion_key("Makes precision parts."), "Makes precision parts.", "must", 8, "industry")
ICP = Icp(brief="Makers of precision parts in Austria", countries=("AT",), criteria=(CRITERION,))


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@people.example")
    password = factory.django.Password("a-good-password")

    @factory.post_generation
    def confirmed(user, create, extracted, **kwargs):
        """Their address is confirmed, unless it is made with `confirmed=False`."""
        is_confirmed = extracted is not False
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=is_confirmed)


class WorkspaceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Workspace

    name = factory.Sequence(lambda n: f"Workspace {n}")
    slug = factory.Sequence(lambda n: f"workspace-{n}")


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    workspace = factory.SubFactory(WorkspaceFactory)
    user = factory.SubFactory(UserFactory)
    role = Membership.Role.OWNER


class InvitationFactory(factory.django.DjangoModelFactory):
    """An invitation by an owner that was sent; its link is not known to anybody."""

    class Meta:
        model = Invitation

    workspace = factory.SubFactory(WorkspaceFactory)
    email = factory.Sequence(lambda n: f"invited{n}@people.example")
    token_hash = factory.Sequence(lambda n: f"{n:064x}")
    status = Invitation.Status.SENT
    sent_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyFunction(lambda: timezone.now() + Invitation.LASTS)

    @factory.lazy_attribute
    def invited_by(self):
        return MembershipFactory(workspace=self.workspace, role=Membership.Role.OWNER).user


class CompanyListFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CompanyList

    name = factory.Sequence(lambda n: f"list-{n}")


class CompanyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Company

    list = factory.SubFactory(CompanyListFactory)
    name = factory.Sequence(lambda n: f"Company {n}")
    domain = factory.Sequence(lambda n: f"company{n}.example")


class HuntFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Hunt

    workspace = factory.SubFactory(WorkspaceFactory)
    name = "Makers of precision parts in Austria"
    icp_json = factory.LazyFunction(ICP.to_json)
    source = Source.SANDBOX
    limit = 10


class RunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Run

    hunt = factory.SubFactory(HuntFactory)
    workspace = factory.SelfAttribute("hunt.workspace")
    budget = factory.LazyAttribute(lambda run: Budget.objects.create(workspace=run.workspace, cap_microusd=5_000_000))
    scoring_config = factory.LazyFunction(ScoringConfig.current)
    icp_json = factory.SelfAttribute("hunt.icp_json")
    source = factory.SelfAttribute("hunt.source")
    limit = factory.SelfAttribute("hunt.limit")
    status = Run.Status.RUNNING
    started_at = factory.LazyFunction(timezone.now)
    discovered_at = factory.LazyFunction(timezone.now)


class LeadFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Lead

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Lead {n}")
    handle = factory.Sequence(lambda n: f"lead{n}.example")
    website = factory.LazyAttribute(lambda lead: f"https://{lead.handle}/")


class JudgedLeadFactory(LeadFactory):
    """A qualified lead with a stored page, one proven verdict, a score and a contact."""

    class Meta:
        model = Lead
        skip_postgeneration_save = True

    status = Lead.Status.QUALIFIED
    tier = "A"
    score = Decimal("88.000")
    best_quote = QUOTE
    contact_name = "Ada Example"
    contact_email = factory.LazyAttribute(lambda lead: f"ada@{lead.handle}")
    judged_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def proof(lead, create, extracted, **kwargs):
        Snapshot.keep([PAGE])
        lead.assessment = Assessment.objects.create(
            lead=lead,
            criteria_hash=ICP.criteria_hash(),
            judged_by="local/rules-1",
            snapshots=[sha256_of(PAGE)],
            scoring_config=ScoringConfig.current(),
            score=lead.score,
            tier=lead.tier,
        )
        lead.save(update_fields=["assessment"])
        Evidence.objects.create(
            assessment=lead.assessment,
            position=0,
            criterion=CRITERION.key,
            text=CRITERION.text,
            kind=CRITERION.kind,
            weight=CRITERION.weight,
            verdict="yes",
            claimed="yes",
            confidence=0.8,
            reason="It says so.",
            quote=QUOTE,
            url=lead.website,
            snapshot_sha256=sha256_of(PAGE),
            start=PAGE.index(QUOTE),
            end=PAGE.index(QUOTE) + len(QUOTE),
            fetched_at=timezone.now(),
        )
        Contact.objects.create(
            lead=lead, name="Ada Example", title="CEO", email=lead.contact_email, is_person=True, found_by="site"
        )


class CandidateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Candidate

    run = factory.SubFactory(RunFactory)
    lead = factory.SubFactory(LeadFactory, workspace=factory.SelfAttribute("..run.workspace"))
    position = factory.Sequence(lambda n: n)
    stage = Stage.DEDUPE
