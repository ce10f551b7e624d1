"""The life of an offer."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.offers.historical import historical_revision
from alliance.offers.life import (
    AlreadyDecided,
    Draft,
    OfferInvalid,
    approve,
    return_to_merchant,
    submit,
    withdraw,
)
from alliance.offers.limits import Limits
from alliance.offers.live import live, newest_approved
from alliance.offers.models import Offer, OfferRevision
from alliance.offers.pricing import Discount, Threshold
from alliance.offers.states import State, current_state
from alliance.store import for_writing, make_engine, sessionmaker_for
from tests.world import NOON, World

TODAY = business_date(NOON)
DRAFT = Draft(code="NEW", title="新品九折", terms=Discount(pay_permille=900))


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def codes(world: World, session: Session, day=None) -> set[str]:
    """What is live; the world's own MILK and WASH are noise that must stay."""
    revisions = session.scalars(live(day or business_date(world.at))).all()
    return {session.get_one(Offer, (r.merchant_id, r.offer_id)).code for r in revisions} - {"MILK", "WASH"}


def test_submitted_approved_live_withdrawn(world: World, session: Session) -> None:
    today = business_date(world.at)
    revision = submit(session, world.dairy.id, DRAFT, COMMAND_LINE, world.at)
    assert current_state(session, revision, today) is State.SUBMITTED
    assert codes(world, session) == set()
    approve(session, revision, COMMAND_LINE, world.at)
    session.flush()
    assert current_state(session, revision, today) is State.LIVE
    assert codes(world, session) == {"NEW"}
    offer = session.get_one(Offer, (revision.merchant_id, revision.offer_id))
    for _ in range(2):
        withdraw(session, offer, COMMAND_LINE, world.at)
        session.flush()
    assert current_state(session, revision, today) is State.WITHDRAWN
    assert codes(world, session) == set()
    deeds = session.scalars(
        select(AuditEntry.action).where(
            AuditEntry.subject.in_([f"offer_revision:{revision.id}", f"offer:{offer.id}"])
        )
    ).all()
    assert sorted(deeds) == ["offer.approve", "offer.submit", "offer.withdraw"]


def test_an_edit_waits_while_the_approved_revision_stays(world: World, session: Session) -> None:
    first = submit(session, world.dairy.id, DRAFT, COMMAND_LINE, world.at)
    approve(session, first, COMMAND_LINE, world.at)
    second = submit(session, world.dairy.id, replace(DRAFT, title="新品八八折"), COMMAND_LINE, world.at)
    assert (second.offer_id, second.number) == (first.offer_id, 2)
    of_offer = OfferRevision.offer_id == first.offer_id
    assert session.scalars(newest_approved().where(of_offer)).all() == [first]
    approve(session, second, COMMAND_LINE, world.at)
    session.flush()
    assert session.scalars(newest_approved().where(of_offer)).all() == [second]


def test_a_returned_revision_says_why_and_leaves_the_old_one(world: World, session: Session) -> None:
    first = submit(session, world.dairy.id, DRAFT, COMMAND_LINE, world.at)
    approve(session, first, COMMAND_LINE, world.at)
    second = submit(session, world.dairy.id, DRAFT, COMMAND_LINE, world.at)
    return_to_merchant(session, second, "折扣太低", COMMAND_LINE, world.at)
    session.flush()
    assert current_state(session, second, business_date(world.at)) is State.RETURNED
    assert session.scalars(newest_approved().where(OfferRevision.offer_id == first.offer_id)).all() == [first]


@pytest.mark.parametrize("decide", ["approve", "return"])
def test_a_decision_stands(world: World, session: Session, decide: str) -> None:
    revision = submit(session, world.dairy.id, DRAFT, COMMAND_LINE, world.at)
    if decide == "approve":
        approve(session, revision, COMMAND_LINE, world.at)
    else:
        return_to_merchant(session, revision, "改", COMMAND_LINE, world.at)
    session.flush()
    with pytest.raises(AlreadyDecided):
        approve(session, revision, COMMAND_LINE, world.at)
    with pytest.raises(AlreadyDecided):
        return_to_merchant(session, revision, "改", COMMAND_LINE, world.at)


def test_days_are_inclusive(world: World, session: Session) -> None:
    today = business_date(world.at)
    world.live_offer(
        world.dairy, "DAYS", DRAFT.terms, starts_on=today + timedelta(1), ends_on=today + timedelta(2)
    )
    shown = [bool(codes(world, session, today + timedelta(n))) for n in range(4)]
    assert shown == [False, True, True, False]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "  "}, "title"),
        ({"code": "历史数据"}, "code"),
        ({"code": "00000000-0000-7000-8000-000000000000"}, "code"),
        ({"ends_on": TODAY - timedelta(1)}, "ends_on"),
        ({"starts_on": TODAY + timedelta(3), "ends_on": TODAY + timedelta(2)}, "ends_on"),
        ({"terms": Threshold(threshold_fen=100, off_fen=101)}, "off_fen"),
        ({"limits": Limits(total=2, holder_ever=3)}, "holder_ever"),
    ],
)
def test_a_draft_that_cannot_be_meant(world: World, session: Session, change: dict, field: str) -> None:
    with pytest.raises(OfferInvalid) as caught:
        submit(session, world.dairy.id, replace(DRAFT, **change), COMMAND_LINE, world.at)
    assert caught.value.field == field
    assert session.scalar(select(Offer).where(Offer.code == "NEW")) is None


@pytest.mark.parametrize(("limit", "used"), [("total", 2), ("units", 5), ("budget_fen", 2000)])
def test_a_limit_below_what_is_used_cannot_be_meant(
    world: World, session: Session, limit: str, used: int
) -> None:
    world.live_offer(world.dairy, "NEW", DRAFT.terms, limits=Limits(total=9, units=99, budget_fen=9999))
    world.redeem(offer="NEW", quantity=2)
    world.redeem(offer="NEW", quantity=3)
    submit(session, world.dairy.id, replace(DRAFT, limits=Limits(**{limit: used})), COMMAND_LINE, world.at)
    less = replace(DRAFT, limits=Limits(**{limit: used - 1}))
    with pytest.raises(OfferInvalid) as caught:
        submit(session, world.dairy.id, less, COMMAND_LINE, world.at)
    assert (caught.value.field, caught.value.problem) == (limit, "below_used")


def test_historical_data_is_one_offer_that_is_never_live(world: World, session: Session) -> None:
    first = historical_revision(session, world.dairy.id, world.at)
    assert historical_revision(session, world.dairy.id, world.at) is first
    assert historical_revision(session, world.garage.id, world.at) is not first
    assert codes(world, session) == set()
    assert current_state(session, first, business_date(world.at)) is State.ENDED


@pytest.fixture
def engine(database_url: str):
    engine = make_engine(database_url, pool_size=20)
    yield engine
    engine.dispose()


def at_once(engine: sa.Engine, work) -> list:
    """Run ``work`` in sixteen transactions that start together."""
    barrier, make = Barrier(16), sessionmaker_for(engine)

    def run(_: int):
        with make() as session:
            for_writing(session)
            barrier.wait()
            result = work(session)
            session.commit()
            return result

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(run, range(16)))


def test_submissions_of_one_code_take_turns(session: Session, engine: sa.Engine) -> None:
    for_writing(session)
    world = World(session)
    session.commit()
    dairy_id = world.dairy.id
    numbers = at_once(engine, lambda s: submit(s, dairy_id, DRAFT, COMMAND_LINE, NOON).number)
    assert sorted(numbers) == list(range(1, 17))
    assert len(session.scalars(select(Offer.id).where(Offer.code == "NEW")).all()) == 1


def test_first_imports_at_once_book_under_one_offer(session: Session, engine: sa.Engine) -> None:
    for_writing(session)
    world = World(session)
    session.commit()
    dairy_id = world.dairy.id
    assert len(set(at_once(engine, lambda s: historical_revision(s, dairy_id, NOON).id))) == 1


def test_withdrawing_at_once_is_withdrawing_once(session: Session, engine: sa.Engine) -> None:
    for_writing(session)
    world = World(session)
    session.commit()
    key = (world.dairy.id, world.milk.offer_id)
    at_once(engine, lambda s: withdraw(s, s.get_one(Offer, key), COMMAND_LINE, NOON))
    deeds = session.scalars(select(AuditEntry).where(AuditEntry.action == "offer.withdraw")).all()
    assert len(deeds) == 1
