"""The one write: a redemption, exactly once, within every limit.

The order of the statements is the design: the client's id is claimed before anything else is written, so
that a concurrent twin waits on that key and then reads the stored answer; the limits come last, because
they are the rows that many redemptions share.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Uuid, bindparam, select
from sqlalchemy.orm import Session

from alliance.clock import business_date, month_of
from alliance.enterprises.models import Outlet
from alliance.enterprises.placement import outlet_zone_on
from alliance.offers.limits import take
from alliance.offers.live import NAMED, find_offer, live, naming
from alliance.offers.models import Offer, OfferRevision
from alliance.offers.pricing import Price, price, read_terms
from alliance.passes.entitlement import Entitlement, entitlement
from alliance.passes.keys import Keyring
from alliance.people.phones import mask_name
from alliance.redemptions.counter import Counter
from alliance.redemptions.digests import body_digest, redemption_digest
from alliance.redemptions.marks import mark_if_late
from alliance.redemptions.models import Channel, Redemption, Scan
from alliance.redemptions.scan import accept, read
from alliance.refused import Reason, Refused
from alliance.store import insert_or_ignore, run


@dataclass(frozen=True)
class Order:
    """What is bought under which offer. ``id`` is minted by the client before its first send.

    ``receipt_no``, ``pos``, ``terminal`` and ``cashier`` are the merchant's own words for them, 64 characters
    at most.
    """

    id: UUID
    offer: str
    gross_fen: int
    quantity: int = 1
    receipt_no: str | None = None
    pos: str | None = None
    terminal: str | None = None
    cashier: str | None = None


@dataclass(frozen=True)
class Answer:
    """What the client is told: JSON text, and whether it was told before."""

    body: str
    replayed: bool


@dataclass(frozen=True)
class _Frozen:
    revision: OfferRevision
    offer_code: str
    outlet_code: str
    outlet_name: str
    outlet_zone_id: int


# Built once, because every redemption runs them.
_MERCHANT = bindparam("merchant", type_=BigInteger)
_STORED = select(Redemption.body_digest, Redemption.answer).where(
    Redemption.merchant_id == _MERCHANT, Redemption.id == bindparam("id")
)
_OUTLET = bindparam("outlet", type_=Uuid)
_FROZEN = (
    select(
        OfferRevision,
        Offer.code,
        Outlet.code,
        Outlet.name,
        outlet_zone_on(bindparam("day", type_=Date), _MERCHANT, _OUTLET),
    )
    .join(Offer, (Offer.merchant_id == OfferRevision.merchant_id) & (Offer.id == OfferRevision.offer_id))
    .join(Outlet, (Outlet.merchant_id == Offer.merchant_id) & (Outlet.id == _OUTLET))
    .where(
        OfferRevision.merchant_id == _MERCHANT,
        OfferRevision.id.in_(bindparam("revisions", expanding=True)),
        NAMED,
    )
)


def redeem(session: Session, counter: Counter, scan_id: UUID, order: Order, at: datetime) -> Answer:
    """Redeem an offer of a scan. ``order.offer`` is the offer's code or id.

    Raises Refused: scan_not_found, wrong_outlet, scan_expired, revoked, not_entitled, offer_not_found,
    offer_not_here, below_threshold, amount_out_of_range, limit_total, limit_holder, body_mismatch. After
    a refusal the transaction must be rolled back.
    """
    digest = body_digest({"outlet": counter.outlet_id, "scan": scan_id, **_body(order)})
    stored = stored_answer(session, counter, order.id, digest)
    if stored is not None:
        return stored
    scan = _valid_scan(session, counter, scan_id, at)
    holder = entitlement(session, {"id": scan.pass_id}, business_date(at))
    return _write(session, counter, scan, holder, order, digest, at)


def redeem_at_once(
    session: Session, keyring: Keyring, counter: Counter, text: str, order: Order, at: datetime
) -> Answer:
    """Scan and redeem in one call, for a POS: the scan carries the redemption's own id.

    Raises Refused as ``scan`` and ``redeem`` do.
    """
    digest = body_digest({"outlet": counter.outlet_id, "presentation": text, **_body(order)})
    stored = stored_answer(session, counter, order.id, digest)
    if stored is not None:
        return stored
    presented = read(session, keyring, counter, text, at)
    scan = accept(session, counter, order.id, presented, digest, at)
    if scan is None:
        return _twins_answer(session, counter, order.id, digest)
    return _write(session, counter, scan, presented.entitlement, order, digest, at)


def stored_answer(session: Session, counter: Counter, id_: UUID, digest: bytes) -> Answer | None:
    """The answer given for this id before. Raises Refused(body_mismatch) when the request differs."""
    row = run(session, _STORED, {"merchant": counter.merchant_id, "id": id_}).one_or_none()
    if row is None:
        return None
    if row.body_digest != digest or row.answer is None:
        raise Refused(Reason.BODY_MISMATCH)
    return Answer(row.answer, replayed=True)


def _twins_answer(session: Session, counter: Counter, id_: UUID, digest: bytes) -> Answer:
    """What the twin that took our key first was told. Without an answer, the id names something else."""
    stored = stored_answer(session, counter, id_, digest)
    if stored is None:
        raise Refused(Reason.BODY_MISMATCH)
    return stored


def _body(order: Order) -> dict[str, Any]:
    body = {name: getattr(order, name) for name in ("offer", "gross_fen", "quantity", "receipt_no")}
    # Later additions, left out when they are not given: the digests of earlier requests stay what they were.
    metadata = {name: getattr(order, name) for name in ("pos", "terminal", "cashier")}
    return body | {name: value for name, value in metadata.items() if value is not None}


def _valid_scan(session: Session, counter: Counter, scan_id: UUID, at: datetime) -> Scan:
    scan = session.get(Scan, (counter.merchant_id, scan_id))
    if scan is None:
        raise Refused(Reason.SCAN_NOT_FOUND)
    if scan.outlet_id != counter.outlet_id:
        raise Refused(Reason.WRONG_OUTLET)
    if scan.expires_at <= at:
        raise Refused(Reason.SCAN_EXPIRED)
    return scan


def _write(
    session: Session,
    counter: Counter,
    scan: Scan,
    holder: Entitlement,
    order: Order,
    digest: bytes,
    at: datetime,
) -> Answer:
    frozen = _frozen(session, counter, scan, order.offer, business_date(at))
    charged = price(read_terms(frozen.revision.terms), order.gross_fen, order.quantity)
    answer = _answer(order, charged, holder, frozen, at)
    values = _fact(counter, scan, holder, order, frozen, charged, at)
    values |= {"body_digest": digest, "answer": answer}
    values["digest"] = redemption_digest(values)
    if not insert_or_ignore(session, Redemption, ["merchant_id", "id"], values):
        return _twins_answer(session, counter, order.id, digest)
    mark_if_late(session, business_date(at), at)
    take(session, frozen.revision, holder.holder_id)
    return Answer(answer, replayed=False)


def _fact(
    counter: Counter,
    scan: Scan,
    holder: Entitlement,
    order: Order,
    frozen: _Frozen,
    charged: Price,
    at: datetime,
) -> dict[str, Any]:
    """The columns of the redemption's row: all that is true now and must stay so."""
    day = business_date(at)
    return {
        "merchant_id": counter.merchant_id,
        "id": order.id,
        "scan_id": scan.id,
        "outlet_id": counter.outlet_id,
        "offer_id": frozen.revision.offer_id,
        "revision_id": frozen.revision.id,
        "holder_id": holder.holder_id,
        "household_id": holder.household_id,
        "holder_kind": holder.holder_kind,
        "employer_id": holder.employer_id,
        "employer_zone_id": holder.employer_zone_id,
        "outlet_zone_id": frozen.outlet_zone_id,
        "gross_fen": charged.gross_fen,
        "discount_fen": charged.discount_fen,
        "paid_fen": charged.paid_fen,
        "quantity": order.quantity,
        "occurred_at": at,
        "received_at": at,
        "business_date": day,
        "posted_month": month_of(day),
        "channel": Channel.API if counter.token_id else Channel.COUNTER,
        "account_id": counter.account_id,
        "token_id": counter.token_id,
        "corrects_id": None,
        "pos": order.pos,
        "terminal": order.terminal,
        "cashier": order.cashier,
        "receipt_no": order.receipt_no,
    }


def _frozen(session: Session, counter: Counter, scan: Scan, offer: str, day: date) -> _Frozen:
    """The scan's revision of the offer, and where the outlet stands that day; one statement."""
    here = {"merchant": counter.merchant_id, "outlet": counter.outlet_id, "day": day}
    usable = {"revisions": [UUID(id_) for id_ in scan.revision_ids]}
    row = session.execute(_FROZEN, here | usable | naming(offer)).one_or_none()
    if row is None:
        raise Refused(_why_not(session, counter.merchant_id, offer, day))
    if row[-1] is None:
        raise Refused(Reason.OUTLET_NOT_OPEN)
    return _Frozen(*row)


def _why_not(session: Session, merchant_id: int, offer: str, day: date) -> Reason:
    found = find_offer(session, merchant_id, offer)
    if found is None:
        return Reason.OFFER_NOT_FOUND
    elsewhere = live(day).where(OfferRevision.merchant_id == merchant_id, OfferRevision.offer_id == found.id)
    return Reason.OFFER_NOT_HERE if session.scalar(elsewhere) else Reason.OFFER_NOT_LIVE


def _answer(order: Order, charged: Price, holder: Entitlement, frozen: _Frozen, at: datetime) -> str:
    return json.dumps(
        {
            "id": str(order.id),
            "redeemed_at": at.isoformat(timespec="seconds"),
            "outlet": {"code": frozen.outlet_code, "name": frozen.outlet_name},
            "offer": {
                "id": str(frozen.revision.offer_id),
                "code": frozen.offer_code,
                "title": frozen.revision.title,
                "revision": frozen.revision.number,
            },
            "holder": {"name": mask_name(holder.holder_name), "employer": holder.employer_name},
            "gross_fen": charged.gross_fen,
            "discount_fen": charged.discount_fen,
            "paid_fen": charged.paid_fen,
            "quantity": order.quantity,
            "receipt_no": order.receipt_no,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
