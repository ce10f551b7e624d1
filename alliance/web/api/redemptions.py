"""``POST /api/v1/redemptions``: scan and redeem in one call."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, g
from pydantic import BaseModel, ConfigDict, Field

from alliance import clock
from alliance.money import MAX_FEN
from alliance.offers.pricing import MAX_QUANTITY
from alliance.passes.credential import MAX_TEXT
from alliance.redemptions.counter import Counter
from alliance.redemptions.redeem import Order, redeem_at_once
from alliance.web.api import bp
from alliance.web.api.problems import PROBLEMS
from alliance.web.attempts import attempt

#: Text that both databases can hold: PostgreSQL refuses NUL, and SQLite would hide what follows it.
_TEXT = r"^[^\x00]*$"


class RedemptionRequest(BaseModel):
    """What a POS sends. Amounts are integers in 分."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: UUID = Field(
        strict=False,
        description="Minted by the client before its first send. Send the same id and body again after any "
        "failure: the first acceptance is answered word for word.",
    )
    presentation: str = Field(
        min_length=1,
        max_length=MAX_TEXT,
        pattern=_TEXT,
        description="The text of the QR code, or the eight typed digits.",
    )
    offer: str = Field(
        min_length=1, max_length=40, pattern=_TEXT, description="The offer's code (优惠编号) or id."
    )
    gross_fen: int = Field(ge=1, le=MAX_FEN, description="The amount before the discount, in 分.")
    quantity: int = Field(default=1, ge=1, le=MAX_QUANTITY)
    receipt_no: str | None = Field(
        default=None, max_length=64, pattern=_TEXT, description="The POS's own receipt number."
    )


class NamedCode(BaseModel):
    """Something of the merchant's, by code and name."""

    code: str
    name: str


class RedeemedOffer(BaseModel):
    """The offer as it was redeemed."""

    id: UUID
    code: str
    title: str
    revision: int


class MaskedHolder(BaseModel):
    """As much of the person as a counter may see."""

    name: str = Field(description="Masked: 张**.")
    employer: str


class RedemptionAnswer(BaseModel):
    """The redemption as it stands in the books. Amounts in 分, the moment in UTC."""

    id: UUID
    redeemed_at: str
    outlet: NamedCode
    offer: RedeemedOffer
    holder: MaskedHolder
    gross_fen: int
    discount_fen: int
    paid_fen: int = Field(description="What the cashier collects.")
    quantity: int
    receipt_no: str | None


@bp.post("/redemptions")
@bp.input(RedemptionRequest)
@bp.output(RedemptionAnswer, status_code=201)
@bp.doc(summary="Redeem an offer", security="outlet_token", responses=PROBLEMS)
def redeem(json_data: RedemptionRequest) -> Response:
    """Verify a presentation at the token's outlet and redeem one offer, exactly once per id."""
    at = clock.now()
    counter = Counter(g.token.merchant_id, g.token.outlet_id, token_id=g.token.id, address=g.actor.address)
    order = Order(**json_data.model_dump(exclude={"presentation"}))
    keyring: Any = current_app.extensions["keyring"]
    answer = attempt(
        counter,
        lambda session: redeem_at_once(session, keyring, counter, json_data.presentation, order, at),
        at,
        json_data.id,
    )
    return Response(answer.body, status=201, mimetype="application/json")
