"""The invariants of the ledger: closed months, posted months, and corrections."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from alliance.circulation.findings import Finding, counted, walk
from alliance.clock import month_of
from alliance.redemptions.correct import KEPT
from alliance.redemptions.ledger import digest_of, snapshot_of
from alliance.redemptions.marks import MARGIN
from alliance.redemptions.models import MonthClosing, Redemption, Reversal
from alliance.redemptions.months import closing_stands


def closed_months(session: Session) -> Iterator[Finding]:
    """What is posted to a closed month is what its last closing recorded."""
    closings = session.scalars(select(MonthClosing).where(closing_stands()).order_by(MonthClosing.month))
    for closing in counted(session, closings):
        subject = f"{closing.month:%Y-%m} revision {closing.revision}"
        snapshot, digest = snapshot_of(session, closing.month), digest_of(session, closing.month)
        if closing.snapshot != snapshot:
            yield Finding("closed_month", subject, closing.snapshot, snapshot)
        elif closing.digest != digest:
            yield Finding("closed_month", subject, closing.digest, digest)


def posted_months(session: Session) -> Iterator[Finding]:
    """A fact is posted to the month of its business date, or to a later one because that was closed."""
    closed = set(session.scalars(select(MonthClosing.month)))
    for entity in (Redemption, Reversal):
        pairs = session.execute(select(entity.business_date, entity.posted_month).distinct())
        for day, posted in pairs.all():
            own = month_of(day)
            if posted == own or (posted > own and posted == month_of(posted) and own in closed):
                continue
            ids = select(entity.id).where(entity.business_date == day, entity.posted_month == posted)
            for (id_,) in walk(session, ids):
                yield Finding("posted_month", f"{entity.__tablename__[:-1]} {id_}", posted, own)


def legal_transitions(session: Session) -> Iterator[Finding]:
    """Reversals take back what there is; a correction follows a redemption that is wholly reversed."""
    yield from _reversals(session)
    yield from _corrections(session)


def _reversals(session: Session) -> Iterator[Finding]:
    rows: Any = walk(
        session,
        select(Reversal, Redemption.occurred_at)
        .outerjoin(Redemption, _key(Redemption, Reversal.redemption_id, Reversal.merchant_id))
        .where(
            or_(
                Redemption.id.is_(None),
                and_(Reversal.uses == 0, Reversal.paid_fen == 0),
                Reversal.occurred_at < Redemption.occurred_at,
            )
        ),
    )
    for reversal, redeemed_at in rows:
        subject = f"reversal {reversal.id}"
        if redeemed_at is None:
            yield Finding("legal_transitions", subject, f"of {reversal.redemption_id}", "of a redemption")
        elif reversal.uses == 0 and reversal.paid_fen == 0:
            yield Finding("legal_transitions", subject, "gives nothing back", "less than 0")
        # Two servers' clocks may differ a little.
        elif reversal.occurred_at < redeemed_at - MARGIN:
            yield Finding("legal_transitions", subject, reversal.occurred_at, f"from {redeemed_at} on")


def _corrections(session: Session) -> Iterator[Finding]:
    # That nothing is corrected twice, and that what is corrected exists, are constraints of the table.
    new, old = aliased(Redemption, name="new"), aliased(Redemption, name="old")
    gone = exists().where(
        Reversal.merchant_id == old.merchant_id, Reversal.redemption_id == old.id, Reversal.uses == -1
    )
    differs = or_(*(getattr(new, name).is_distinct_from(getattr(old, name)) for name in KEPT))
    rows = walk(
        session,
        select(new.id, old.id, gone)
        .join(old, _key(old, new.corrects_id, new.merchant_id))
        .where(~gone | differs),
    )
    for id_, corrected, is_gone in rows:
        stored = f"corrects {corrected}, which {'is another purchase' if is_gone else 'stands'}"
        yield Finding("legal_transitions", f"redemption {id_}", stored, "the same purchase, wholly reversed")


def _key(entity: Any, id_: Any, merchant_id: Any) -> ColumnElement[bool]:
    return and_(entity.merchant_id == merchant_id, entity.id == id_)


LEDGER: dict[str, Callable[[Session], Iterator[Finding]]] = {
    "posted_month": posted_months,
    "legal_transitions": legal_transitions,
    "closed_month": closed_months,
}
