"""At the counter: a scan freezes what may be used at its moment; what it showed is honoured."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from alliance import store
from alliance.circulation.verify_conditions import CONDITIONS
from alliance.offers.conditions import Conditions, Hours
from alliance.offers.models import OfferRevision
from alliance.offers.pricing import Discount, Service, Ticket
from alliance.redemptions.correct import Correction, correct
from alliance.redemptions.models import Redemption, Scan
from alliance.redemptions.redeem import Order, redeem
from alliance.redemptions.reverse import Authority, reverse
from alliance.redemptions.scan import scan
from alliance.refused import Reason, Refused
from alliance.store import Session, for_writing
from tests.world import World

HALF = Discount(pay_permille=500)
#: The world's noon is a Wednesday's, in Shanghai.
LUNCH = Conditions(hours=(Hours(start=11 * 60, end=12 * 60 + 5),))


@pytest.fixture
def world(session: Session) -> World:
    for_writing(session)
    return World(session)


def refused(verb: Callable[..., object], *args: object, **kwargs: object) -> Reason:
    with pytest.raises(Refused) as caught:
        verb(*args, **kwargs)
    return caught.value.reason


def scanned(world: World, minutes: float = 0) -> Scan:
    at = world.later(minutes=minutes)
    return scan(world.session, world.keyring, world.counter(), uuid4(), world.shown(at=at).text, at)


def order_of(world: World, made: Scan, offer: str, minutes: float = 0, gross_fen: int | None = 1000) -> UUID:
    id_ = uuid4()
    at = world.later(minutes=minutes)
    redeem(world.session, world.counter(), made.id, Order(id_, offer, gross_fen), at)
    return id_


def found(world: World) -> set[str]:
    world.session.expire_all()
    return {finding.invariant for check in CONDITIONS.values() for finding in check(world.session)}


def test_the_price_shown_is_the_price_charged(world: World) -> None:
    """The window closes while the customer queues; a scan made after it does not have the offer."""
    lunch = world.live_offer(world.dairy, "LUNCH", HALF, conditions=LUNCH)
    before, after = scanned(world, 4), scanned(world, 5)
    assert (str(lunch.id) in before.revision_ids, str(lunch.id) in after.revision_ids) == (True, False)
    order_of(world, before, "LUNCH", minutes=10)
    assert refused(order_of, world, after, "LUNCH", minutes=10) is Reason.OFFER_NOT_NOW
    assert found(world) == set()


def test_a_scan_made_before_the_window_does_not_get_it_later(world: World) -> None:
    later = Conditions(hours=(Hours(start=12 * 60 + 5, end=13 * 60),))
    world.live_offer(world.dairy, "LATER", HALF, conditions=later)
    assert refused(order_of, world, scanned(world), "LATER", minutes=6) is Reason.OFFER_NOT_NOW


def test_in_one_call(world: World) -> None:
    world.live_offer(world.dairy, "LUNCH", HALF, conditions=LUNCH)
    world.redeem(offer="LUNCH")
    assert refused(world.redeem, offer="LUNCH", at=world.later(minutes=5)) is Reason.OFFER_NOT_NOW
    world.live_offer(world.dairy, "OUT", HALF, conditions=Conditions(not_employers=(world.garage.id,)))
    assert refused(world.redeem, offer="OUT") is Reason.OFFER_NOT_FOR_EMPLOYER
    world.redeem(offer="OUT", holder=world.milkman)


@pytest.mark.parametrize(("zone", "is_open"), [("west", True), ("east", False), ("root", True)])
def test_the_zone_is_of_the_employer_with_all_below_it(world: World, zone: str, is_open: bool) -> None:
    """The garage stands in the west, which is a part of the root."""
    world.live_offer(world.dairy, "NEAR", HALF, conditions=Conditions(zones=(getattr(world, zone).id,)))
    if is_open:
        world.redeem(offer="NEAR")
        assert found(world) == set()
    else:
        assert refused(world.redeem, offer="NEAR") is Reason.OFFER_NOT_FOR_EMPLOYER


def test_exclusive_is_alone_in_its_scan(world: World) -> None:
    world.live_offer(world.dairy, "ALONE", HALF, conditions=Conditions(exclusive=True))
    world.live_offer(world.dairy, "TOO", HALF)
    first, second, third = scanned(world), scanned(world, 1), scanned(world, 2)
    order_of(world, first, "ALONE", 2)
    assert refused(order_of, world, first, "MILK", 2) is Reason.OFFER_EXCLUSIVE
    order_of(world, second, "MILK", 2)
    order_of(world, second, "TOO", 2)
    assert refused(order_of, world, second, "ALONE", 2) is Reason.OFFER_EXCLUSIVE
    # What was given back is not in the way.
    by = {"authority": Authority.CASHIER}
    old = order_of(world, third, "MILK", 2)
    reverse(world.session, world.counter(), uuid4(), old, "按错", world.later(minutes=3), **by)
    order_of(world, third, "ALONE", 3)
    assert found(world) == set()


def test_twice_the_same_is_no_other_offer(world: World) -> None:
    world.live_offer(world.dairy, "ALONE", HALF, conditions=Conditions(exclusive=True))
    made = scanned(world)
    order_of(world, made, "ALONE")
    order_of(world, made, "ALONE")


def test_sent_again_it_is_told_again(world: World) -> None:
    """A replay is answered, though the window is over and another offer would be in its way."""
    world.live_offer(world.dairy, "ALONE", HALF, conditions=Conditions(exclusive=True))
    made, order = scanned(world), Order(uuid4(), "ALONE", 1000)
    first = redeem(world.session, world.counter(), made.id, order, world.at)
    again = redeem(world.session, world.counter(), made.id, order, world.later(hours=3))
    assert (again.body, again.replayed) == (first.body, True)


def test_tickets_and_services_take_no_amount(world: World) -> None:
    world.live_offer(world.dairy, "T", Ticket(face_price_fen=12000, ticket_price_fen=9900))
    world.live_offer(world.dairy, "S", Service())
    ids = [uuid4(), uuid4(), uuid4()]
    world.redeem(None, offer="T", quantity=3, id_=ids[0])
    world.redeem(36000, offer="T", quantity=3, id_=ids[1])
    world.redeem(None, offer="S", id_=ids[2])
    facts = [world.session.get_one(Redemption, (world.dairy.id, id_)) for id_ in ids]
    amounts = [(fact.gross_fen, fact.discount_fen, fact.paid_fen, fact.quantity) for fact in facts]
    assert amounts == [(36000, 6300, 29700, 3), (36000, 6300, 29700, 3), (0, 0, 0, 1)]
    assert refused(world.redeem, 100, offer="S") is Reason.AMOUNT_FIXED
    assert refused(world.redeem, None, offer="MILK") is Reason.AMOUNT_MISSING


def test_the_number_of_tickets_is_corrected(world: World) -> None:
    world.live_offer(world.dairy, "T", Ticket(face_price_fen=12000, ticket_price_fen=9900))
    old, new = uuid4(), uuid4()
    world.redeem(None, offer="T", quantity=3, id_=old)
    correction = Correction(new, uuid4(), old, None, 2, "份数输错")
    correct(world.session, world.counter(), Authority.CASHIER, correction, world.later(minutes=1))
    fact = world.session.get_one(Redemption, (world.dairy.id, new))
    assert (fact.gross_fen, fact.paid_fen, fact.quantity) == (24000, 19800, 2)


def test_a_service_is_given_back(world: World) -> None:
    world.live_offer(world.dairy, "S", Service(), limit_total=1)
    old = uuid4()
    world.redeem(None, offer="S", id_=old)
    assert refused(world.redeem, None, offer="S", at=world.later(seconds=1)) is Reason.LIMIT_TOTAL
    by = {"authority": Authority.CASHIER}
    reverse(world.session, world.counter(), uuid4(), old, "按错", world.later(minutes=1), **by)
    world.redeem(None, offer="S", at=world.later(minutes=2))


@pytest.mark.parametrize(
    ("forged", "finding"),
    [
        ({"hours": [{"start": 60, "end": 120}]}, "offer_conditions"),
        ({"weekdays": [1]}, "offer_conditions"),
        ({"blackouts": [{"first": "2026-03-04", "last": "2026-03-04"}]}, "offer_conditions"),
        ({"not_employers": ["garage"]}, "offer_conditions"),
        ({"zones": ["east"]}, "offer_conditions"),
        ({"zones": ["west"], "exclusive": True}, "offer_exclusive"),
    ],
)
def test_verify_finds_what_was_not_promised(world: World, forged: dict, finding: str) -> None:
    """Terms never change: here somebody changes them in the store."""
    world.live_offer(world.dairy, "TOO", HALF)
    made = scanned(world)
    order_of(world, made, "MILK")
    order_of(world, made, "TOO")
    world.redeem(offer="WASH", outlet=world.garage_hall, holder=world.milkman, at=world.later(minutes=1))
    assert found(world) == set()
    named = {
        name: [getattr(world, each).id if isinstance(each, str) else each for each in values]
        if isinstance(values, list)
        else values
        for name, values in forged.items()
    }
    this = update(OfferRevision).where(OfferRevision.id == world.milk.id)
    world.session.execute(this.values(conditions=named))
    assert found(world) == {finding}


def test_only_scans_with_an_exclusive_offer_take_turns(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look at the scan costs statements: nobody else pays for them."""
    looked: list[object] = []
    monkeypatch.setattr("alliance.redemptions.redeem.check_alone", lambda *args: looked.append(args))
    world.live_offer(world.dairy, "TOO", HALF)
    order_of(world, scanned(world), "MILK")
    assert looked == []
    world.live_offer(world.dairy, "ALONE", HALF, conditions=Conditions(exclusive=True))
    order_of(world, scanned(world, 1), "MILK", 1)
    assert len(looked) == 1


# On SQLite writers take turns anyway.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_at_once_of_one_scan(world: World, database_url: str) -> None:
    """The exclusive one and another, from two tills at the same time: one of them is refused."""
    world.live_offer(world.dairy, "ALONE", HALF, conditions=Conditions(exclusive=True))
    rounds = [scanned(world, minutes=number).id for number in range(8)]
    world.session.commit()
    counter, engine = world.counter(), store.make_engine(database_url)
    at, barrier = world.later(minutes=9), Barrier(2)

    def till(offer: str, made: UUID) -> Reason | None:
        with store.sessionmaker_for(engine)() as session:
            store.for_writing(session)
            barrier.wait()
            try:
                redeem(session, counter, made, Order(uuid4(), offer, 1000), at)
                session.commit()
            except Refused as refused:
                session.rollback()
                return refused.reason
            return None

    with ThreadPoolExecutor(2) as pool:
        for made in rounds:
            told = list(pool.map(till, ["ALONE", "MILK"], [made, made]))
            assert sorted(map(str, told)) == ["None", "offer_exclusive"]
    engine.dispose()
    assert found(world) == set()
