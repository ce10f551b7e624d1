"""``GET /api/v1/circulation``: the figures of a period, and its tables."""

from typing import Any, Self, get_type_hints

from flask import abort, g
from flask_babel import gettext as _
from pydantic import BaseModel, Field, PrivateAttr, create_model, model_validator
from sqlalchemy.orm import Session

from alliance import clock
from alliance.accounts.models import Role
from alliance.circulation.around import Around, seen_around
from alliance.circulation.facts import SUMS
from alliance.circulation.listing import Listing, NotByZone, TableName, listing
from alliance.circulation.periods import Period, custom, parse, text_of
from alliance.circulation.report import Report, zone_flow
from alliance.circulation.scope import Axis, Scope
from alliance.circulation.seen import may_ask, may_see_tables, seen_report
from alliance.store import one_snapshot
from alliance.web.api import bp
from alliance.web.api.problems import problems
from alliance.web.api.schemas import TEXT, Day, Query
from alliance.web.errors import invalid_field, period_not_public
from alliance.web.extensions import db
from alliance.web.reporting import reporting_zone
from alliance.web.words import Fault


class CirculationQuery(Query):
    """A period, written as one or as its first and last business date (Asia/Shanghai), and whose figures."""

    period: str | None = Field(
        default=None,
        max_length=24,
        pattern=TEXT,
        description="`2026-03`, `2026-Q1`, `2026`, `2026-W09`, `2026-03-05`, `2026-03-01..2026-03-15`; "
        "or else `from` and `to`.",
    )
    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None
    zone: str | None = Field(
        default=None, max_length=12, pattern=TEXT, description="12-digit code; its subtree counts."
    )
    axis: Axis = Field(
        default=Axis.OUTLET, description="Whose zone: the outlet's, or that of the holder's employer."
    )
    _asked: Period = PrivateAttr()

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        days = self.from_, self.to
        if (self.period is None) == (days == (None, None)) or (self.period is None and None in days):
            raise ValueError(_("请给出 period，或者 from 和 to"))
        try:
            self._asked = custom(self.from_, self.to) if self.from_ and self.to else parse(self.period or "")
        except ValueError:
            raise ValueError(_("期间写法不对，起止日期颠倒，或者超过十年")) from None
        return self

    @property
    def asked(self) -> Period:
        """The period that is asked for."""
        return self._asked


class ZoneFlowAnswer(BaseModel):
    """Rows: the zone of the holder's employer; columns: the outlet's zone; net paid amounts in 分."""

    zones: list[str]
    rows_holder_zone_columns_outlet_zone: list[list[int]]


#: Any of them is null where it is hidden.
_FIELDS: dict[str, Any] = {
    name: (kind | None, ...) for name, kind in {**get_type_hints(Report), **get_type_hints(Around)}.items()
}
CirculationAnswer = create_model(
    "CirculationAnswer",
    __doc__="Net figures: amounts in 分, shares between 0 and 1, null where there is nothing to divide. "
    "Also null is what `hidden_figures` names and, to whoever has public reports only, the flow: there is "
    "`/circulation/zone-flows`.",
    period=(str, ...),
    **_FIELDS,
    hidden_figures=(list[str], ...),
    zone_flow_paid_fen=(ZoneFlowAnswer | None, ...),
)


class CellAnswer(BaseModel):
    """A row of a table; of a ``hidden`` one the numbers are null."""

    keys: dict[str, str] = Field(description="Codes and names of what the row is of.")
    redemptions: int | None
    gross_fen: int | None
    discount_fen: int | None
    paid_fen: int | None
    holders: int | None = Field(description="Distinct holders; null as well where nobody has counted them.")
    hidden: bool


class TableAnswer(BaseModel):
    """A table of a period, by the codes of its rows; a row that is not there is empty."""

    period: str
    table: TableName
    rows: list[CellAnswer]


@bp.get("/circulation")
@bp.input(CirculationQuery, location="query")
@bp.output(CirculationAnswer)
@bp.doc(
    summary="Circulation figures of a period",
    security="report_token",
    responses=problems(Fault.NOT_FOUND, Fault.PERIOD_NOT_PUBLIC),
)
def show_circulation(query_data: CirculationQuery) -> dict[str, Any]:
    """The report, what stands around it and the zone × zone flow, from one snapshot of the books."""
    if not may_ask(query_data.asked, sees_all=_sees_all()):
        period_not_public()
    scope = _scope(query_data)
    with one_snapshot(db.session):
        return _figures(db.session, query_data.asked, scope)


@bp.get("/circulation/<table_name>")
@bp.input(CirculationQuery, location="query")
@bp.output(TableAnswer)
@bp.doc(
    summary="A table of circulation of a period: " + ", ".join(TableName),
    security="report_token",
    responses=problems(Fault.NOT_FOUND, Fault.PERIOD_NOT_PUBLIC),
)
def show_circulation_table(table_name: str, query_data: CirculationQuery) -> dict[str, Any]:
    """Net sums and distinct holders, row by row."""
    if table_name not in set(TableName):
        abort(404)
    today = clock.business_date(clock.now())
    if not may_see_tables(query_data.asked, today, sees_all=_sees_all()):
        period_not_public()
    scope = _scope(query_data)
    try:
        with one_snapshot(db.session):
            found = listing(db.session, TableName(table_name), query_data.asked, scope, sees_all=_sees_all())
    except NotByZone:
        invalid_field("zone", _("这张表不按这样的片区分"))
    return {"period": text_of(query_data.asked), "table": table_name, "rows": _rows(found)}


def _sees_all() -> bool:
    if "token" in g:
        return not g.token.is_public
    return any(grant.role == Role.DATA_OFFICER for grant in g.grants)


def _scope(query: CirculationQuery) -> Scope:
    """The scope that is asked for; the snapshot then begins with a transaction of its own."""
    scope = Scope(reporting_zone(db.session, query.zone), query.axis)
    # The guard has read who is asking.
    db.session.rollback()
    return scope


def _figures(session: Session, period: Period, scope: Scope) -> dict[str, Any]:
    found = seen_report(session, period, scope, sees_all=_sees_all(), chance=True)
    today = clock.business_date(clock.now())
    beside = seen_around(session, period, scope, found, today, sees_all=_sees_all())
    return {
        **dict.fromkeys(_FIELDS),
        **found.figures,
        **beside.figures,
        "period": text_of(period),
        "hidden_figures": sorted(found.hidden | beside.hidden),
        "zone_flow_paid_fen": _flow(session, period, scope) if _sees_all() else None,
    }


def _flow(session: Session, period: Period, scope: Scope) -> dict[str, Any]:
    flow = zone_flow(session, period.span, scope.zone, scope.axis)
    return {
        "zones": [zone.code for zone in flow.zones],
        "rows_holder_zone_columns_outlet_zone": flow.rows,
    }


def _rows(found: Listing) -> list[dict[str, Any]]:
    return [
        {
            "keys": dict(zip(found.columns, texts, strict=True)),
            **{name: getattr(cell, name, None) for name in (*SUMS, "holders")},
            "hidden": cell is None,
        }
        for texts, cell in found.rows
    ]
