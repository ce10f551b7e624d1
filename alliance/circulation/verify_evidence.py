"""Verification of scans: what was presented still proves that this very pass was there at that moment."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from cwt.cose_key_interface import COSEKeyInterface
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.circulation.findings import Finding
from alliance.passes.credential import CredentialClass
from alliance.passes.keys import by_kid
from alliance.passes.models import Pass, PassDevice, PresentationUse, PrintedCard, SigningKey
from alliance.passes.presentation import Presentation, verify_shown
from alliance.redemptions.models import Scan
from alliance.refused import Refused

_BATCH = 2000


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
    rows: Any = session.execute(
        select(
            Scan.id,
            Scan.evidence,
            Scan.at,
            Scan.pass_id,
            Scan.card_id,
            PresentationUse.key_id,
            PresentationUse.counter,
        )
        .outerjoin(
            PresentationUse,
            (PresentationUse.merchant_id == Scan.merchant_id) & (PresentationUse.scan_id == Scan.id),
        )
        .execution_options(yield_per=_BATCH)
    )
    for id_, text, at, pass_id, card_id, key_id, counter in rows:
        subject, is_card = f"scan {id_}", card_id is not None
        if is_card and (text is None or key_id is not None):
            found = "no text" if text is None else "a presentation used up"
            yield Finding("evidence", subject, found, "the text of a printed card")
        elif not is_card and key_id is None:
            yield Finding("evidence", subject, "nothing used up", "one presentation")
        elif text is not None:
            expected = (pass_id, card_id, 0, True) if is_card else (pass_id, key_id, counter, False)
            yield from _judged(session, keys, subject, text, at, expected)


def _without_scan(session: Session) -> Iterator[Finding]:
    """Two scans cannot share a use (it is one row), but one of them can be gone."""
    of_use = (Scan.merchant_id == PresentationUse.merchant_id) & (Scan.id == PresentationUse.scan_id)
    for key_id, counter in session.execute(
        select(PresentationUse.key_id, PresentationUse.counter)
        .outerjoin(Scan, of_use)
        .where(Scan.id.is_(None))
    ):
        yield Finding(
            "evidence", f"presentation {counter} of {key_id.hex()}", "no scan", "the scan it was for"
        )


def _judged(
    session: Session, keys: _EveryKey, subject: str, text: str, at: datetime, expected: tuple[Any, ...]
) -> Iterator[Finding]:
    try:
        shown = verify_shown(session, keys, text, at)
    except Refused as refused:
        yield Finding("evidence", subject, str(refused.reason), "a presentation good at the scan's time")
        return
    is_card = shown.credential.class_ == CredentialClass.PRINTED
    found = (_pass_id(session, shown), shown.key_id, shown.counter, is_card)
    if found != expected:
        yield Finding("evidence", subject, expected, found)


def _pass_id(session: Session, shown: Presentation) -> int | None:
    if shown.credential.cnf is not None:
        return session.scalar(select(PassDevice.pass_id).where(PassDevice.key_id == shown.key_id))
    if shown.credential.class_ == CredentialClass.PRINTED:
        return session.scalar(select(PrintedCard.pass_id).where(PrintedCard.cti == shown.key_id))
    return session.scalar(select(Pass.id).where(Pass.status_index == shown.credential.status_index))
