"""Real volumes: a year of redemptions and a large, dirty roster, in few statements."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from alliance.audit.trail import COMMAND_LINE
from alliance.imports import enterprises, outlets, redemptions, roster, zones
from alliance.imports.run import run
from alliance.redemptions.models import DirtyMark, Redemption
from alliance.store import Session
from tests.imports.sheets import AT, FACTORY, ROSTER, Bring, counts

SIZES = {
    zones.KIND: 17,
    enterprises.KIND: 40,
    outlets.KIND: 248,
    roster.KIND: 2274,
    redemptions.KIND: 28313,
}


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(*event: object) -> None:
        seen.append(str(event[2]))

    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


def test_a_real_year_twice(session: Session, engine: sa.Engine, journey_data: Path) -> None:
    for kind, size in SIZES.items():
        job = run(session, kind, journey_data / f"{kind.name}.csv", AT, COMMAND_LINE)
        assert (counts(job), job.notices) == ((size, 0, 0, 0), [])
    year = json.loads((journey_data / "expected.json").read_text())["year"]
    columns = (Redemption.gross_fen, Redemption.discount_fen, Redemption.paid_fen)
    sums = session.execute(
        sa.select(sa.func.count(), *map(sa.func.sum, columns)).select_from(Redemption)
    ).one()
    assert list(map(int, sums)) == [
        year[name] for name in ("redemptions", "gross_fen", "discount_fen", "paid_fen")
    ]
    # 2017-12-25 has no redemption.
    assert session.scalar(sa.select(sa.func.count()).select_from(DirtyMark)) == 364
    with statements(engine) as seen:
        for kind, size in SIZES.items():
            job = run(session, kind, journey_data / f"{kind.name}.csv", AT, COMMAND_LINE)
            assert counts(job) == (0, 0, size, 0)
    assert len([statement for statement in seen if statement.startswith("SELECT")]) < 60


@pytest.mark.usefixtures("world")
def test_a_large_dirty_roster_in_few_statements(session: Session, engine: sa.Engine, bring: Bring) -> None:
    phones = ["1390000{0:04}", "139 0000 {0:04}", "+861390000{0:04}", "1.39E+10", "１３９００００{0:04}"]
    rows = [
        f"{FACTORY},D{number:05},员工{number},{phones[number % 5].format(number)},,在职"
        for number in range(5000)
    ]
    with statements(engine) as seen:
        job = bring(roster.KIND, ROSTER, *rows, partial=True)
    assert counts(job) == (4000, 0, 0, 1000)
    assert {reject.field for reject in job.rejected} == {"手机号"}
    assert len([statement for statement in seen if statement.startswith("SELECT")]) < 20
