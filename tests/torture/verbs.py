"""The verbs of the counter, the books, offers and people that the torture interrupts (``verb.py``)."""

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
from alliance.people.employment import employment_on
from alliance.people.employment import leave as end
from alliance.redemptions import months
from alliance.redemptions.correct import Correction, correct
from alliance.redemptions.redeem import Order, redeem, redeem_at_once
from alliance.redemptions.reverse import Authority, reverse
from alliance.redemptions.scan import scan
from alliance.store import new_id
from tests.torture.verb import VERBS, Deed, verb
from tests.torture.verbs_passes import new_phone
from tests.world import World

__all__ = ["VERBS"]


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
    shown, id_, counter = new_phone(world)[0].show(world.at), uuid4(), world.counter()
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
    shown, order, counter = new_phone(world)[0].show(at), Order(uuid4(), "CAP", 5005), world.counter()
    # Which keys there are is read once a minute: not by every run of the deed, so by none.
    world.keyring.public_keys(world.session, b"", at)
    return lambda session: redeem_at_once(session, world.keyring, counter, shown, order, at)


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
