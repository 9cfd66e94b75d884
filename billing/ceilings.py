"""The ceilings that a call's money comes from: which apply, made on first use, and locked in one order.

Ceilings begin anew with each calendar month in UTC. That holds for a single lead, too: a run that is repeated every day
does not spend on the same lead every day, and next month the lead may be looked at again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit_models import Verb
from accounts.models import User, Workspace
from billing.amounts import dollars
from billing.models import NO_LIMIT_MICROUSD, Budget, Hold, SpendingLimit

Scope = Budget.Scope


def this_month() -> date:
    """Return the first day of the current month in UTC."""
    return timezone.now().date().replace(day=1)


# Written out, because building it anew would cost more than running it, and each call needs it twice. The columns are
# those of the two unique constraints, whose indexes serve it.
_APPLYING = """
SELECT * FROM billing_budget
WHERE id = %(budget)s
   OR (scope = 'installation' AND period = %(period)s)
   OR (scope <> 'activity' AND workspace_id = %(workspace)s AND period = %(period)s
       AND subject IN ('', %(provider)s, %(lead)s))
ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Spending:
    """On whose account a call is: an activity's, with one provider, in one month, perhaps for one lead."""

    budget_id: int
    workspace_id: int
    provider: str
    period: date
    lead_ref: int | None = None

    def lock(self) -> list[Budget]:
        """Lock every ceiling that applies until the transaction ends and return them; some may not be there yet.

        Always in the order of their numbers, so that two transactions never wait for each other.
        """
        lock = connection.ops.for_update_sql() if connection.features.has_select_for_update else ""
        values = {
            "budget": self.budget_id,
            "workspace": self.workspace_id,
            "period": self.period,
            "provider": self.provider,
            "lead": "" if self.lead_ref is None else str(self.lead_ref),
        }
        return [_aligned(ceiling) for ceiling in Budget.objects.raw(_APPLYING + lock, values)]

    def are_all(self, locked: Sequence[Budget]) -> bool:
        """Return whether these are all ceilings that apply. A lead has one while its workspace limits leads."""
        scopes = {ceiling.scope for ceiling in locked}
        if not scopes.issuperset((Scope.INSTALLATION, Scope.WORKSPACE, Scope.PROVIDER)):
            return False
        if self.lead_ref is None or Scope.LEAD in scopes:
            return True
        return not any(ceiling.limits_leads for ceiling in locked)

    def open(self) -> None:
        """Make the ceilings of the month that are missing, with the limits of now. Done twice, it adds none."""
        with transaction.atomic():
            limits = _locked_limits(self.workspace_id)
            limits_leads = any(one.scope == Scope.LEAD for one in limits)
            own = [(Scope.WORKSPACE, ""), (Scope.PROVIDER, self.provider)]
            if self.lead_ref is not None and limits_leads:
                own.append((Scope.LEAD, str(self.lead_ref)))
            ceilings = [
                Budget(
                    scope=scope,
                    workspace_id=self.workspace_id,
                    period=self.period,
                    subject=subject,
                    cap_microusd=_cap(limits, scope, subject),
                    limits_leads=limits_leads and scope == Scope.WORKSPACE,
                )
                for scope, subject in own
            ]
            whole = Budget(scope=Scope.INSTALLATION, period=self.period, cap_microusd=_installation_cap())
            Budget.objects.bulk_create([whole, *ceilings], ignore_conflicts=True)


def set_limit(
    workspace: Workspace, scope: Budget.Scope, limit_microusd: int | None, *, subject: str = "", by: User | None = None
) -> None:
    """Let a workspace spend so much a month from now on: in all, with one provider, or on each single lead.

    `None` takes the limit away, 0 allows nothing. What is spent and held already this month counts. Raises ValueError
    for an amount below 0 or without sense.
    """
    if limit_microusd is not None and not 0 <= limit_microusd < NO_LIMIT_MICROUSD:
        raise ValueError("a limit is from 0 up to a trillion dollars")
    with transaction.atomic():
        _locked_limits(workspace.pk)
        rows = SpendingLimit.objects.filter(workspace=workspace, scope=scope, subject=subject)
        if limit_microusd is None:
            rows.delete()
        else:
            SpendingLimit.objects.update_or_create(
                workspace=workspace,
                scope=scope,
                subject=subject,
                defaults={"limit_microusd": limit_microusd, "set_by": by},
            )
        if scope == Scope.LEAD:
            _limit_leads(workspace.pk, is_limited=limit_microusd is not None)
        ceilings = Budget.objects.filter(workspace=workspace, scope=scope, period__gte=this_month())
        if scope == Scope.PROVIDER:
            ceilings = ceilings.filter(subject=subject)
        _move_cap(ceilings, NO_LIMIT_MICROUSD if limit_microusd is None else limit_microusd)
        new = "–" if limit_microusd is None else dollars(limit_microusd)
        audit.record(Verb.LIMIT_CHANGED, workspace_id=workspace.pk, words=f"{scope} {subject} → {new}", by=by)


def limit_of(workspace_id: int, scope: Budget.Scope, subject: str = "") -> int | None:
    """Return what a workspace allows itself, in micro-dollars; `None` where there is no limit."""
    rows = SpendingLimit.objects.filter(workspace_id=workspace_id, scope=scope, subject=subject)
    return rows.values_list("limit_microusd", flat=True).first()


def holds_under(ceiling: Budget) -> Q:
    """Return what tells the holds that are taken from `ceiling`."""
    if ceiling.scope == Scope.ACTIVITY:
        return Q(budget_id=ceiling.pk)
    in_month = Q(period=ceiling.period)
    if ceiling.scope == Scope.INSTALLATION:
        return in_month
    ours = in_month & Q(workspace_id=ceiling.workspace_id)
    if ceiling.scope == Scope.PROVIDER:
        return ours & Q(provider=ceiling.subject)
    return ours & Q(lead_ref=ceiling.subject) if ceiling.scope == Scope.LEAD else ours


def sentence(ceiling: Budget, *, provider: str = "") -> str:
    """Say that a ceiling is reached: which, how much it is, and what to do. `provider` is the name of its provider."""
    amount = dollars(ceiling.cap_microusd)
    if ceiling.scope == Scope.ACTIVITY:
        return _("The spending limit of %(amount)s for this is reached. Raise it to go on.") % {"amount": amount}
    assert ceiling.period is not None, "the constraint budget_of_a_month_has_one holds"
    values = {"amount": amount, "month": date_format(ceiling.period, "F Y"), "provider": provider or ceiling.subject}
    if ceiling.scope == Scope.WORKSPACE:
        return (
            _("Your workspace's limit of %(amount)s for %(month)s is reached. Raise it under Settings → Spending.")
            % values
        )
    if ceiling.scope == Scope.PROVIDER:
        return (
            _(
                "Your limit of %(amount)s with %(provider)s for %(month)s is reached. "
                "Raise it under Settings → Spending."
            )
            % values
        )
    if ceiling.scope == Scope.LEAD:
        return (
            _("Your limit of %(amount)s for a single lead in %(month)s is reached. Raise it under Settings → Spending.")
            % values
        )
    # Not how much: that would tell each workspace what all of them spent together.
    return (
        _("This installation's limit for %(month)s is reached. Its operator can raise it; it begins anew next month.")
        % values
    )


def _cap(limits: Sequence[SpendingLimit], scope: Budget.Scope, subject: str) -> int:
    wanted = subject if scope == Scope.PROVIDER else ""
    fitting = (one.limit_microusd for one in limits if one.scope == scope and one.subject == wanted)
    return next(fitting, NO_LIMIT_MICROUSD)


def _installation_cap() -> int:
    limit: int | None = settings.MONTHLY_SPENDING_LIMIT_MICROUSD
    return NO_LIMIT_MICROUSD if limit is None else limit


def _locked_limits(workspace_id: int) -> list[SpendingLimit]:
    """Return a workspace's limits; until the transaction ends nobody else makes its ceilings or sets its limits."""
    # Not FOR UPDATE, which would wait for everybody who writes a row of this workspace.
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
    return list(SpendingLimit.objects.filter(workspace_id=workspace_id))


def _limit_leads(workspace_id: int, *, is_limited: bool) -> None:
    """Begin, or cease, to give each lead a ceiling of its own.

    Whoever takes or settles a hold of the workspace has its ceiling locked, so that nobody does meanwhile.
    """
    months = Budget.objects.filter(workspace_id=workspace_id, scope=Scope.WORKSPACE, period__gte=this_month())
    locked = list(months.select_for_update().order_by("pk"))
    months.filter(pk__in=[one.pk for one in locked]).update(limits_leads=is_limited)
    if is_limited:
        _count_leads(workspace_id, [one.period for one in locked if one.period])


def _count_leads(workspace_id: int, periods: Sequence[date]) -> None:
    """Make the ceilings of all leads that something was spent or set aside for in `periods`, and count that."""
    held = Q(status=Hold.Status.HELD)
    charged = F("settled_microusd") - F("overdraw_microusd") - F("refunded_microusd")
    holds = Hold.objects.filter(workspace_id=workspace_id, period__in=periods, lead_ref__isnull=False).order_by()
    used = holds.values_list("lead_ref", "period").annotate(
        spent=Sum(charged, default=0, filter=~held), reserved=Sum("amount_microusd", default=0, filter=held)
    )
    Budget.objects.bulk_create(
        [
            Budget(
                scope=Scope.LEAD,
                workspace_id=workspace_id,
                period=period,
                subject=str(lead),
                cap_microusd=NO_LIMIT_MICROUSD,
                spent_microusd=spent,
                reserved_microusd=reserved,
            )
            for lead, period, spent, reserved in used
        ],
        ignore_conflicts=True,
        batch_size=500,
    )


def _move_cap(ceilings: QuerySet[Budget], cap: int) -> None:
    """Set the cap of ceilings; where it is below what is spent and held already, that excess is kept."""
    numbers = list(ceilings.select_for_update().order_by("pk").values_list("pk", flat=True))
    Budget.objects.filter(pk__in=numbers).update(
        cap_microusd=cap, excess_microusd=Greatest(F("spent_microusd") + F("reserved_microusd") - cap, 0)
    )


def _aligned(ceiling: Budget) -> Budget:
    """Return a locked ceiling; the installation's follows its setting at once."""
    if ceiling.scope == Scope.INSTALLATION and ceiling.cap_microusd != (cap := _installation_cap()):
        _move_cap(Budget.objects.filter(pk=ceiling.pk), cap)
        ceiling.refresh_from_db()
    return ceiling
