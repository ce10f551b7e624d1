"""Scanning: a presentation is verified, used up, and turned into ten minutes at one outlet."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from alliance.chain import Link, once, write
from alliance.offers.models import OfferRevision
from alliance.passes.credential import CredentialClass
from alliance.passes.issue import TYPED_CODE_LENGTH
from alliance.passes.keys import Keyring
from alliance.passes.models import Pass, PresentationUse, TypedCode
from alliance.passes.presentation import PREFIX, verify_shown
from alliance.redemptions.counter import Counter
from alliance.redemptions.digests import body_digest
from alliance.redemptions.guesses import take_turn, wrong
from alliance.redemptions.models import Scan
from alliance.redemptions.standing import Standing, standing
from alliance.redemptions.told import told_or_judged
from alliance.refused import Reason, Refused

LIFETIME = timedelta(minutes=10)

_TYPED = re.compile(rf"\d{{{TYPED_CODE_LENGTH}}}")


@dataclass(frozen=True)
class Presented:
    """A presentation that verified: whose, the key and counter that are good once, and what proved it.

    ``shown`` is the status index of the pass, the id of the phone's key, or the ``cti`` of the printed card.
    ``evidence`` is the signed text of the QR code; typed digits prove nothing by themselves.
    """

    class_: CredentialClass
    shown: int | bytes
    key_id: bytes
    counter: int
    evidence: str | None

    @property
    def card_id(self) -> bytes | None:
        """The printed card, if it is one."""
        return self.key_id if self.class_ is CredentialClass.PRINTED else None


def scan(
    session: Session, keyring: Keyring, counter: Counter, scan_id: UUID, text: str, at: datetime
) -> Scan:
    """Accept the presentation ``text`` (QR text or typed code) at a counter.

    The caller mints ``scan_id`` before its first send; sending again answers the same scan. Raises
    Refused: malformed, unknown_code, unknown_key, clock_skew, not_yet_valid, expired, revoked, not_entitled,
    already_presented, too_many_attempts, body_mismatch (the id names another scan). After
    ``UnknownCode``, which counts itself, the transaction must be committed; after any other, rolled back.
    """
    digest = body_digest({"outlet": counter.outlet_id, "presentation": text})

    def judge() -> list[Link]:
        presented = read(session, keyring, counter, text, at)
        here = standing(session, counter, presented.class_, presented.shown, None, at)
        return acceptance(counter, scan_id, presented, here, digest, at)

    links = told_or_judged(lambda: _stored(session, counter, scan_id, digest), judge)
    if isinstance(links, Scan):
        return links
    missed = write(session, links)
    if missed is None:
        return Scan(**links[0].values)
    if missed.refusal is not None:
        raise missed.refusal()
    twin = _stored(session, counter, scan_id, digest)
    assert twin is not None
    return twin


def read(session: Session, keyring: Keyring, counter: Counter, text: str, at: datetime) -> Presented:
    """Verify a presentation without using it up. Raises Refused as ``scan`` does.

    An ``UnknownCode`` has been counted: the transaction is to be committed.
    """
    plain = text.strip()
    digits = plain.replace(" ", "")
    if _TYPED.fullmatch(digits):
        return _read_typed(session, counter, digits, at)
    verified = verify_shown(session, keyring, plain, at)
    class_ = CredentialClass(verified.credential.class_)
    by_index = class_ is CredentialClass.SHORT_LIVED
    shown = verified.credential.status_index if by_index else verified.key_id
    return Presented(class_, shown, verified.key_id, verified.counter, plain)


def acceptance(
    counter: Counter, scan_id: UUID, presented: Presented, here: Standing, digest: bytes, at: datetime
) -> list[Link]:
    """The rows of a scan: the scan with the offers it freezes, and the use of the presentation.

    A printed card is shown again and again, and not used up: its scan is the only row.
    The scan's own key is taken first: a twin waits there and is told apart from a replay. Raises
    Refused(already_presented) for a code older than one that was used: a picture of it could be used beside
    the phone. Between two at the same moment only equal counters exclude each other.
    """
    if here.newest is not None and here.newest > presented.counter:
        raise Refused(Reason.ALREADY_PRESENTED)
    scan = {
        "merchant_id": counter.merchant_id,
        "id": scan_id,
        "outlet_id": counter.outlet_id,
        "pass_id": here.entitlement.pass_id,
        "card_id": presented.card_id,
        "body_digest": digest,
        "evidence": presented.evidence,
        "revision_ids": here.usable,
        "at": at,
        "expires_at": at + LIFETIME,
        "account_id": counter.account_id,
        "token_id": counter.token_id,
    }
    if presented.card_id is not None:
        return [Link(Scan, scan, once("merchant_id", "id"))]
    use = {
        "key_id": presented.key_id,
        "counter": presented.counter,
        "used_at": at,
        "merchant_id": counter.merchant_id,
        "scan_id": scan_id,
    }
    return [
        Link(Scan, scan, once("merchant_id", "id")),
        Link(PresentationUse, use, once("key_id", "counter"), partial(Refused, Reason.ALREADY_PRESENTED)),
    ]


def is_another_scans(session: Session, accepted: Sequence[Link]) -> bool:
    """Whether the presentation of these rows of ``acceptance`` was used up by another scan before."""
    use = accepted[-1].values
    used_by = session.execute(
        select(PresentationUse.merchant_id, PresentationUse.scan_id).where(
            PresentationUse.key_id == use["key_id"], PresentationUse.counter == use["counter"]
        )
    ).one_or_none()
    return used_by not in (None, (use["merchant_id"], use["scan_id"]))


def class_of(scan: Scan) -> CredentialClass:
    """What was shown; typed digits stand for a short-lived credential."""
    if scan.card_id is not None:
        return CredentialClass.PRINTED
    by_phone = scan.evidence is not None and scan.evidence.startswith(PREFIX)
    return CredentialClass.DEVICE if by_phone else CredentialClass.SHORT_LIVED


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


def _stored(session: Session, counter: Counter, scan_id: UUID, digest: bytes) -> Scan | None:
    stored = session.get(Scan, (counter.merchant_id, scan_id))
    if stored is not None and stored.body_digest != digest:
        raise Refused(Reason.BODY_MISMATCH)
    return stored


def _read_typed(session: Session, counter: Counter, code: str, at: datetime) -> Presented:
    lately = take_turn(session, counter, at)
    typed = session.execute(
        select(TypedCode.cti, TypedCode.expires_at, Pass.status_index)
        .join(Pass, Pass.id == TypedCode.pass_id)
        .where(TypedCode.code == code)
    ).one_or_none()
    if typed is None:
        raise wrong(session, counter, lately, at)
    if typed.expires_at <= at:
        raise Refused(Reason.EXPIRED)
    return Presented(CredentialClass.SHORT_LIVED, typed.status_index, typed.cti, 0, None)
