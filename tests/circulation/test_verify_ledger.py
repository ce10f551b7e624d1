"""verify, the ledger: each corruption is found by its own name, and what is only later is none."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import text

from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.verify_ledger import LEDGER
from alliance.people.models import Holder, HolderKind
from alliance.redemptions.correct import Correction, correct
from alliance.redemptions.months import close, reopen
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import Session, for_writing
from tests.world import World

MARCH, LATER = date(2026, 3, 1), datetime(2026, 4, 20, 4, tzinfo=UTC)


@pytest.fixture
def world(session: Session) -> World:
    """A closed March with a correction and a refund, an adjustment in April, and a dependant."""
    for_writing(session)
    world = World(session)
    child = Holder(
        kind=HolderKind.DEPENDANT, name="张小宝", sponsor_id=world.mechanic.id, created_at=world.at
    )
    session.add(child)
    session.flush()
    counter, ids = world.counter(), [uuid4() for _ in range(4)]
    for id_ in ids:
        world.redeem(10000, id_=id_)
    world.redeem(11000, holder=child)
    world.redeem(12000, holder=world.milkman, offer="WASH", outlet=world.garage_hall)
    by = Authority.ORGANIZER
    correct(session, counter, by, Correction(uuid4(), uuid4(), ids[0], 9000, 1, "金额输错"), world.at)
    reverse(session, counter, uuid4(), ids[1], "退货", world.at, authority=by, refund_fen=800)
    close(session, MARCH, COMMAND_LINE, LATER)
    reverse(session, counter, uuid4(), ids[2], "退货", LATER, authority=by, refund_fen=900)
    correct(session, counter, by, Correction(uuid4(), uuid4(), ids[3], 7000, 1, "金额输错"), LATER)
    session.commit()
    return world


def found(session: Session) -> set[str]:
    findings = [finding for invariant in LEDGER.values() for finding in invariant(session)]
    session.rollback()
    return {finding.invariant for finding in findings}


def test_books_in_order_have_no_findings(world: World, session: Session) -> None:
    assert found(session) == set()


def one(table: str, change: str, where: str) -> str:
    """A statement that corrupts one row."""
    return f"""UPDATE {table} SET {change} WHERE CAST(id AS CHAR(36)) =
        (SELECT MIN(CAST(id AS CHAR(36))) FROM {table} WHERE {where})"""


def more(table: str, fen: int, where: str) -> str:
    """One that makes a row's gross and paid amounts larger."""
    return one(table, f"gross_fen = gross_fen + {fen}, paid_fen = paid_fen + {fen}", where)


CORRECTION, MILKMANS = "corrects_id IS NOT NULL", "gross_fen = 12000"
SHIFTED = "discount_fen = discount_fen + 1, paid_fen = paid_fen - 1"
NOTHING = "gross_fen = 0, discount_fen = 0, paid_fen = 0"
IN_MARCH, IN_APRIL = "posted_month = '2026-03-01'", "posted_month = '2026-04-01'"


@pytest.mark.parametrize(
    ("corruption", "name"),
    [
        (more("redemptions", 1, IN_MARCH), "closed_month"),
        (one("redemptions", SHIFTED, IN_MARCH), "closed_month"),
        (more("reversals", -1, IN_MARCH), "closed_month"),
        (one("reversals", "posted_month = '2026-04-01'", IN_MARCH), "closed_month"),
        (one("redemptions", "posted_month = '2026-03-01'", IN_APRIL), "closed_month"),
        (one("redemptions", "posted_month = '2026-02-01'", IN_APRIL), "posted_month"),
        (one("redemptions", "posted_month = '2026-04-02'", IN_APRIL), "posted_month"),
        (one("redemptions", "business_date = '2026-02-20'", MILKMANS), "posted_month"),
        ("UPDATE month_closings SET digest = redemptions.digest FROM redemptions", "closed_month"),
        (one("reversals", "uses = 0", "uses = -1"), "legal_transitions"),
        (one("reversals", NOTHING, f"uses = 0 AND {IN_APRIL}"), "legal_transitions"),
        (one("reversals", "occurred_at = '2026-03-01 00:00:00+00:00'", "uses = 0"), "legal_transitions"),
        (one("redemptions", "occurred_at = '2026-03-04 05:00:00+00:00'", CORRECTION), "legal_transitions"),
        (one("redemptions", "scan_id = NULL", CORRECTION), "legal_transitions"),
        (one("redemptions", "outlet_zone_id = employer_zone_id", CORRECTION), "legal_transitions"),
    ],
)
def test_a_corrupted_row_is_named(world: World, session: Session, corruption: str, name: str) -> None:
    assert session.execute(text(corruption)).rowcount
    session.commit()
    assert found(session) == {name}


def test_two_changes_that_cancel_out_in_the_sums(world: World, session: Session) -> None:
    """The digest sees what the sums do not."""
    for fen, where in ((1, f"{IN_MARCH} AND gross_fen = 10000"), (-1, f"{IN_MARCH} AND gross_fen = 9000")):
        assert session.execute(text(more("redemptions", fen, where))).rowcount == 1
    session.commit()
    assert found(session) == {"closed_month"}


def test_a_reopened_month_is_not_compared(world: World, session: Session) -> None:
    reopen(session, MARCH, "漏记", COMMAND_LINE, LATER)
    world.redeem(10000)
    session.commit()
    assert found(session) == set()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_reversal_of_nothing(world: World, session: Session) -> None:
    """The key forbids it; SQLite can be told to look away."""
    session.connection().exec_driver_sql("COMMIT")
    session.connection().exec_driver_sql("PRAGMA foreign_keys=OFF")
    session.execute(text(one("reversals", "redemption_id = id", f"uses = 0 AND {IN_APRIL}")))
    assert found(session) == {"legal_transitions"}
