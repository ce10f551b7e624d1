"""Verification: recompute whatever is stored twice, and name each difference.

Every invariant is a generator of Findings with a name of its own; an empty one holds.
"""

from collections.abc import Callable, Iterator

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance.circulation.findings import Finding, compare, walk
from alliance.circulation.verify_audit import audit_chain, audit_unsealed
from alliance.circulation.verify_cards import card_spendings
from alliance.circulation.verify_conditions import CONDITIONS
from alliance.circulation.verify_derived import DERIVED
from alliance.circulation.verify_evidence import evidence
from alliance.circulation.verify_frozen import FROZEN
from alliance.circulation.verify_ledger import LEDGER
from alliance.circulation.verify_limits import limit_counters, limits_exceeded
from alliance.circulation.verify_pauses import redemptions_of_pauses
from alliance.circulation.verify_traces import TRACES
from alliance.clock import business_date, now
from alliance.offers.models import OfferRevision
from alliance.offers.pricing import price, read_terms
from alliance.redemptions.digests import (
    REDEMPTION_COLUMNS,
    REVERSAL_COLUMNS,
    redemption_digest,
    reversal_digest,
)
from alliance.redemptions.models import Channel, Redemption, Reversal
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
    **CONDITIONS,
    **LEDGER,
    "limit_counter": limit_counters,
    "limit_exceeded": limits_exceeded,
    "redemption_of_pause": redemptions_of_pauses,
    "card_spending": card_spendings,
    **DERIVED,
}
