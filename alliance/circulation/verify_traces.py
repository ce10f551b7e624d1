"""Verification of facts by what else was written of them: the scan they were made of, and the audit trail."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from alliance.audit.models import AuditEntry
from alliance.circulation.findings import Finding, compare, counted, walk
from alliance.passes.models import Pass, PrintedCard
from alliance.redemptions.models import Channel, Redemption, Reversal, Scan

_BATCH = 500


def facts_of_scans(session: Session) -> Iterator[Finding]:
    """Each redemption was made of a scan: its outlet's, of its holder's pass, of what it froze, in time.

    By a printed card, under the employer that stands on it.
    """
    rows: Any = walk(
        session,
        select(Redemption, Scan, Pass.holder_id, PrintedCard.employer_id)
        .outerjoin(Scan, (Scan.merchant_id == Redemption.merchant_id) & (Scan.id == Redemption.scan_id))
        .outerjoin(Pass, Pass.id == Scan.pass_id)
        .outerjoin(PrintedCard, PrintedCard.cti == Scan.card_id)
        .where(Redemption.channel != Channel.IMPORT),
    )
    for fact, scan, holder_id, employer_id in rows:
        subject = f"redemption {fact.id}"
        if scan is None:
            yield Finding("fact_of_scan", subject, fact.scan_id, "a scan")
            continue
        stored = (fact.outlet_id, fact.holder_id, str(fact.revision_id) in scan.revision_ids)
        yield from compare("fact_of_scan", subject, stored, (scan.outlet_id, holder_id, True))
        if employer_id not in (None, fact.employer_id):
            yield Finding("fact_of_scan", subject, fact.employer_id, f"{employer_id}, as on the card")
        if not scan.at <= fact.occurred_at < scan.expires_at:
            span = f"from {scan.at} until {scan.expires_at}"
            yield Finding("fact_of_scan", subject, fact.occurred_at, span)


def facts_of_trail(session: Session) -> Iterator[Finding]:
    """What the audit trail says was redeemed is there, with what was paid; what it says was given back, too.

    Facts from before there was a trail have no entry.
    """
    said = session.execute(
        select(AuditEntry.subject, AuditEntry.enterprise_id, AuditEntry.detail)
        .where(AuditEntry.action.in_(("redemption.redeem", "redemption.correct")))
        .execution_options(yield_per=_BATCH)
    )
    for entries in said.partitions(_BATCH):
        paid = _paid(session, entries)
        for subject, _merchant, detail in counted(session, entries):
            yield from compare("fact_of_trail", subject, paid.get(_id_of(subject)), detail["paid_fen"])
    yield from _reversals_of_trail(session)


def _reversals_of_trail(session: Session) -> Iterator[Finding]:
    said: dict[UUID, tuple[int, int]] = {}
    entries = select(AuditEntry.subject, AuditEntry.detail).where(AuditEntry.action == "redemption.reverse")
    for subject, detail in walk(session, entries):
        count, refund_fen = said.get(_id_of(subject), (0, 0))
        said[_id_of(subject)] = count + 1, refund_fen + detail["refund_fen"]
    sums = select(Reversal.redemption_id, func.count(), -func.sum(Reversal.paid_fen))
    found = {
        id_: (count, int(refund_fen))
        for id_, count, refund_fen in walk(session, sums.group_by(Reversal.redemption_id))
    }
    for id_, expected in said.items():
        stored = found.get(id_, (0, 0))
        # More is no matter: from before there was a trail.
        if stored[0] < expected[0] or stored[1] < expected[1]:
            yield Finding("fact_of_trail", f"reversals of redemption {id_}", stored, expected)


def _paid(session: Session, entries: Sequence[Any]) -> dict[UUID, int]:
    keys = [(merchant_id, _id_of(subject)) for subject, merchant_id, _detail in entries]
    here = tuple_(Redemption.merchant_id, Redemption.id).in_(keys)
    return dict(session.execute(select(Redemption.id, Redemption.paid_fen).where(here)).all())


def _id_of(subject: str) -> UUID:
    """``redemption:018f…`` → its id."""
    return UUID(subject.partition(":")[2])


TRACES = {"fact_of_scan": facts_of_scans, "fact_of_trail": facts_of_trail}
