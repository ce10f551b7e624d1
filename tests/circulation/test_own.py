"""What a merchant sees of itself and of its category, what an employer sees of its people: exact."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from alliance.circulation.derive import derive, pending_months
from alliance.circulation.derive_periods import keep, pending_periods, prepare
from alliance.circulation.own_merchant import Sums, middles, own_year, two_digits
from alliance.circulation.own_people import PeoplesMonth, Taking, peoples_year
from alliance.circulation.periods import PeriodKind, containing
from alliance.enterprises.models import Category, Enterprise
from alliance.enterprises.placement import move_outlet
from alliance.offers.pricing import Discount
from alliance.people.employment import leave
from alliance.people.models import Employment
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import Session, for_writing, new_id
from tests.world import World

NEW_YEAR = datetime(2026, 1, 1, 4, tzinfo=UTC)
YEAR = containing(PeriodKind.YEAR, date(2026, 1, 1))
FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
TODAY = date(2026, 4, 9)


def noon(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 4, tzinfo=UTC)


@pytest.fixture
def world(session: Session) -> World:
    for_writing(session)
    return World(session, NEW_YEAR)


def sold(world: World, merchant: Enterprise, code: str, gross_fen: int, at: datetime, holder=None) -> None:
    """One redemption at a new outlet of the merchant, of a new offer at half the price."""
    outlet = world._outlet(merchant, code, f"门店{code}", world.east)
    world.live_offer(merchant, code, Discount(pay_permille=500))
    world.redeem(gross_fen, offer=code, outlet=outlet, at=at, holder=holder)


def of_category(world: World, count: int) -> list[Enterprise]:
    """As many merchants of the dairy's category beside it."""
    world.dairy.category = Category.GROCERIES
    codes = [f"9122020400000{number:04d}X" for number in range(count)]
    found = [world._enterprise(code, f"商户{code}", world.east) for code in codes]
    for each in found:
        each.category = Category.GROCERIES
    return found


def test_a_merchants_own_year(world):
    undone = uuid4()
    world.redeem(10000, at=noon(2, 2))
    world.redeem(5000, at=noon(3, 4), outlet=world.dairy_kiosk)
    world.redeem(2000, at=noon(3, 4), holder=world.salesman)
    world.redeem(9000, at=noon(3, 5), id_=undone, holder=world.milkman)
    world.redeem(700, at=noon(3, 4), offer="WASH", outlet=world.garage_hall)
    reverse(
        world.session, world.counter(), new_id(), undone, "退货", noon(3, 6), authority=Authority.MERCHANT
    )
    found = own_year(world.session, world.dairy.id, YEAR)
    assert found.months == {FEBRUARY: Sums(1, 10000, 2000, 8000), MARCH: Sums(2, 7000, 1400, 5600)}
    assert found.months[MARCH].discount_rate == 0.2
    assert found.outlets == {
        world.dairy_shop.id: Sums(2, 12000, 2400, 9600),
        world.dairy_kiosk.id: Sums(1, 5000, 1000, 4000),
    }
    assert found.offers == {world.milk.offer_id: Sums(3, 17000, 3400, 13600)}
    # Monday, Wednesday, and a Thursday of which nothing is left.
    assert found.weekdays == {
        0: Sums(1, 10000, 2000, 8000),
        2: Sums(2, 7000, 1400, 5600),
        3: Sums(0, 0, 0, 0),
    }
    assert (found.customers, found.customers_of_year) == ({FEBRUARY: 1, MARCH: 2}, 2)


def test_a_year_of_nothing(world):
    found = own_year(world.session, world.dairy.id, containing(PeriodKind.YEAR, date(2020, 1, 1)))
    assert (found.months, found.customers, found.customers_of_year) == ({}, {}, 0)


def test_the_middle_of_a_category_needs_five_merchants_with_redemptions(world):
    others = of_category(world, 5)
    world.redeem(1000, at=noon(3, 4))
    for number, merchant in enumerate(others[:3]):
        sold(world, merchant, f"C{number}", 10000 * (number + 1) + 31, noon(3, 4))
    # One of another category; and one of this one has no redemption.
    sold(world, world.garage, "G9", 990000, noon(3, 4))
    assert middles(world.session, world.dairy, YEAR, TODAY) == {}
    sold(world, others[3], "C3", 40031, noon(3, 4))
    found = middles(world.session, world.dairy, YEAR, TODAY)
    # 800, 5015, 10015, 15015, 20015: the middle one is told to two digits only.
    assert found.keys() == {MARCH}
    assert (found[MARCH].merchants, found[MARCH].paid_fen, found[MARCH].redemptions) == (5, 10000, 1)
    assert found[MARCH].discount_rate == 0.5
    # While the month goes on, two looks would tell what came between.
    assert middles(world.session, world.dairy, YEAR, date(2026, 3, 31)) == {}
    world.dairy.category = None
    assert middles(world.session, world.dairy, YEAR, TODAY) == {}


def test_the_middle_is_the_same_when_the_months_are_derived(world):
    for number, merchant in enumerate(of_category(world, 4)):
        for month in (1, 2, 3):
            sold(world, merchant, f"C{month}{number}", 7777 * (number + month), noon(month, 9))
    world.redeem(123456, at=noon(2, 2))
    move_outlet(world.session, world.dairy_shop, world.west.id, date(2026, 2, 3), world.at)
    world.redeem(1000, at=noon(2, 4))
    world.session.commit()
    before = middles(world.session, world.dairy, YEAR, TODAY)
    assert before.keys() == {FEBRUARY}
    assert before[FEBRUARY].merchants == 5
    for month in pending_months(world.session, noon(4, 9)):
        derive(world.session, month, noon(4, 9))
    for period in pending_periods(world.session, noon(4, 9)):
        assert keep(world.session, prepare(world.session, period), noon(4, 9))
    assert middles(world.session, world.dairy, YEAR, TODAY) == before


@pytest.mark.parametrize(
    ("value", "wanted"), [(0, 0), (7, 7), (123456, 120000), (9951, 10000), (10015.5, 10000)]
)
def test_two_digits(value, wanted):
    assert two_digits(value) == wanted


def test_an_employer_sees_how_many_took_part_but_not_who(world):
    people = [world.employee(world.garage, f"1{n}", "赵一", f"+8613800001{n:03d}") for n in range(6)]
    child = world.dependant(people[0], "")
    for holder in (*people[:4], child):
        world.redeem(1000, at=noon(2, 4), holder=holder)
    world.redeem(1000, at=noon(2, 5), holder=child, outlet=world.dairy_kiosk)
    world.redeem(1000, at=noon(2, 5), holder=world.milkman)
    for holder in people[:4]:
        world.redeem(1000, at=noon(3, 4), holder=holder)
    world.redeem(1000, at=noon(4, 4), holder=people[0])
    job = world.session.query(Employment).filter_by(holder_id=people[5].id).one()
    leave(world.session, job, date(2026, 2, 1), world.at)
    found = peoples_year(world.session, world.garage.id, YEAR, TODAY)
    # January: nobody, which is no secret. March: four. April goes on.
    assert found == {
        date(2026, 1, 1): PeoplesMonth(9, Taking(0, 0, 0)),
        FEBRUARY: PeoplesMonth(8, Taking(5, 2, 1200)),
        MARCH: PeoplesMonth(8, None),
    }
    rates = [month.participation_rate for month in found.values()]
    assert rates == [0.0, 5 / 8, None]


def test_a_reversal_takes_a_person_away(world):
    people = [world.employee(world.garage, f"1{n}", "赵一", f"+8613800001{n:03d}") for n in range(5)]
    undone = uuid4()
    for holder in people[:4]:
        world.redeem(1000, at=noon(2, 4), holder=holder)
    world.redeem(1000, at=noon(2, 4), holder=people[4], id_=undone)
    assert peoples_year(world.session, world.garage.id, YEAR, TODAY)[FEBRUARY].taking is not None
    reverse(
        world.session, world.counter(), new_id(), undone, "退货", noon(2, 6), authority=Authority.MERCHANT
    )
    assert peoples_year(world.session, world.garage.id, YEAR, TODAY)[FEBRUARY].taking is None
