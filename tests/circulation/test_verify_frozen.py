"""verify, what was frozen: facts name what was held true when they were made, and nothing else."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Executable, delete, select, update

from alliance.circulation.verify_frozen import FROZEN
from alliance.clock import BEFORE_RECORDS, business_date
from alliance.enterprises.models import EnterpriseZone, OutletZone
from alliance.enterprises.placement import move_enterprise, move_outlet
from alliance.offers.models import Audience, OfferRevision
from alliance.offers.pricing import Discount
from alliance.people.employment import change_days, employment_on, leave
from alliance.people.models import Employment, EmploymentChange
from alliance.redemptions.models import Redemption
from alliance.store import Session, for_writing
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    for_writing(session)
    return World(session)


def found(session: Session) -> list[tuple[str, str]]:
    """Invariant and subject of each finding."""
    session.flush()
    session.expire_all()
    findings = [finding for invariant in FROZEN.values() for finding in invariant(session)]
    return [(finding.invariant, finding.subject) for finding in findings]


def names(session: Session) -> set[str]:
    return {invariant for invariant, _ in found(session)}


def move(world: World, hours: float, zone: str = "west", days: int = 0) -> None:
    """Garage and the dairy's shop move there, from so many days on; recorded at that hour."""
    at, on = world.later(hours=hours), business_date(world.at) + timedelta(days=days)
    move_outlet(world.session, world.dairy_shop, getattr(world, zone).id, on, at)
    move_enterprise(world.session, world.garage, getattr(world, zone).id, on, at)


def change_employer(world: World, hours: float, on: date | None = None) -> None:
    """The mechanic leaves the garage for the dairy, on that very day."""
    at, session = world.later(hours=hours), world.session
    on = on or business_date(world.at)
    employment = employment_on(session, world.mechanic.id, on)
    assert employment is not None
    leave(session, employment, on, at)
    session.flush()
    session.add(
        Employment(
            holder_id=world.mechanic.id,
            enterprise_id=world.dairy.id,
            staff_no="N",
            starts_on=on,
            recorded_at=at,
        )
    )
    session.flush()


def redeemed(world: World, hours: float) -> UUID:
    """One of the mechanic's at the dairy's shop, so many hours later."""
    id_ = uuid4()
    world.redeem(10000, id_=id_, at=world.later(hours=hours))
    return id_


def forge(session: Session, id_: UUID, **columns: int) -> None:
    assert session.execute(update(Redemption).where(Redemption.id == id_).values(columns)).rowcount == 1


def test_several_moves_on_one_day(world: World, session: Session) -> None:
    """A mistake of the morning is corrected at noon; each redemption has frozen what was held true then."""
    ids = []
    for hours, zone in enumerate(("west", "east", "root")):
        ids.append(redeemed(world, hours))
        move(world, hours + 0.5, zone)
    ids.append(redeemed(world, 3))
    assert found(session) == []
    frozen = session.get_one(Redemption, (world.dairy.id, ids[1]))
    assert (frozen.outlet_zone_id, frozen.employer_zone_id) == (world.west.id, world.west.id)
    forge(session, ids[0], outlet_zone_id=world.west.id)  # held true only later
    forge(session, ids[2], employer_zone_id=world.root.id)
    day = business_date(world.at)
    assert sorted(found(session)) == [
        ("frozen_zones", f"zone of employer of {world.garage.id} on {day}, 1 redemptions"),
        ("frozen_zones", f"zone of outlet of {world.dairy_shop.id} on {day}, 1 redemptions"),
    ]


def test_a_zone_that_was_right_once_is_not_right_later(world: World, session: Session) -> None:
    move(world, 0.5)
    id_ = redeemed(world, 1)
    assert found(session) == []
    forge(session, id_, outlet_zone_id=world.east.id)
    assert names(session) == {"frozen_zones"}


def test_another_employer_on_the_same_day(world: World, session: Session) -> None:
    morning = redeemed(world, 0)
    change_employer(world, 1)
    afternoon = redeemed(world, 2)
    assert found(session) == []
    for id_, employer in ((morning, world.dairy), (afternoon, world.garage)):
        with session.begin_nested() as savepoint:
            zone = world.east if employer is world.dairy else world.west
            forge(session, id_, employer_id=employer.id, employer_zone_id=zone.id)
            assert names(session) == {"frozen_employer"}
            savepoint.rollback()


def test_leaving_and_coming_back_on_the_same_day(world: World, session: Session) -> None:
    today = business_date(world.at)
    ids = [redeemed(world, 0)]
    leave(session, employment_on(session, world.mechanic.id, today), today, world.later(hours=1))
    session.flush()
    again = Employment(
        holder_id=world.mechanic.id,
        enterprise_id=world.garage.id,
        staff_no="001",
        starts_on=today,
        recorded_at=world.later(hours=2),
    )
    session.add(again)
    ids.append(redeemed(world, 3))
    leave(session, again, today, world.later(hours=4))
    assert found(session) == []
    # While nobody employed him, nothing can have been redeemed.
    forge(session, ids[0], received_at=world.later(hours=1.5))
    assert names(session) == {"frozen_employer"}


@pytest.mark.parametrize("days", [-3, 0, 1])
def test_what_is_recorded_later_accuses_nobody(world: World, session: Session, days: int) -> None:
    """Whether it begins later, on the very day or before it: facts stay as they were made."""
    id_ = redeemed(world, 0)
    move(world, 48, days=days)
    change_employer(world, 48, business_date(world.at) + timedelta(days=days))
    assert found(session) == []
    # Of that day the later records are no excuse either.
    forge(session, id_, outlet_zone_id=world.west.id)
    assert names(session) == {"frozen_zones"}


def test_days_that_were_put_right_twice(world: World, session: Session) -> None:
    """For an hour it was held true that he had left last month."""
    today = business_date(world.at)
    employment = employment_on(session, world.mechanic.id, today)
    leave(session, employment, today - timedelta(days=9), world.later(hours=1))
    session.flush()
    change_days(session, employment, employment.starts_on, None, world.later(hours=2))
    session.flush()
    ids = [redeemed(world, 0), redeemed(world, 3)]
    assert found(session) == []
    forge(session, ids[1], received_at=world.later(hours=1.5))
    assert names(session) == {"frozen_employer"}


def test_what_was_recorded_a_moment_ago_may_not_have_been_seen(world: World, session: Session) -> None:
    """A change is seen when its transaction commits, which is after the moment that it notes."""
    id_ = redeemed(world, 1)
    move(world, 1 - 1 / 60)
    assert found(session) == []
    forge(session, id_, outlet_zone_id=world.west.id)
    assert found(session) == []
    forge(session, id_, outlet_zone_id=world.root.id)
    assert names(session) == {"frozen_zones"}


def test_before_it_was_remembered_nobody_knows_the_hour(world: World, session: Session) -> None:
    """Of what began on the very day both are let pass; of what began another day, nothing."""
    today = business_date(world.at)
    redeemed(world, 0)
    move(world, 0.5)
    change_employer(world, 0.5)
    redeemed(world, 1)
    for table in (EnterpriseZone, OutletZone):
        session.execute(update(table).values(recorded_at=BEFORE_RECORDS))
    session.execute(delete(EmploymentChange))
    session.execute(update(Employment).values(recorded_at=BEFORE_RECORDS))
    assert found(session) == []
    for table in (EnterpriseZone, OutletZone):
        moved = table.starts_on == today
        session.execute(update(table).where(moved).values(starts_on=today - timedelta(days=1)))
    assert names(session) == {"frozen_zones"}
    session.execute(update(Employment).where(Employment.ends_on == today).values(ends_on=date(2026, 3, 3)))
    assert names(session) == {"frozen_employer", "frozen_zones"}


def test_a_household_that_is_another(world: World, session: Session) -> None:
    id_ = uuid4()
    world.redeem(10000, id_=id_, holder=world.dependant(world.mechanic, "张小宝"))
    assert found(session) == []
    forge(session, id_, household_id=world.salesman.id)
    assert names(session) == {"frozen_household"}


def test_an_offer_that_is_not_for_its_holder(world: World, session: Session) -> None:
    own, everyones = uuid4(), uuid4()
    world.live_offer(world.dairy, "SELF", Discount(pay_permille=900), audience=Audience.EMPLOYEE)
    world.redeem(10000, offer="SELF", id_=own)
    world.redeem(10000, id_=everyones, holder=world.dependant(world.mechanic, "张小宝"))
    assert found(session) == []
    of_own = session.scalars(select(Redemption.revision_id).where(Redemption.id == own)).one()
    family = update(OfferRevision).where(OfferRevision.id == of_own).values(audience=Audience.DEPENDANT)
    session.execute(family)
    assert names(session) == {"offer_audience"}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (delete(EnterpriseZone), "frozen_zones"),
        (delete(OutletZone), "frozen_zones"),
        (update(EnterpriseZone).values(starts_on=date(2026, 3, 5)), "frozen_zones"),
        (delete(Employment).where(Employment.staff_no == "001"), "frozen_employer"),
        (update(Employment).values(starts_on=date(2026, 3, 5)), "frozen_employer"),
        (update(Employment).values(ends_on=date(2026, 3, 3)), "frozen_employer"),
    ],
)
def test_a_history_that_somebody_tampered_with(
    world: World, session: Session, change: Executable, name: str
) -> None:
    """Past the verbs, nothing is recorded: the facts stand alone."""
    redeemed(world, 0)
    session.execute(change)
    assert names(session) == {name}
