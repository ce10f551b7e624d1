"""Where a revision stands, and what pauses do to scans."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.verify_pauses import GRACE, redemptions_of_pauses
from alliance.clock import business_date
from alliance.offers.drafts import draft_of, save_again, save_new
from alliance.offers.life import Draft, approve, approve_all, submit, withdraw
from alliance.offers.limits import Limits
from alliance.offers.live import live
from alliance.offers.models import Offer, OfferApproval, OfferPause, OfferRevision, SavedDraft, Side
from alliance.offers.pauses import pause, resume
from alliance.offers.pricing import AlliancePrice, Discount
from alliance.offers.states import State, current_state
from alliance.redemptions.redeem import Order, redeem
from alliance.redemptions.reverse import Authority, reverse
from alliance.redemptions.scan import scan
from alliance.refused import Reason, Refused
from alliance.store import for_writing, make_engine, sessionmaker_for
from tests.world import NOON, World

TODAY = business_date(NOON)


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def offer_of(world: World, revision: OfferRevision) -> Offer:
    return world.session.get_one(Offer, (revision.merchant_id, revision.offer_id))


# --- used up: derived from the counters ------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "uses"),
    [
        (Limits(total=2), 2),
        (Limits(units=4), 2),
        (Limits(budget_fen=4000), 2),
        # Beyond what 32 bits hold.
        (Limits(total=2, budget_fen=99_000_000_000), 2),
    ],
)
def test_used_up_is_what_the_counters_say(world: World, limits: Limits, uses: int) -> None:
    revision = world.live_offer(world.dairy, "CAP", Discount(pay_permille=800), limits=limits)
    last = None
    for _ in range(uses):
        assert current_state(world.session, revision, TODAY) is State.LIVE
        last = uuid4()
        world.redeem(10000, offer="CAP", quantity=2, id_=last)
    assert current_state(world.session, revision, TODAY) is State.USED_UP
    # What is given back can be used again.
    reverse(world.session, world.counter(), uuid4(), last, "退货", world.at, authority=Authority.MERCHANT)
    assert current_state(world.session, revision, TODAY) is State.LIVE


def test_what_one_holder_has_used_up_is_live_for_the_others(world: World) -> None:
    revision = world.live_offer(world.dairy, "CAP", Discount(pay_permille=800), limits=Limits(holder_ever=1))
    world.redeem(offer="CAP")
    assert current_state(world.session, revision, TODAY) is State.LIVE


def test_a_revision_with_a_higher_limit_is_live_again(world: World) -> None:
    terms = Discount(pay_permille=800)
    first = world.live_offer(world.dairy, "CAP", terms, limits=Limits(total=1))
    world.redeem(offer="CAP")
    second = world.live_offer(world.dairy, "CAP", terms, limits=Limits(total=2))
    assert current_state(world.session, first, TODAY) is State.USED_UP
    assert current_state(world.session, second, TODAY) is State.LIVE


def test_the_date_comes_before_the_counters_and_withdrawal_before_both(world: World) -> None:
    revision = world.live_offer(
        world.dairy, "CAP", Discount(pay_permille=800), limits=Limits(total=1), ends_on=TODAY
    )
    world.redeem(offer="CAP")
    pause(world.session, offer_of(world, revision), Side.MERCHANT, "", COMMAND_LINE, world.at)
    days = [TODAY, TODAY + timedelta(1)]
    assert [current_state(world.session, revision, day) for day in days] == [State.PAUSED, State.ENDED]
    withdraw(world.session, offer_of(world, revision), COMMAND_LINE, world.at)
    assert current_state(world.session, revision, TODAY) is State.WITHDRAWN


# --- pauses ------------------------------------------------------------------------------------------


def test_paused_it_is_granted_to_no_new_scan_and_resumed_it_is_at_once(world: World) -> None:
    offer = offer_of(world, world.milk)
    assert pause(world.session, offer, Side.MERCHANT, "", COMMAND_LINE, world.at) is True
    assert pause(world.session, offer, Side.MERCHANT, "", COMMAND_LINE, world.at) is False
    assert current_state(world.session, world.milk, TODAY) is State.PAUSED
    with pytest.raises(Refused) as caught:
        world.redeem()
    assert caught.value.reason is Reason.OFFER_NOT_LIVE
    # The garage's is nobody's business here.
    assert world.wash in world.session.scalars(live(TODAY)).all()
    assert resume(world.session, offer, Side.MERCHANT, COMMAND_LINE, world.later(minutes=1)) is True
    assert resume(world.session, offer, Side.MERCHANT, COMMAND_LINE, world.later(minutes=1)) is False
    world.redeem(at=world.later(minutes=2))
    deeds = select(AuditEntry.action, AuditEntry.detail).where(AuditEntry.subject == f"offer:{offer.id}")
    assert sorted(action for action, _detail in world.session.execute(deeds)) == [
        "offer.pause",
        "offer.resume",
    ]


def test_a_scan_from_before_the_pause_may_still_be_redeemed_and_verify_agrees(world: World) -> None:
    counter, id_ = world.counter(), uuid4()
    scan(world.session, world.keyring, counter, id_, world.shown().text, world.at)
    offer = offer_of(world, world.milk)
    pause(world.session, offer, Side.ORGANIZER, "投诉", COMMAND_LINE, world.later(seconds=1))
    redeem(world.session, counter, id_, Order(uuid4(), "MILK", 1000), world.later(minutes=9))
    assert list(redemptions_of_pauses(world.session)) == []


def test_verify_finds_a_redemption_of_a_scan_from_within_a_pause(world: World) -> None:
    offer, at = offer_of(world, world.milk), world.at
    pause(world.session, offer, Side.MERCHANT, "", COMMAND_LINE, at)
    resume(world.session, offer, Side.MERCHANT, COMMAND_LINE, at + 4 * GRACE)
    world.redeem(at=at + 5 * GRACE)
    world.redeem(at=at - timedelta(seconds=1), holder=world.salesman)
    assert list(redemptions_of_pauses(world.session)) == []
    found = uuid4()
    world.redeem(at=at + 2 * GRACE, holder=world.milkman, id_=found)
    assert [finding.subject for finding in redemptions_of_pauses(world.session)] == [f"redemption {found}"]


def test_each_side_ends_only_its_own_pause(world: World) -> None:
    offer, at = offer_of(world, world.milk), world.at
    pause(world.session, offer, Side.MERCHANT, "", COMMAND_LINE, at)
    pause(world.session, offer, Side.ORGANIZER, "投诉", COMMAND_LINE, at)
    resume(world.session, offer, Side.MERCHANT, COMMAND_LINE, at)
    assert current_state(world.session, world.milk, TODAY) is State.PAUSED
    resume(world.session, offer, Side.ORGANIZER, COMMAND_LINE, at)
    assert current_state(world.session, world.milk, TODAY) is State.LIVE
    rows = world.session.scalars(select(OfferPause).order_by(OfferPause.side)).all()
    assert [(row.side, row.reason) for row in rows] == [("merchant", ""), ("organizer", "投诉")]


# --- drafts ------------------------------------------------------------------------------------------


def test_an_offer_has_one_draft_and_new_offers_as_many_as_are_begun(world: World) -> None:
    merchant_id, milk = world.dairy.id, world.milk.offer_id
    for title in ("甲", "乙"):
        save_new(world.session, merchant_id, None, {"title": [title]}, COMMAND_LINE, world.at)
        save_new(world.session, merchant_id, milk, {"title": [title]}, COMMAND_LINE, world.at)
    kept = draft_of(world.session, merchant_id, milk)
    assert kept.fields == {"title": ["乙"]}
    save_again(kept, {"title": ["丙"]}, COMMAND_LINE, world.later(minutes=1))
    world.session.flush()
    assert len(world.session.scalars(select(SavedDraft)).all()) == 3
    withdraw(world.session, offer_of(world, world.milk), COMMAND_LINE, world.at)
    assert draft_of(world.session, merchant_id, milk) is None
    assert len(world.session.scalars(select(SavedDraft)).all()) == 2


# --- several organizers, and edits while people scan -----------------------------------------------


@pytest.fixture
def engine(database_url: str):
    engine = make_engine(database_url, pool_size=20)
    yield engine
    engine.dispose()


def at_once(engine: sa.Engine, *works) -> list:
    """Run each of ``works`` in a transaction of its own; they start together."""
    barrier, make = Barrier(len(works)), sessionmaker_for(engine)

    def run(work):
        with make() as session:
            for_writing(session)
            barrier.wait()
            result = work(session)
            session.commit()
            return result

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def waiting(world: World, count: int) -> list[tuple[int, object]]:
    made = [
        submit(
            world.session,
            world.dairy.id,
            Draft(code=f"W{number}", title="新品", terms=Discount(pay_permille=900)),
            COMMAND_LINE,
            world.at,
        )
        for number in range(count)
    ]
    return [(revision.merchant_id, revision.id) for revision in made]


def test_organizers_who_tick_the_same_offers_approve_each_once(session: Session, engine: sa.Engine) -> None:
    for_writing(session)
    keys = waiting(World(session), 6)
    session.commit()

    def tick(order):
        def work(mine):
            revisions = [mine.get_one(OfferRevision, key) for key in order]
            approved, left = approve_all(mine, revisions, COMMAND_LINE, NOON)
            return len(approved), len(left)

        return work

    counts = at_once(engine, *(tick(order) for order in (keys, keys[::-1]) * 4))
    assert sum(approved for approved, _left in counts) == 6
    assert all(approved + left == 6 for approved, left in counts)
    of_these = OfferApproval.revision_id.in_([id_ for _merchant, id_ in keys])
    assert len(session.scalars(select(OfferApproval).where(of_these)).all()) == 6


def test_what_was_withdrawn_or_submitted_anew_is_left(world: World) -> None:
    draft = Draft(code="NEW", title="新品", terms=Discount(pay_permille=900))
    overtaken, gone, good = (
        submit(world.session, world.dairy.id, replace(draft, code=code), COMMAND_LINE, world.at)
        for code in ("A", "B", "C")
    )
    submit(world.session, world.dairy.id, replace(draft, code="A"), COMMAND_LINE, world.at)
    withdraw(world.session, offer_of(world, gone), COMMAND_LINE, world.at)
    approved, left = approve_all(world.session, [overtaken, gone, good], COMMAND_LINE, world.at)
    assert (approved, {each.id for each in left}) == ([good], {overtaken.id, gone.id})


def test_pausing_at_once_is_pausing_once(session: Session, engine: sa.Engine) -> None:
    for_writing(session)
    world = World(session)
    session.commit()
    key = (world.dairy.id, world.milk.offer_id)
    work = lambda mine: pause(mine, mine.get_one(Offer, key), Side.MERCHANT, "", COMMAND_LINE, NOON)  # noqa: E731
    assert sum(at_once(engine, *[work] * 8)) == 1
    assert len(session.scalars(select(OfferPause)).all()) == 1


def test_an_edit_among_scans_is_priced_as_shown(session: Session, engine: sa.Engine) -> None:
    """Each is charged by the revision that its scan froze, and the edit is in force for those after it."""
    for_writing(session)
    world = World(session)
    world.live_offer(world.dairy, "MOVE", AlliancePrice(unit_price_fen=300), limits=Limits(total=99))
    draft = Draft(code="MOVE", title="改价", terms=AlliancePrice(unit_price_fen=400), limits=Limits(total=99))
    edit = submit(session, world.dairy.id, draft, COMMAND_LINE, NOON)
    edit_key = (edit.merchant_id, edit.id)
    holders = [world.employee(world.garage, f"R{n}", "某某", f"+8613800009{n:03d}") for n in range(12)]
    shown = [world.shown(holder).text for holder in holders]
    counter, keyring = world.counter(), world.keyring
    session.commit()
    frozen = {}

    def buy(n):
        def work(mine):
            id_ = uuid4()
            made = scan(mine, keyring, counter, id_, shown[n], NOON)
            frozen[n] = [str(each) for each in made.revision_ids]
            return redeem(mine, counter, id_, Order(uuid4(), "MOVE", 1000), NOON).body

        return work

    def change(mine):
        approve(mine, mine.get_one(OfferRevision, edit_key), COMMAND_LINE, NOON)

    *answers, _none = at_once(engine, *(buy(n) for n in range(12)), change)
    for n, answer in enumerate(answers):
        expected = 400 if str(edit.id) in frozen[n] else 300
        assert f'"paid_fen":{expected}' in answer.replace(" ", "")
    session.rollback()
    assert edit in session.scalars(live(TODAY)).all()
