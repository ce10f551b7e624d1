"""Conditions: no redemption made at a counter contradicts what its revision said, at its scan's moment.

Zones are compared in the tree as it stands: whoever hangs a zone below another one will find here what was
redeemed under an offer for the old parent.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import groupby

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from alliance.circulation.findings import Finding, walk
from alliance.offers.conditions import Who, read_conditions
from alliance.offers.models import OfferRevision
from alliance.redemptions.alone import STANDING
from alliance.redemptions.models import Redemption, Scan
from alliance.zones.tree import zone_and_above


def conditions(session: Session) -> Iterator[Finding]:
    """Each redemption was open to its employer, on its day and at its hour."""

    @cache
    def above(zone_id: int) -> frozenset[int]:
        return zone_and_above(session, zone_id)

    rows = walk(
        session,
        select(
            Redemption.id,
            Redemption.employer_id,
            Redemption.employer_zone_id,
            Scan.at,
            OfferRevision.conditions,
        )
        .join(Scan, (Scan.merchant_id == Redemption.merchant_id) & (Scan.id == Redemption.scan_id))
        .join(
            OfferRevision,
            (OfferRevision.merchant_id == Redemption.merchant_id)
            & (OfferRevision.id == Redemption.revision_id),
        )
        .where(cast(OfferRevision.conditions, String) != "{}"),
    )
    for id_, employer_id, zone_id, at, stored in rows:
        refusal = read_conditions(stored).refusal(Who(employer_id, above(zone_id)), at)
        if refusal is not None:
            yield Finding("offer_conditions", f"redemption {id_}", f"scanned {at.isoformat()}", refusal)


def alone(session: Session) -> Iterator[Finding]:
    """What is not to be had beside other offers stands alone in its scan."""
    key = (Redemption.merchant_id, Redemption.scan_id)
    with_exclusive = cast(OfferRevision.conditions, String).contains('"exclusive"')
    of_such = select(OfferRevision.merchant_id).where(with_exclusive)
    with_scan = STANDING.add_columns(*key).where(key[0].in_(of_such), key[1].is_not(None)).order_by(*key)
    for (merchant_id, scan_id), rows in groupby(walk(session, with_scan), lambda row: (row[2], row[3])):
        stored = [(offer_id, read_conditions(given)) for offer_id, given, *_ in rows]
        offers = {offer_id for offer_id, _ in stored}
        if len(offers) > 1 and any(given.exclusive for _, given in stored):
            yield Finding("offer_exclusive", f"scan {scan_id} of merchant {merchant_id}", len(offers), 1)


CONDITIONS: dict[str, Callable[[Session], Iterator[Finding]]] = {
    "offer_conditions": conditions,
    "offer_exclusive": alone,
}
