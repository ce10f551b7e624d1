"""Scanning: a presentation is verified, used up, and turned into ten minutes at one outlet."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from alliance.clock import business_date
from alliance.offers.live import at_outlet, live
from alliance.offers.models import OfferRevision
from alliance.passes.entitlement import Entitlement, entitlement, entitlement_of_device
from alliance.passes.issue import TYPED_CODE_LENGTH
from alliance.passes.keys import Keyring
from alliance.passes.models import Pass, TypedCode
from alliance.passes.presentation import verify_shown
from alliance.passes.uses import use
from alliance.redemptions.counter import Counter
from alliance.redemptions.digests import body_digest
from alliance.redemptions.models import RefusedAttempt, Scan
from alliance.refused import Reason, Refused
from alliance.store import insert_or_ignore

LIFETIME = timedelta(minutes=10)
#: Typed codes that name nothing, per outlet and window: more than slips of the finger make, and far fewer
#: than guessing needs.
GUESSES, GUESS_WINDOW = 20, timedelta(minutes=10)

_TYPED = re.compile(rf"\d{{{TYPED_CODE_LENGTH}}}")


@dataclass(frozen=True)
class Presented:
    """A presentation that verified: whose pass, key and counter that are good once, and what proved it.

    ``evidence`` is the signed text of the QR code; typed digits prove nothing by themselves.
    """

    entitlement: Entitlement
    key_id: bytes
    counter: int
    evidence: str | None


def scan(
    session: Session, keyring: Keyring, counter: Counter, scan_id: UUID, text: str, at: datetime
) -> Scan:
    """Accept the presentation ``text`` (QR text or typed code) at a counter.

    The caller mints ``scan_id`` before its first send; sending again answers the same scan. Raises
    Refused: malformed, unknown_code, unknown_key, clock_skew, not_yet_valid, expired, revoked, not_entitled,
    already_presented, too_many_attempts, body_mismatch (the id names another scan).
    """
    digest = body_digest({"outlet": counter.outlet_id, "presentation": text})
    stored = session.get(Scan, (counter.merchant_id, scan_id))
    if stored is None:
        presented = read(session, keyring, counter, text, at)
        made = accept(session, counter, scan_id, presented, digest, at)
        if made is not None:
            return made
        stored = session.get_one(Scan, (counter.merchant_id, scan_id))
    if stored.body_digest != digest:
        raise Refused(Reason.BODY_MISMATCH)
    return stored


def read(session: Session, keyring: Keyring, counter: Counter, text: str, at: datetime) -> Presented:
    """Verify a presentation without using it up. Raises Refused as ``scan`` does."""
    plain = text.strip()
    digits = plain.replace(" ", "")
    if _TYPED.fullmatch(digits):
        typed = _typed_code(session, counter, digits, at)
        entitled = entitlement(session, Pass.id == typed.pass_id, business_date(at))
        return Presented(entitled, typed.cti, 0, None)
    shown = verify_shown(session, keyring, plain, at)
    if shown.credential.cnf is not None:
        entitled = entitlement_of_device(session, shown.key_id, business_date(at))
    else:
        which = Pass.status_index == shown.credential.status_index
        entitled = entitlement(session, which, business_date(at))
    return Presented(entitled, shown.key_id, shown.counter, plain)


def accept(
    session: Session, counter: Counter, scan_id: UUID, presented: Presented, digest: bytes, at: datetime
) -> Scan | None:
    """Use the presentation up and write the scan; None when a twin has written this ``scan_id`` already.

    The scan's own key is taken first: a twin waits there and is told apart from a replay. Raises
    Refused(already_presented).
    """
    values = {
        "merchant_id": counter.merchant_id,
        "id": scan_id,
        "outlet_id": counter.outlet_id,
        "pass_id": presented.entitlement.pass_id,
        "body_digest": digest,
        "evidence": presented.evidence,
        "revision_ids": usable_revision_ids(session, counter, at),
        "at": at,
        "expires_at": at + LIFETIME,
        "account_id": counter.account_id,
        "token_id": counter.token_id,
    }
    if not insert_or_ignore(session, Scan, ["merchant_id", "id"], values):
        return None
    if not use(session, presented.key_id, presented.counter, counter.merchant_id, scan_id, at):
        raise Refused(Reason.ALREADY_PRESENTED)
    return Scan(**values)


def usable_revision_ids(session: Session, counter: Counter, at: datetime) -> list[str]:
    """The offers to freeze into a scan: live today, at this outlet."""
    usable = live(business_date(at)).where(at_outlet(counter.merchant_id, counter.outlet_id))
    return [str(id_) for id_ in session.scalars(usable.with_only_columns(OfferRevision.id))]


def frozen(scan: Scan) -> Select[OfferRevision]:
    """A SELECT of the revisions that a scan froze, the oldest first."""
    return (
        select(OfferRevision)
        .where(
            OfferRevision.merchant_id == scan.merchant_id,
            OfferRevision.id.in_([UUID(id_) for id_ in scan.revision_ids]),
        )
        .order_by(OfferRevision.submitted_at, OfferRevision.id)
    )


def _typed_code(session: Session, counter: Counter, code: str, at: datetime) -> TypedCode:
    wrong = session.scalar(
        select(func.count()).where(
            RefusedAttempt.merchant_id == counter.merchant_id,
            RefusedAttempt.outlet_id == counter.outlet_id,
            RefusedAttempt.at > at - GUESS_WINDOW,
            RefusedAttempt.reason == Reason.UNKNOWN_CODE,
        )
    )
    if wrong is not None and wrong >= GUESSES:
        raise Refused(Reason.TOO_MANY_ATTEMPTS)
    typed = session.get(TypedCode, code)
    if typed is None:
        raise Refused(Reason.UNKNOWN_CODE)
    if typed.expires_at <= at:
        raise Refused(Reason.EXPIRED)
    return typed
