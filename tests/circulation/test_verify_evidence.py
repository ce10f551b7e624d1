"""verify: what was presented proves the scan, under a retired key too; and a changed row is named."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import select, text

from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.verify_evidence import evidence
from alliance.passes.models import SigningKey
from alliance.passes.rotation import drop
from alliance.redemptions.models import Scan
from alliance.redemptions.scan import scan
from alliance.store import Session
from tests.redemptions.test_statements import statements
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    """Three scans: of a phone, of a server's code, of typed digits."""
    world = World(session)
    for shown in (world.phone().show(world.at), world.shown().text, world.shown(world.salesman).code):
        scan(session, world.keyring, world.counter(), uuid4(), shown, world.at)
    session.commit()
    return world


def found(world: World) -> list[str]:
    world.session.expire_all()
    return [finding.invariant for finding in evidence(world.session)]


def test_scans_as_they_were_have_no_findings(world: World) -> None:
    assert found(world) == []


def test_it_asks_no_more_the_more_scans_there_are(world: World, engine: sa.Engine) -> None:
    session, counts = world.session, []
    for holder in (world.salesman, world.milkman):
        session.commit()
        with statements(engine) as seen:
            assert found(world) == []
        counts.append(len(seen))
        for shown in (world.phone(holder).show(world.at), world.shown(holder).text):
            scan(session, world.keyring, world.counter(), uuid4(), shown, world.at)
    assert counts[0] == counts[1]


def test_a_retired_key_still_proves_what_it_signed(world: World) -> None:
    key = world.session.scalars(select(SigningKey)).one()
    drop(world.session, key, COMMAND_LINE, world.at, compromised=True)
    world.session.commit()
    assert found(world) == []


@pytest.mark.parametrize(
    ("corruption", "number"),
    [
        ("UPDATE scans SET evidence = evidence || '00' WHERE evidence LIKE 'NLG%'", 1),
        ("UPDATE scans SET evidence = 'x' WHERE evidence LIKE 'RRQ%'", 1),
        ("UPDATE scans SET pass_id = (SELECT max(id) FROM passes) WHERE evidence IS NOT NULL", 2),
        ("UPDATE presentation_uses SET counter = 8 WHERE counter = 1", 1),
        ("DELETE FROM presentation_uses", 3),
        ("DELETE FROM scans", 3),
        ("UPDATE scans SET at = '2027-01-01 00:00:00+00:00' WHERE evidence IS NOT NULL", 2),
        ("UPDATE device_credentials SET status_index = status_index + 1", 0),
    ],
)
def test_a_corrupted_row_is_named(world: World, corruption: str, number: int) -> None:
    world.session.execute(text(corruption))
    world.session.commit()
    assert found(world) == ["evidence"] * number


def test_evidence_of_another_scan_is_no_evidence(world: World) -> None:
    first, second = world.session.scalars(select(Scan).where(Scan.evidence.is_not(None))).all()
    first.evidence, second.evidence = second.evidence, first.evidence
    world.session.commit()
    assert found(world) == ["evidence", "evidence"]
