"""A chain writes its rows in order and stops at the first that cannot be written, on both databases alike."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from alliance.chain import Link, once, write
from alliance.offers.counters import taking
from alliance.offers.limits import Limits, Use
from alliance.offers.models import LimitCounter
from alliance.passes.models import PresentationUse
from alliance.redemptions.models import DirtyMark, Scan
from alliance.refused import Reason, Refused
from tests.world import World

#: Text that JSON, SQL and the wire each would have to escape.
AWKWARD = "引号\" '反\\斜\n杠 \u2028 %s %(x)s :y"
AT = datetime(2026, 3, 4, 23, 59, 59, 123456, UTC)


def use(key_id: bytes, scan_id: UUID | None = None) -> Link:
    values = {"key_id": key_id, "counter": 0, "used_at": AT, "merchant_id": 1, "scan_id": scan_id or uuid4()}
    return Link(PresentationUse, values, once("key_id", "counter"))


def use_of(merchant_id: int, offer_id: UUID, holder_id: int) -> Use:
    return Use(
        merchant_id=merchant_id,
        offer_id=offer_id,
        holder_id=holder_id,
        business_date=AT.date(),
        quantity=1,
        discount_fen=1,
        occurred_at=AT,
    )


def uses(session: Session) -> set[bytes]:
    return set(session.scalars(sa.select(PresentationUse.key_id)))


def test_every_row_is_written_as_it_was_given(session: Session) -> None:
    scan_id, mark = uuid4(), Link(DirtyMark, {"business_date": AT.date(), "id": uuid4()})
    assert write(session, [use(b"\x00\xff\\x", scan_id), mark]) is None
    row = session.scalars(sa.select(PresentationUse)).one()
    assert (row.key_id, row.counter, row.used_at, row.scan_id) == (b"\x00\xff\\x", 0, AT, scan_id)
    marked = session.scalars(sa.select(DirtyMark)).one()
    assert {"business_date": marked.business_date, "id": marked.id} == mark.values


def test_text_json_and_null_survive(session: Session) -> None:
    world = World(session)
    world.redeem()
    old = session.scalars(sa.select(Scan)).one()
    values: dict[str, Any] = {column.name: getattr(old, column.name) for column in Scan.__table__.columns}
    values |= {"id": uuid4(), "evidence": AWKWARD, "revision_ids": [AWKWARD, str(uuid4())], "at": AT}
    assert write(session, [Link(Scan, values)]) is None
    new = session.get_one(Scan, (old.merchant_id, values["id"]))
    assert {name: getattr(new, name) for name in values} == values
    assert new.account_id is None


@pytest.mark.parametrize("taken", range(3))
def test_it_ends_at_the_first_key_that_is_taken(session: Session, taken: int) -> None:
    links = [use(bytes([number])) for number in range(3)]
    write(session, [use(bytes([taken]))])
    assert write(session, links) is links[taken]
    assert uses(session) == {bytes([number]) for number in range(taken + 1)}


def test_nothing_is_moved_behind_a_refusal(session: Session) -> None:
    """The counter stands last and stays where it was: a twin must not count twice."""
    world = World(session)
    taken, offer_id = use(b"taken"), world.milk.offer_id
    write(session, [taken])
    limits = taking(session, Limits(total=5, holder_ever=2), use_of(world.dairy.id, offer_id, 7))
    assert write(session, [taken, *limits]) is taken
    assert session.scalars(sa.select(LimitCounter)).all() == []


def test_a_counter_moves_up_to_its_limit(session: Session) -> None:
    world = World(session)
    moved = []
    for number, holder_id in enumerate((7, 7, 7, 8, 9)):
        limits = taking(
            session,
            Limits(total=3, holder_ever=2),
            use_of(world.dairy.id, world.milk.offer_id, holder_id),
        )
        with session.begin_nested() as savepoint:
            missed = write(session, [use(bytes([number])), *limits])
            if missed is not None:
                savepoint.rollback()
        refused = missed.refusal() if missed is not None and missed.refusal is not None else None
        moved.append(refused.reason if isinstance(refused, Refused) else None)
    assert moved == [None, None, Reason.LIMIT_HOLDER, None, Reason.LIMIT_TOTAL]
    used = dict(session.execute(sa.select(LimitCounter.scope, LimitCounter.used)).all())
    assert used == {"holder:7": 2, "holder:8": 1, "total": 3}
    assert len(uses(session)) == 3


def test_an_empty_chain_writes_nothing(session: Session) -> None:
    assert write(session, []) is None


def test_a_row_that_breaks_a_constraint_is_an_error(session: Session) -> None:
    """Only a taken key is a refusal; the rest is a mistake and says so."""
    absent = taking(session, Limits(total=1), use_of(1, uuid4(), 1))
    with pytest.raises(sa.exc.IntegrityError):
        write(session, [use(b"1"), *absent])
