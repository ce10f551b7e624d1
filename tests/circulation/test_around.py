"""Who could have redeemed, what was offered, and how much of it was used: exact, to the day."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event

from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.around import Around, around, seen_around
from alliance.circulation.derive import derive, pending_months
from alliance.circulation.derive_periods import keep, pending_periods, prepare
from alliance.circulation.entitled import Entitled, entitled, entitled_at
from alliance.circulation.names import AROUND_NAMES, NAMES
from alliance.circulation.periods import PeriodKind, containing
from alliance.circulation.report import Report, report
from alliance.circulation.scope import EVERYWHERE, Axis, Scope
from alliance.circulation.seen import seen_report
from alliance.circulation.supply import Quota, active_merchants, live_revisions, quotas
from alliance.enterprises.placement import move_enterprise, move_outlet
from alliance.offers.life import Draft, submit, withdraw
from alliance.offers.limits import Limits
from alliance.offers.models import Offer, Side
from alliance.offers.pauses import pause, resume
from alliance.offers.pricing import Discount
from alliance.passes.issue import pass_of
from alliance.people.employment import leave
from alliance.people.models import DependantRemoval, Employment
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import Session, for_writing, new_id
from alliance.zones.models import Zone
from tests.world import World

MARCH = (date(2026, 3, 1), date(2026, 3, 31))
APRIL = (date(2026, 4, 1), date(2026, 4, 30))
#: Noon in Shanghai on 1 January: the people and offers of the world are there all the time.
NEW_YEAR = datetime(2026, 1, 1, 4, tzinfo=UTC)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


@pytest.fixture
def world(session: Session) -> World:
    for_writing(session)
    return World(session, NEW_YEAR)


def works(world: World, holder, employer, starts_on: date, ends_on: date | None = None) -> None:
    world._add(
        Employment(
            holder_id=holder.id,
            enterprise_id=employer.id,
            staff_no=f"T{uuid4().hex[:8]}",
            starts_on=starts_on,
            ends_on=ends_on,
        )
    )


def job_of(world: World, holder) -> Employment:
    return world.session.query(Employment).filter_by(holder_id=holder.id).one()


def of(world: World, zone=None, period=MARCH) -> int:
    return entitled(world.session, period, Scope(zone, Axis.HOLDER)).holders


def test_who_works_on_a_day_of_the_period_is_entitled(world):
    assert (of(world), of(world, world.east), of(world, world.west)) == (3, 1, 2)
    # 1 March is his first day elsewhere; the other's first day off is 2 March.
    leave(world.session, job_of(world, world.salesman), MARCH[0], world.at)
    assert of(world) == 2
    leave(world.session, job_of(world, world.mechanic), MARCH[0] + timedelta(1), world.at)
    assert (of(world), of(world, world.west), of(world, world.west, APRIL)) == (2, 1, 0)


def test_who_joins_on_the_last_day_is_entitled_and_on_the_next_is_not(world):
    leave(world.session, job_of(world, world.salesman), date(2026, 2, 1), world.at)
    works(world, world.salesman, world.dairy, MARCH[1])
    assert (of(world), of(world, world.east)) == (3, 2)
    assert of(world, world.east, (MARCH[0], date(2026, 3, 30))) == 1


def test_a_job_of_no_day_entitles_nobody(world):
    leave(world.session, job_of(world, world.salesman), date(2026, 2, 1), world.at)
    works(world, world.salesman, world.dairy, date(2026, 3, 9), date(2026, 3, 9))
    assert of(world) == 2


def test_a_transfer_counts_at_both_and_once_above_them(world):
    leave(world.session, job_of(world, world.salesman), date(2026, 3, 10), world.at)
    works(world, world.salesman, world.dairy, date(2026, 3, 10))
    child = world.dependant(world.salesman, "李小")
    assert [of(world, zone) for zone in (None, world.root, world.east, world.west)] == [4, 4, 3, 3]
    found = entitled_at(world.session, MARCH)
    assert {node: people.holders for node, people in found.items()} == {
        (0, 0): 4,
        (world.root.id, 0): 4,
        (world.east.id, 0): 3,
        (world.west.id, 0): 3,
        (world.east.id, world.dairy.id): 3,
        (world.west.id, world.garage.id): 3,
    }
    # The family goes with the employee, but not to where he worked before it was there.
    child.created_at = noon(date(2026, 3, 10))
    world.session.flush()
    assert (of(world, world.east), of(world, world.west)) == (3, 2)


def test_an_employer_that_moves_takes_its_people_along(world):
    move_enterprise(world.session, world.garage, world.east.id, date(2026, 3, 20), world.at)
    # What was said first was a mistake, and is so in all that follows.
    move_enterprise(world.session, world.dairy, world.west.id, date(2026, 3, 5), world.at)
    move_enterprise(world.session, world.dairy, world.east.id, date(2026, 3, 5), world.later(hours=1))
    world.session.flush()
    assert (of(world, world.east), of(world, world.west), of(world)) == (3, 2, 3)
    assert (of(world, world.east, APRIL), of(world, world.west, APRIL)) == (3, 0)
    leave(world.session, job_of(world, world.mechanic), date(2026, 3, 20), world.at)
    assert (of(world, world.east), of(world, world.west)) == (2, 2)


def test_a_dependant_counts_from_the_day_of_joining_to_that_of_the_removal(world):
    child = world.dependant(world.mechanic, "")
    # 23:30 in Shanghai on the last day of March, 00:30 on the first of April.
    for at, wanted in ((datetime(2026, 3, 31, 15, 30, tzinfo=UTC), 4), (MARCH_IS_OVER, 3)):
        child.created_at = at
        world.session.flush()
        assert of(world) == wanted
    child.created_at = world.at
    removal = world._add(DependantRemoval(holder_id=child.id, at=datetime(2026, 2, 28, 15, 59, tzinfo=UTC)))
    assert of(world) == 3
    removal.at = datetime(2026, 2, 28, 16, 0, tzinfo=UTC)
    world.session.flush()
    assert (of(world), of(world, world.west), of(world, period=APRIL)) == (4, 3, 3)


MARCH_IS_OVER = datetime(2026, 3, 31, 16, 30, tzinfo=UTC)


def test_a_dependant_who_was_removed_before_the_new_job_has_none_of_it(world):
    child = world.dependant(world.mechanic, "")
    world._add(DependantRemoval(holder_id=child.id, at=noon(date(2026, 3, 9))))
    leave(world.session, job_of(world, world.mechanic), date(2026, 3, 10), world.at)
    works(world, world.mechanic, world.dairy, date(2026, 3, 10))
    assert (of(world, world.west), of(world, world.east), of(world)) == (3, 2, 4)


def test_whoever_has_a_pass_by_the_end_is_activated(world):
    pass_of(world.session, world.mechanic.id, noon(MARCH[1]))
    pass_of(world.session, world.milkman.id, noon(APRIL[0]))
    assert entitled(world.session, MARCH) == Entitled(3, 1)
    assert entitled(world.session, APRIL) == Entitled(3, 2)
    found = entitled_at(world.session, MARCH)
    assert found[world.east.id, world.dairy.id] == Entitled(1, 0)
    assert found[world.west.id, world.garage.id] == Entitled(2, 1)


def test_by_the_outlets_zone_everybody_is_entitled(world):
    assert entitled(world.session, MARCH, Scope(world.east)).holders == 3


def live(world: World, period=MARCH, scope: Scope = EVERYWHERE) -> list[tuple[str, date, date]]:
    codes = {offer.id: offer.code for offer in world.session.query(Offer)}
    found = live_revisions(world.session, period, scope)
    return sorted((codes[each.offer_id], each.first, each.last) for each in found)


def test_an_offer_is_live_from_its_approval_to_its_end(world):
    world.at = noon(date(2026, 3, 31))
    world.live_offer(world.dairy, "LATE", Discount(pay_permille=900))
    world.live_offer(world.dairy, "NEXT", Discount(pay_permille=900), starts_on=date(2026, 4, 1))
    draft = Draft("ASKED", "还没批", Discount(pay_permille=900))
    submit(world.session, world.dairy.id, draft, COMMAND_LINE, NEW_YEAR)
    world.at = NEW_YEAR
    world.live_offer(world.dairy, "OVER", Discount(pay_permille=900), ends_on=date(2026, 2, 28))
    world.live_offer(world.dairy, "JUST", Discount(pay_permille=900), ends_on=date(2026, 3, 1))
    assert live(world) == [
        ("JUST", MARCH[0], MARCH[0]),
        ("LATE", MARCH[1], MARCH[1]),
        ("MILK", *MARCH),
        ("WASH", *MARCH),
    ]


def test_a_withdrawn_offer_was_live_until_that_day(world):
    milk = world.session.get_one(Offer, (world.dairy.id, world.milk.offer_id))
    withdraw(world.session, milk, COMMAND_LINE, noon(date(2026, 3, 9)))
    assert live(world) == [("MILK", MARCH[0], date(2026, 3, 9)), ("WASH", *MARCH)]
    assert live(world, APRIL) == [("WASH", *APRIL)]


def test_an_offer_that_is_paused_throughout_is_not_live(world):
    milk = world.session.get_one(Offer, (world.dairy.id, world.milk.offer_id))
    whole = ("MILK", *MARCH)
    pause(world.session, milk, Side.MERCHANT, "", COMMAND_LINE, noon(date(2026, 2, 27)))
    resume(world.session, milk, Side.MERCHANT, COMMAND_LINE, noon(date(2026, 3, 20)))
    assert whole in live(world)
    # The other side's pause closes the gap, but for the day on which it began.
    pause(world.session, milk, Side.ORGANIZER, "查价格", COMMAND_LINE, noon(date(2026, 3, 20)))
    assert whole in live(world)
    assert ("MILK", *APRIL) not in live(world, APRIL)
    resume(world.session, milk, Side.ORGANIZER, COMMAND_LINE, noon(date(2026, 4, 30)))
    assert ("MILK", *APRIL) in live(world, APRIL)
    assert live(world, (date(2026, 3, 2), date(2026, 3, 19))) == [
        ("WASH", date(2026, 3, 2), date(2026, 3, 19))
    ]


def test_a_revision_gives_way_to_the_next_that_is_approved(world):
    world.at = noon(date(2026, 3, 9))
    # The next one is over before it begins to hold here: nothing is live in its place.
    world.live_offer(world.dairy, "MILK", Discount(pay_permille=700), ends_on=date(2026, 3, 9))
    assert live(world) == [
        ("MILK", MARCH[0], date(2026, 3, 9)),
        ("MILK", date(2026, 3, 9), date(2026, 3, 9)),
        ("WASH", *MARCH),
    ]
    assert live(world, APRIL) == [("WASH", *APRIL)]


def test_an_offer_is_live_where_its_outlets_stand(world):
    world.live_offer(world.dairy, "KIOSK", Discount(pay_permille=900), outlet_ids=(world.dairy_kiosk.id,))
    east, west = Scope(world.east), Scope(world.west)
    assert [code for code, *_ in live(world, scope=east)] == ["MILK"]
    assert [code for code, *_ in live(world, scope=west)] == ["KIOSK", "MILK", "WASH"]
    move_outlet(world.session, world.dairy_kiosk, world.east.id, date(2026, 3, 31), world.at)
    world.session.flush()
    assert [code for code, *_ in live(world, scope=east)] == ["KIOSK", "MILK"]
    assert [code for code, *_ in live(world, APRIL, west)] == ["WASH"]
    assert len(live(world, scope=Scope(world.east, Axis.HOLDER))) == 3


def test_a_merchant_is_active_while_a_redemption_stands(world):
    undone = new_id()
    world.redeem(1000, at=noon(date(2026, 3, 4)), id_=undone)
    world.redeem(
        1000, at=noon(date(2026, 3, 4)), holder=world.milkman, offer="WASH", outlet=world.garage_hall
    )
    both = {world.dairy.id, world.garage.id}
    assert active_merchants(world.session, MARCH) == both
    assert active_merchants(world.session, MARCH, Scope(world.west, Axis.HOLDER)) == {world.dairy.id}
    assert active_merchants(world.session, MARCH, Scope(world.west)) == {world.garage.id}
    reverse(
        world.session, world.counter(), new_id(), undone, "退货", noon(date(2026, 3, 5)),
        authority=Authority.MERCHANT,
    )  # fmt: skip
    assert active_merchants(world.session, MARCH) == {world.garage.id}


def test_take_up_is_what_was_used_of_the_quota_by_then(world):
    both = Limits(total=10, units=12)
    world.live_offer(world.dairy, "EGGS", Discount(pay_permille=900), limits=both)
    world.live_offer(world.dairy, "CREAM", Discount(pay_permille=900), limit_total=40, limit_holder=9)
    # Limited per person only: no quota.
    world.live_offer(world.dairy, "BUN", Discount(pay_permille=900), limit_holder=9)
    undone = new_id()
    for day, quantity, id_ in ((20, 3, None), (28, 1, undone), (28, 2, None)):
        world.redeem(
            1000, offer="EGGS", at=noon(date(2026, 2, day)), quantity=quantity, id_=id_,
        )  # fmt: skip
    world.redeem(1000, offer="EGGS", at=noon(date(2026, 3, 31)), quantity=4)
    world.redeem(1000, offer="BUN", at=noon(date(2026, 3, 31)))
    reverse(
        world.session, world.counter(), new_id(), undone, "退货", noon(date(2026, 3, 1)),
        authority=Authority.MERCHANT,
    )  # fmt: skip
    assert sorted(used(world, (date(2026, 2, 1), date(2026, 2, 28))), key=lambda q: q.quota) == [
        Quota(12, 5),
        Quota(40, 0),
    ]
    assert sorted(used(world, MARCH), key=lambda q: q.quota) == [Quota(12, 9), Quota(40, 0)]
    # A revision without a limit has no quota; a new limit counts the uses of revisions that have it.
    world.at = noon(date(2026, 4, 1))
    world.live_offer(world.dairy, "CREAM", Discount(pay_permille=900))
    world.live_offer(world.dairy, "EGGS", Discount(pay_permille=900), limits=Limits(total=20))
    assert sorted(used(world, APRIL), key=lambda q: q.quota) == [Quota(20, 3)]


def used(world: World, period) -> list[Quota]:
    return list(quotas(world.session, live_revisions(world.session, period), period[1]).values())


def test_all_figures_around_a_report(world):
    world.live_offer(world.dairy, "EGGS", Discount(pay_permille=900), limit_total=8)
    for offer in ("EGGS", "EGGS", "MILK"):
        world.redeem(1000, offer=offer, at=noon(date(2026, 3, 4)))
    found = report(world.session, MARCH)
    assert around(world.session, MARCH, EVERYWHERE, found.active_holders) == Around(
        entitled_holders=3,
        activated_holders=1,
        activation_rate=1 / 3,
        participation_rate=1 / 3,
        live_offers=3,
        live_merchants=2,
        live_merchants_redeemed=1,
        active_merchant_rate=0.5,
        offers_with_quota=1,
        offer_quota=8,
        quota_used=2,
        take_up=0.25,
    )


def test_nobody_and_nothing_has_no_shares(session):
    found = around(session, MARCH, EVERYWHERE, 0)
    assert (found.entitled_holders, found.live_merchants, found.offers_with_quota) == (0, 0, 0)
    rates = (found.activation_rate, found.participation_rate, found.active_merchant_rate, found.take_up)
    assert rates == (None,) * 4


def test_every_figure_has_a_name():
    assert AROUND_NAMES.keys() == Around.__dataclass_fields__.keys()
    assert NAMES.keys() == Report.__dataclass_fields__.keys()


MONTH = containing(PeriodKind.MONTH, MARCH[0])
TODAY = date(2026, 4, 9)


def hidden(world: World, scope: Scope = EVERYWHERE, today: date = TODAY, period=MONTH) -> frozenset[str]:
    beside = seen_report(world.session, period, scope, sees_all=False)
    found = seen_around(world.session, period, scope, beside, today, sees_all=False)
    assert found.figures.keys() | found.hidden == Around.__dataclass_fields__.keys()
    assert not found.figures.keys() & found.hidden
    return found.hidden


@pytest.fixture
def crowd(world: World) -> World:
    """Six of each enterprise buy milk in March, and the garage's buy one of EGGS each."""
    world.live_offer(world.dairy, "EGGS", Discount(pay_permille=900), limit_total=80)
    for number in range(6):
        phone = f"+861390000{number}"
        people = {
            employer.id: world.employee(employer, f"9{number}", f"员工{number}", f"{phone}{digit:03d}")
            for digit, employer in enumerate((world.dairy, world.garage))
        }
        for holder in people.values():
            world.redeem(1000, holder=holder, at=noon(date(2026, 3, 4)))
        world.redeem(1000, offer="EGGS", holder=people[world.garage.id], at=noon(date(2026, 3, 4)))
    world.session.commit()
    return world


def derive_all(world: World) -> None:
    at = noon(TODAY)
    for month in pending_months(world.session, at):
        derive(world.session, month, at)
    world.session.commit()
    for period in pending_periods(world.session, at):
        assert keep(world.session, prepare(world.session, period), at)
    world.session.commit()


def test_others_see_what_tells_of_no_small_group(crowd):
    east = Scope(crowd.east, Axis.HOLDER)
    # Nobody has counted March yet: nobody knows what take-up would tell.
    assert hidden(crowd) == {"quota_used", "take_up"}
    derive_all(crowd)
    assert hidden(crowd) == hidden(crowd, east) == frozenset()
    assert hidden(crowd, today=MARCH[1]) == {"quota_used", "take_up"}


def test_take_up_is_hidden_from_a_month_with_few_users_on(crowd):
    crowd.redeem(1000, offer="EGGS", at=noon(date(2026, 2, 4)))
    crowd.session.commit()
    derive_all(crowd)
    assert hidden(crowd) == {"quota_used", "take_up"}
    assert hidden(crowd, period=containing(PeriodKind.MONTH, date(2026, 1, 1))) == frozenset()


def test_a_zone_of_few_hides_the_passes_of_every_zone(crowd):
    north = crowd._add(Zone(code="220204003000", name="北极街道", parent_id=crowd.root.id))
    move_enterprise(crowd.session, crowd.garage, north.id, date(2026, 3, 31), crowd.at)
    crowd.session.flush()
    assert "activation_rate" not in hidden(crowd, Scope(crowd.west, Axis.HOLDER))
    jobs = crowd.session.query(Employment).filter_by(enterprise_id=crowd.garage.id).all()
    for job in jobs[:5]:
        leave(crowd.session, job, date(2026, 3, 31), crowd.at)
    # Three are left of the garage when it stands in the north.
    for zone in (crowd.west, crowd.east, north):
        assert {"activation_rate", "activated_holders"} <= hidden(crowd, Scope(zone, Axis.HOLDER))
    assert "activation_rate" not in hidden(crowd)


def test_of_few_active_there_is_no_participation(world):
    world.redeem(1000, at=noon(date(2026, 3, 4)))
    world.session.commit()
    few = {"participation_rate", "live_merchants_redeemed", "active_merchant_rate"}
    assert few <= hidden(world)
    everything = seen_report(world.session, MONTH, EVERYWHERE, sees_all=True)
    found = seen_around(world.session, MONTH, EVERYWHERE, everything, TODAY, sees_all=True)
    assert (found.hidden, found.figures["participation_rate"]) == (frozenset(), 1 / 3)


def test_active_merchants_are_the_same_when_they_are_derived(crowd):
    scopes = [Scope(zone, axis) for zone in (None, crowd.east, crowd.west) for axis in Axis]
    live_ones = [active_merchants(crowd.session, MARCH, scope) for scope in scopes]
    assert live_ones[:4] == [{crowd.dairy.id}] * 4
    derive_all(crowd)
    assert [active_merchants(crowd.session, MARCH, scope) for scope in scopes] == live_ones


def test_few_statements_however_many_people_and_offers(world, engine):
    def statements() -> int:
        count = 0

        def one_more(*_: object) -> None:
            nonlocal count
            count += 1

        event.listen(engine, "before_cursor_execute", one_more)
        around(world.session, MARCH, Scope(world.east), 0)
        event.remove(engine, "before_cursor_execute", one_more)
        return count

    world.live_offer(world.dairy, "EGGS", Discount(pay_permille=900), limit_total=8)
    before = statements()
    for number in range(8):
        world.employee(world.dairy, f"9{number}", f"员工{number}", f"+8613900000{number:03d}")
        world.live_offer(world.garage, f"X{number}", Discount(pay_permille=900), limit_total=8)
    assert statements() == before
