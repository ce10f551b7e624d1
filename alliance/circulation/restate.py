"""Restating (重述): past figures by what is recorded now of who worked where and what stood where.

A redemption freezes what was held true, and stays. When a transfer or a move is recorded after the fact, the
figures of its days change only by a restatement: somebody says which days, and why, and it is on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Row, Select, func, insert, or_, select, tuple_, type_coerce
from sqlalchemy import delete as delete_from
from sqlalchemy.orm import Session

from alliance.audit.trail import Actor, record
from alliance.circulation.facts import HELD, Span, held, with_restated
from alliance.circulation.restated import RestatedFact, Restatement
from alliance.enterprises.placement import enterprise_zone_on, outlet_zone_on
from alliance.people.employment import in_effect
from alliance.people.models import Employment
from alliance.redemptions.models import DirtyMark, Redemption
from alliance.store import ONE, new_id

#: Keys in one statement: each is two parameters.
_BATCH = 400


@dataclass(frozen=True)
class Difference:
    """How many redemptions would be counted otherwise: at all, with another employer, in another zone."""

    redemptions: int
    employers: int
    employer_zones: int
    outlet_zones: int


def difference(session: Session, span: Span) -> Difference:
    """What a restatement of these business dates would change."""
    rows = session.execute(_differing(span)).mappings().all()
    parts = (sum(row[f"now_{name}"] != row[f"was_{name}"] for row in rows) for name in HELD)
    return Difference(len(rows), *parts)


def restate(session: Session, span: Span, reason: str, by: Actor, at: datetime) -> Restatement | None:
    """Count the redemptions of these business dates as is recorded now; None when that changes nothing."""
    rows = session.execute(_differing(span)).all()
    if not rows:
        return None
    first, last = span
    restatement = Restatement(
        id=new_id(), first=first, last=last, at=at, by_id=by.account_id, reason=reason, redemptions=len(rows)
    )
    session.add(restatement)
    session.flush()
    _keep(session, restatement.id, rows)
    session.add_all(
        DirtyMark(business_date=day, id=new_id()) for day in sorted({row.business_date for row in rows})
    )
    record(
        session,
        by,
        "circulation.restate",
        f"restatement:{restatement.id}",
        at,
        first=first.isoformat(),
        last=last.isoformat(),
        redemptions=len(rows),
        reason=reason,
    )
    return restatement


def _differing(span: Span) -> Select[*tuple[Any, ...]]:
    """The redemptions that are counted otherwise than is recorded now, with what was and what is now."""
    worked = (
        select(Employment.enterprise_id)
        .where(
            Employment.holder_id == Redemption.household_id,
            in_effect(type_coerce(Redemption.business_date, Date())),
        )
        .order_by(Employment.starts_on.desc())
        .limit(ONE)
        .scalar_subquery()
    )
    facts = (
        with_restated(
            select(
                Redemption.merchant_id,
                Redemption.id,
                Redemption.outlet_id,
                Redemption.business_date,
                *(held(name).label(f"was_{name}") for name in HELD),
                # Who is not on record on that day any more is left where they were.
                func.coalesce(worked, held("employer_id")).label("now_employer_id"),
            )
        )
        .where(Redemption.business_date.between(*span))
        .subquery()
    ).c
    employer_zone = enterprise_zone_on(facts.business_date, facts.now_employer_id)
    outlet_zone = outlet_zone_on(facts.business_date, facts.merchant_id, facts.outlet_id)
    now = {
        "employer_id": facts.now_employer_id,
        "employer_zone_id": func.coalesce(employer_zone, facts.was_employer_zone_id),
        "outlet_zone_id": func.coalesce(outlet_zone, facts.was_outlet_zone_id),
    }
    was = [facts[f"was_{name}"] for name in HELD]
    return select(
        facts.merchant_id,
        facts.id,
        facts.business_date,
        *was,
        *(now[name].label(f"now_{name}") for name in HELD),
    ).where(or_(*(now[name] != facts[f"was_{name}"] for name in HELD)))


def _keep(session: Session, restatement_id: UUID, rows: Sequence[Row[*tuple[Any, ...]]]) -> None:
    """The last restatement of a redemption is the one that counts."""
    key = tuple_(RestatedFact.merchant_id, RestatedFact.redemption_id)
    remaining = iter(rows)
    while batch := list(islice(remaining, _BATCH)):
        session.execute(
            delete_from(RestatedFact).where(key.in_([(row.merchant_id, row.id) for row in batch]))
        )
        values = [
            {"merchant_id": row.merchant_id, "redemption_id": row.id, "restatement_id": restatement_id}
            | {name: row._mapping[f"now_{name}"] for name in HELD}
            for row in batch
        ]
        session.execute(insert(RestatedFact), values)
