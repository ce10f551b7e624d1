"""``/api/v1/redemptions``: redeem, exactly once per id; look one up; list them."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from flask import Response, current_app, g
from flask_babel import gettext as _
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from alliance import clock
from alliance.money import MAX_FEN
from alliance.offers.pricing import MAX_QUANTITY
from alliance.redemptions.counter import Counter
from alliance.redemptions.redeem import Answer, Order, redeem_at_once
from alliance.redemptions.redeem import redeem as redeem_scan
from alliance.refused import Reason
from alliance.web.api import bp, lookups
from alliance.web.api.answers import told
from alliance.web.api.counters import counter_of, own_outlet
from alliance.web.api.lookups import Reach
from alliance.web.api.problems import FINDING, REDEEMING, WRITING, problems
from alliance.web.api.schemas import (
    TEXT,
    Minted,
    OutletName,
    PageQuery,
    Presentation,
    RedemptionAnswer,
    RedemptionState,
    Words,
)
from alliance.web.attempts import attempt
from alliance.web.extensions import db

_EITHER: Any = [
    {"required": [name], "properties": {name: {"type": "string"}}} for name in ("presentation", "scan")
]


class RedemptionRequest(Minted):
    """What a POS sends: a presentation (one call does it all), or the scan that it made before."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _EITHER})

    presentation: Presentation | None = None
    scan: UUID | None = Field(default=None, strict=False, description="The id of a scan at this outlet.")
    offer: str = Field(
        min_length=1, max_length=40, pattern=TEXT, description="The offer's code (优惠编号) or id."
    )
    gross_fen: int | None = Field(
        default=None,
        ge=1,
        le=MAX_FEN,
        description="The amount before the discount, in 分. Of a ticket (`takes` of the scan's offer) leave "
        "it out, or send what it comes to; of a service leave it out.",
    )
    quantity: int = Field(default=1, ge=1, le=MAX_QUANTITY)
    outlet: OutletName | None = None
    receipt_no: Words | None = Field(default=None, description="The POS's own receipt number.")
    pos: Words | None = Field(default=None, description="What the merchant calls the POS,")
    terminal: Words | None = Field(default=None, description="its terminal,")
    cashier: Words | None = Field(default=None, description="and its cashier.")

    name_compared: bool = Field(
        default=False,
        description="The cashier has compared the name on the printed card; of a scan with `compare_name`.",
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.presentation is None) == (self.scan is None):
            raise ValueError(_("presentation 和 scan 要给出其中一项，而且只给一项"))
        return self

    @property
    def order(self) -> Order:
        """What is bought."""
        return Order(**self.model_dump(exclude={"presentation", "scan", "outlet"}))


class RedemptionPage(BaseModel):
    """A page of redemptions, the newest first."""

    redemptions: list[RedemptionState]
    next_cursor: str | None = Field(description="Null on the last page.")


@bp.post("/redemptions")
@bp.input(RedemptionRequest)
@bp.output(RedemptionAnswer, status_code=201)
@bp.doc(summary="Redeem an offer", security="pos_token", responses=problems(*WRITING, *REDEEMING))
def redeem(json_data: RedemptionRequest) -> Response:
    """Redeem one offer, exactly once per id: of a presentation in one call, or of a scan.

    The same id and body get the first answer's bytes again, with `Idempotency-Replayed: true`.
    """
    at = clock.now()
    counter = counter_of(json_data.outlet, at, json_data.id)
    return told(attempt(counter, lambda session: _redeem(session, counter, json_data, at), at, json_data.id))


@bp.get("/redemptions")
@bp.input(PageQuery, location="query")
@bp.output(RedemptionPage)
@bp.doc(summary="List redemptions", security="pos_token", responses=problems(Reason.WRONG_OUTLET))
def list_redemptions(query_data: PageQuery) -> dict[str, Any]:
    """Redemptions by business date, the newest first. A cursor stays right while new ones arrive."""
    where = Reach(g.token.merchant_id, own_outlet(query_data.outlet))
    rows, cursor = lookups.redemptions(db.session, where, query_data)
    return {"redemptions": [row.model_dump() for row in rows], "next_cursor": cursor}


@bp.get("/redemptions/<uuid:redemption_id>")
@bp.output(RedemptionState)
@bp.doc(
    summary="One redemption",
    security="pos_token",
    responses=problems(*FINDING),
)
def show_redemption(redemption_id: UUID) -> dict[str, Any]:
    """The redemption as it stands, with its reversals and what they have left of it."""
    where = Reach(g.token.merchant_id, g.token.outlet_id)
    return lookups.redemption(db.session, where, redemption_id).model_dump()


def _redeem(session: Session, counter: Counter, asked: RedemptionRequest, at: datetime) -> Answer:
    if asked.scan is not None:
        return redeem_scan(session, counter, asked.scan, asked.order, at)
    assert asked.presentation is not None
    keyring: Any = current_app.extensions["keyring"]
    return redeem_at_once(session, keyring, counter, asked.presentation, asked.order, at)
