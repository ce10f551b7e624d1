"""Corrections (改金额): a redemption with another amount takes the place of one, in one transaction."""

from uuid import UUID

from flask import Response
from pydantic import Field

from alliance import clock
from alliance.money import MAX_FEN
from alliance.offers.pricing import MAX_QUANTITY
from alliance.redemptions.correct import Correction
from alliance.redemptions.correct import correct as redeem_anew
from alliance.redemptions.reverse import Authority
from alliance.web.api import bp
from alliance.web.api.answers import told
from alliance.web.api.counters import counter_of_redemption
from alliance.web.api.problems import CORRECTING, WRITING, problems
from alliance.web.api.schemas import CorrectionAnswer, Minted, Why
from alliance.web.attempts import attempt


class CorrectionRequest(Minted):
    """What it should have been, under the id of the redemption that it is to become."""

    reversal_id: UUID = Field(strict=False, description="Of the reversal; minted by the client as well.")
    gross_fen: int | None = Field(
        default=None,
        ge=1,
        le=MAX_FEN,
        description="The right amount before the discount, in 分; as in a redemption, not of every kind.",
    )
    quantity: int | None = Field(
        default=None, ge=1, le=MAX_QUANTITY, description="Without it, as many as it was."
    )
    reason: Why


@bp.post("/redemptions/<uuid:redemption_id>/correction")
@bp.input(CorrectionRequest)
@bp.output(CorrectionAnswer, status_code=201)
@bp.doc(
    summary="Correct a redemption's amount",
    security="pos_token",
    responses=problems(*WRITING, *CORRECTING),
)
def correct(redemption_id: UUID, json_data: CorrectionRequest) -> Response:
    """Reverse a redemption and redeem it anew with another amount, exactly once per id: both or neither.

    The new one keeps the scan, the moment, the offer as it was then, and the till's own words. The same id
    and body get the first answer's bytes again, with `Idempotency-Replayed: true`.
    """
    at, counter = clock.now(), counter_of_redemption(redemption_id)
    wanted = Correction(redemption_id=redemption_id, **json_data.model_dump())
    return told(
        attempt(
            counter,
            lambda session: redeem_anew(session, counter, Authority.MERCHANT, wanted, at),
            at,
            json_data.id,
        )
    )
