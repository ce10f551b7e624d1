"""A small alliance to test in: two of everything, so that a missing filter shows.

Build it with ``World(session)``; nothing is committed until the test does.
"""

from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from alliance.audit.trail import COMMAND_LINE
from alliance.chain import write
from alliance.clock import SINCE_EVER
from alliance.enterprises.models import Enterprise, EnterpriseZone, Outlet, OutletZone
from alliance.offers.conditions import ANYBODY, Conditions
from alliance.offers.counters import taking
from alliance.offers.life import Draft, approve, submit
from alliance.offers.limits import UNLIMITED, Limits, Use, read_limits
from alliance.offers.models import Audience, OfferRevision
from alliance.offers.pricing import Discount, Terms
from alliance.passes.cards import Printout, print_card
from alliance.passes.devices import enrol, issue_credential
from alliance.passes.issue import Presentable, mint, pass_of
from alliance.passes.keys import Keyring
from alliance.people.models import Employment, Holder, HolderKind
from alliance.redemptions.counter import Counter
from alliance.redemptions.redeem import Answer, Order, redeem_at_once
from alliance.store import new_id
from alliance.zones.models import Zone
from tests.phones import Phone

Row = TypeVar("Row")

#: A Wednesday noon in Shanghai.
NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)

CREDIT_CODES = ("91220204MA00000076", "91220204MA00000151")


def take(session: Session, revision: OfferRevision, use: Use) -> None:
    """Nothing but a use of a revision's limits. Raises what they refuse; the caller rolls back."""
    missed = write(session, taking(session, read_limits(revision.limits), use))
    if missed is not None:
        assert missed.refusal is not None
        raise missed.refusal()


class World:
    """Zones ``root`` ⊃ ``east``, ``west``; ``dairy`` (east) sells, ``garage`` (west) employs; and reverse."""

    def __init__(self, session: Session, at: datetime = NOON) -> None:
        self.session, self.at, self.keyring = session, at, Keyring("a secret of the tests")
        # What the world knows must stay readable after a commit without opening a transaction.
        session.expire_on_commit = False
        self.root = self._add(Zone(code="220204000000", name="船营区"))
        self.east = self._add(Zone(code="220204001000", name="德胜街道", parent_id=self.root.id))
        self.west = self._add(Zone(code="220204002000", name="南京街道", parent_id=self.root.id))
        self.dairy = self._enterprise(CREDIT_CODES[0], "吉林市松花江乳业有限公司", self.east)
        self.garage = self._enterprise(CREDIT_CODES[1], "吉林市车天下二手车经销有限公司", self.west)
        self.dairy_shop = self._outlet(self.dairy, "D1", "乳业直营店", self.east)
        self.dairy_kiosk = self._outlet(self.dairy, "D2", "乳业奶站", self.west)
        self.garage_hall = self._outlet(self.garage, "G1", "车天下展厅", self.west)
        self.mechanic = self.employee(self.garage, "001", "张喆明", "+8613800000001")
        self.salesman = self.employee(self.garage, "002", "李㛃", "+8613800000002")
        self.milkman = self.employee(self.dairy, "001", "王小乐", "+8613800000003")
        self.milk = self.live_offer(self.dairy, "MILK", Discount(pay_permille=800))
        self.wash = self.live_offer(self.garage, "WASH", Discount(pay_permille=500))

    def employee(self, employer: Enterprise, staff_no: str, name: str, phone: str) -> Holder:
        """A new employee, since ever."""
        holder = self._add(Holder(kind=HolderKind.EMPLOYEE, name=name, phone=phone, created_at=self.at))
        self._add(Employment(holder_id=holder.id, enterprise_id=employer.id, staff_no=staff_no))
        return holder

    def dependant(self, sponsor: Holder, name: str) -> Holder:
        """A new member of an employee's family."""
        kind = HolderKind.DEPENDANT
        return self._add(Holder(kind=kind, name=name, sponsor_id=sponsor.id, created_at=self.at))

    def live_offer(
        self,
        merchant: Enterprise,
        code: str,
        terms: Terms,
        *,
        limits: Limits = UNLIMITED,
        limit_total: int | None = None,
        limit_holder: int | None = None,
        starts_on: date | None = None,
        ends_on: date | None = None,
        outlet_ids: tuple[UUID, ...] = (),
        audience: Audience = Audience.EVERYONE,
        conditions: Conditions = ANYBODY,
    ) -> OfferRevision:
        """An approved offer (or approved new revision).

        ``limit_total`` and ``limit_holder`` are short for the uses there are in all and for each holder.
        """
        short = {"total": limit_total, "holder_ever": limit_holder}
        given = limits.given() | {name: value for name, value in short.items() if value is not None}
        draft = Draft(
            code=code,
            title=f"优惠{code}",
            terms=terms,
            limits=Limits(**given),
            starts_on=starts_on,
            ends_on=ends_on,
            outlet_ids=outlet_ids,
            audience=audience,
            conditions=conditions,
        )
        revision = submit(self.session, merchant.id, draft, COMMAND_LINE, self.at)
        approve(self.session, revision, COMMAND_LINE, self.at)
        self.session.flush()
        return revision

    def counter(self, outlet: Outlet | None = None) -> Counter:
        """At the dairy's shop, unless another outlet is given."""
        outlet = outlet or self.dairy_shop
        return Counter(outlet.merchant_id, outlet.id)

    def shown(self, holder: Holder | None = None, at: datetime | None = None) -> Presentable:
        """What the holder's phone shows (the mechanic's by default)."""
        at, holder = at or self.at, holder or self.mechanic
        return mint(self.session, self.keyring, pass_of(self.session, holder.id, at), at)

    def phone(
        self, holder: Holder | None = None, at: datetime | None = None, sign_in_id: UUID | None = None
    ) -> Phone:
        """A phone of the holder (the mechanic by default), enrolled, with a credential."""
        at, phone, by = at or self.at, Phone(), COMMAND_LINE
        held = pass_of(self.session, (holder or self.mechanic).id, at)
        device = enrol(self.session, held, phone.key.point, sign_in_id or uuid4(), "test", by, at)
        phone.credential = issue_credential(self.session, self.keyring, device, at).credential
        return phone

    def card(
        self, holder: Holder | None = None, at: datetime | None = None, *, anew: bool = False
    ) -> Printout:
        """A printed card of the holder (the mechanic by default)."""
        holder, at = holder or self.mechanic, at or self.at
        return print_card(self.session, self.keyring, holder.id, COMMAND_LINE, at, anew=anew)

    def redeem(
        self,
        gross_fen: int | None = 10000,
        *,
        offer: str = "MILK",
        holder: Holder | None = None,
        outlet: Outlet | None = None,
        at: datetime | None = None,
        id_: UUID | None = None,
        quantity: int = 1,
    ) -> Answer:
        """One redemption as a POS makes it."""
        at = at or self.at
        order = Order(id_ or new_id(), offer, gross_fen, quantity)
        shown = self.shown(holder, at).text
        return redeem_at_once(self.session, self.keyring, self.counter(outlet), shown, order, at)

    def later(self, **delta: float) -> datetime:
        """So much after the world's moment."""
        return self.at + timedelta(**delta)

    def _enterprise(self, credit_code: str, name: str, zone: Zone) -> Enterprise:
        enterprise = self._add(Enterprise(credit_code=credit_code, name=name, created_at=self.at))
        self._add(EnterpriseZone(enterprise_id=enterprise.id, starts_on=SINCE_EVER, zone_id=zone.id))
        return enterprise

    def _outlet(self, merchant: Enterprise, code: str, name: str, zone: Zone) -> Outlet:
        outlet = self._add(Outlet(merchant_id=merchant.id, code=code, name=name, created_at=self.at))
        self._add(
            OutletZone(merchant_id=merchant.id, outlet_id=outlet.id, starts_on=SINCE_EVER, zone_id=zone.id)
        )
        return outlet

    def _add(self, row: Row) -> Row:
        self.session.add(row)
        self.session.flush()
        return row
