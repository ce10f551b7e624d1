"""verify: a fact that its scan or the audit trail contradicts is named, whatever its own digest says."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text, update

from alliance.circulation.verify_traces import facts_of_scans, facts_of_trail
from alliance.redemptions.correct import Correction, correct
from alliance.redemptions.models import Redemption
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import Session
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    """Two redemptions as they are, one corrected, one refunded in two parts, one void."""
    world = World(session)
    world.redeem(500, offer="WASH", outlet=world.garage_hall, holder=world.milkman)
    ids = [uuid4() for _ in range(4)]
    for id_ in ids:
        world.redeem(10000, id_=id_)
    counter, by, later = world.counter(), Authority.MERCHANT, world.later(minutes=20)
    correct(session, counter, by, Correction(uuid4(), uuid4(), ids[0], 9000, 1, "金额输错"), later)
    for refund_fen in (300, 200):
        reverse(session, counter, uuid4(), ids[1], "退货", later, refund_fen=refund_fen, authority=by)
    reverse(session, counter, uuid4(), ids[2], "按错", later, authority=by)
    session.commit()
    return world


def found(world: World) -> set[str]:
    world.session.expire_all()
    both = (*facts_of_scans(world.session), *facts_of_trail(world.session))
    return {finding.invariant for finding in both}


def test_what_is_as_it_was_has_no_findings(world: World) -> None:
    assert found(world) == set()


@pytest.mark.parametrize(
    ("corruption", "names"),
    [
        ("UPDATE scans SET pass_id = (SELECT max(id) FROM passes)", {"fact_of_scan"}),
        ("UPDATE scans SET revision_ids = '[]'", {"fact_of_scan"}),
        ("UPDATE scans SET expires_at = at", {"fact_of_scan"}),
        ("UPDATE redemptions SET scan_id = NULL", {"fact_of_scan"}),
        (
            "UPDATE redemptions SET paid_fen = paid_fen - 1, discount_fen = discount_fen + 1",
            {"fact_of_trail"},
        ),
        ("DELETE FROM reversals WHERE paid_fen = (SELECT max(paid_fen) FROM reversals)", {"fact_of_trail"}),
        ("DELETE FROM redemptions WHERE gross_fen = 500", {"fact_of_trail"}),
    ],
)
def test_a_corrupted_row_is_named(world: World, corruption: str, names: set[str]) -> None:
    world.session.execute(text(corruption))
    world.session.commit()
    assert found(world) == names


def test_another_outlet_or_holder_is_named(world: World) -> None:
    session = world.session
    session.execute(
        update(Redemption).where(Redemption.gross_fen == 9000).values(outlet_id=world.dairy_kiosk.id)
    )
    assert found(world) == {"fact_of_scan"}
    session.rollback()
    session.execute(text("UPDATE redemptions SET holder_id = :other"), {"other": world.salesman.id})
    assert found(world) == {"fact_of_scan"}


def test_a_fact_from_before_its_scan_is_named(world: World) -> None:
    earlier = {"earlier": world.at - timedelta(minutes=1)}
    world.session.execute(
        text("UPDATE redemptions SET occurred_at = :earlier WHERE gross_fen = 500"), earlier
    )
    assert found(world) == {"fact_of_scan"}
