"""The product as the model sees it: deeds by plain names and numbers, each in a transaction of its own.

An outcome is a tuple of plain values, or No with the reason; so it can be compared with the model's.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from alliance import schema, store
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.derive import derive, forget, pending_months
from alliance.circulation.report import report
from alliance.clock import business_date
from alliance.enterprises.models import Enterprise, Outlet
from alliance.enterprises.placement import move_enterprise, move_outlet
from alliance.offers import life, pricing
from alliance.offers.limits import Limits
from alliance.offers.models import Offer, OfferRevision
from alliance.passes.issue import pass_of, reissue, revoke
from alliance.people.employment import employment_on, leave
from alliance.people.models import Employment, Holder, HolderKind
from alliance.redemptions import months
from alliance.redemptions.correct import Correction, correct
from alliance.redemptions.counter import Counter
from alliance.redemptions.ledger import snapshot_of
from alliance.redemptions.models import Redemption, Reversal
from alliance.redemptions.redeem import Answer, Order, redeem, redeem_at_once
from alliance.redemptions.reverse import Authority, reverse
from alliance.redemptions.scan import scan
from alliance.refused import Refused
from alliance.store import Session
from tests.torture.model_books import AMOUNTS, Sums
from tests.torture.pockets import Pockets
from tests.torture.records import No, Outcome, Revision, Shown, Terms
from tests.torture.shop import findings
from tests.world import World

T = TypeVar("T")


class Product:
    """The small world on an empty database: outlets shop, kiosk (dairy's) and hall (garage's)."""

    def __init__(self, engine: sa.Engine) -> None:
        self.sessions = store.sessionmaker_for(engine)
        self._shown: dict[int, tuple[str, str]] = {}
        self._revisions: dict[int, UUID] = {}

        with self.sessions() as session:
            store.for_writing(session)
            world = World(session)
            child = Holder(
                kind=HolderKind.DEPENDANT, name="张小宝", sponsor_id=world.mechanic.id, created_at=world.at
            )
            session.add(child)
            session.commit()
        self.keyring, self._pockets = world.keyring, Pockets(world.keyring)
        self.outlets = {"shop": world.dairy_shop, "kiosk": world.dairy_kiosk, "hall": world.garage_hall}
        self.merchants = {"dairy": world.dairy, "garage": world.garage}
        self.zones = {"east": world.east, "west": world.west}
        holders = (world.mechanic, world.salesman, world.milkman, child)
        self.holders = dict(zip(("mechanic", "salesman", "milkman", "child"), holders, strict=True))

    def act(self, deed: Callable[[Session], T]) -> T:
        """Commit the deed, or roll it back and raise No, as the web does."""
        with self.sessions() as session:
            store.for_writing(session)
            try:
                result = deed(session)
                session.commit()
            except Refused as refused:
                session.rollback()
                raise No(str(refused.reason)) from None
            return result

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
                leave(employment, on)

        self.act(deed)

    def join(self, holder: str, employer: str, staff_no: str, on: date) -> None:
        """A new employment."""
        ids = {"holder_id": self.holders[holder].id, "enterprise_id": self.merchants[employer].id}
        self.act(lambda session: session.add(Employment(**ids, staff_no=staff_no, starts_on=on)))

    def move(self, what: str, zone: str, on: date) -> None:
        """Move an outlet or an enterprise."""
        zone_id, thing = self.zones[zone].id, self.outlets.get(what) or self.merchants[what]

        def deed(session: Session) -> None:
            if isinstance(thing, Outlet):
                move_outlet(session, thing, zone_id, on)
            elif isinstance(thing, Enterprise):
                move_enterprise(session, thing, zone_id, on)

        self.act(deed)

    # --- the counter ---

    def scan(self, outlet: str, id_: int, shown: Shown, typed: bool, at: datetime) -> int:
        """As the model's."""
        return self.act(
            lambda session: len(
                scan(
                    session, self.keyring, self.counter(outlet), UUID(int=id_), self._text(shown, typed), at
                ).revision_ids
            )
        )

    def redeem(self, outlet: str, id_: int, scan_id: int, order: tuple[Any, ...], at: datetime) -> Outcome:
        """As the model's."""
        order_ = Order(UUID(int=id_), *order)
        return amounts(
            self.act(lambda session: redeem(session, self.counter(outlet), UUID(int=scan_id), order_, at))
        )

    def redeem_at_once(
        self, outlet: str, id_: int, shown: Shown, typed: bool, order: tuple[Any, ...], at: datetime
    ) -> Outcome:
        """As the model's."""
        order_, text, counter = Order(UUID(int=id_), *order), self._text(shown, typed), self.counter(outlet)
        return amounts(
            self.act(lambda session: redeem_at_once(session, self.keyring, counter, text, order_, at))
        )

    def reverse(
        self, outlet: str, id_: int, sold_id: int, refund: int | None, who: str, at: datetime
    ) -> Outcome:
        """As the model's."""
        ids, counter = (UUID(int=id_), UUID(int=sold_id)), self.counter(outlet)
        answer = self.act(
            lambda session: reverse(
                session, counter, *ids, "退货", at, refund_fen=refund, authority=Authority(who)
            )
        )
        told = json.loads(answer.body)
        return *amounts(answer)[:3], told["whole"], answer.replayed

    def correct(
        self,
        outlet: str,
        id_: int,
        reversal: int,
        sold_id: int,
        order: tuple[int, int],
        who: str,
        at: datetime,
    ) -> Outcome:
        """As the model's."""
        ids = (UUID(int=id_), UUID(int=reversal), UUID(int=sold_id))
        # The reversal alone must be taken for the same one.
        correction = Correction(*ids, *order, "退货")
        counter, authority = self.counter(outlet), Authority(who)
        return amounts(self.act(lambda session: correct(session, counter, authority, correction, at)))

    def counter(self, outlet: str) -> Counter:
        """At this outlet."""
        return Counter(self.outlets[outlet].merchant_id, self.outlets[outlet].id)

    def _text(self, shown: Shown, typed: bool) -> str:
        text, digits = self._shown[shown.number]
        return digits if typed else text

    # --- the books ---

    def close(self, month: date, at: datetime) -> tuple[int, Sums]:
        """As the model's."""

        def deed(session: Session) -> tuple[int, Sums]:
            closing = months.close(session, month, COMMAND_LINE, at)
            return closing.revision, self._sums(closing.snapshot)

        return self._monthly(deed)

    def reopen(self, month: date, at: datetime) -> None:
        """As the model's."""
        self._monthly(lambda session: months.reopen(session, month, "漏记", COMMAND_LINE, at))

    def posted(self) -> dict[date, Sums]:
        """What is posted to each month."""
        with self.sessions() as session, store.one_snapshot(session):
            found = {*session.scalars(sa.select(Redemption.posted_month))}
            found |= {*session.scalars(sa.select(Reversal.posted_month))}
            return {month: self._sums(snapshot_of(session, month)) for month in found}

    def recorded(self) -> dict[date, Sums]:
        """What the closing of each month that is closed has recorded."""
        with self.sessions() as session:
            rows = session.scalars(sa.select(months.MonthClosing).where(months.closing_stands()))
            return {closing.month: self._sums(closing.snapshot) for closing in rows}

    def _monthly(self, deed: Callable[[Session], T]) -> T:
        try:
            return self.act(deed)
        except months.MonthError as error:
            raise No(type(error).__name__, error.month) from None

    def _sums(self, snapshot: dict[str, Any]) -> Sums:
        names = {str(enterprise.id): name for name, enterprise in self.merchants.items()}
        merchants = {names[id_]: sums for id_, sums in snapshot["merchants"].items()}
        return {
            name: tuple(sums[amount] for amount in AMOUNTS)
            for name, sums in ({"all": snapshot} | merchants).items()
        }

    # --- figures ---

    def derive(self, at: datetime) -> None:
        """What the worker does every minute."""

        def deed(session: Session) -> None:
            for month in pending_months(session, at):
                derive(session, month, at)

        self.act(deed)

    def forget(self) -> None:
        """The first half of ``alliance circulation rebuild``."""
        self.act(forget)

    def report(self, first: date, last: date) -> dict[str, Any]:
        """The circulation report."""
        with self.sessions() as session, store.one_snapshot(session):
            return asdict(report(session, (first, last)))

    def findings(self) -> list[Any]:
        """What ``alliance verify`` finds."""
        return findings(self.sessions)


def terms_of(terms: Terms) -> pricing.Terms:
    """The product's words for the model's terms."""
    match terms.kind:
        case "discount":
            return pricing.Discount(pay_permille=terms.a)
        case "threshold":
            return pricing.Threshold(threshold_fen=terms.a, off_fen=terms.b)
    return pricing.AlliancePrice(unit_price_fen=terms.a)


def amounts(answer: Answer) -> Outcome:
    """(gross, discount, paid, replayed)."""
    told = json.loads(answer.body)
    return told["gross_fen"], told["discount_fen"], told["paid_fen"], answer.replayed


def wipe(engine: sa.Engine) -> None:
    """Every row of every table; self-references die with their table's one statement.

    The trail must have been left unguarded before.
    """
    with engine.begin() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(sa.delete(table))
