"""correct (改金额): reverse and redeem anew, once."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.report import report
from alliance.circulation.verify import INVARIANTS
from alliance.clock import business_date
from alliance.enterprises.placement import move_enterprise
from alliance.offers.life import withdraw
from alliance.offers.limits import Limits, lock_order
from alliance.offers.models import LimitCounter, Offer
from alliance.offers.pricing import AlliancePrice, Discount, Threshold
from alliance.passes.issue import pass_of, revoke
from alliance.people.employment import employment_on, leave
from alliance.redemptions.correct import ANEW, KEPT, Correction, correct
from alliance.redemptions.digests import REDEMPTION_COLUMNS
from alliance.redemptions.models import Channel, Redemption, Reversal
from alliance.redemptions.months import close
from alliance.redemptions.redeem import Order, redeem_at_once
from alliance.redemptions.reverse import Authority, left_of, reverse
from alliance.refused import Reason, Refused
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    world = World(session)
    world.live_offer(world.dairy, "ONE", Discount(pay_permille=900), limit_total=1, limit_holder=1)
    return world


def redeemed(world: World, gross_fen: int = 10000, **more) -> Redemption:
    id_ = uuid4()
    world.redeem(gross_fen, id_=id_, **more)
    return fact(world, id_)


def fact(world: World, id_: UUID) -> Redemption:
    return world.session.get_one(Redemption, (world.dairy.id, id_))


def wanted(old: Redemption, gross_fen: int, quantity: int = 1, **more) -> Correction:
    values = {"id": uuid4(), "reversal_id": uuid4(), "reason": "金额输错"} | more
    return Correction(redemption_id=old.id, gross_fen=gross_fen, quantity=quantity, **values)


def corrected(world: World, correction: Correction, **how):
    counter, authority = how.get("counter", world.counter()), how.get("authority", Authority.CASHIER)
    return correct(world.session, counter, authority, correction, how.get("at", world.at))


def reason(world: World, correction: Correction, **how) -> Reason:
    """Why it was refused; what it had done is taken back, as the surfaces do."""
    with pytest.raises(Refused) as caught, world.session.begin_nested():
        corrected(world, correction, **how)
    return caught.value.reason


def sums(session: Session) -> tuple[int, int, int]:
    day = date(2026, 3, 4)
    figures = report(session, (day, day))
    return figures.redemptions, figures.gross_fen, figures.paid_fen


def in_order(session: Session) -> bool:
    return [f for invariant in INVARIANTS.values() for f in invariant(session)] == []


def test_the_new_one_is_the_old_one_with_another_amount(world: World, session: Session) -> None:
    order = Order(uuid4(), "MILK", 100000, receipt_no="A-7", pos="P1", terminal="T1", cashier="小王")
    redeem_at_once(session, world.keyring, world.counter(), world.shown().text, order, world.at)
    old, correction = fact(world, order.id), wanted(fact(world, order.id), 10005)
    before = sums(session)
    answer = json.loads(corrected(world, correction, at=world.later(minutes=5)).body)
    new = fact(world, correction.id)
    assert {"scan_id", "holder_id", "employer_zone_id", "business_date", "occurred_at"} <= set(KEPT)
    assert {*KEPT, *ANEW} == set(REDEMPTION_COLUMNS)
    assert {name: getattr(new, name) for name in KEPT} == {name: getattr(old, name) for name in KEPT}
    assert (new.gross_fen, new.discount_fen, new.paid_fen) == (10005, 2001, 8004)
    assert (new.corrects_id, new.channel) == (old.id, Channel.COUNTER)
    assert (new.occurred_at, new.received_at) == (world.at, world.later(minutes=5))
    [back] = session.scalars(select(Reversal))
    assert (back.id, back.paid_fen, back.uses) == (correction.reversal_id, -80000, -1)
    assert back.reason == "金额输错"
    assert answer["paid_fen"] == 8004
    assert (answer["id"], answer["corrects_id"]) == (str(correction.id), str(old.id))
    assert answer["redeemed_at"] == json.loads(old.answer)["redeemed_at"]
    same = ("outlet", "offer", "holder", "receipt_no")
    assert [answer[name] for name in same] == [json.loads(old.answer)[name] for name in same]
    assert sums(session) == (before[0], before[1] - 100000 + 10005, before[2] - 80000 + 8004)
    assert in_order(session)


def test_it_is_audited(world: World, session: Session) -> None:
    old = redeemed(world)
    correction = wanted(old, 5000)
    corrected(world, correction)
    session.flush()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "redemption.correct")).one()
    assert entry.subject == f"redemption:{correction.id}"
    assert entry.detail == {
        "corrects": str(old.id),
        "outlet": str(old.outlet_id),
        "offer": "MILK",
        "paid_fen": 4000,
    }


def test_its_use_of_the_limits_is_given_back_and_taken_anew(world: World, session: Session) -> None:
    old = redeemed(world, offer="ONE")
    corrected(world, wanted(old, 5000))
    assert set(session.scalars(select(LimitCounter.used))) == {1}
    assert in_order(session)


def test_what_was_refunded_in_part_can_be_corrected(world: World, session: Session) -> None:
    old = redeemed(world, 10000)
    reverse(
        session,
        world.counter(),
        uuid4(),
        old.id,
        "退货",
        world.at,
        authority=Authority.MERCHANT,
        refund_fen=800,
    )
    correction = wanted(old, 5000)
    corrected(world, correction)
    assert left_of(session, old).uses == 0
    assert sums(session) == (1, 5000, 4000)
    assert in_order(session)


def test_the_price_is_the_old_revisions(world: World) -> None:
    world.live_offer(world.dairy, "UNIT", AlliancePrice(unit_price_fen=350))
    old = redeemed(world, 1000, offer="UNIT", quantity=2)
    world.live_offer(world.dairy, "UNIT", AlliancePrice(unit_price_fen=990))
    correction = wanted(old, 2000, quantity=4)
    corrected(world, correction)
    new = fact(world, correction.id)
    assert (new.paid_fen, new.quantity, new.revision_id) == (1400, 4, old.revision_id)


@pytest.mark.parametrize("change", ["offer withdrawn", "holder left", "pass revoked", "employer moved"])
def test_nobody_is_scanned_again(world: World, session: Session, change: str) -> None:
    old, today = redeemed(world), business_date(world.at)
    if change == "offer withdrawn":
        withdraw(
            session, session.scalars(select(Offer).where(Offer.code == "MILK")).one(), COMMAND_LINE, world.at
        )
    elif change == "holder left":
        leave(session, employment_on(session, world.mechanic.id, today), today, world.at)
    elif change == "pass revoked":
        revoke(session, pass_of(session, world.mechanic.id, world.at), "丢失", COMMAND_LINE, world.at)
    else:
        move_enterprise(session, world.garage, world.east.id, today, world.at)
    session.flush()
    correction = wanted(old, 5000)
    corrected(world, correction)
    assert fact(world, correction.id).employer_zone_id == world.west.id


def test_sent_again_it_is_the_same(world: World, session: Session) -> None:
    old = redeemed(world, offer="ONE")
    correction = wanted(old, 5000)
    first = corrected(world, correction)
    close(session, date(2026, 3, 1), COMMAND_LINE, datetime(2026, 4, 2, tzinfo=UTC))
    again = corrected(world, correction, at=world.later(days=400))
    assert (again.body, again.replayed) == (first.body, True)
    assert session.scalar(select(func.count()).select_from(Redemption)) == 2
    assert session.scalar(select(func.count()).select_from(Reversal)) == 1


@pytest.mark.parametrize(
    "change", [{"gross_fen": 5001}, {"quantity": 2}, {"reason": "其他"}, {"reversal_id": uuid4()}]
)
def test_the_same_id_with_another_body_is_refused(world: World, change: dict) -> None:
    correction = wanted(redeemed(world), 5000)
    corrected(world, correction)
    assert reason(world, replace(correction, **change)) is Reason.BODY_MISMATCH


def test_an_id_that_names_something_else_is_refused(world: World) -> None:
    old, other = redeemed(world), redeemed(world)
    assert reason(world, wanted(old, 5000, id=other.id)) is Reason.BODY_MISMATCH
    assert reason(world, wanted(old, 5000, id=old.id)) is Reason.BODY_MISMATCH


def test_what_is_gone_cannot_be_corrected(world: World, session: Session) -> None:
    voided, old = redeemed(world), redeemed(world)
    reversal_id = uuid4()
    void = (session, world.counter(), reversal_id, voided.id, "金额输错", world.at)
    reverse(*void, authority=Authority.CASHIER)
    assert reason(world, wanted(voided, 5000)) is Reason.REVERSED_ALREADY
    # Nor by naming the very reversal that took it away.
    assert reason(world, wanted(voided, 5000, reversal_id=reversal_id)) is Reason.REVERSED_ALREADY
    corrected(world, wanted(old, 5000))
    assert reason(world, wanted(old, 6000)) is Reason.REVERSED_ALREADY


def test_a_correction_can_be_corrected_and_reversed(world: World, session: Session) -> None:
    first = wanted(redeemed(world), 5000)
    corrected(world, first)
    second = wanted(fact(world, first.id), 6000)
    corrected(world, second)
    assert fact(world, second.id).corrects_id == first.id
    reverse(session, world.counter(), uuid4(), second.id, "退货", world.at, authority=Authority.CASHIER)
    assert sums(session) == (0, 0, 0)
    assert in_order(session)


def test_only_where_and_while_it_may_be(world: World, session: Session) -> None:
    old = redeemed(world)
    for counter in (world.counter(world.dairy_kiosk), world.counter(world.garage_hall)):
        assert reason(world, wanted(old, 5000), counter=counter) is Reason.REDEMPTION_NOT_FOUND
    late = world.later(minutes=10, seconds=1)
    assert reason(world, wanted(old, 5000), at=late) is Reason.UNDO_TOO_LATE
    at = datetime(2026, 4, 2, tzinfo=UTC)
    close(session, date(2026, 3, 1), COMMAND_LINE, at)
    assert reason(world, wanted(old, 5000), at=at, authority=Authority.MERCHANT) is Reason.MONTH_CLOSED
    correction = wanted(old, 5000)
    corrected(world, correction, at=at, authority=Authority.ORGANIZER)
    new, [back] = fact(world, correction.id), session.scalars(select(Reversal)).all()
    assert (new.business_date, new.posted_month) == (date(2026, 3, 4), date(2026, 4, 1))
    assert (back.business_date, back.posted_month) == (date(2026, 3, 4), date(2026, 4, 1))
    assert in_order(session)


def test_a_new_amount_is_checked_as_the_first_was(world: World) -> None:
    world.live_offer(world.dairy, "T", Threshold(threshold_fen=10000, off_fen=2000))
    old = redeemed(world, 10000, offer="T")
    assert reason(world, wanted(old, 9999)) is Reason.BELOW_THRESHOLD
    assert reason(world, wanted(old, 0)) is Reason.AMOUNT_OUT_OF_RANGE
    assert reason(world, wanted(old, 10000, quantity=0)) is Reason.AMOUNT_OUT_OF_RANGE
    assert left_of(world.session, old).uses == 1


def test_what_was_imported_can_be_reversed_only(world: World, session: Session) -> None:
    old = redeemed(world)
    old.channel = Channel.IMPORT
    session.flush()
    assert reason(world, wanted(old, 5000)) is Reason.NOT_CORRECTABLE
    reverse(session, world.counter(), uuid4(), old.id, "退货", world.at, authority=Authority.MERCHANT)


def test_more_than_the_old_limit_is_used_by_now_and_a_correction_downwards_is_none_of_its_business(
    world: World, session: Session
) -> None:
    world.live_offer(world.dairy, "FEW", Discount(pay_permille=900), limits=Limits(total=1, budget_fen=1000))
    old = redeemed(world, 10000, offer="FEW")
    world.live_offer(world.dairy, "FEW", Discount(pay_permille=900), limits=Limits(total=9, budget_fen=90000))
    for _ in range(3):
        redeemed(world, 10000, offer="FEW", holder=world.salesman)
    corrected(world, wanted(old, 9000))
    budget = select(LimitCounter.used).where(LimitCounter.scope == "budget")
    assert session.scalar(budget) == 3 * 1000 + 900
    assert in_order(session)
    # Upwards it takes more than it gives back, and the old limit has been reached.
    again = session.scalars(select(Redemption).where(Redemption.corrects_id == old.id)).one()
    assert reason(world, wanted(again, 10010)) is Reason.LIMIT_BUDGET


def test_counters_are_locked_in_one_order(world: World, session: Session, engine: sa.Engine) -> None:
    """The old discount is nothing, so nothing of the budget is given back; but something is taken."""
    limits = Limits(total=9, budget_fen=90000, holder_ever=9)
    world.live_offer(world.dairy, "ROUND", Discount(pay_permille=900), limits=limits)
    old = redeemed(world, 1, offer="ROUND")
    assert old.discount_fen == 0
    touched: list[str] = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, parameters, *_: object) -> None:
        if "limit_counters" in statement and statement.startswith(("INSERT", "UPDATE", "WITH")):
            values = parameters.values() if isinstance(parameters, dict) else parameters
            touched.extend(
                str(value) for value in values if str(value).split(":")[0] in ("total", "budget", "holder")
            )

    corrected(world, wanted(fact(world, old.id), 12000), authority=Authority.MERCHANT)
    sa.event.remove(engine, "before_cursor_execute", note)
    first = list(dict.fromkeys(touched))
    assert [scope.split(":")[0] for scope in first] == ["holder", *sorted(first[1:], key=lock_order)]
    assert {"total", "budget"} <= set(first)
