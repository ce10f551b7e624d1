"""Scanning: a presentation is verified, used up, and turned into ten minutes at one outlet."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, Date, Uuid, bindparam, func, select
from sqlalchemy.orm import Session

from alliance.clock import business_date
from alliance.offers.live import at_outlet, live
from alliance.offers.models import OfferRevision
from alliance.passes.credential import CredentialClass, verify
from alliance.passes.entitlement import Entitlement, entitlement
from alliance.passes.issue import TYPED_CODE_LENGTH
from alliance.passes.keys import Keyring
from alliance.passes.models import PresentationUse, TypedCode
from alliance.redemptions.counter import Counter
from alliance.redemptions.digests import body_digest
from alliance.redemptions.models import RefusedAttempt, Scan
from alliance.refused import Reason, Refused
from alliance.store import insert_or_ignore, run

LIFETIME = timedelta(minutes=10)
#: Typed codes that name nothing, per outlet and window: more than slips of the finger make, and far fewer
#: than guessing needs.
GUESSES, GUESS_WINDOW = 20, timedelta(minutes=10)

_USABLE = (
    live(bindparam("day", type_=Date))
    .where(at_outlet(bindparam("merchant", type_=BigInteger), bindparam("outlet", type_=Uuid)))
    .with_only_columns(OfferRevision.id)
)
_TYPED = re.compile(rf"\d{{{TYPED_CODE_LENGTH}}}")


@dataclass(frozen=True)
class Presented:
    """A presentation that verified: whose pass, the key that may be used only once, and what proved it.

    ``evidence`` is the signed text of the QR code; typed digits prove nothing by themselves.
    """

    entitlement: Entitlement
    key_id: bytes
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
        which, key_id, evidence = {"id": typed.pass_id}, typed.cti, None
    else:
        credential = verify(session, keyring, plain, at)
        if credential.class_ != CredentialClass.SHORT_LIVED:
            # The other classes are not bearer codes: alone, without what goes with them, they prove nothing.
            raise Refused(Reason.MALFORMED)
        which, key_id, evidence = {"status_index": credential.status_index}, credential.cti, plain
    return Presented(entitlement(session, which, business_date(at)), key_id, evidence)


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
    use = {
        "key_id": presented.key_id,
        "counter": 0,
        "used_at": at,
        "merchant_id": counter.merchant_id,
        "scan_id": scan_id,
    }
    if not insert_or_ignore(session, PresentationUse, ["key_id", "counter"], use):
        raise Refused(Reason.ALREADY_PRESENTED)
    return Scan(**values)


def usable_revision_ids(session: Session, counter: Counter, at: datetime) -> list[str]:
    """The offers to freeze into a scan: live today, at this outlet."""
    here = {"merchant": counter.merchant_id, "outlet": counter.outlet_id, "day": business_date(at)}
    return [str(id_) for id_ in run(session, _USABLE, here).scalars()]


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
