"""``GET /api/v1/refused-attempts``: who was turned down at which counter, and why."""

from typing import Any
from uuid import UUID

from flask import g
from pydantic import BaseModel, Field

from alliance.refused import Reason
from alliance.web.api import bp, lookups
from alliance.web.api.counters import own_outlet
from alliance.web.api.lookups import Reach
from alliance.web.api.problems import problems
from alliance.web.api.schemas import NamedCode, PageQuery
from alliance.web.extensions import db


class RefusedAttemptEntry(BaseModel):
    """One refusal; it holds nothing about the person."""

    at: str
    outlet: NamedCode
    reason: Reason
    request_id: UUID | None = Field(description="The id that the client had minted for what it wanted.")


class RefusedPage(BaseModel):
    """A page of refusals, the newest first."""

    refused_attempts: list[RefusedAttemptEntry]
    next_cursor: str | None = Field(description="Null on the last page.")


@bp.get("/refused-attempts")
@bp.input(PageQuery, location="query")
@bp.output(RefusedPage)
@bp.doc(summary="List refused attempts", security="pos_token", responses=problems(Reason.WRONG_OUTLET))
def list_refused(query_data: PageQuery) -> dict[str, Any]:
    """Refusals at the token's outlets, those at the browser's counter included; days in Shanghai."""
    where = Reach(g.token.merchant_id, own_outlet(query_data.outlet))
    rows, cursor = lookups.refused_attempts(db.session, where, query_data)
    return {
        "refused_attempts": [
            {
                "at": attempt.at.isoformat(timespec="seconds"),
                "outlet": {"code": code, "name": name},
                "reason": attempt.reason,
                "request_id": attempt.request_id,
            }
            for attempt, code, name in rows
        ],
        "next_cursor": cursor,
    }
