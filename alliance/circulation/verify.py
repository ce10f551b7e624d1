"""Verification: recompute whatever is stored twice, and name each difference.

Every invariant is a generator of Findings with a name of its own; an empty one holds.
"""

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from alliance.circulation.derive import day_figures_of_facts, month_flows_of_facts
from alliance.circulation.findings import Finding, compare, counted, walk
from alliance.circulation.models import DayFigures, DerivedMonth, MonthFlow
from alliance.circulation.verify_audit import audit_chain, audit_unsealed
from alliance.circulation.verify_cards import card_spendings
from alliance.circulation.verify_evidence import evidence
from alliance.circulation.verify_frozen import FROZEN
from alliance.circulation.verify_ledger import LEDGER
from alliance.circulation.verify_limits import limit_counters, limits_exceeded
from alliance.circulation.verify_pauses import redemptions_of_pauses
from alliance.circulation.verify_traces import TRACES
from alliance.clock import business_date, days, month_of, next_month, now
from alliance.offers.models import OfferRevision
from alliance.offers.pricing import price, read_terms
from alliance.redemptions.digests import (
    REDEMPTION_COLUMNS,
    REVERSAL_COLUMNS,
    redemption_digest,
    reversal_digest,
)
from alliance.redemptions.models import Channel, DirtyMark, Redemption, Reversal
from alliance.refused import Refused
from alliance.webhooks.log import overdue


def redemption_digests(session: Session) -> Iterator[Finding]:
    """Each redemption is as it was written."""
    for (fact,) in walk(session, select(Redemption)):
        values = {column: getattr(fact, column) for column in REDEMPTION_COLUMNS}
        yield from compare(
            "redemption_digest", f"redemption {fact.id}", fact.digest, redemption_digest(values)
        )
        if fact.business_date != business_date(fact.occurred_at):
            yield Finding(
                "redemption_business_date",
                f"redemption {fact.id}",
                fact.business_date,
                business_date(fact.occurred_at),
            )


def reversal_digests(session: Session) -> Iterator[Finding]:
    """Each reversal is as it was written."""
    for (fact,) in walk(session, select(Reversal)):
        values = {column: getattr(fact, column) for column in REVERSAL_COLUMNS}
        yield from compare("reversal_digest", f"reversal {fact.id}", fact.digest, reversal_digest(values))


def redemption_prices(session: Session) -> Iterator[Finding]:
    """Each redemption made at a counter costs what its revision's terms say."""
    rows = walk(
        session,
        select(
            Redemption.id,
            Redemption.gross_fen,
            Redemption.quantity,
            Redemption.discount_fen,
            OfferRevision.terms,
        )
        .join(
            OfferRevision,
            (OfferRevision.merchant_id == Redemption.merchant_id)
            & (OfferRevision.id == Redemption.revision_id),
        )
        .where(Redemption.channel != Channel.IMPORT),
    )
    for id_, gross_fen, quantity, discount_fen, terms in rows:
        try:
            expected: object = price(read_terms(terms), gross_fen, quantity).discount_fen
        except (Refused, ValidationError) as error:
            expected = str(error)
        yield from compare("redemption_price", f"redemption {id_}", discount_fen, expected)


def reversal_dates(session: Session) -> Iterator[Finding]:
    """A reversal counts on the day of what it reverses."""
    rows = walk(
        session,
        select(Reversal.id, Reversal.business_date, Redemption.business_date)
        .join(
            Redemption,
            (Redemption.merchant_id == Reversal.merchant_id) & (Redemption.id == Reversal.redemption_id),
        )
        .where(Reversal.business_date != Redemption.business_date),
    )
    for id_, stored, expected in rows:
        yield Finding("reversal_date", f"reversal {id_}", stored, expected)


def derived_registry(session: Session) -> Iterator[Finding]:
    """No month is derived beyond its past days, and nothing is derived that no month speaks of."""
    covered = set()
    for month in session.scalars(select(DerivedMonth)):
        covered |= set(days(month.month, month.through))
        last = min(next_month(month.month), business_date(month.derived_at))
        if month.month != month_of(month.month) or month.through >= last:
            yield Finding("derived_registry", f"{month.month:%Y-%m}", month.through, f"before {last}")
    for day in session.scalars(select(DayFigures.business_date).distinct()):
        if day not in covered:
            yield Finding("derived_registry", f"{day}", "day figures", "none")
    for start in session.scalars(select(MonthFlow.month).distinct()):
        if start not in covered:
            yield Finding("derived_registry", f"{start:%Y-%m}", "month flows", "none")


def refunds_within_paid(session: Session) -> Iterator[Finding]:
    """Nothing gives back more than was redeemed, and the last reversal leaves nothing."""
    given = (
        select(
            Reversal.merchant_id,
            Reversal.redemption_id,
            func.sum(Reversal.paid_fen).label("paid_fen"),
            func.sum(Reversal.discount_fen).label("discount_fen"),
            func.sum(Reversal.uses).label("uses"),
        )
        .group_by(Reversal.merchant_id, Reversal.redemption_id)
        .subquery()
    )
    rows = walk(
        session,
        select(Redemption, given.c.paid_fen, given.c.discount_fen, given.c.uses).join(
            given,
            (given.c.merchant_id == Redemption.merchant_id) & (given.c.redemption_id == Redemption.id),
        ),
    )
    for fact, paid, discount, uses in rows:
        left = (fact.paid_fen + int(paid), fact.discount_fen + int(discount), 1 + int(uses))
        whole = left == (0, 0, 0)
        part = left[0] > 0 and left[1] >= 0 and left[2] == 1
        if not (whole or part):
            yield Finding("refunds_within_paid", f"redemption {fact.id}", left, "0 ≤ left")


def derived_days(session: Session) -> Iterator[Finding]:
    """``day_figures`` equals the facts on every derived day that is not marked."""
    for derived in session.scalars(select(DerivedMonth).order_by(DerivedMonth.month)):
        span = (derived.month, derived.through)
        marked = _marked(session, *span)
        stored = _keyed(
            session, select(*DayFigures.__table__.c).where(DayFigures.business_date.between(*span)), 5
        )
        facts = _keyed(session, day_figures_of_facts(span), 5)
        for key in sorted(stored.keys() | facts.keys(), key=str):
            if key[0] not in marked:
                yield from compare(
                    "derived_day", f"{key[0]} outlet {key[2]}", stored.get(key), facts.get(key)
                )


def derived_months(session: Session) -> Iterator[Finding]:
    """``month_flows`` equals the facts in every derived month without a mark."""
    for derived in session.scalars(select(DerivedMonth).order_by(DerivedMonth.month)):
        if _marked(session, derived.month, derived.through):
            continue
        stored = _keyed(session, select(*MonthFlow.__table__.c).where(MonthFlow.month == derived.month), 4)
        facts = _keyed(session, month_flows_of_facts(derived.month, derived.through), 4)
        for key in sorted(stored.keys() | facts.keys(), key=str):
            subject = f"{derived.month:%Y-%m} employer {key[2]} merchant {key[3]}"
            yield from compare("derived_month", subject, stored.get(key), facts.get(key))


def outbox_age(session: Session) -> Iterator[Finding]:
    """Nothing waits to be told to a merchant for more than five minutes."""
    for subject, since in overdue(session, now()):
        yield Finding("outbox_age", subject, since, "tried within five minutes")


#: In the order in which they are checked: what the figures are made of comes before the figures.
INVARIANTS: dict[str, Callable[[Session], Iterator[Finding]]] = {
    # Before anything that takes time: it holds the clock against what the snapshot says.
    "outbox_age": outbox_age,
    "audit_unsealed": audit_unsealed,
    "audit_chain": audit_chain,
    "redemption_digest": redemption_digests,
    "reversal_digest": reversal_digests,
    "redemption_price": redemption_prices,
    "reversal_date": reversal_dates,
    "refunds_within_paid": refunds_within_paid,
    "evidence": evidence,
    **TRACES,
    **FROZEN,
    **LEDGER,
    "limit_counter": limit_counters,
    "limit_exceeded": limits_exceeded,
    "redemption_of_pause": redemptions_of_pauses,
    "card_spending": card_spendings,
    "derived_registry": derived_registry,
    "derived_day": derived_days,
    "derived_month": derived_months,
}


def _marked(session: Session, first: Any, last: Any) -> set[Any]:
    return set(
        session.scalars(select(DirtyMark.business_date).where(DirtyMark.business_date.between(first, last)))
    )


def _keyed(
    session: Session, query: Select[*tuple[Any, ...]], grain: int
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {tuple(row[:grain]): tuple(row[grain:]) for row in counted(session, session.execute(query))}
