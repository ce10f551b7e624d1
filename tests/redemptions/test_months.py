"""Months: closing and reopening, and where late facts are posted."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.accounts.grants import find_or_create_account
from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE, Actor
from alliance.clock import next_month, start_of
from alliance.redemptions.models import LedgerMonth, MonthClosing, MonthReopening, Redemption, Reversal
from alliance.redemptions.months import (
    AlreadyClosed,
    BeforeTheBooks,
    EarlierOpen,
    LaterClosed,
    MonthError,
    NotClosed,
    NotOver,
    close,
    is_closed,
    posted_month_for,
    reopen,
)
from alliance.redemptions.reverse import Authority, reverse
from alliance.refused import Reason, Refused
from tests.world import World

FEBRUARY, MARCH, APRIL, MAY = (date(2026, month, 1) for month in (2, 3, 4, 5))


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def after(month: date) -> datetime:
    """As soon as the month can be closed."""
    return start_of(next_month(month)) + timedelta(minutes=10)


def shut(session: Session, month: date, at: datetime | None = None) -> MonthClosing:
    return close(session, month, COMMAND_LINE, at or after(month))


def refused(kind: type[MonthError], call, *args) -> date:
    with pytest.raises(kind) as caught:
        call(*args)
    return caught.value.month


def void(world: World, id_: UUID, at: datetime, authority=Authority.ORGANIZER, **options) -> UUID:
    reversal_id = uuid4()
    reverse(world.session, world.counter(), reversal_id, id_, "退货", at, authority=authority, **options)
    return reversal_id


def reversal(world: World, id_: UUID) -> Reversal:
    return world.session.get_one(Reversal, (world.dairy.id, id_))


# --- closing -----------------------------------------------------------------------------------------


def test_a_closing_records_what_is_posted(world: World, session: Session) -> None:
    id_ = uuid4()
    world.redeem(10000, id_=id_)
    world.redeem(20000)
    world.redeem(3000, offer="WASH", outlet=world.garage_hall, holder=world.milkman)
    world.redeem(90000, at=datetime(2026, 4, 1, 4, tzinfo=UTC))
    void(world, id_, world.at, refund_fen=800)
    organizer = find_or_create_account(session, "+8613900000001", "主任", world.at)
    closing = close(session, MARCH, Actor(organizer.id, "10.0.0.1"), after(MARCH))
    assert (closing.month, closing.revision, closing.closed_at) == (MARCH, 1, after(MARCH))
    assert closing.closed_by_id == organizer.id
    assert len(closing.digest) == 32
    dairy = {
        "redemptions": 2,
        "reversals": 1,
        "gross_fen": 29000,
        "discount_fen": 5800,
        "paid_fen": 23200,
    }
    garage = {"redemptions": 1, "reversals": 0, "gross_fen": 3000, "discount_fen": 1500, "paid_fen": 1500}
    in_all = {name: dairy[name] + garage[name] for name in dairy}
    merchants = {str(world.dairy.id): dairy, str(world.garage.id): garage}
    assert closing.snapshot == in_all | {"merchants": merchants}
    session.flush()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "month.close")).one()
    assert (entry.subject, entry.account_id, entry.address) == ("month:2026-03", organizer.id, "10.0.0.1")
    assert entry.detail == {"revision": 1, "digest": closing.digest.hex()}


def test_a_month_can_be_closed_ten_minutes_after_its_end(world: World, session: Session) -> None:
    world.redeem()
    for at in (world.at, start_of(APRIL), after(MARCH) - timedelta(microseconds=1)):
        assert refused(NotOver, shut, session, MARCH, at) == MARCH
    assert not is_closed(session, MARCH)
    shut(session, MARCH)
    assert is_closed(session, MARCH)


def test_a_month_is_closed_once(world: World, session: Session) -> None:
    world.redeem()
    shut(session, MARCH)
    assert refused(AlreadyClosed, shut, session, MARCH) == MARCH


def test_months_are_closed_in_order_without_a_gap(world: World, session: Session) -> None:
    world.redeem()
    world.redeem(at=datetime(2026, 5, 3, 4, tzinfo=UTC))
    assert refused(EarlierOpen, shut, session, MAY) == MARCH
    shut(session, MARCH)
    assert refused(EarlierOpen, shut, session, MAY) == APRIL
    assert refused(BeforeTheBooks, shut, session, FEBRUARY) == MARCH
    assert shut(session, APRIL).snapshot["redemptions"] == 0
    shut(session, MAY)


def test_empty_books_begin_last_month(session: Session) -> None:
    at = after(MARCH)
    assert refused(BeforeTheBooks, shut, session, FEBRUARY, at) == MARCH
    empty = dict.fromkeys(("redemptions", "reversals", "gross_fen", "discount_fen", "paid_fen"), 0)
    assert shut(session, MARCH, at).snapshot == empty | {"merchants": {}}
    assert refused(BeforeTheBooks, shut, session, FEBRUARY) == MARCH


def test_a_month_without_a_row_gets_one(session: Session) -> None:
    """The migration made the rows of this century."""
    month = date(2100, 1, 1)
    assert session.get(LedgerMonth, month) is None
    shut(session, month)
    assert is_closed(session, month)


# --- reopening ---------------------------------------------------------------------------------------


def test_only_the_latest_closed_month_is_reopened(world: World, session: Session) -> None:
    world.redeem()
    assert refused(NotClosed, reopen, session, MARCH, "漏记", COMMAND_LINE, world.at) == MARCH
    shut(session, MARCH)
    shut(session, APRIL)
    at = after(APRIL)
    assert refused(LaterClosed, reopen, session, MARCH, "漏记", COMMAND_LINE, at) == APRIL
    reopen(session, APRIL, "漏记", COMMAND_LINE, at)
    assert refused(NotClosed, reopen, session, APRIL, "漏记", COMMAND_LINE, at) == APRIL
    reopen(session, MARCH, "漏记", COMMAND_LINE, at)
    assert not is_closed(session, MARCH)


def test_a_month_closed_again_has_the_next_revision_and_both_closings(world: World, session: Session) -> None:
    id_ = uuid4()
    world.redeem(10000, id_=id_)
    first = shut(session, MARCH)
    reopen(session, MARCH, "漏记退货", COMMAND_LINE, after(MARCH))
    void(world, id_, after(MARCH))
    second = shut(session, MARCH, after(APRIL))
    assert (first.revision, second.revision) == (1, 2)
    assert (first.snapshot["paid_fen"], second.snapshot["paid_fen"]) == (8000, 0)
    assert first.digest != second.digest
    assert is_closed(session, MARCH)
    row = session.scalars(select(MonthReopening)).one()
    assert (row.month, row.revision, row.reason) == (MARCH, 1, "漏记退货")
    session.flush()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "month.reopen")).one()
    assert entry.detail == {"revision": 1, "reason": "漏记退货"}


# --- where a fact is posted --------------------------------------------------------------------------


def test_to_its_own_month_while_that_is_open(world: World, session: Session) -> None:
    world.redeem()
    day, later = date(2026, 3, 4), datetime(2026, 5, 20, tzinfo=UTC)
    assert posted_month_for(session, day, world.at) == MARCH
    assert posted_month_for(session, day, later) == MARCH
    shut(session, MARCH)
    assert posted_month_for(session, day, later) == MAY
    assert posted_month_for(session, date(2026, 4, 9), later) == APRIL
    reopen(session, MARCH, "漏记", COMMAND_LINE, later)
    assert posted_month_for(session, day, later) == MARCH


def test_never_to_a_closed_month_even_by_a_long_import(world: World, session: Session) -> None:
    """It asked for the time in March, and April is closed by now as well."""
    world.redeem()
    shut(session, MARCH)
    shut(session, APRIL)
    assert posted_month_for(session, date(2026, 3, 4), world.at) == MAY


def test_a_reversal_after_the_close_is_an_adjustment(world: World, session: Session) -> None:
    id_ = uuid4()
    world.redeem(10000, id_=id_)
    in_time = reversal(world, void(world, id_, world.later(days=3), refund_fen=800))
    digest = shut(session, MARCH).digest
    late = reversal(world, void(world, id_, datetime(2026, 5, 20, tzinfo=UTC)))
    assert (in_time.business_date, in_time.posted_month) == (date(2026, 3, 4), MARCH)
    assert (late.business_date, late.posted_month) == (date(2026, 3, 4), MAY)
    shut(session, APRIL)
    assert shut(session, MAY).snapshot["paid_fen"] == -7200
    assert session.get_one(MonthClosing, (MARCH, 1)).digest == digest


def test_an_adjustment_is_taken_back_where_it_stands(world: World, session: Session) -> None:
    """Else a month that was reopened meanwhile would lose what it never had."""
    id_ = uuid4()
    world.redeem(10000, id_=id_)
    redemption = session.get_one(Redemption, (world.dairy.id, id_))
    redemption.posted_month = APRIL
    session.flush()
    assert reversal(world, void(world, id_, world.later(days=40))).posted_month == APRIL


# --- who may reverse ---------------------------------------------------------------------------------


def reason(world: World, id_: UUID, at: datetime, authority: Authority) -> Reason:
    with pytest.raises(Refused) as caught:
        void(world, id_, at, authority)
    return caught.value.reason


def test_a_cashier_has_ten_minutes_a_merchant_until_the_close_the_organizer_always(
    world: World, session: Session
) -> None:
    ids = [uuid4() for _ in range(3)]
    for id_ in ids:
        world.redeem(id_=id_)
    late = world.later(minutes=10, microseconds=1)
    assert reason(world, ids[0], late, Authority.CASHIER) is Reason.UNDO_TOO_LATE
    void(world, ids[0], world.later(minutes=10), Authority.CASHIER)
    void(world, ids[1], world.later(days=60), Authority.MERCHANT)
    shut(session, MARCH)
    at = after(MARCH)
    assert reason(world, ids[2], at, Authority.CASHIER) is Reason.UNDO_TOO_LATE
    assert reason(world, ids[2], at, Authority.MERCHANT) is Reason.MONTH_CLOSED
    reopen(session, MARCH, "漏记", COMMAND_LINE, at)
    void(world, ids[2], at, Authority.MERCHANT, refund_fen=100)
    shut(session, MARCH)
    void(world, ids[2], at, Authority.ORGANIZER)


def test_a_stored_reversal_is_told_again_after_the_close(world: World, session: Session) -> None:
    id_, reversal_id = uuid4(), uuid4()
    world.redeem(id_=id_)
    call = (session, world.counter(), reversal_id, id_, "退货")
    first = reverse(*call, world.at, authority=Authority.CASHIER)
    shut(session, MARCH)
    again = reverse(*call, after(MARCH), authority=Authority.CASHIER)
    assert (again.body, again.replayed) == (first.body, True)
