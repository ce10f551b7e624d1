"""What a page of circulation is asked for: a period, a zone on an axis; and what its visitor may see.

All of it stands in the URL: ``period`` as ``circulation.periods`` writes it, ``zone`` as a code, ``axis``.
"""

from dataclasses import dataclass, replace
from datetime import date

from flask import abort, g, request
from sqlalchemy.orm import Session

from alliance import clock
from alliance.accounts.models import Role
from alliance.circulation.periods import Period, PeriodKind, containing, custom, parse, previous, text_of
from alliance.circulation.scope import Axis, Scope
from alliance.circulation.seen import may_ask, may_see_tables
from alliance.web.reporting import reporting_zone


@dataclass(frozen=True)
class Asked:
    """The filters of a page; ``sees_all`` is true for the data officer only."""

    period: Period
    scope: Scope
    today: date
    sees_all: bool

    @property
    def query(self) -> dict[str, str]:
        """The filters as the arguments of a URL."""
        zone = {"zone": self.scope.zone.code} if self.scope.zone else {}
        axis = {"axis": self.scope.axis.value} if self.scope.axis != Axis.OUTLET else {}
        return {"period": text_of(self.period)} | zone | axis

    @property
    def sees_tables(self) -> bool:
        """Whether the tables of the period may be seen."""
        return may_see_tables(self.period, self.today, sees_all=self.sees_all)

    def of(self, period: Period) -> "Asked":
        """The same for another period."""
        return replace(self, period=period)


def asked(session: Session, *, tables: bool = False) -> Asked:
    """What the URL asks for. Without a period: this month; for a page of ``tables`` the one before.

    A zone that the visitor may not see and one that is not there end as 404, a period that is none or that
    the visitor may not ask for as 400.
    """
    today = clock.business_date(clock.now())
    sees_all = any(grant.role == Role.DATA_OFFICER for grant in g.grants)
    month = containing(PeriodKind.MONTH, today)
    try:
        period = _period(previous(month) if tables else month)
        axis = Axis(request.args.get("axis", Axis.OUTLET))
    except ValueError:
        abort(400)
    if not may_ask(period, sees_all=sees_all):
        abort(400)
    return Asked(period, Scope(reporting_zone(session, request.args.get("zone")), axis), today, sees_all)


def _period(usual: Period) -> Period:
    """``period``, or ``from`` and ``to``. Raises ValueError."""
    if first := request.args.get("from"):
        return custom(date.fromisoformat(first), date.fromisoformat(request.args.get("to", "")))
    return parse(request.args["period"]) if request.args.get("period") else usual
