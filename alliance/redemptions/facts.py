"""The columns of a redemption and of its entry in the audit trail: what is true now and must stay so."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from alliance.audit.trail import recorded
from alliance.clock import business_date, month_of
from alliance.offers.pricing import Price
from alliance.redemptions.counter import Counter
from alliance.redemptions.models import Channel
from alliance.redemptions.standing import Granted, Standing


def fact(
    counter: Counter, scan_id: UUID, here: Standing, granted: Granted, charged: Price, at: datetime
) -> dict[str, Any]:
    """The columns of a redemption's row, but for what the client says: its id, quantity and own words."""
    day, holder = business_date(at), here.entitlement
    return {
        "merchant_id": counter.merchant_id,
        "scan_id": scan_id,
        "outlet_id": counter.outlet_id,
        "offer_id": granted.offer_id,
        "revision_id": granted.revision_id,
        "holder_id": holder.holder_id,
        "household_id": holder.household_id,
        "holder_kind": holder.holder_kind,
        "employer_id": holder.employer_id,
        "employer_zone_id": holder.employer_zone_id,
        "outlet_zone_id": here.place.zone_id,
        **amounts(charged),
        "occurred_at": at,
        "received_at": at,
        "business_date": day,
        # No lock: the current month cannot be closed, nor for ten minutes after (``redemptions.months``).
        "posted_month": month_of(day),
        **through(counter),
        "corrects_id": None,
    }


def amounts(charged: Price) -> dict[str, int]:
    """The columns of what was charged."""
    return {
        "gross_fen": charged.gross_fen,
        "discount_fen": charged.discount_fen,
        "paid_fen": charged.paid_fen,
    }


def through(counter: Counter) -> dict[str, Any]:
    """The columns of through whom it came."""
    return {
        "channel": Channel.API if counter.token_id else Channel.COUNTER,
        "account_id": counter.account_id,
        "token_id": counter.token_id,
    }


def trail_entry(counter: Counter, offer_code: str, values: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The columns of the audit entry of a redemption with these columns, or of a correction."""
    by, subject, of = counter.actor, f"redemption:{values['id']}", counter.merchant_id
    outlet, paid_fen, corrects = str(counter.outlet_id), values["paid_fen"], values["corrects_id"]
    if corrects is None:
        return recorded(
            by, "redemption.redeem", subject, at, of, outlet=outlet, offer=offer_code, paid_fen=paid_fen
        )
    return recorded(
        by,
        "redemption.correct",
        subject,
        at,
        of,
        outlet=outlet,
        offer=offer_code,
        paid_fen=paid_fen,
        corrects=str(corrects),
    )
