"""What a page of circulation is asked for: a period, a zone on an axis; and what its visitor may see.

All of it stands in the URL: ``period`` as ``circulation.periods`` writes it (or ``from`` and ``to``),
``zone`` as a code, ``axis``. A page says ``asked(db.session)`` and shows the bar
``organizer/circulation_filters.html``; what is wrong with a filter is said at its field, over an empty page.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from alliance import clock
from alliance.accounts.models import Role
from alliance.circulation.models import DerivedMonth
from alliance.circulation.periods import Period, PeriodKind, containing, custom, parse, previous, text_of
from alliance.circulation.scope import Axis, Scope
from alliance.circulation.seen import may_ask, may_see_tables
from alliance.web.organizer import bp, lookups
from alliance.web.organizer.forms import PeriodForm
from alliance.web.organizer.period_choices import Arrows, Choices, Preset, arrows, choices, presets
from alliance.web.reporting import reporting_zone


@dataclass(frozen=True)
class Asked:
    """The filters of a page; ``sees_all`` is true for the data officer only.

    ``zones`` are those to choose from as (code, name), ``since`` is the first month with figures, ``dates``
    are the two days of a custom period as they were typed, ``wrong`` says what is wrong with which field.
    """

    period: Period
    scope: Scope
    today: date
    sees_all: bool
    zones: Sequence[tuple[str, str]] = ()
    since: date = date.max
    dates: PeriodForm | None = None
    wrong: dict[str, str] = field(default_factory=dict)

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

    @property
    def arrows(self) -> Arrows:
        """The periods before and after; None where there is nothing to see."""
        return arrows(self.period, self.today)

    @property
    def presets(self) -> list[Preset]:
        """The periods that are asked for most."""
        return presets(self.today, sees_all=self.sees_all)

    @property
    def choices(self) -> list[Choices]:
        """Every period with figures that may be asked for, and this one."""
        return choices(self.period, self.since, self.today)

    def of(self, period: Period) -> "Asked":
        """The same for another period."""
        return replace(self, period=period)


class WrongFilter(Exception):
    """A filter that cannot be taken: ``asked`` has the usual ones in its place, and says why."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(str(asked.wrong))
        self.asked = asked


def asked(session: Session, *, tables: bool = False) -> Asked:
    """What the URL asks for. Without a period: this month, or for a page of ``tables`` the last.

    A zone that the visitor may not see and one that is not there end as 404. A period that is none, or
    that the visitor may not ask for, ends as a page that says so at its field, with 422.
    """
    today = clock.business_date(clock.now())
    sees_all = any(grant.role == Role.DATA_OFFICER for grant in g.grants)
    month = containing(PeriodKind.MONTH, today)
    wrong: dict[str, str] = {}
    axis = _axis(wrong)
    dates = PeriodForm(formdata=MultiDict({name: request.args.get(name, "") for name in ("from", "to")}))
    period = _period(dates, wrong, sees_all=sees_all)
    found = Asked(
        period or (previous(month) if tables else month),
        Scope(reporting_zone(session, request.args.get("zone")), axis),
        today,
        sees_all,
        zones=lookups.zone_choices(session, g.grants),
        since=session.scalar(select(func.min(DerivedMonth.month))) or today,
        dates=dates,
        wrong=wrong,
    )
    if wrong:
        raise WrongFilter(found)
    return found


@bp.errorhandler(WrongFilter)
def _say_what_is_wrong(error: WrongFilter) -> ResponseReturnValue:
    return render_template("organizer/wrong_filter.html", asked=error.asked), 422


def _axis(wrong: dict[str, str]) -> Axis:
    try:
        return Axis(request.args.get("axis") or Axis.OUTLET)
    except ValueError:
        wrong["axis"] = _("请选择按门店还是按单位所在片区统计。")
        return Axis.OUTLET


def _period(dates: PeriodForm, wrong: dict[str, str], *, sees_all: bool) -> Period | None:
    """The period of the URL; None when it names none, or a ``wrong`` one."""
    text, period = request.args.get("period", ""), None
    if dates.first.raw_data[0] or dates.last.raw_data[0]:
        if dates.validate():
            period = custom(*dates.period)
        else:
            wrong["dates"] = next(iter(dates.errors.values()))[0]
    elif text:
        try:
            period = parse(text)
        except ValueError:
            wrong["period"] = _("没有“%(text)s”这个周期，请在列表里选择。", text=text[:24])
    if period is not None and not may_ask(period, sees_all=sees_all):
        wrong["period"] = _("只有数据专员能按日、按周或自选日期统计，请选择月、季或年。")
        return None
    return period
