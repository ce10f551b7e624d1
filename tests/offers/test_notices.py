"""What a merchant is told about its offers: each thing once, and who has read it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.accounts.grants import find_or_create_account
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.offers.life import Draft, return_to_merchant, submit, withdraw
from alliance.offers.limits import Limits
from alliance.offers.models import NoticeKind, Offer, OfferNotice, OfferNoticeRead, OfferRevision, Side
from alliance.offers.notices import due, mark_all_read, mark_read, tell, unread
from alliance.offers.pauses import pause, resume
from alliance.offers.pricing import Discount
from tests.world import NOON, World

TODAY = business_date(NOON)
TERMS = Discount(pay_permille=800)


@pytest.fixture
def world(session: Session) -> World:
    world = World(session)
    # Noise that is never due.
    world.live_offer(world.garage, "LONG", TERMS, ends_on=TODAY + timedelta(4), limits=Limits(total=10))
    world.live_offer(world.garage, "OVER", TERMS, ends_on=TODAY)
    return world


def told(world: World, revision: OfferRevision) -> list[str]:
    """What the merchant was told of an offer, in order."""
    of_offer = (OfferNotice.merchant_id == revision.merchant_id, OfferNotice.offer_id == revision.offer_id)
    return list(world.session.scalars(select(OfferNotice.kind).where(*of_offer).order_by(OfferNotice.id)))


def work(world: World, at=None) -> None:
    """As the worker does."""
    for each in due(world.session, at or world.at):
        tell(world.session, *each, at or world.at)


def kinds_due(world: World, revision: OfferRevision, at=None) -> list[NoticeKind]:
    return [kind for _m, _o, kind, id_ in due(world.session, at or world.at) if id_ == revision.id]


def test_decisions_and_the_organizers_pauses_are_told_the_merchants_own_are_not(world: World) -> None:
    session, at, by = world.session, world.at, COMMAND_LINE
    offer = session.get_one(Offer, (world.milk.merchant_id, world.milk.offer_id))
    second = submit(session, world.dairy.id, Draft("MILK", "再来", TERMS), by, at)
    return_to_merchant(session, second, "太低", by, at)
    for _ in range(2):
        pause(session, offer, Side.MERCHANT, "", by, at)
        pause(session, offer, Side.ORGANIZER, "投诉", by, at)
        resume(session, offer, Side.ORGANIZER, by, at)
        resume(session, offer, Side.MERCHANT, by, at)
    assert told(world, world.milk) == ["approved", "returned", "paused", "resumed", "paused", "resumed"]


def test_nearly_used_up_then_used_up_each_once(world: World) -> None:
    revision = world.live_offer(world.dairy, "CAP", TERMS, limits=Limits(total=10))
    for uses in range(1, 11):
        world.redeem(offer="CAP")
        for _ in range(2):
            work(world)
        expected = ["nearly_used_up"] * (uses >= 9) + ["used_up"] * (uses == 10)
        assert told(world, revision) == ["approved", *expected]


def test_used_up_between_two_looks_it_is_not_nearly_used_up_afterwards(world: World) -> None:
    revision = world.live_offer(world.dairy, "CAP", TERMS, limits=Limits(budget_fen=2000))
    world.redeem(offer="CAP")
    work(world)
    more = world.live_offer(world.dairy, "CAP", TERMS, limits=Limits(budget_fen=2200))
    work(world)
    # A new revision is a new thing to be told about.
    assert told(world, revision) == ["approved", "used_up", "approved", "nearly_used_up"]
    assert kinds_due(world, more) == []


@pytest.mark.parametrize(("days", "is_due"), [(-1, False), (0, True), (3, True), (4, False)])
def test_ending_within_three_days(world: World, days: int, is_due: bool) -> None:
    last = TODAY + timedelta(10)
    revision = world.live_offer(world.dairy, "DAYS", TERMS, ends_on=last)
    at = world.at + timedelta(10 - days)
    assert kinds_due(world, revision, at) == [NoticeKind.ENDING] * is_due
    work(world, at)
    assert kinds_due(world, revision, at) == []


def test_what_is_not_in_force_is_not_due(world: World) -> None:
    session, by = world.session, COMMAND_LINE
    waiting = submit(session, world.dairy.id, Draft("WAIT", "待审", TERMS, ends_on=TODAY), by, world.at)
    later = world.live_offer(
        world.dairy, "LATER", TERMS, starts_on=TODAY + timedelta(1), ends_on=TODAY + timedelta(2)
    )
    replaced = world.live_offer(world.dairy, "NEW", TERMS, ends_on=TODAY)
    world.live_offer(world.dairy, "NEW", TERMS)
    gone = world.live_offer(world.dairy, "GONE", TERMS, ends_on=TODAY)
    withdraw(session, session.get_one(Offer, (gone.merchant_id, gone.offer_id)), by, world.at)
    session.flush()
    assert [kinds_due(world, each) for each in (waiting, later, replaced, gone)] == [[]] * 4


def test_each_account_reads_for_itself(world: World) -> None:
    session, at = world.session, world.at
    first, second = (find_or_create_account(session, f"+861390000090{n}", "某", at).id for n in range(2))
    mine = world.dairy.id
    world.live_offer(world.dairy, "MORE", TERMS)
    assert [unread(session, mine, account) for account in (first, second)] == [2, 2]
    notice = session.scalars(select(OfferNotice).where(OfferNotice.merchant_id == mine)).first()
    for _ in range(2):
        mark_read(session, notice, first, at)
    assert [unread(session, mine, account) for account in (first, second)] == [1, 2]
    mark_all_read(session, mine, second, at)
    world.at += timedelta(minutes=1)
    world.live_offer(world.dairy, "LATE", TERMS)
    # What comes while somebody presses the button has not been seen.
    mark_all_read(session, mine, second, at)
    assert [unread(session, mine, account) for account in (first, second)] == [2, 1]
    garage = select(OfferNotice.id).where(OfferNotice.merchant_id == world.garage.id)
    read = select(OfferNoticeRead).where(OfferNoticeRead.notice_id.in_(garage))
    assert session.scalars(read).all() == []
