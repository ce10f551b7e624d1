"""Reversals: give a redemption back, whole or in part; list what was given back."""

from typing import Any
from uuid import UUID

from flask import Response, g
from pydantic import BaseModel, Field

from alliance import clock
from alliance.money import MAX_FEN
from alliance.redemptions.reverse import Authority
from alliance.redemptions.reverse import reverse as give_back
from alliance.refused import Reason
from alliance.web.api import bp, lookups
from alliance.web.api.answers import told
from alliance.web.api.counters import counter_of_redemption, own_outlet
from alliance.web.api.lookups import Reach
from alliance.web.api.problems import REVERSING, WRITING, problems
from alliance.web.api.schemas import Minted, PageQuery, ReversalAnswer, ReversalState, Why
from alliance.web.attempts import attempt
from alliance.web.extensions import db


class ReversalRequest(Minted):
    """Why, and how much."""

    reason: Why
    refund_fen: int | None = Field(
        default=None,
        ge=1,
        le=MAX_FEN,
        description="How much of what was paid goes back; without it all that is left, and the use with it.",
    )


class ReversalPage(BaseModel):
    """A page of reversals, the newest first."""

    reversals: list[ReversalState]
    next_cursor: str | None = Field(description="Null on the last page.")


@bp.post("/redemptions/<uuid:redemption_id>/reversals")
@bp.input(ReversalRequest)
@bp.output(ReversalAnswer, status_code=201)
@bp.doc(
    summary="Reverse or refund a redemption", security="pos_token", responses=problems(*WRITING, *REVERSING)
)
def reverse(redemption_id: UUID, json_data: ReversalRequest) -> Response:
    """Void a redemption, or refund a part of it, exactly once per id.

    The same id and body get the first answer's bytes again, with `Idempotency-Replayed: true`.
    """
    at, counter = clock.now(), counter_of_redemption(redemption_id)
    why, refund_fen = json_data.reason, json_data.refund_fen
    return told(
        attempt(
            counter,
            lambda session: give_back(
                session,
                counter,
                json_data.id,
                redemption_id,
                why,
                at,
                authority=Authority.MERCHANT,
                refund_fen=refund_fen,
            ),
            at,
            json_data.id,
        )
    )


@bp.get("/reversals")
@bp.input(PageQuery, location="query")
@bp.output(ReversalPage)
@bp.doc(summary="List reversals", security="pos_token", responses=problems(Reason.WRONG_OUTLET))
def list_reversals(query_data: PageQuery) -> dict[str, Any]:
    """Reversals by the redemption's business date, the newest first."""
    where = Reach(g.token.merchant_id, own_outlet(query_data.outlet))
    rows, cursor = lookups.reversals(db.session, where, query_data)
    return {"reversals": [row.model_dump() for row in rows], "next_cursor": cursor}
