"""The invariants of the ledger: closed months, posted months, corrections, and what a fact has frozen.

A finding of ``frozen_…`` does not always mean that a fact was altered. Employments and zones are
effective-dated, and what changes from some day on leaves all earlier facts right; but who corrects the past
itself (a roster that ends an employment last month) leaves the facts of that time as they were made, and
they no longer agree. Changes that begin on the very day of a redemption are let pass: a day has no hours
here, and the morning's redemptions were made before the change.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from alliance.circulation.findings import Finding
from alliance.clock import month_of
from alliance.enterprises.models import EnterpriseZone, OutletZone
from alliance.people.models import Employment, Holder
from alliance.redemptions.correct import KEPT
from alliance.redemptions.ledger import digest_of, snapshot_of
from alliance.redemptions.marks import MARGIN
from alliance.redemptions.models import MonthClosing, Redemption, Reversal
from alliance.redemptions.months import closing_stands


def closed_months(session: Session) -> Iterator[Finding]:
    """What is posted to a closed month is what its last closing recorded."""
    for closing in session.scalars(select(MonthClosing).where(closing_stands()).order_by(MonthClosing.month)):
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
            for id_ in session.scalars(ids):
                yield Finding("posted_month", f"{entity.__tablename__[:-1]} {id_}", posted, own)


def legal_transitions(session: Session) -> Iterator[Finding]:
    """Reversals take back what there is; a correction follows a redemption that is wholly reversed."""
    yield from _reversals(session)
    yield from _corrections(session)


def _reversals(session: Session) -> Iterator[Finding]:
    rows: Any = session.execute(
        select(Reversal, Redemption.occurred_at)
        .outerjoin(Redemption, _key(Redemption, Reversal.redemption_id, Reversal.merchant_id))
        .where(
            or_(
                Redemption.id.is_(None),
                and_(Reversal.uses == 0, Reversal.paid_fen == 0),
                Reversal.occurred_at < Redemption.occurred_at,
            )
        )
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
    rows = session.execute(
        select(new.id, old.id, gone)
        .join(old, _key(old, new.corrects_id, new.merchant_id))
        .where(~gone | differs)
    )
    for id_, corrected, is_gone in rows:
        stored = f"corrects {corrected}, which {'is another purchase' if is_gone else 'stands'}"
        yield Finding("legal_transitions", f"redemption {id_}", stored, "the same purchase, wholly reversed")


def frozen_employers(session: Session) -> Iterator[Finding]:
    """Each redemption's employer employed the household's worker on its business date."""
    grain = (Redemption.household_id, Redemption.employer_id, Redemption.business_date)
    groups = select(*grain, func.count().label("facts")).group_by(*grain).subquery()
    employed = exists().where(
        Employment.holder_id == groups.c.household_id,
        Employment.enterprise_id == groups.c.employer_id,
        Employment.starts_on <= groups.c.business_date,
        # The day of leaving itself is let pass.
        or_(Employment.ends_on.is_(None), Employment.ends_on >= groups.c.business_date),
    )
    for household_id, employer_id, day, facts in session.execute(select(groups).where(~employed)):
        subject = f"holder {household_id} on {day}, {facts} redemptions"
        yield Finding("frozen_employer", subject, f"employer {employer_id}", "an employment of that day")


def frozen_households(session: Session) -> Iterator[Finding]:
    """Each redemption's household is its holder's: the employee's own, or the sponsor's."""
    household = func.coalesce(Holder.sponsor_id, Holder.id)
    rows = session.execute(
        select(Redemption.id, Redemption.household_id, household)
        .join(Holder, Holder.id == Redemption.holder_id)
        .where(Redemption.household_id != household)
    )
    for id_, stored, expected in rows:
        yield Finding("frozen_household", f"redemption {id_}", stored, expected)


def frozen_zones(session: Session) -> Iterator[Finding]:
    """Each redemption's employer and outlet stood on its business date in the zones that it names."""
    employer, outlet = (Redemption.employer_id,), (Redemption.merchant_id, Redemption.outlet_id)
    yield from _zones(session, employer, Redemption.employer_zone_id, EnterpriseZone)
    yield from _zones(session, outlet, Redemption.outlet_zone_id, OutletZone)


def _zones(
    session: Session, key: tuple[Any, ...], zone_id: Any, history: type[EnterpriseZone] | type[OutletZone]
) -> Iterator[Finding]:
    """Check one kind of place: ``key`` names it in a redemption, as the first columns do in its history."""
    day = Redemption.business_date
    columns = [*(column.label(f"key_{n}") for n, column in enumerate(key)), zone_id.label("zone_id"), day]
    groups = select(*columns, func.count().label("facts")).group_by(*key, zone_id, day).subquery()
    row, later = aliased(history), aliased(history)
    # The zone in which the day began passes as well as the one that a move of that day led to.
    overtaken = exists().where(
        *_of(later, groups), later.starts_on > row.starts_on, later.starts_on < groups.c.business_date
    )
    stood = exists().where(
        *_of(row, groups),
        row.zone_id == groups.c.zone_id,
        row.starts_on <= groups.c.business_date,
        ~overtaken,
    )
    for *ids, stored, on, facts in session.execute(select(groups).where(~stood)):
        subject = f"{history.__tablename__} of {ids[-1]} on {on}, {facts} redemptions"
        yield Finding("frozen_zones", subject, f"zone {stored}", "its zone of that day")


def _of(history: Any, groups: Any) -> list[ColumnElement[bool]]:
    """The condition that a row of a history is about the place of a group."""
    keys = [column for name, column in groups.c.items() if name.startswith("key_")]
    names = ("enterprise_id",) if len(keys) == 1 else ("merchant_id", "outlet_id")
    return [getattr(history, name) == key for name, key in zip(names, keys, strict=True)]


def _key(entity: Any, id_: Any, merchant_id: Any) -> ColumnElement[bool]:
    return and_(entity.merchant_id == merchant_id, entity.id == id_)


LEDGER: dict[str, Callable[[Session], Iterator[Finding]]] = {
    "posted_month": posted_months,
    "legal_transitions": legal_transitions,
    "frozen_employer": frozen_employers,
    "frozen_household": frozen_households,
    "frozen_zones": frozen_zones,
    "closed_month": closed_months,
}
