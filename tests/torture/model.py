"""The alliance once more, naively: dicts and lists, everything looked up by going through everything.

No code of the product is used, nor its constants, so that a mistake has to be made twice to go unseen. A
deed returns what the product must return: ``("ok", …)`` or ``("refused", reason)``; see ``product.py``.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.torture.model_books import Books, month_of
from tests.torture.model_people import People
from tests.torture.records import Name, No, Outcome, Revision, Scan, Shown, Sold, day_of


@dataclass
class Model:
    """``merchants`` maps outlets to whose they are."""

    merchants: dict[Name, Name]
    people: People
    revisions: list[Revision] = field(default_factory=list)
    withdrawn: set[tuple[Name, str]] = field(default_factory=set)
    used: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    presented: set[Shown] = field(default_factory=set)
    scans: dict[tuple[Name, int], Scan] = field(default_factory=dict)
    sold: dict[tuple[Name, int], Sold] = field(default_factory=dict)
    reversals: dict[tuple[Name, int], Any] = field(default_factory=dict)
    books: Books = field(default_factory=Books)

    # --- offers ---

    def submit(self, revision: Revision, today: date) -> None:
        """Append the revision with its number. Raises No with the field at fault."""
        if revision.starts and revision.ends and revision.ends < revision.starts:
            raise No("ends_on")
        if revision.ends and revision.ends < today:
            raise No("ends_on")
        if revision.terms.kind == "threshold" and revision.terms.b > revision.terms.a:
            raise No("off_fen")
        if revision.limit_total and revision.limit_holder and revision.limit_holder > revision.limit_total:
            raise No("holder_ever")
        if (
            revision.limit_total
            and revision.limit_total < self.used[revision.merchant, revision.code, "total"]
        ):
            raise No("total")
        of_offer = [r for r in self.revisions if (r.merchant, r.code) == (revision.merchant, revision.code)]
        revision.number = len(of_offer) + 1
        self.revisions.append(revision)

    def decide(self, revision: Revision, state: str) -> None:
        if revision.state != "submitted":
            raise No("decided")
        revision.state = state

    def live(self, merchant: Name, day: date) -> list[Revision]:
        newest: dict[str, Revision] = {}
        for revision in self.revisions:
            if revision.merchant == merchant and revision.state == "approved":
                newest[revision.code] = revision
        return [
            revision
            for code, revision in newest.items()
            if (merchant, code) not in self.withdrawn
            and (revision.starts is None or revision.starts <= day)
            and (revision.ends is None or day <= revision.ends)
        ]

    # --- the counter ---

    def scan(self, outlet: Name, id_: int, shown: Shown, typed: bool, at: datetime) -> int:
        """Returns how many offers the scan may be redeemed under."""
        key, body = (self.merchants[outlet], id_), (outlet, shown, typed)
        if key not in self.scans:
            self._present(key, outlet, shown, body, at)
        if self.scans[key].body != body:
            raise No("body_mismatch")
        return len(self.scans[key].revisions)

    def redeem(self, outlet: Name, id_: int, scan_id: int, order: tuple[Any, ...], at: datetime) -> Outcome:
        """By scan; ``order`` is (offer, gross, quantity, receipt)."""
        merchant = self.merchants[outlet]
        body = ("scan", outlet, scan_id, order)
        if (merchant, id_) in self.sold:
            return self._again((merchant, id_), body)
        scan = self.scans.get((merchant, scan_id))
        if scan is None:
            raise No("scan_not_found")
        if scan.outlet != outlet:
            raise No("wrong_outlet")
        if at >= scan.ends:
            raise No("scan_expired")
        self.people.entitled(scan.pass_, day_of(at))
        return self._sell(merchant, id_, scan, order, body, at)

    def redeem_at_once(
        self, outlet: Name, id_: int, shown: Shown, typed: bool, order: tuple[Any, ...], at: datetime
    ) -> Outcome:
        key = (self.merchants[outlet], id_)
        body = ("presentation", outlet, shown, typed, order)
        if key in self.sold:
            return self._again(key, body)
        self._present(key, outlet, shown, body, at)
        try:
            return self._sell(*key, self.scans[key], order, body, at)
        except No:
            # All of it was one transaction.
            del self.scans[key]
            self.presented.discard(shown)
            raise

    def reverse(
        self, outlet: Name, id_: int, sold_id: int, refund: int | None, who: str, at: datetime
    ) -> Outcome:
        """``who`` is cashier (only within ten minutes), merchant (until the month is closed) or organizer."""
        merchant = self.merchants[outlet]
        sold, body = self.sold.get((merchant, sold_id)), (sold_id, refund)
        if sold is None or sold.outlet != outlet:
            raise No("redemption_not_found")
        if (merchant, id_) in self.reversals:
            stored_body, answer = self.reversals[merchant, id_]
            if stored_body != body:
                raise No("body_mismatch")
            return (*answer, True)
        if who == "cashier" and at - sold.at > timedelta(minutes=10):
            raise No("undo_too_late")
        if who != "organizer" and month_of(day_of(sold.at)) in self.books.closed:
            raise No("month_closed")
        answer = self._give_back(sold, refund)
        self.reversals[merchant, id_] = body, answer
        self.books.post(merchant, self.books.month_for(sold.posted, at), "reversal", answer[:3])
        return (*answer, False)

    def correct(
        self,
        outlet: Name,
        id_: int,
        reversal: int,
        sold_id: int,
        order: tuple[int, int],
        who: str,
        at: datetime,
    ) -> Outcome:
        """``order`` is (gross, quantity). The new one is at the old one's time and price, wherever posted."""
        merchant = self.merchants[outlet]
        body = ("correction", outlet, reversal, sold_id, order)
        old = self.sold.get((merchant, sold_id))
        if old is None or old.outlet != outlet:
            raise No("redemption_not_found")
        if (merchant, id_) in self.sold:
            return self._again((merchant, id_), body)
        before = self.used.copy(), replace(old), len(self.books.postings), dict(self.reversals)
        try:
            if self.reverse(outlet, reversal, sold_id, None, who, at)[-1]:
                raise No("reversed_already")
            paid = old.revision.terms.paid(*order)
            self._take(old.revision, old.holder)
        except No:
            # All of it was one transaction.
            self.used, self.sold[merchant, sold_id], posted, self.reversals = before
            del self.books.postings[posted:]
            raise
        posted_to = self.books.month_for(old.posted, at)
        return self._enter(
            (merchant, id_), replace(old, gross=order[0], paid=paid, body=body, posted=posted_to)
        )

    def _present(self, key: tuple[Name, int], outlet: Name, shown: Shown, body: Any, at: datetime) -> None:
        if at >= shown.ends:
            raise No("expired")
        self.people.entitled(shown.pass_, day_of(at))
        if shown in self.presented or self.has_shown_later(shown):
            raise No("already_presented")
        here = [r for r in self.live(key[0], day_of(at)) if not r.outlets or outlet in r.outlets]
        self.presented.add(shown)
        self.scans[key] = Scan(outlet, shown.pass_, here, at + timedelta(minutes=10), body)

    def has_shown_later(self, shown: Shown) -> bool:
        """Whether a phone has been accepted with a later code than this one of its own."""
        return shown.signed and any(
            later.signed and later.pass_ == shown.pass_ and later.number > shown.number
            for later in self.presented
        )

    def _again(self, key: tuple[Name, int], body: Any) -> Outcome:
        sold = self.sold[key]
        if sold.body != body:
            raise No("body_mismatch")
        return sold.gross, sold.discount, sold.paid, True

    def _sell(
        self, merchant: Name, id_: int, scan: Scan, order: tuple[Any, ...], body: Any, at: datetime
    ) -> Outcome:
        day = day_of(at)
        revision, paid = self._priced(merchant, scan, order, day)
        gross = order[1]
        holder, employer = self.people.entitled(scan.pass_, day)
        self._take(revision, holder)
        zone, home = self.people.zone(scan.outlet, day), self.people.zone(employer, day)
        month = month_of(day)
        sold = Sold(holder, employer, home, scan.outlet, zone, revision, at, gross, paid, body, month)
        return self._enter((merchant, id_), sold)

    def _priced(self, merchant: Name, scan: Scan, order: tuple[Any, ...], day: date) -> tuple[Revision, int]:
        code, gross, quantity, _ = order
        revision = next((r for r in scan.revisions if r.code == code), None)
        if revision is None:
            if all((r.merchant, r.code) != (merchant, code) for r in self.revisions):
                raise No("offer_not_found")
            elsewhere = any(r.code == code for r in self.live(merchant, day))
            raise No("offer_not_here" if elsewhere else "offer_not_live")
        return revision, revision.terms.paid(gross, quantity)

    def _enter(self, key: tuple[Name, int], sold: Sold) -> Outcome:
        amounts = sold.gross, sold.discount, sold.paid
        sold.left_paid, sold.left_discount, sold.stands = sold.paid, sold.discount, True
        self.sold[key] = sold
        self.books.sales.append(day_of(sold.at))
        self.books.post(key[0], sold.posted, "redemption", amounts)
        return (*amounts, False)

    def _scopes(self, revision: Revision, holder: Name) -> list[tuple[tuple[Any, ...], int, str]]:
        offer = (revision.merchant, revision.code)
        scopes = [
            ((*offer, holder), revision.limit_holder, "limit_holder"),
            ((*offer, "total"), revision.limit_total, "limit_total"),
        ]
        return [(scope, limit, reason) for scope, limit, reason in scopes if limit is not None]

    def _take(self, revision: Revision, holder: Name) -> None:
        scopes = self._scopes(revision, holder)
        for scope, limit, reason in scopes:
            if self.used[scope] >= limit:
                raise No(reason)
        for scope, _, _ in scopes:
            self.used[scope] += 1

    def _give_back(self, sold: Sold, refund: int | None) -> Outcome:
        if not sold.stands:
            raise No("reversed_already")
        if refund is None or refund == sold.left_paid > 0:
            paid, discount = sold.left_paid, sold.left_discount
            sold.stands = False
            for scope, _, _ in self._scopes(sold.revision, sold.holder):
                self.used[scope] -= 1
        elif 0 < refund < sold.left_paid:
            paid = refund
            # So that the discount given back so far is always the whole 分 of its share, rounded down.
            back = Decimal(sold.paid - sold.left_paid + refund) * sold.discount / sold.paid
            discount = int(back) - (sold.discount - sold.left_discount)
        else:
            raise No("refund_exceeds_paid")
        sold.left_paid -= paid
        sold.left_discount -= discount
        return -(paid + discount), -discount, -paid, not sold.stands

    # --- figures ---

    def report(self, first: date, last: date) -> dict[str, Any]:
        """Those figures of the circulation report that follow from sums and sets."""
        period = [sold for sold in self.sold.values() if first <= day_of(sold.at) <= last]
        standing = [sold for sold in period if sold.stands]
        return {
            "redemptions": len(standing),
            "gross_fen": sum(sold.left_paid + sold.left_discount for sold in period),
            "discount_fen": sum(sold.left_discount for sold in period),
            "paid_fen": sum(sold.left_paid for sold in period),
            "active_holders": len({sold.holder for sold in standing}),
            "active_outlets": len({sold.outlet for sold in standing}),
            "same_zone_paid_fen": sum(s.left_paid for s in period if s.employer_zone == s.outlet_zone),
            "same_enterprise_paid_fen": sum(s.left_paid for s in period if s.employer == s.revision.merchant),
        }
