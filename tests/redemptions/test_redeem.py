"""redeem: the one write."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.enterprises.models import Outlet
from alliance.enterprises.placement import move_enterprise, move_outlet
from alliance.offers.life import withdraw
from alliance.offers.limits import Limits
from alliance.offers.models import LimitCounter, Offer
from alliance.offers.pricing import AlliancePrice, Discount, Threshold
from alliance.passes.credential import sign, verify
from alliance.passes.issue import pass_of, reissue, revoke
from alliance.people.employment import employment_on, leave
from alliance.people.models import Holder, HolderKind
from alliance.redemptions.guesses import GUESSES
from alliance.redemptions.models import DirtyMark, Redemption, Scan
from alliance.redemptions.redeem import Order, redeem, redeem_at_once
from alliance.redemptions.refusals import remember
from alliance.redemptions.scan import scan
from alliance.refused import Reason, Refused
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def refused(call, *args, **kwargs) -> Reason:
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value.reason


def test_it_freezes_what_is_true(world: World, session: Session) -> None:
    answer = json.loads(world.redeem(10005).body)
    fact = session.scalars(select(Redemption)).one()
    assert (fact.gross_fen, fact.discount_fen, fact.paid_fen) == (10005, 2001, 8004)
    assert (fact.holder_id, fact.employer_id) == (world.mechanic.id, world.garage.id)
    assert (fact.employer_zone_id, fact.outlet_zone_id) == (world.west.id, world.east.id)
    assert fact.revision_id == world.milk.id
    assert str(fact.business_date) == "2026-03-04"
    assert str(fact.posted_month) == "2026-03-01"
    assert answer["paid_fen"] == 8004
    assert answer["holder"] == {"name": "张**", "employer": "吉林市车天下二手车经销有限公司"}


def test_moving_later_rewrites_nothing(world: World, session: Session) -> None:
    world.redeem()
    tomorrow = business_date(world.at) + timedelta(days=1)
    move_outlet(session, world.dairy_shop, world.west.id, tomorrow, world.at)
    move_enterprise(session, world.garage, world.east.id, tomorrow, world.at)
    world.redeem(at=world.later(days=1))
    facts = session.scalars(select(Redemption).order_by(Redemption.occurred_at)).all()
    assert [f.outlet_zone_id for f in facts] == [world.east.id, world.west.id]
    assert [f.employer_zone_id for f in facts] == [world.west.id, world.east.id]


def test_the_same_id_and_body_get_the_stored_answer(world: World, session: Session) -> None:
    id_, shown = uuid4(), world.shown().text
    order = Order(id_, "MILK", 10000)
    first = redeem_at_once(session, world.keyring, world.counter(), shown, order, world.at)
    again = redeem_at_once(session, world.keyring, world.counter(), shown, order, world.later(days=400))
    assert (again.body, again.replayed) == (first.body, True)
    assert session.scalar(select(func.count()).select_from(Redemption)) == 1


@pytest.mark.parametrize("change", ["offer ended", "holder left", "pass revoked", "limit used up"])
def test_the_stored_answer_outlives_what_it_rested_on(world: World, session: Session, change: str) -> None:
    world.live_offer(world.dairy, "LAST", Discount(pay_permille=900), limit_total=1)
    id_, shown = uuid4(), world.shown().text
    order = Order(id_, "LAST", 10000)
    first = redeem_at_once(session, world.keyring, world.counter(), shown, order, world.at)
    if change == "offer ended":
        offer = session.scalars(select(Offer).where(Offer.code == "LAST")).one()
        withdraw(session, offer, COMMAND_LINE, world.at)
    elif change == "holder left":
        today = business_date(world.at)
        leave(session, employment_on(session, world.mechanic.id, today), today, world.at)
    elif change == "pass revoked":
        revoke(session, pass_of(session, world.mechanic.id, world.at), "丢失", COMMAND_LINE, world.at)
    session.flush()
    again = redeem_at_once(session, world.keyring, world.counter(), shown, order, world.at)
    assert again.body == first.body
    assert (
        refused(world.redeem, offer="LAST")
        in {
            Reason.OFFER_NOT_LIVE,
            Reason.NOT_ENTITLED,
            Reason.LIMIT_TOTAL,
        }
        or change == "pass revoked"
    )


@pytest.mark.parametrize(
    "change",
    [{"gross_fen": 10001}, {"offer": "OTHER"}, {"quantity": 2}, {"receipt_no": "A-1"}],
)
def test_the_same_id_with_another_body_is_refused(world: World, session: Session, change: dict) -> None:
    id_, shown = uuid4(), world.shown().text
    body = {"offer": "MILK", "gross_fen": 10000, "quantity": 1}
    redeem_at_once(session, world.keyring, world.counter(), shown, Order(id_, **body), world.at)
    other = Order(id_, **(body | change))
    call = (session, world.keyring, world.counter(), shown, other, world.at)
    assert refused(redeem_at_once, *call) is Reason.BODY_MISMATCH


def test_the_same_id_with_another_code_or_outlet_is_refused(world: World, session: Session) -> None:
    order, shown = Order(uuid4(), "MILK", 10000), world.shown().text
    redeem_at_once(session, world.keyring, world.counter(), shown, order, world.at)
    other_code = (session, world.keyring, world.counter(), world.shown().text, order, world.at)
    assert refused(redeem_at_once, *other_code) is Reason.BODY_MISMATCH
    other_outlet = (session, world.keyring, world.counter(world.dairy_kiosk), shown, order, world.at)
    assert refused(redeem_at_once, *other_outlet) is Reason.BODY_MISMATCH


def test_two_merchants_may_use_the_same_id(world: World, session: Session) -> None:
    id_ = uuid4()
    world.redeem(id_=id_)
    world.redeem(id_=id_, offer="WASH", outlet=world.garage_hall, holder=world.milkman)
    assert session.scalar(select(func.count()).select_from(Redemption)) == 2


def test_a_presentation_is_good_for_one_scan(world: World, session: Session) -> None:
    shown = world.shown().text
    scan(session, world.keyring, world.counter(), uuid4(), shown, world.at)
    assert (
        refused(scan, session, world.keyring, world.counter(), uuid4(), shown, world.at)
        is Reason.ALREADY_PRESENTED
    )


def test_a_repeated_scan_is_the_same_scan(world: World, session: Session) -> None:
    shown, id_ = world.shown().text, uuid4()
    first = scan(session, world.keyring, world.counter(), id_, shown, world.at)
    again = scan(session, world.keyring, world.counter(), id_, shown, world.later(seconds=90))
    assert first.id == again.id
    assert session.scalar(select(func.count()).select_from(Scan)) == 1


def test_a_scans_id_names_one_presentation(world: World, session: Session) -> None:
    """Else the second customer's purchase would be booked under the first."""
    id_ = uuid4()
    scan(session, world.keyring, world.counter(), id_, world.shown().text, world.at)
    other = world.shown(world.salesman).text
    call = (session, world.keyring, world.counter(), id_)
    assert refused(scan, *call, other, world.at) is Reason.BODY_MISMATCH
    elsewhere = (session, world.keyring, world.counter(world.dairy_kiosk), id_)
    assert refused(scan, *elsewhere, other, world.at) is Reason.BODY_MISMATCH
    # The refused one is still good.
    scan(session, world.keyring, world.counter(), uuid4(), other, world.at)


def test_a_typed_code_dies_with_its_credential(world: World, session: Session) -> None:
    code = world.shown().code
    call = (session, world.keyring, world.counter(), uuid4(), code)
    assert refused(scan, *call, world.later(seconds=60)) is Reason.EXPIRED
    scan(*call, world.later(seconds=59))


@pytest.mark.parametrize(("class_", "expected"), [(1, Reason.MALFORMED), (2, Reason.UNKNOWN_KEY)])
def test_a_code_of_another_class_is_no_code(
    world: World, session: Session, class_: int, expected: Reason
) -> None:
    """A phone's credential does not stand alone, and a card has to be one that was printed."""
    found = verify(session, world.keyring, world.shown().text, world.at)
    other = found.model_copy(update={"class_": class_})
    text = sign(other, world.keyring.signing_key(session, world.at))
    call = (session, world.keyring, world.counter(), uuid4(), text)
    assert refused(scan, *call, world.at) is expected


def test_a_dependant_redeems_under_the_sponsors_employment(world: World, session: Session) -> None:
    child = Holder(
        kind=HolderKind.DEPENDANT, name="张小宝", sponsor_id=world.mechanic.id, created_at=world.at
    )
    session.add(child)
    session.flush()
    world.redeem(holder=child)
    fact = session.scalars(select(Redemption)).one()
    assert (fact.holder_id, fact.holder_kind) == (child.id, "dependant")
    assert (fact.employer_id, fact.employer_zone_id) == (world.garage.id, world.west.id)
    today = business_date(world.at)
    assert employment_on(session, child.id, today) is employment_on(session, world.mechanic.id, today)
    leave(session, employment_on(session, world.mechanic.id, today), today, world.at)
    session.flush()
    assert refused(world.redeem, holder=child) is Reason.NOT_ENTITLED


def test_midnight_between_scan_and_redemption(world: World, session: Session) -> None:
    """What is true when it is redeemed counts: the new day, and the employment on it."""
    evening = world.at.replace(hour=15, minute=55)
    shown = world.shown(at=evening).text
    scanned = scan(session, world.keyring, world.counter(), uuid4(), shown, evening)
    tomorrow = business_date(world.at) + timedelta(days=1)
    after = evening + timedelta(minutes=8)
    redeem(session, world.counter(), scanned.id, Order(uuid4(), "MILK", 1000), after)
    assert session.scalars(select(Redemption.business_date)).one() == tomorrow
    leave(session, employment_on(session, world.mechanic.id, tomorrow), tomorrow, world.at)
    session.flush()
    order = Order(uuid4(), "MILK", 1000)
    assert refused(redeem, session, world.counter(), scanned.id, order, after) is Reason.NOT_ENTITLED


def test_nobody_redeems_where_no_zone_is(world: World, session: Session) -> None:
    stall = Outlet(merchant_id=world.dairy.id, code="NEU", name="新店", created_at=world.at)
    session.add(stall)
    session.flush()
    assert refused(world.redeem, outlet=stall) is Reason.OUTLET_NOT_OPEN
    move_outlet(session, stall, world.east.id, business_date(world.at) + timedelta(days=1), world.at)
    assert refused(world.redeem, outlet=stall) is Reason.OUTLET_NOT_OPEN
    world.redeem(outlet=stall, at=world.later(days=1))


def test_the_typed_code_and_the_qr_are_one_presentation(world: World, session: Session) -> None:
    shown = world.shown()
    spaced = f" {shown.code[:4]} {shown.code[4:]} "
    scan(session, world.keyring, world.counter(), uuid4(), spaced, world.at)
    assert (
        refused(scan, session, world.keyring, world.counter(), uuid4(), shown.text, world.at)
        is Reason.ALREADY_PRESENTED
    )


def test_two_offers_of_one_scan(world: World, session: Session) -> None:
    world.live_offer(world.dairy, "CHEESE", AlliancePrice(unit_price_fen=350))
    scanned = scan(session, world.keyring, world.counter(), uuid4(), world.shown().text, world.at)
    for offer in ("MILK", "CHEESE"):
        order = Order(uuid4(), offer, 1000, quantity=2)
        redeem(session, world.counter(), scanned.id, order, world.later(minutes=9))
    paid = session.scalars(select(Redemption.paid_fen).order_by(Redemption.paid_fen)).all()
    assert list(paid) == [700, 800]


def test_the_price_of_the_scan_is_the_price_charged(world: World, session: Session) -> None:
    scanned = scan(session, world.keyring, world.counter(), uuid4(), world.shown().text, world.at)
    world.live_offer(world.dairy, "MILK", Discount(pay_permille=999))
    offer = session.scalars(select(Offer).where(Offer.code == "MILK")).one()
    withdraw(session, offer, COMMAND_LINE, world.at)
    redeem(session, world.counter(), scanned.id, Order(uuid4(), "MILK", 1000), world.later(minutes=5))
    fact = session.scalars(select(Redemption)).one()
    assert (fact.paid_fen, fact.revision_id) == (800, world.milk.id)


def test_it_refuses(world: World, session: Session) -> None:
    scanned = scan(session, world.keyring, world.counter(), uuid4(), world.shown().text, world.at)
    world.live_offer(world.dairy, "NEW", Discount(pay_permille=900))
    here = world.counter()

    def reason(offer="MILK", gross=1000, *, at=world.at, counter=here, scan_id=scanned.id, quantity=1):
        order = Order(uuid4(), offer, gross, quantity)
        return refused(redeem, session, counter, scan_id, order, at)

    assert reason(at=world.later(minutes=10)) is Reason.SCAN_EXPIRED
    assert reason(counter=world.counter(world.dairy_kiosk)) is Reason.WRONG_OUTLET
    assert reason(counter=world.counter(world.garage_hall)) is Reason.SCAN_NOT_FOUND
    assert reason(scan_id=uuid4()) is Reason.SCAN_NOT_FOUND
    assert reason("NOTHING") is Reason.OFFER_NOT_FOUND
    assert reason("WASH") is Reason.OFFER_NOT_FOUND
    assert reason("NEW") is Reason.OFFER_NOT_HERE
    assert reason(gross=0) is Reason.AMOUNT_OUT_OF_RANGE
    assert reason(gross=-1) is Reason.AMOUNT_OUT_OF_RANGE
    assert reason(gross=10**9 + 1) is Reason.AMOUNT_OUT_OF_RANGE
    assert reason(quantity=0) is Reason.AMOUNT_OUT_OF_RANGE
    assert session.scalar(select(func.count()).select_from(Redemption)) == 0


@pytest.mark.parametrize(
    ("order", "alone"),
    [
        (Order(uuid4(), "NOTHING", 10000), Reason.OFFER_NOT_FOUND),
        (Order(uuid4(), "HIGH", 9999), Reason.BELOW_THRESHOLD),
        (Order(uuid4(), "LAST", 10000), Reason.LIMIT_TOTAL),
        (Order(uuid4(), "FEW", 10000, quantity=2), Reason.LIMIT_TOTAL),
    ],
)
def test_in_one_call_the_code_is_judged_before_the_order(world: World, order: Order, alone: Reason) -> None:
    """As at the scan: who corrects the order first and learns then that the code was used has lost a try."""
    world.live_offer(world.dairy, "HIGH", Threshold(threshold_fen=10000, off_fen=1000))
    world.live_offer(world.dairy, "LAST", Discount(pay_permille=900), limit_total=1)
    world.live_offer(world.dairy, "FEW", AlliancePrice(unit_price_fen=350), limits=Limits(units=1))
    world.redeem(offer="LAST")
    used, fresh = world.shown().text, world.shown().text
    at_once = (world.session, world.keyring, world.counter())
    redeem_at_once(*at_once, used, Order(uuid4(), "MILK", 10000), world.at)
    for text, reason in ((fresh, alone), (used, Reason.ALREADY_PRESENTED)):
        with world.session.begin_nested() as attempted:
            assert refused(redeem_at_once, *at_once, text, order, world.at) is reason
            attempted.rollback()
    revoke(world.session, pass_of(world.session, world.mechanic.id, world.at), "丢失", COMMAND_LINE, world.at)
    world.session.flush()
    assert refused(redeem_at_once, *at_once, used, order, world.at) is Reason.REVOKED


def test_a_code_used_at_another_merchant_is_used_though_the_ids_are_alike(world: World) -> None:
    """Each merchant mints its own ids: that both minted the same one does not make it one scan."""
    id_, used = uuid4(), world.shown().text
    redeem_at_once(
        world.session,
        world.keyring,
        world.counter(world.garage_hall),
        used,
        Order(id_, "WASH", 10000),
        world.at,
    )
    nothing = Order(id_, "NOTHING", 10000)
    at_once = (world.session, world.keyring, world.counter())
    assert refused(redeem_at_once, *at_once, used, nothing, world.at) is Reason.ALREADY_PRESENTED


def test_an_offer_holds_on_its_days_and_outlets_only(world: World) -> None:
    today = business_date(world.at)
    kiosk = (world.dairy_kiosk.id,)
    world.live_offer(world.dairy, "SOON", Discount(pay_permille=900), starts_on=today + timedelta(days=1))
    world.live_offer(world.dairy, "TODAY", Discount(pay_permille=900), starts_on=today, ends_on=today)
    world.live_offer(world.dairy, "KIOSK", Discount(pay_permille=900), outlet_ids=kiosk)
    assert refused(world.redeem, offer="SOON") is Reason.OFFER_NOT_LIVE
    world.redeem(offer="SOON", at=world.later(days=1))
    world.redeem(offer="TODAY")
    assert refused(world.redeem, offer="TODAY", at=world.later(days=1)) is Reason.OFFER_NOT_LIVE
    assert refused(world.redeem, offer="KIOSK") is Reason.OFFER_NOT_HERE
    world.redeem(offer="KIOSK", outlet=world.dairy_kiosk)


def test_below_the_threshold_nothing_is_taken(world: World, session: Session) -> None:
    world.live_offer(world.dairy, "T", Threshold(threshold_fen=10000, off_fen=2000), limit_total=5)
    assert refused(world.redeem, 9999, offer="T") is Reason.BELOW_THRESHOLD
    assert session.scalar(select(func.count()).select_from(LimitCounter)) == 0


def test_a_leaver_is_dead_at_once(world: World, session: Session) -> None:
    scanned = scan(session, world.keyring, world.counter(), uuid4(), world.shown().text, world.at)
    today = business_date(world.at)
    leave(session, employment_on(session, world.mechanic.id, today), today, world.at)
    session.flush()
    order = Order(uuid4(), "MILK", 1000)
    assert refused(redeem, session, world.counter(), scanned.id, order, world.at) is Reason.NOT_ENTITLED
    assert refused(world.redeem) is Reason.NOT_ENTITLED
    world.redeem(holder=world.salesman)


def test_a_revoked_pass_is_dead_and_a_new_one_lives(world: World, session: Session) -> None:
    shown = world.shown()
    revoke(session, pass_of(session, world.mechanic.id, world.at), "丢失", COMMAND_LINE, world.at)
    session.flush()
    assert (
        refused(scan, session, world.keyring, world.counter(), uuid4(), shown.text, world.at)
        is Reason.REVOKED
    )
    assert refused(world.redeem) is Reason.REVOKED
    reissue(session, world.mechanic.id, COMMAND_LINE, world.at)
    world.redeem()


def test_limits(world: World, session: Session) -> None:
    world.live_offer(world.dairy, "CAP", Discount(pay_permille=900), limit_total=2, limit_holder=1)
    world.redeem(offer="CAP")
    session.commit()
    assert refused(world.redeem, offer="CAP") is Reason.LIMIT_HOLDER
    session.rollback()
    world.redeem(offer="CAP", holder=world.salesman)
    session.commit()
    assert refused(world.redeem, offer="CAP", holder=world.milkman) is Reason.LIMIT_TOTAL
    session.rollback()
    counters = dict(session.execute(select(LimitCounter.scope, LimitCounter.used)).all())
    assert counters == {
        "total": 2,
        f"holder:{world.mechanic.id}": 1,
        f"holder:{world.salesman.id}": 1,
    }


def test_typed_codes_cannot_be_guessed_for_long(world: World, session: Session) -> None:
    counter, shown = world.counter(), world.shown()
    wrong = "00000000" if shown.code != "00000000" else "00000001"
    # What else goes wrong at a counter is no guess.
    for _ in range(GUESSES):
        remember(session, counter, Refused(Reason.EXPIRED), world.at)
    for _ in range(GUESSES):
        with pytest.raises(Refused) as caught:
            scan(session, world.keyring, counter, uuid4(), wrong, world.at)
        assert caught.value.reason is Reason.UNKNOWN_CODE
        remember(session, counter, caught.value, world.at)
        session.flush()
    right = (session, world.keyring, counter, uuid4(), shown.code)
    assert refused(scan, *right, world.later(seconds=1)) is Reason.TOO_MANY_ATTEMPTS
    # Another outlet is not punished for it, and this one is free again afterwards.
    scan(session, world.keyring, world.counter(world.garage_hall), uuid4(), shown.code, world.at)
    fresh = world.shown(at=world.later(minutes=11))
    scan(session, world.keyring, counter, uuid4(), fresh.code, world.later(minutes=11))


def test_only_the_last_minutes_of_a_day_are_marked(world: World, session: Session) -> None:
    world.redeem()
    assert session.scalar(select(func.count()).select_from(DirtyMark)) == 0
    world.redeem(at=world.later(hours=11, minutes=51))
    marks = session.scalars(select(DirtyMark.business_date)).all()
    assert [str(day) for day in marks] == ["2026-03-04"]
