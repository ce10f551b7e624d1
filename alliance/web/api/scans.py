"""``POST /api/v1/scans``: a presentation becomes ten minutes at one outlet, with what may be redeemed."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from flask import current_app
from pydantic import BaseModel, Field

from alliance import clock
from alliance.money import MAX_FEN
from alliance.offers.counters import View, would_refuse
from alliance.offers.limits import Use
from alliance.offers.pricing import MAX_QUANTITY, Takes, price
from alliance.passes.entitlement import Entitlement, entitlement
from alliance.people.phones import mask_name
from alliance.redemptions.card_ceiling import left_fen
from alliance.redemptions.counter import Counter
from alliance.redemptions.models import Scan
from alliance.redemptions.scan import class_of, frozen
from alliance.redemptions.scan import scan as accept_scan
from alliance.refused import Reason, Refused
from alliance.web.api import bp, lookups
from alliance.web.api.counters import counter_of
from alliance.web.api.problems import PRESENTING, WRITING, problems
from alliance.web.api.schemas import Amounts, MaskedHolder, Minted, OutletName, Presentation, RedeemedOffer
from alliance.web.attempts import attempt
from alliance.web.extensions import db
from alliance.web.offer_cards import OfferCard, offer_cards, view_of_scan


class ScanRequest(Minted):
    """A presentation, and, where it is known already, the amount."""

    presentation: Presentation
    outlet: OutletName | None = None
    gross_fen: int | None = Field(default=None, ge=1, le=MAX_FEN, description="The amount, to be priced.")
    quantity: int = Field(default=1, ge=1, le=MAX_QUANTITY)


class UsableOffer(RedeemedOffer):
    """An offer that this scan may be redeemed under until it expires, at the price that will be charged."""

    terms: str = Field(description="In words: 8折, 满100减20.")
    takes: Takes = Field(description="What to send of it: `gross_fen`, `quantity`, both, or nothing.")
    conditions: list[str] = Field(
        description="In words, for the cashier: 仅限持码人本人. Days and hours are kept already."
    )
    price: Amounts | None = Field(
        description="Where `gross_fen` was given, or is not needed, and the offer would be granted."
    )
    reason: Reason | None = Field(description="Why it would be refused as things stand.")
    remaining: dict[str, int] = Field(
        description="What is left of each limit that the offer sets; `budget_fen` in 分."
    )
    again_at: str | None = Field(description="When this holder's cool-down ends, while it runs; UTC.")

    @classmethod
    def of(
        cls, card: OfferCard, code: str, asked: ScanRequest, view: View, card_left_fen: int | None
    ) -> Self:
        """The offer on ``card``, priced for what was asked; ``card_left_fen`` bounds a printed card."""
        costs, reason = _price(card, asked, view)
        if costs is not None and card_left_fen is not None and costs.paid_fen > card_left_fen:
            costs, reason = None, Reason.CARD_CEILING
        again_at = card.remaining.again_at
        return cls(
            id=card.revision.offer_id,
            code=code,
            title=card.revision.title,
            revision=card.revision.number,
            terms=card.terms_words,
            takes=card.terms.takes,
            conditions=card.conditions_words,
            price=costs,
            reason=reason,
            remaining=dict(card.remaining.left),
            again_at=again_at.isoformat(timespec="seconds") if again_at else None,
        )


class ScanAnswer(BaseModel):
    """An accepted presentation."""

    id: UUID
    expires_at: str
    class_: Literal["device", "printed", "short_lived"] = Field(
        alias="class", description="A phone with a key, a printed card (会员卡), a code of the server."
    )
    compare_name: bool = Field(
        description="Show the cashier `holder` and have the full name on the card compared with it, before "
        "redeeming with `name_compared`. True of a printed card."
    )
    card_left_fen: int | None = Field(
        description="What this holder may still pay with printed cards today; null for what is not one."
    )
    holder: MaskedHolder
    offers: list[UsableOffer]


@bp.post("/scans")
@bp.input(ScanRequest)
@bp.output(ScanAnswer, status_code=201)
@bp.doc(summary="Scan a presentation", security="pos_token", responses=problems(*WRITING, *PRESENTING))
def scan(json_data: ScanRequest) -> dict[str, Any]:
    """Use a presentation up and list what it may be redeemed under, each with its price.

    The same id and presentation are the same scan; prices and limits are those of the moment.
    """
    at, keyring = clock.now(), current_app.extensions["keyring"]
    counter = counter_of(json_data.outlet, at, json_data.id)
    made = attempt(
        counter,
        lambda session: accept_scan(session, keyring, counter, json_data.id, json_data.presentation, at),
        at,
        json_data.id,
    )
    return _answer(counter, made, json_data).model_dump(by_alias=True)


def _answer(counter: Counter, made: Scan, asked: ScanRequest) -> ScanAnswer:
    at = clock.now()
    holder = entitlement(db.session, made.pass_id, clock.business_date(at))
    card_left_fen = _card_left(counter, made, holder, at)
    view = view_of_scan(made, holder, at)
    cards = offer_cards(db.session, db.session.scalars(frozen(made)).all(), view)
    codes = lookups.offer_codes(db.session, [card.revision for card in cards])
    return ScanAnswer(
        id=made.id,
        expires_at=made.expires_at.isoformat(timespec="seconds"),
        **{"class": class_of(made).name.lower()},
        compare_name=made.card_id is not None,
        card_left_fen=card_left_fen,
        holder=MaskedHolder(name=mask_name(holder.holder_name), employer=holder.employer_name),
        offers=[
            UsableOffer.of(card, codes[card.revision.offer_id], asked, view, card_left_fen) for card in cards
        ],
    )


def _card_left(counter: Counter, made: Scan, holder: Entitlement, at: datetime) -> int | None:
    if made.card_id is None:
        return None
    who = holder.holder_id, clock.business_date(at)
    return left_fen(db.session, counter.card_ceiling_fen, who)


def _price(card: OfferCard, asked: ScanRequest, view: View) -> tuple[Amounts | None, Reason | None]:
    """The price of what was asked, or why ``redeem`` would refuse it; neither without an amount.

    What takes no amount has its price in any case: the one amount that was asked about is another offer's.
    """
    costs = None
    gross_fen = asked.gross_fen if card.terms.takes.has_amount else None
    if gross_fen is not None or not card.terms.takes.has_amount:
        try:
            costs = price(card.terms, gross_fen, asked.quantity)
        except Refused as refused:
            return None, refused.reason
    # Without an amount, the budget is looked at as if it had to do for the least.
    use = Use(
        merchant_id=card.revision.merchant_id,
        offer_id=card.revision.offer_id,
        quantity=asked.quantity,
        discount_fen=costs.discount_fen if costs else 1,
        occurred_at=view.at,
        **vars(view.whose),
    )
    short = would_refuse(card.limits, use, card.remaining)
    if short is not None or costs is None:
        return None, short
    return Amounts(gross_fen=costs.gross_fen, discount_fen=costs.discount_fen, paid_fen=costs.paid_fen), None
