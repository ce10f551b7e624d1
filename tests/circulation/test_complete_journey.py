"""A real year: 28,313 redemptions imported, and every figure equal to one computed by other tools."""

import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from alliance.accounts.tokens import create_token
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.coverage import coverage
from alliance.circulation.report import report
from alliance.cli import main
from alliance.redemptions.models import Redemption
from alliance.store import Session, for_writing, one_snapshot
from alliance.zones.tree import zone_by_code

FILES = ("zones", "enterprises", "outlets", "roster", "redemptions")
YEAR = (date(2017, 1, 1), date(2017, 12, 31))
Alliance = Callable[..., str]


@pytest.fixture
def expected(journey_data: Path) -> dict[str, Any]:
    return json.loads((journey_data / "expected.json").read_text())


@pytest.fixture
def alliance(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Alliance:
    """Run ``alliance …`` on the test's database; answers what it printed."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ALLIANCE_INSTANCE", str(tmp_path / "instance"))

    def run(*arguments: object) -> str:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


@pytest.fixture
def imported(alliance: Alliance, journey_data: Path) -> None:
    for name in FILES:
        alliance("import", name, journey_data / f"{name}.csv")


def months() -> Iterator[tuple[str, date, date]]:
    for month in range(1, 13):
        last = 31 if month in (1, 3, 5, 7, 8, 10, 12) else 28 if month == 2 else 30
        yield f"2017-{month:02d}", date(2017, month, 1), date(2017, month, last)


def same(figures: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Integers exact, ratios to 1e-9 relative."""
    assert figures.keys() >= wanted.keys()
    for name, value in wanted.items():
        assert figures[name] == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value), name


def by_cli(alliance: Alliance, first: date, last: date) -> dict[str, Any]:
    return json.loads(alliance("circulation", "report", "--from", first, "--to", last, "--format", "json"))


@pytest.mark.usefixtures("imported")
def test_the_year_is_exact(
    alliance: Alliance,
    app: Flask,
    session: Session,
    journey_data: Path,
    tmp_path: Path,
    expected: dict[str, Any],
) -> None:
    # Read live from the facts, then once more from the derived tables.
    assert coverage(session, YEAR).derived_days == []
    session.rollback()
    same(by_cli(alliance, *YEAR), expected["year"])
    alliance("circulation", "rebuild")
    assert coverage(session, YEAR).live_days == []
    session.rollback()
    same(by_cli(alliance, *YEAR), expected["year"])
    for name, first, last in months():
        same(by_cli(alliance, first, last), expected["months"][name])
    check_api(app, session, expected)
    check_workbooks(alliance, tmp_path, expected)
    check_days(session, expected)
    alliance("verify")
    check_flow(alliance, expected)
    check_zones(session, expected)

    before = session.scalar(select(func.count()).select_from(Redemption))
    session.rollback()
    for name in FILES:
        assert "新增 0" in alliance("import", name, journey_data / f"{name}.csv")
    assert session.scalar(select(func.count()).select_from(Redemption)) == before == 28313
    session.rollback()
    assert coverage(session, YEAR).live_days == [], "an import that changes nothing marks nothing"


def check_flow(alliance: Alliance, expected: dict[str, Any]) -> None:
    period = ("--from", YEAR[0], "--to", YEAR[1])
    assert (
        json.loads(alliance("circulation", "flow", *period, "--format", "json"))
        == expected["zone_flow_paid_fen"]
    )


def check_api(app: Flask, session: Session, expected: dict[str, Any]) -> None:
    for_writing(session)
    _, token = create_token(session, "report", None, None, None, COMMAND_LINE, datetime.now(UTC))
    session.commit()

    def by_api(first: date, last: date) -> dict[str, Any]:
        response = app.test_client().get(
            f"/api/v1/circulation?from={first}&to={last}", headers={"Authorization": f"Bearer {token}"}
        )
        assert response.status_code == 200, response.text
        return response.json

    answer = by_api(*YEAR)
    assert answer.pop("zone_flow_paid_fen") == expected["zone_flow_paid_fen"]
    same(answer, expected["year"])
    for name, first, last in months():
        answer = by_api(first, last)
        answer.pop("zone_flow_paid_fen")
        same(answer, expected["months"][name])


def check_workbooks(alliance: Alliance, folder: Path, expected: dict[str, Any]) -> None:
    """The overview of each monthly report, and of the year's; its text says the same; so do its tables."""
    for period, wanted in {"2017": expected["year"], **expected["months"]}.items():
        path = folder / f"{period}.xlsx"
        said = alliance("circulation", "monthly", "--month", period, "--output", path)
        assert f"共核销{wanted['redemptions']}笔" in said
        book = CalamineWorkbook.from_path(path)
        rows = {row[-1]: row for row in book.get_sheet_by_name("总览").to_python()}
        # 本期 is the third column, and 本期 in 分 the eighth.
        same({name: row[7] if name.endswith("_fen") else row[2] for name, row in rows.items()}, wanted)
        for name, value in wanted.items():
            if isinstance(value, int) and name.endswith("_fen"):
                assert math.isclose(rows[name][2], value / 100, rel_tol=1e-12)
        for sheet in ("商户", "企业", "优惠"):
            *parts, whole = (row for row in book.get_sheet_by_name(sheet).to_python() if _is_numeric(row[-3]))
            assert round(sum(row[-3] for row in parts) * 100) == round(whole[-3] * 100) == wanted["paid_fen"]
            assert sum(row[-7] for row in parts) == whole[-7] == wanted["redemptions"]
        flow = [row for row in book.get_sheet_by_name("流向").to_python() if _is_numeric(row[1])]
        paid = [[round(cell * 100) for cell in row[1:-1]] for row in flow[:-1]]
        assert sum(map(sum, paid)) == wanted["paid_fen"]
        assert sum(row[i] for i, row in enumerate(paid)) == wanted["same_zone_paid_fen"]
        if period == "2017":
            assert paid == expected["zone_flow_paid_fen"]["rows_holder_zone_columns_outlet_zone"]


def _is_numeric(cell: object) -> bool:
    return isinstance(cell, float)


def check_days(session: Session, expected: dict[str, Any]) -> None:
    for offset in range(365):
        day = date.fromordinal(YEAR[0].toordinal() + offset)
        with one_snapshot(session):
            figures = report(session, (day, day))
        session.rollback()
        count_and_paid = expected["days"].get(day.isoformat(), [0, 0])
        assert [figures.redemptions, figures.paid_fen] == count_and_paid, day


def check_zones(session: Session, expected: dict[str, Any]) -> None:
    """An outlet zone's report is its column of the flow; the root's is the whole."""
    flow = expected["zone_flow_paid_fen"]
    for column, code in enumerate(flow["zones"]):
        paid = sum(row[column] for row in flow["rows_holder_zone_columns_outlet_zone"])
        figures = report(session, YEAR, zone_by_code(session, code))
        assert figures.paid_fen == paid, code
        assert figures.same_zone_paid_fen == flow["rows_holder_zone_columns_outlet_zone"][column][column]
    whole = report(session, YEAR, zone_by_code(session, "220204000000"))
    assert whole == report(session, YEAR)
    session.rollback()
