"""``GET /api/v1/reconciliation``: a business date per outlet, to be compared with the till's own books."""

from typing import Any
from uuid import UUID

from flask import g
from pydantic import BaseModel, Field

from alliance.redemptions.reconciliation import OutletDay, Side, reconcile
from alliance.refused import Reason
from alliance.store import one_snapshot
from alliance.web.api import bp
from alliance.web.api.counters import own_outlet
from alliance.web.api.problems import problems
from alliance.web.api.schemas import Amounts, Day, NamedCode, OutletName, Query
from alliance.web.extensions import db


class ReconciliationQuery(Query):
    """A business date (Asia/Shanghai)."""

    date: Day
    outlet: OutletName | None = None
    detail: bool = Field(default=False, description="With every line.")


class ReconciledLine(Amounts):
    """One redemption or reversal."""

    id: UUID


class ReconciledSide(Amounts):
    """The redemptions of a day, or its reversals (amounts ≤ 0)."""

    count: int
    digest: str = Field(
        description="SHA-256, hexadecimal, over the lines `id,gross,discount,paid`, sorted by bytes, each "
        "ended by LF. The exact form is in docs/api.md."
    )
    lines: list[ReconciledLine] | None = Field(description="With `detail=1`, in the digest's order.")


class ReconciledOutlet(BaseModel):
    """One outlet's day. ``net`` is redemptions plus reversals."""

    outlet: NamedCode
    redemptions: ReconciledSide
    reversals: ReconciledSide
    net: Amounts


class ReconciliationAnswer(BaseModel):
    """An entry for each outlet within the token's reach, by code."""

    date: Day
    outlets: list[ReconciledOutlet]


@bp.get("/reconciliation")
@bp.input(ReconciliationQuery, location="query")
@bp.output(ReconciliationAnswer)
@bp.doc(summary="Reconcile a day", security="pos_token", responses=problems(Reason.WRONG_OUTLET))
def reconcile_day(query_data: ReconciliationQuery) -> dict[str, Any]:
    """What the books have for a business date: counts, sums, and digests to compare by."""
    outlet_id, day = own_outlet(query_data.outlet), query_data.date
    db.session.rollback()
    with one_snapshot(db.session):
        found = reconcile(db.session, g.token.merchant_id, outlet_id, day)
    return {"date": day, "outlets": [_outlet(each, query_data.detail) for each in found]}


def _outlet(day: OutletDay, detail: bool) -> dict[str, Any]:
    return {
        "outlet": {"code": day.outlet.code, "name": day.outlet.name},
        "redemptions": _side(day.redemptions, detail),
        "reversals": _side(day.reversals, detail),
        "net": {
            name: getattr(day.redemptions, name) + getattr(day.reversals, name)
            for name in Amounts.model_fields
        },
    }


def _side(side: Side, detail: bool) -> dict[str, Any]:
    return {
        "count": len(side.lines),
        **{name: getattr(side, name) for name in Amounts.model_fields},
        "digest": side.digest,
        "lines": [vars(line) for line in sorted(side.lines)] if detail else None,
    }
