"""The product's offers, people and places, by plain names."""

from datetime import date, datetime

import sqlalchemy as sa

from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.enterprises.models import Enterprise, Outlet
from alliance.enterprises.placement import move_enterprise, move_outlet
from alliance.offers import life, pricing
from alliance.offers.limits import Limits
from alliance.offers.models import Offer, OfferRevision
from alliance.passes.issue import pass_of, reissue, revoke
from alliance.people.employment import employment_on, leave
from alliance.people.models import Employment
from alliance.store import Session
from tests.torture.product_world import InTheWorld
from tests.torture.records import No, Revision, Terms


class OffersAndPeople(InTheWorld):
    """What merchants, the organizer and employers do."""

    # --- offers ---

    def submit(self, revision: Revision, at: datetime) -> None:
        """Submit what the model's revision says; ``decide`` finds it again by that object."""
        draft = life.Draft(
            code=revision.code,
            title="优惠",
            terms=terms_of(revision.terms),
            limits=Limits(total=revision.limit_total, holder_ever=revision.limit_holder),
            starts_on=revision.starts,
            ends_on=revision.ends,
            outlet_ids=[self.outlets[name].id for name in sorted(revision.outlets)],
        )
        merchant_id = self.merchants[revision.merchant].id
        try:
            made = self.act(lambda session: life.submit(session, merchant_id, draft, COMMAND_LINE, at).id)
        except life.OfferInvalid as invalid:
            raise No(invalid.field) from None
        self._revisions[id(revision)] = made

    def decide(self, revision: Revision, state: str, at: datetime) -> None:
        """Approve or return a revision that was submitted here."""
        key = (self.merchants[revision.merchant].id, self._revisions[id(revision)])

        def deed(session: Session) -> None:
            found = session.get_one(OfferRevision, key)
            if state == "approved":
                life.approve(session, found, COMMAND_LINE, at)
            else:
                life.return_to_merchant(session, found, "不合适", COMMAND_LINE, at)

        try:
            self.act(deed)
        except life.AlreadyDecided:
            raise No("decided") from None

    def withdraw(self, merchant: str, code: str, at: datetime) -> None:
        """Withdraw an offer, if there is one with this code."""

        def deed(session: Session) -> None:
            of_code = (Offer.merchant_id == self.merchants[merchant].id, Offer.code == code)
            offer = session.scalar(sa.select(Offer).where(*of_code))
            if offer is not None:
                life.withdraw(session, offer, COMMAND_LINE, at)

        self.act(deed)

    # --- people ---

    def show(self, holder: str, number: int, signed: bool, at: datetime) -> None:
        """The holder's phone shows a new code, signed by itself or made by the server."""
        id_, pockets = self.holders[holder].id, self._pockets
        self._shown[number] = self.act(
            lambda session: (
                pockets.sign(session, id_, number, at) if signed else pockets.ask(session, id_, at)
            )
        )

    def revoke(self, holder: str, at: datetime) -> None:
        """Revoke the holder's newest pass; raises No(revoked) when it is."""
        self.act(
            lambda session: revoke(
                session, pass_of(session, self.holders[holder].id, at), "丢失", COMMAND_LINE, at
            )
        )

    def reissue(self, holder: str, at: datetime) -> None:
        self.act(lambda session: reissue(session, self.holders[holder].id, COMMAND_LINE, at).id)

    def leave(self, holder: str, on: date, at: datetime) -> None:
        """End the present employment, if there is one."""

        def deed(session: Session) -> None:
            employment = employment_on(session, self.holders[holder].id, business_date(at))
            if employment is not None:
                leave(session, employment, on, at)

        self.act(deed)

    def join(self, holder: str, employer: str, staff_no: str, on: date, at: datetime) -> None:
        """A new employment."""
        ids = {"holder_id": self.holders[holder].id, "enterprise_id": self.merchants[employer].id}
        row = Employment(**ids, staff_no=staff_no, starts_on=on, recorded_at=at)
        self.act(lambda session: session.add(row))

    def move(self, what: str, zone: str, on: date, at: datetime) -> None:
        """Move an outlet or an enterprise."""
        zone_id, thing = self.zones[zone].id, self.outlets.get(what) or self.merchants[what]

        def deed(session: Session) -> None:
            if isinstance(thing, Outlet):
                move_outlet(session, thing, zone_id, on, at)
            elif isinstance(thing, Enterprise):
                move_enterprise(session, thing, zone_id, on, at)

        self.act(deed)


def terms_of(terms: Terms) -> pricing.Terms:
    """The product's words for the model's terms."""
    match terms.kind:
        case "discount":
            return pricing.Discount(pay_permille=terms.a)
        case "threshold":
            return pricing.Threshold(threshold_fen=terms.a, off_fen=terms.b)
    return pricing.AlliancePrice(unit_price_fen=terms.a)
