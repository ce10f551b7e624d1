"""The one write: a redemption, exactly once, within every limit.

What is true is read in one statement (``standing``) and written in one chain (``chain``). The order of the
chain is the design: the client's id is claimed before anything else is written, so that a concurrent twin
waits on that key and then reads the stored answer; the limits come last, because they are the rows that
many redemptions share.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from alliance.audit.models import AuditEntry
from alliance.chain import Link, once, write
from alliance.clock import business_date
from alliance.offers.conditions import Who, read_conditions
from alliance.offers.counters import taking
from alliance.offers.live import find_offer, live, open_to
from alliance.offers.models import OfferRevision
from alliance.offers.pricing import price, read_terms
from alliance.passes.entitlement import Entitlement
from alliance.passes.keys import Keyring
from alliance.redemptions.alone import check_alone
from alliance.redemptions.answers import answer_of
from alliance.redemptions.card_ceiling import spending
from alliance.redemptions.counter import Counter
from alliance.redemptions.digests import body_digest, redemption_digest
from alliance.redemptions.events import redemption_event
from alliance.redemptions.facts import fact, trail_entry
from alliance.redemptions.marks import late_mark
from alliance.redemptions.models import Redemption, Scan
from alliance.redemptions.scan import acceptance, is_another_scans, read
from alliance.redemptions.standing import Granted, Standing, standing, standing_of_scan
from alliance.redemptions.told import told_or_judged
from alliance.redemptions.uses import use_of
from alliance.refused import Reason, Refused
from alliance.store import run
from alliance.webhooks.models import OutboxEvent
from alliance.zones.tree import zone_and_above


@dataclass(frozen=True)
class Order:
    """What is bought under which offer. ``id`` is minted by the client before its first send.

    ``gross_fen`` may be None where the offer's terms say it (``pricing.price``). ``receipt_no``, ``pos``,
    ``terminal`` and ``cashier`` are the merchant's own words for them, 64 characters
    at most. ``name_compared``: the cashier has held the name on the printed card against the masked one.
    """

    id: UUID
    offer: str
    gross_fen: int | None
    quantity: int = 1
    receipt_no: str | None = None
    pos: str | None = None
    terminal: str | None = None
    cashier: str | None = None
    name_compared: bool = False


@dataclass(frozen=True)
class Answer:
    """What the client is told: JSON text, and whether it was told before."""

    body: str
    replayed: bool


#: The columns of a redemption that are the client's own.
_ORDERED = ("id", "quantity", "pos", "terminal", "cashier", "receipt_no")

# Built once, because every redemption asks.
_STORED = select(Redemption.body_digest, Redemption.answer).where(
    Redemption.merchant_id == bindparam("merchant"), Redemption.id == bindparam("id")
)


def redeem(session: Session, counter: Counter, scan_id: UUID, order: Order, at: datetime) -> Answer:
    """Redeem an offer of a scan. ``order.offer`` is the offer's code or id.

    Raises Refused: scan_not_found, wrong_outlet, scan_expired, name_not_compared, revoked, not_entitled,
    offer_not_found, offer_not_live, offer_not_for_holder, offer_not_for_employer, offer_not_now,
    offer_not_here, what ``pricing.price`` refuses, offer_exclusive, body_mismatch, card_ceiling, and what
    ``offers.counters.taking`` refuses. After a refusal the transaction must be rolled back.
    """
    digest = body_digest({"outlet": counter.outlet_id, "scan": scan_id, **_body(order)})

    def judge() -> _Judged:
        scan = _valid_scan(session, counter, scan_id, at)
        if scan.card_id is not None and not order.name_compared:
            raise Refused(Reason.NAME_NOT_COMPARED)
        here = standing_of_scan(session, counter, scan, order.offer, at)
        judged = _judge(
            session,
            counter,
            scan_id,
            here,
            order,
            digest,
            at,
            by_card=scan.card_id is not None,
            moment=scan.at,
        )
        if here.stands_alone and len(here.usable) > 1:
            check_alone(session, scan, judged.granted)
        return judged

    return _post_once(session, counter, order.id, digest, judge, at)


def redeem_at_once(
    session: Session, keyring: Keyring, counter: Counter, text: str, order: Order, at: datetime
) -> Answer:
    """Scan and redeem in one call, for a POS: the scan carries the redemption's own id.

    Raises Refused as ``scan`` and ``redeem`` do, and in that order: first what the scan would refuse. A
    printed card is refused with name_not_compared: nobody has seen the masked name yet, it has to be scanned
    first. After ``UnknownCode`` the transaction must be committed, as after a scan.
    """
    digest = body_digest({"outlet": counter.outlet_id, "presentation": text, **_body(order)})

    scanned: list[Link] = []

    def judge() -> _Judged:
        presented = read(session, keyring, counter, text, at)
        if presented.card_id is not None:
            raise Refused(Reason.NAME_NOT_COMPARED)
        here = standing(session, counter, presented.class_, presented.shown, order.offer, at)
        scanned.extend(acceptance(counter, order.id, presented, here, digest, at))
        return _judge(session, counter, order.id, here, order, digest, at, scanned)

    try:
        return _post_once(session, counter, order.id, digest, judge, at)
    except Refused as refused:
        # Only a refusal looks whether the scan would have been one: what is accepted asks in the chain.
        if scanned and is_another_scans(session, scanned):
            raise Refused(Reason.ALREADY_PRESENTED) from refused
        raise


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
    later = {name: getattr(order, name) for name in ("pos", "terminal", "cashier")}
    later |= {"name_compared": order.name_compared or None}
    return body | {name: value for name, value in later.items() if value is not None}


def _valid_scan(session: Session, counter: Counter, scan_id: UUID, at: datetime) -> Scan:
    scan = session.get(Scan, (counter.merchant_id, scan_id))
    if scan is None:
        raise Refused(Reason.SCAN_NOT_FOUND)
    if scan.outlet_id != counter.outlet_id:
        raise Refused(Reason.WRONG_OUTLET)
    if scan.expires_at <= at:
        raise Refused(Reason.SCAN_EXPIRED)
    return scan


@dataclass(frozen=True)
class _Judged:
    """A redemption that may be written, but for what its limits say: what ``post`` takes."""

    values: dict[str, Any]
    granted: Granted
    announced: bool
    scanned: Sequence[Link]
    by_card: bool


def _judge(
    session: Session,
    counter: Counter,
    scan_id: UUID,
    here: Standing,
    order: Order,
    digest: bytes,
    at: datetime,
    scanned: Sequence[Link] = (),
    *,
    by_card: bool = False,
    moment: datetime | None = None,
) -> _Judged:
    """``moment`` is that of the scan, unless it is made now."""
    granted = _granted(session, counter, here, order.offer, at, moment or at)
    charged = price(read_terms(granted.terms), order.gross_fen, order.quantity)
    values = fact(counter, scan_id, here, granted, charged, at)
    values |= {name: getattr(order, name) for name in _ORDERED}
    holder = here.entitlement
    answer = answer_of(values, granted, here.place, holder.holder_name, holder.employer_name)
    values |= {"body_digest": digest, "answer": answer}
    return _Judged(values, granted, here.announced, scanned, by_card)


def _post_once(
    session: Session, counter: Counter, id_: UUID, digest: bytes, judge: Callable[[], _Judged], at: datetime
) -> Answer:
    found = told_or_judged(lambda: stored_answer(session, counter, id_, digest), judge)
    if isinstance(found, Answer):
        return found
    return post(
        session,
        counter,
        found.granted,
        found.values,
        at,
        announced=found.announced,
        scanned=found.scanned,
        card_held_fen=0 if found.by_card else None,
    )


def post(
    session: Session,
    counter: Counter,
    granted: Granted,
    values: dict[str, Any],
    at: datetime,
    *,
    announced: bool,
    scanned: Sequence[Link] = (),
    held: Mapping[str, int] = MappingProxyType({}),
    card_held_fen: int | None = None,
) -> Answer:
    """Write a redemption, its mark, its audit entry, its event and its use of the limits: nothing else does.

    ``values`` are its columns without ``digest``; ``announced`` is whether somebody wants its event,
    ``scanned`` what comes before it in the chain. ``held`` is for ``taking``, and so is ``card_held_fen`` for
    ``spending``, None when no printed card was shown. When the id is taken, the answer stored under it.
    Raises Refused: what a limit or a link of ``scanned`` refuses, body_mismatch.
    """
    values["digest"] = redemption_digest(values)
    links = [
        *scanned,
        Link(Redemption, values, once("merchant_id", "id")),
        *late_mark(values["business_date"], at),
        Link(AuditEntry, trail_entry(counter, granted.offer_code, values, at)),
        *([Link(OutboxEvent, redemption_event(values, at))] if announced else []),
        *_by_card(session, counter, values, card_held_fen),
        *taking(session, granted.limits, use_of(values), held),
    ]
    missed = write(session, links)
    if missed is None:
        return Answer(values["answer"], replayed=False)
    if missed.refusal is not None:
        raise missed.refusal()
    return _twins_answer(session, counter, values["id"], values["body_digest"])


def _by_card(
    session: Session, counter: Counter, values: Mapping[str, Any], held_fen: int | None
) -> list[Link]:
    if held_fen is None:
        return []
    who = values["holder_id"], values["business_date"]
    return spending(session, counter.card_ceiling_fen, who, values["paid_fen"], held_fen)


def _granted(
    session: Session, counter: Counter, here: Standing, offer: str, at: datetime, moment: datetime
) -> Granted:
    if here.granted is None:
        raise Refused(_why_not(session, counter, here.entitlement, offer, at, moment))
    if here.place.zone_id is None:
        raise Refused(Reason.OUTLET_NOT_OPEN)
    return here.granted


def _why_not(
    session: Session, counter: Counter, holder: Entitlement, offer: str, at: datetime, moment: datetime
) -> Reason:
    found = find_offer(session, counter.merchant_id, offer)
    if found is None:
        return Reason.OFFER_NOT_FOUND
    mine = (OfferRevision.merchant_id == counter.merchant_id, OfferRevision.offer_id == found.id)
    of_offer = live(business_date(at)).where(*mine)
    if session.scalar(of_offer) is None:
        return Reason.OFFER_NOT_LIVE
    revision = session.scalar(of_offer.where(open_to(holder.holder_kind)))
    if revision is None:
        return Reason.OFFER_NOT_FOR_HOLDER
    who = Who(holder.employer_id, zone_and_above(session, holder.employer_zone_id))
    return read_conditions(revision.conditions).refusal(who, moment) or Reason.OFFER_NOT_HERE
