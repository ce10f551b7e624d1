"""The verbs that the torture interrupts: each a function that prepares a world and returns the deed.

To add a verb, write such a function and put ``@verb`` above it; the deed is run, interrupted at each of its
statements, and run again by ``test_exceptions_at_statements.py``. A deed whose second run answers the same
is ``@verb(repeats=True)``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from alliance.accounts.tokens import ApiToken, create_token, revoke_token
from alliance.audit.seal import seal
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.derive import derive as derive_month
from alliance.circulation.derive import forget
from alliance.clock import business_date, month_of, next_month, start_of
from alliance.offers import life
from alliance.offers.models import Offer, OfferRevision
from alliance.offers.pricing import Discount
from alliance.passes import devices, issue, rotation
from alliance.passes.cose import thumbprint
from alliance.passes.models import PassDevice, SigningKey
from alliance.people.employment import employment_on
from alliance.people.employment import leave as end
from alliance.redemptions import months
from alliance.redemptions.correct import Correction, correct
from alliance.redemptions.redeem import Order, redeem, redeem_at_once
from alliance.redemptions.reverse import Authority, reverse
from alliance.redemptions.scan import scan
from alliance.store import new_id
from tests.phones import KeyPair, Phone
from tests.world import World

#: Acts in the given session and returns what the caller is told.
Deed = Callable[[Session], object]


@dataclass(frozen=True)
class Verb:
    """``prepare`` commits what the deed needs and returns the deed. Each call makes a fresh one."""

    name: str
    prepare: Callable[[World], Deed]
    repeats: bool


VERBS: dict[str, Verb] = {}


def verb(*, repeats: bool = False) -> Callable[[Callable[[World], Deed]], Callable[[World], Deed]]:
    """List the function among the verbs. ``repeats``: the same call again is answered the same."""

    def enlist(prepare: Callable[[World], Deed]) -> Callable[[World], Deed]:
        VERBS[prepare.__name__] = Verb(prepare.__name__, prepare, repeats)
        return prepare

    return enlist


@verb(repeats=True)
def redeem_in_one_call(world: World) -> Deed:
    return _in_one_call(world, world.at)


@verb(repeats=True)
def redeem_before_midnight(world: World) -> Deed:
    """With a dirty mark."""
    midnight = start_of(business_date(world.at) + timedelta(days=1))
    return _in_one_call(world, midnight - timedelta(seconds=61))


@verb(repeats=True)
def scan_a_pass(world: World) -> Deed:
    """As a phone shows it."""
    shown, id_, counter = _new_phone(world)[0].show(world.at), uuid4(), world.counter()
    return lambda session: scan(session, world.keyring, counter, id_, shown, world.at).id


@verb(repeats=True)
def scan_a_code_of_the_server(world: World) -> Deed:
    """By its digits."""
    shown, id_, counter = world.shown().code, uuid4(), world.counter()
    return lambda session: scan(session, world.keyring, counter, id_, shown, world.at).id


@verb(repeats=True)
def redeem_a_scan(world: World) -> Deed:
    counter, order = world.counter(), Order(uuid4(), "CAP", 5005, receipt_no="A-1", pos="P1")
    scanned = scan(world.session, world.keyring, counter, uuid4(), world.shown().text, world.at).id
    return lambda session: redeem(session, counter, scanned, order, world.at)


@verb(repeats=True)
def void(world: World) -> Deed:
    return _reversal(world, None)


@verb(repeats=True)
def void_days_later(world: World) -> Deed:
    """With a dirty mark."""
    return _reversal(world, None, days=3)


@verb(repeats=True)
def refund_a_part(world: World) -> Deed:
    return _reversal(world, 100)


@verb(repeats=True)
def correct_an_amount(world: World) -> Deed:
    return _correction(world, Authority.CASHIER, sold_at=world.at, at=world.at)


@verb(repeats=True)
def correct_after_the_close(world: World) -> Deed:
    """An adjustment of the current month, with a dirty mark."""
    month, later = _turn_to_close(world)
    deed = _correction(world, Authority.ORGANIZER, sold_at=start_of(month), at=later)
    months.close(world.session, month, COMMAND_LINE, later)
    return deed


@verb()
def close_a_month(world: World) -> Deed:
    """The next one each time."""
    month, later = _turn_to_close(world)
    return lambda session: months.close(session, month, COMMAND_LINE, later).digest


@verb()
def reopen_a_month(world: World) -> Deed:
    """Of which the next one then is the same again, under another revision."""
    month, later = _turn_to_close(world)
    months.close(world.session, month, COMMAND_LINE, later)
    return lambda session: months.reopen(session, month, "漏记", COMMAND_LINE, later)


@verb(repeats=True)
def seal_the_trail(world: World) -> Deed:
    """Once more when nothing is left to seal does nothing."""
    world.redeem(4321, offer="CAP", at=world.at)
    return lambda session: seal(session, world.at)


@verb(repeats=True)
def revoke_a_token(world: World) -> Deed:
    token, _ = create_token(
        world.session, "till", world.dairy.id, world.dairy_shop.id, None, COMMAND_LINE, world.at
    )
    id_ = token.id
    return lambda session: revoke_token(session, session.get_one(ApiToken, id_), COMMAND_LINE, world.at)


@verb()
def submit_an_offer(world: World) -> Deed:
    draft = life.Draft(
        code=f"NEW{new_id().hex[:12]}",
        title="新优惠",
        terms=Discount(pay_permille=900),
        outlet_ids=(world.dairy_shop.id, world.dairy_kiosk.id),
    )
    return lambda session: life.submit(session, world.dairy.id, draft, COMMAND_LINE, world.at).number


@verb()
def submit_a_revision(world: World) -> Deed:
    draft = life.Draft(code="MILK", title="更好的优惠", terms=Discount(pay_permille=700))
    return lambda session: life.submit(session, world.dairy.id, draft, COMMAND_LINE, world.at).title


@verb()
def approve_an_offer(world: World) -> Deed:
    id_ = _submitted(world)
    return lambda session: life.approve(
        session, session.get_one(OfferRevision, (world.dairy.id, id_)), COMMAND_LINE, world.at
    )


@verb()
def return_an_offer(world: World) -> Deed:
    id_ = _submitted(world)
    return lambda session: life.return_to_merchant(
        session, session.get_one(OfferRevision, (world.dairy.id, id_)), "价格不明", COMMAND_LINE, world.at
    )


@verb(repeats=True)
def withdraw_an_offer(world: World) -> Deed:
    code = f"GONE{new_id().hex[:12]}"
    offer_id = world.live_offer(world.dairy, code, Discount(pay_permille=900)).offer_id
    return lambda session: life.withdraw(
        session, session.get_one(Offer, (world.dairy.id, offer_id)), COMMAND_LINE, world.at
    )


@verb(repeats=True)
def revoke_a_pass(world: World) -> Deed:
    holder = world.employee(world.garage, new_id().hex, "赵甲", f"+86{new_id().int % 10**11:011d}")
    id_ = issue.pass_of(world.session, holder.id, world.at).id
    return lambda session: issue.revoke(
        session, session.get_one(issue.Pass, id_), "丢失", COMMAND_LINE, world.at
    )


@verb(repeats=True)
def enrol_a_phone(world: World) -> Deed:
    """In place of the one that the same session had."""
    sign_in_id, by = uuid4(), COMMAND_LINE
    _, pass_id = _new_phone(world, sign_in_id)
    point = KeyPair().point

    def enrol(session: Session) -> bytes:
        held = session.get_one(issue.Pass, pass_id)
        return devices.enrol(session, held, point, sign_in_id, "browser", by, world.at).key_id

    return enrol


@verb()
def renew_a_credential(world: World) -> Deed:
    """Another one each time."""
    phone, _ = _new_phone(world)
    return lambda session: devices.issue_credential(session, world.keyring, _row(session, phone), world.at)


@verb(repeats=True)
def remove_a_phone(world: World) -> Deed:
    phone, _ = _new_phone(world)
    return lambda session: devices.remove(session, _row(session, phone), "丢失", COMMAND_LINE, world.at)


@verb()
def rotate_the_keys(world: World) -> Deed:
    return lambda session: rotation.rotate(session, world.keyring, COMMAND_LINE, world.at).kid


@verb(repeats=True)
def drop_a_key(world: World) -> Deed:
    """That never signed: what was signed already goes on verifying."""
    id_ = rotation.rotate(world.session, world.keyring, COMMAND_LINE, world.at, timedelta(days=999)).id

    def drop(session: Session) -> None:
        key = session.get_one(SigningKey, id_)
        rotation.drop(session, key, COMMAND_LINE, world.at, compromised=True)

    return drop


@verb(repeats=True)
def leave_an_employer(world: World) -> Deed:
    holder = world.employee(world.garage, new_id().hex, "钱乙", f"+86{new_id().int % 10**11:011d}")
    today = business_date(world.at)

    def leave(session: Session) -> None:
        employment = employment_on(session, holder.id, today)
        if employment is not None:
            end(session, employment, today, world.at)

    return leave


@verb(repeats=True)
def derive_a_month(world: World) -> Deed:
    world.redeem(4321, offer="CAP", at=world.at)
    month, tomorrow = month_of(business_date(world.at)), world.later(days=1)
    forget(world.session)  # so that there is something to derive each time
    return lambda session: derive_month(session, month, tomorrow)


def _in_one_call(world: World, at: datetime) -> Deed:
    shown, order, counter = _new_phone(world)[0].show(at), Order(uuid4(), "CAP", 5005), world.counter()
    # Which keys there are is read once a minute: not by every run of the deed, so by none.
    world.keyring.public_keys(world.session, b"", at)
    return lambda session: redeem_at_once(session, world.keyring, counter, shown, order, at)


def _new_phone(world: World, sign_in_id: UUID | None = None) -> tuple[Phone, int]:
    """A phone with a credential, and its pass: somebody else's each time, for a pass has two phones."""
    holder = world.employee(world.garage, new_id().hex, "孙丙", f"+86{new_id().int % 10**11:011d}")
    phone = world.phone(holder, sign_in_id=sign_in_id)
    return phone, issue.pass_of(world.session, holder.id, world.at).id


def _row(session: Session, phone: Phone) -> PassDevice:
    return session.get_one(PassDevice, thumbprint(phone.key.point))


def _reversal(world: World, refund_fen: int | None, **later: float) -> Deed:
    id_, reversal_id, counter, at = uuid4(), uuid4(), world.counter(), world.later(**later)
    world.redeem(5005, offer="CAP", id_=id_)
    return lambda session: reverse(
        session, counter, reversal_id, id_, "退货", at, refund_fen=refund_fen, authority=Authority.MERCHANT
    )


def _correction(world: World, authority: Authority, sold_at: datetime, at: datetime) -> Deed:
    correction = Correction(uuid4(), uuid4(), uuid4(), 6006, 1, "输错金额")
    counter = world.counter()
    world.redeem(5005, offer="CAP", id_=correction.redemption_id, at=sold_at)
    return lambda session: correct(session, counter, authority, correction, at)


def _turn_to_close(world: World) -> tuple[date, datetime]:
    """The first open month, and a moment at which it can be closed."""
    month = months.first_open(world.session, world.at)
    return month, start_of(next_month(month)) + timedelta(days=1)


def _submitted(world: World) -> UUID:
    draft = life.Draft(code=f"NEW{new_id().hex[:12]}", title="新优惠", terms=Discount(pay_permille=900))
    return life.submit(world.session, world.dairy.id, draft, COMMAND_LINE, world.at).id
