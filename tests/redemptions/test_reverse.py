"""reverse: negative facts."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance.offers.models import LimitCounter
from alliance.offers.pricing import AlliancePrice, Discount
from alliance.redemptions.models import Redemption, Reversal
from alliance.redemptions.reverse import UNDO_WINDOW, Authority, left_of, reverse
from alliance.refused import Reason, Refused
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    world = World(session)
    world.live_offer(world.dairy, "CAP", Discount(pay_permille=667), limit_total=3, limit_holder=2)
    return world


def void(world: World, id_: UUID, **options) -> str:
    reversal_id = options.pop("reversal_id", None) or uuid4()
    counter, at = options.pop("counter", world.counter()), options.pop("at", world.at)
    options = {"authority": Authority.MERCHANT} | options
    return reverse(world.session, counter, reversal_id, id_, "按错", at, **options).body


def reason(world: World, id_: UUID, **options) -> Reason:
    with pytest.raises(Refused) as caught:
        void(world, id_, **options)
    return caught.value.reason


def test_a_void_gives_everything_back(world: World, session: Session) -> None:
    id_ = uuid4()
    world.redeem(10000, offer="CAP", id_=id_)
    void(world, id_, at=world.later(days=2))
    fact = session.scalars(select(Reversal)).one()
    assert (fact.gross_fen, fact.discount_fen, fact.paid_fen, fact.uses) == (-10000, -3330, -6670, -1)
    assert str(fact.business_date) == "2026-03-04"
    assert set(session.scalars(select(LimitCounter.used))) == {0}
    assert reason(world, id_) is Reason.REVERSED_ALREADY


def test_repeating_is_answered_alike(world: World, session: Session) -> None:
    id_, reversal_id = uuid4(), uuid4()
    world.redeem(10000, id_=id_)
    first = void(world, id_, reversal_id=reversal_id)
    assert void(world, id_, reversal_id=reversal_id, at=world.later(days=9)) == first
    assert reason(world, id_, reversal_id=reversal_id, refund_fen=5) is Reason.BODY_MISMATCH
    assert session.scalar(select(func.count()).select_from(Reversal)) == 1


def test_an_id_names_one_reversal(world: World) -> None:
    one, other, reversal_id = uuid4(), uuid4(), uuid4()
    world.redeem(id_=one)
    world.redeem(id_=other)
    void(world, one, reversal_id=reversal_id)
    assert reason(world, other, reversal_id=reversal_id) is Reason.BODY_MISMATCH


def test_refunds_share_the_discount_and_the_last_takes_the_rest(world: World, session: Session) -> None:
    id_ = uuid4()
    world.redeem(1000, offer="CAP", id_=id_)  # 667 paid, 333 off
    for fen in (222, 222):
        void(world, id_, refund_fen=fen)
    assert reason(world, id_, refund_fen=224) is Reason.REFUND_EXCEEDS_PAID
    assert reason(world, id_, refund_fen=0) is Reason.REFUND_EXCEEDS_PAID
    assert reason(world, id_, refund_fen=-1) is Reason.REFUND_EXCEEDS_PAID
    assert set(session.scalars(select(LimitCounter.used))) == {1}
    void(world, id_, refund_fen=223)
    facts = session.execute(select(Reversal.discount_fen, Reversal.uses).order_by(Reversal.id)).all()
    assert sorted(tuple(row) for row in facts) == [(-112, -1), (-111, 0), (-110, 0)]
    assert set(session.scalars(select(LimitCounter.used))) == {0}


def test_what_cost_nothing_can_only_be_voided(world: World, session: Session) -> None:
    world.live_offer(world.dairy, "FREE", AlliancePrice(unit_price_fen=0))
    id_ = uuid4()
    world.redeem(500, offer="FREE", id_=id_)
    assert reason(world, id_, refund_fen=0) is Reason.REFUND_EXCEEDS_PAID
    void(world, id_)
    assert session.scalars(select(Reversal.discount_fen)).one() == -500


def test_only_where_and_while_it_may_be_undone(world: World) -> None:
    id_ = uuid4()
    world.redeem(id_=id_)
    assert reason(world, uuid4()) is Reason.REDEMPTION_NOT_FOUND
    assert reason(world, id_, counter=world.counter(world.dairy_kiosk)) is Reason.REDEMPTION_NOT_FOUND
    assert reason(world, id_, counter=world.counter(world.garage_hall)) is Reason.REDEMPTION_NOT_FOUND
    late = world.at + UNDO_WINDOW + timedelta(seconds=1)
    assert reason(world, id_, at=late, authority=Authority.CASHIER) is Reason.UNDO_TOO_LATE
    void(world, id_, at=world.at + UNDO_WINDOW, authority=Authority.CASHIER)


@given(st.lists(st.integers(1, 4000), max_size=12), st.integers(1, 999), st.integers(1, 9999))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_parts_nothing_is_lost(
    world: World, refunds: list[int], permille: int, gross: int
) -> None:
    session, id_ = world.session, uuid4()
    world.live_offer(world.dairy, f"P{permille}", Discount(pay_permille=permille))
    world.redeem(gross, offer=f"P{permille}", id_=id_)
    redemption = session.get_one(Redemption, (world.dairy.id, id_))
    for fen in refunds:
        left = left_of(session, redemption)
        if left.uses == 0:
            break
        if fen <= left.paid_fen:
            void(world, id_, refund_fen=fen)
            left = left_of(session, redemption)
            assert 0 <= left.discount_fen <= redemption.discount_fen
            assert left.gross_fen == left.paid_fen + left.discount_fen
    if left_of(session, redemption).uses:
        void(world, id_)
    left = left_of(session, redemption)
    assert (left.gross_fen, left.discount_fen, left.paid_fen, left.uses) == (0, 0, 0, 0)
