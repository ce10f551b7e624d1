"""Verification of scans: what was presented still proves that this very pass was there at that moment."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from cwt.cose_key_interface import COSEKeyInterface
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.circulation.findings import Finding, walk
from alliance.passes.credential import CredentialClass
from alliance.passes.keys import by_kid
from alliance.passes.models import Pass, PassDevice, PresentationUse, PrintedCard, SigningKey
from alliance.passes.presentation import Presentation, verify_shown
from alliance.redemptions.models import Scan
from alliance.refused import Refused


class _EveryKey:
    """All keys that there ever were: a retired one still proves what it signed."""

    def __init__(self, session: Session) -> None:
        self._keys: Mapping[bytes, Sequence[COSEKeyInterface]] = by_kid(
            session.scalars(select(SigningKey)).all()
        )

    def public_keys(self, session: Session, kid: bytes, at: datetime) -> Sequence[COSEKeyInterface]:
        """The keys with this id."""
        return self._keys.get(kid, ())


def evidence(session: Session) -> Iterator[Finding]:
    """The text of each scan verifies at the scan's time, names the scan's pass and is what the scan used up.

    Typed digits leave no text; a scan without one has at least used something up. A printed card is not used
    up, and its scans always have the text. And whatever was used up was used up by a scan.
    """
    yield from _without_scan(session)
    keys = _EveryKey(session)
    of_scan = (PresentationUse.merchant_id == Scan.merchant_id) & (PresentationUse.scan_id == Scan.id)
    rows: Any = walk(
        session,
        select(
            Scan.id,
            Scan.evidence,
            Scan.at,
            Scan.pass_id,
            Scan.card_id,
            PresentationUse.key_id,
            PresentationUse.counter,
            Pass.status_index,
            PassDevice.pass_id.label("device_pass_id"),
            PrintedCard.pass_id.label("card_pass_id"),
        )
        .outerjoin(PresentationUse, of_scan)
        .outerjoin(Pass, Pass.id == Scan.pass_id)
        .outerjoin(PassDevice, PassDevice.key_id == PresentationUse.key_id)
        .outerjoin(PrintedCard, PrintedCard.cti == Scan.card_id),
    )
    for row in rows:
        subject, is_card = f"scan {row.id}", row.card_id is not None
        if is_card and (row.evidence is None or row.key_id is not None):
            found = "no text" if row.evidence is None else "a presentation used up"
            yield Finding("evidence", subject, found, "the text of a printed card")
        elif not is_card and row.key_id is None:
            yield Finding("evidence", subject, "nothing used up", "one presentation")
        elif row.evidence is not None:
            yield from _judged(session, keys, row)


def _without_scan(session: Session) -> Iterator[Finding]:
    """Two scans cannot share a use (it is one row), but one of them can be gone."""
    of_use = (Scan.merchant_id == PresentationUse.merchant_id) & (Scan.id == PresentationUse.scan_id)
    for key_id, counter in walk(
        session,
        select(PresentationUse.key_id, PresentationUse.counter)
        .outerjoin(Scan, of_use)
        .where(Scan.id.is_(None)),
    ):
        yield Finding(
            "evidence", f"presentation {counter} of {key_id.hex()}", "no scan", "the scan it was for"
        )


def _judged(session: Session, keys: _EveryKey, row: Any) -> Iterator[Finding]:
    subject = f"scan {row.id}"
    try:
        shown = verify_shown(session, keys, row.evidence, row.at)
    except Refused as refused:
        yield Finding("evidence", subject, str(refused.reason), "a presentation good at the scan's time")
        return
    is_card = row.card_id is not None
    stored = (row.card_id, 0, True) if is_card else (row.key_id, row.counter, False)
    found = (shown.key_id, shown.counter, shown.credential.class_ == CredentialClass.PRINTED)
    if not (found == stored and _names_its_pass(shown, row)):
        # Who it names is asked for only now, to be told.
        yield Finding("evidence", subject, (row.pass_id, *stored), (_pass_id(session, shown), *found))


def _names_its_pass(shown: Presentation, row: Any) -> bool:
    """Of what the row joined: the phone or the card that was shown, and the pass of the scan."""
    if shown.credential.cnf is not None:
        return bool(row.device_pass_id == row.pass_id)
    if shown.credential.class_ == CredentialClass.PRINTED:
        return bool(row.card_pass_id == row.pass_id)
    return bool(row.status_index == shown.credential.status_index)


def _pass_id(session: Session, shown: Presentation) -> int | None:
    if shown.credential.cnf is not None:
        return session.scalar(select(PassDevice.pass_id).where(PassDevice.key_id == shown.key_id))
    if shown.credential.class_ == CredentialClass.PRINTED:
        return session.scalar(select(PrintedCard.pass_id).where(PrintedCard.cti == shown.key_id))
    return session.scalar(select(Pass.id).where(Pass.status_index == shown.credential.status_index))
