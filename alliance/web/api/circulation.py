"""``GET /api/v1/circulation``: the figures of a period."""

from dataclasses import asdict
from typing import Any, Self, get_type_hints

from flask_babel import gettext as _
from pydantic import BaseModel, Field, create_model, model_validator

from alliance.circulation.periods import MAX_DAYS
from alliance.circulation.report import Report, report, zone_flow
from alliance.store import one_snapshot
from alliance.web.api import bp
from alliance.web.api.problems import problems
from alliance.web.api.schemas import TEXT, Day, Query
from alliance.web.extensions import db
from alliance.web.reporting import reporting_zone
from alliance.web.words import Fault


class CirculationQuery(Query):
    """An inclusive period of business dates (Asia/Shanghai), and the zone whose outlets count."""

    from_: Day = Field(alias="from")
    to: Day
    zone: str | None = Field(
        default=None, max_length=12, pattern=TEXT, description="12-digit code; its subtree counts."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not 0 <= (self.to - self.from_).days < MAX_DAYS:
            raise ValueError(_("起止日期颠倒，或者相隔超过十年"))
        return self


class ZoneFlowAnswer(BaseModel):
    """Rows: the zone of the holder's employer; columns: the outlet's zone; net paid amounts in 分."""

    zones: list[str]
    rows_holder_zone_columns_outlet_zone: list[list[int]]


_FIELDS: dict[str, Any] = {name: (kind, ...) for name, kind in get_type_hints(Report).items()}
CirculationAnswer = create_model(
    "CirculationAnswer",
    __doc__="Net figures: amounts in 分, shares between 0 and 1, null where there is nothing to divide.",
    **_FIELDS,
    zone_flow_paid_fen=(ZoneFlowAnswer, ...),
)


@bp.get("/circulation")
@bp.input(CirculationQuery, location="query")
@bp.output(CirculationAnswer)
@bp.doc(
    summary="Circulation figures of a period", security="report_token", responses=problems(Fault.NOT_FOUND)
)
def show_circulation(query_data: CirculationQuery) -> dict[str, Any]:
    """The report and the zone × zone flow, from one snapshot of the books."""
    period = (query_data.from_, query_data.to)
    # The guard has read who is asking; the snapshot begins with a transaction of its own.
    zone = reporting_zone(db.session, query_data.zone)
    db.session.rollback()
    with one_snapshot(db.session):
        figures, flow = report(db.session, period, zone), zone_flow(db.session, period, zone)
    return asdict(figures) | {
        "zone_flow_paid_fen": {
            "zones": [zone.code for zone in flow.zones],
            "rows_holder_zone_columns_outlet_zone": flow.rows,
        }
    }
