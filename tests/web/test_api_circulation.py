"""`GET /api/v1/circulation` and its tables: what the data officer's token sees, and what a public one."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from alliance import clock
from alliance.accounts.models import Role
from alliance.circulation.around import Around
from alliance.circulation.listing import TableName
from alliance.circulation.periods import PeriodKind, containing, previous, text_of
from alliance.circulation.report import Report
from tests.web.people import Scene
from tests.web.till import Pos
from tests.web.visits import store_of

TODAY = clock.business_date(clock.now())
MONTH = previous(containing(PeriodKind.MONTH, TODAY))


@pytest.fixture
def pos(app: Flask) -> Pos:
    """Six of the garage bought milk last month, and one of the dairy; one of the garage had a wash."""
    pos = Pos(app)
    with store_of(app) as session:
        world, pos.world.session = pos.world, session
        at = clock.start_of(MONTH.first) + timedelta(days=9, hours=4)
        for number in range(6):
            holder = world.employee(world.garage, f"1{number}", "赵一", f"+8613800001{number:03d}")
            world.redeem(1000, holder=holder, at=at)
        world.redeem(700, holder=world.milkman, at=at)
        world.redeem(500, offer="WASH", outlet=world.garage_hall, at=at)
    return pos


def asked(pos: Pos, token: str, query: str = "", path: str = "") -> Any:
    answer = pos.get(f"circulation{path}?period={text_of(MONTH)}{query}", token)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_the_report_of_a_period_with_what_stands_around_it(pos: Pos) -> None:
    found = asked(pos, pos.reports)
    names = Report.__dataclass_fields__.keys() | Around.__dataclass_fields__.keys()
    assert found.keys() == names | {"period", "hidden_figures", "zone_flow_paid_fen"}
    assert (found["period"], found["paid_fen"], found["hidden_figures"]) == (text_of(MONTH), 5610, [])
    assert (found["entitled_holders"], found["participation_rate"]) == (9, 8 / 9)
    days = f"circulation?from={MONTH.first}&to={MONTH.last}"
    assert pos.get(days, pos.reports).get_json() == found


def test_a_zone_on_either_axis(pos: Pos) -> None:
    west = f"&zone={pos.world.west.code}"
    assert asked(pos, pos.reports, west)["paid_fen"] == 250
    assert asked(pos, pos.reports, f"{west}&axis=holder")["paid_fen"] == 5050
    assert asked(pos, pos.reports, f"{west}&axis=holder")["entitled_holders"] == 8


def test_a_public_token_gets_no_small_groups(pos: Pos) -> None:
    found = asked(pos, pos.public)
    assert (found["paid_fen"], found["zone_flow_paid_fen"]) == (5610, None)
    assert {"same_zone_paid_fen", "zone_retention"} <= set(found["hidden_figures"])
    assert all(found[name] is None for name in found["hidden_figures"])
    rows = {row["keys"]["outlet"]: row for row in asked(pos, pos.public, path="/outlets")["rows"]}
    assert rows["G1"] == {
        "keys": {
            "zone": pos.world.west.code,
            "merchant": pos.world.garage.credit_code,
            "merchant_name": pos.world.garage.name,
            "outlet": "G1",
            "outlet_name": "车天下展厅",
        },
        **dict.fromkeys(("redemptions", "gross_fen", "discount_fen", "paid_fen", "holders")),
        "hidden": True,
    }
    seen = {row["keys"]["outlet"]: row for row in asked(pos, pos.reports, path="/outlets")["rows"]}
    assert (seen["G1"]["paid_fen"], seen["G1"]["holders"], seen["G1"]["hidden"]) == (250, 1, False)
    assert seen.keys() == rows.keys()


@pytest.mark.parametrize("name", TableName)
def test_every_table_hides_from_the_public_what_the_data_officer_sees(pos: Pos, name: TableName) -> None:
    all_of_it = asked(pos, pos.reports, path=f"/{name}")
    public = asked(pos, pos.public, path=f"/{name}")
    assert (public["period"], public["table"]) == (text_of(MONTH), name)
    assert [row["keys"] for row in public["rows"]] == [row["keys"] for row in all_of_it["rows"]]
    assert not any(row["hidden"] for row in all_of_it["rows"])
    hidden = [row for row in public["rows"] if row["hidden"]]
    assert hidden
    assert all(row["paid_fen"] is None for row in hidden)
    for mine, theirs in zip(public["rows"], all_of_it["rows"], strict=True):
        assert mine["hidden"] or (mine == theirs and theirs["holders"] >= 5)


def test_a_public_token_gets_calendar_periods_only(pos: Pos) -> None:
    days = f"{MONTH.first}..{MONTH.first + timedelta(days=2)}"
    for path, period in (("", days), ("", str(MONTH.first)), ("/zones", days), ("/zones", this_month())):
        answer = pos.get(f"circulation{path}?period={period}", pos.public)
        assert (answer.status_code, answer.get_json()["reason"]) == (400, "period_not_public")
        assert answer.mimetype == "application/problem+json"
        assert pos.get(f"circulation{path}?period={period}", pos.reports).status_code == 200
    assert pos.get(f"circulation?period={this_month()}", pos.public).status_code == 200


def this_month() -> str:
    return text_of(containing(PeriodKind.MONTH, TODAY))


def test_a_zones_token_has_its_zones_tables_only(pos: Pos) -> None:
    rows = asked(pos, pos.east, path="/merchants")["rows"]
    assert [row["keys"]["merchant"] for row in rows] == [pos.world.dairy.credit_code]
    for name in TableName:
        query = f"circulation/{name}?period={text_of(MONTH)}&zone="
        assert pos.get(query + pos.world.west.code, pos.east).status_code == 404
        assert pos.get(query + pos.world.root.code, pos.east).status_code == 404
    offers = pos.get(f"circulation/offers?period={text_of(MONTH)}", pos.east)
    assert (offers.status_code, offers.get_json()["errors"][0]["field"]) == (422, "zone")
    assert pos.world.garage.name not in pos.get(
        f"circulation/flows?period={text_of(MONTH)}", pos.east
    ).text or (
        all(
            row["keys"]["outlet_zone"] == pos.world.east.code
            for row in asked(pos, pos.east, path="/flows")["rows"]
        )
    )


def test_a_table_that_is_none(pos: Pos) -> None:
    answer = pos.get(f"circulation/people?period={text_of(MONTH)}", pos.reports)
    assert (answer.status_code, answer.get_json()["reason"]) == (404, "not_found")
    assert pos.get(f"circulation/zones?period={text_of(MONTH)}", pos.token).status_code == 403
    assert pos.get("circulation/zones", pos.reports).status_code == 422
    assert pos.get("circulation/zones?period=2026-13", pos.reports).status_code == 422
    both = f"period=2026-01&from={date(2026, 1, 1)}&to={date(2026, 1, 31)}"
    assert pos.get(f"circulation?{both}", pos.reports).status_code == 422
    assert pos.get("circulation?period=2026-01&axis=both", pos.reports).status_code == 422


def test_an_organizer_who_is_signed_in_is_not_the_data_officer(app, session, monkeypatch) -> None:
    scene = Scene(app, session, monkeypatch)
    scene.world.redeem(10000, at=scene.at - timedelta(days=30))
    session.commit()
    month = text_of(previous(containing(PeriodKind.MONTH, clock.business_date(scene.at))))
    path = f"/api/v1/circulation/merchants?period={month}"
    (row,) = scene.organizer().get(path).get_json()["rows"]
    assert row["hidden"]
    (row,) = scene.browser(Role.DATA_OFFICER).get(path).get_json()["rows"]
    assert row["paid_fen"] == 8000
