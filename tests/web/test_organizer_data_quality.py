"""数据质量: what came late, what was reversed or adjusted, what is hidden, what has to be derived again."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from alliance.accounts.models import Role
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.derive import derive, pending_months
from alliance.circulation.derive_periods import keep, pending_periods, prepare
from alliance.redemptions import months
from alliance.redemptions.models import Channel, Redemption
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import new_id
from tests.web.people import Scene, text
from tests.web.visits import form_token

PAGE = "/organizer/circulation/quality"
WEST = "220204002000"


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    """February has four redemptions: as it should be, late, imported, and one that may be given back."""
    scene = Scene(app, session, monkeypatch)
    world, then = scene.world, scene.at - timedelta(days=5)
    ids = [uuid4() for _ in range(4)]
    for id_ in ids:
        world.redeem(10000, at=then, id_=id_)
    for id_, delay, channel in (
        (ids[0], timedelta(minutes=59), Channel.API),
        (ids[1], timedelta(minutes=61), Channel.API),
        (ids[2], timedelta(days=3), Channel.IMPORT),
    ):
        received = {"received_at": then + delay, "channel": channel}
        session.execute(update(Redemption).where(Redemption.id == id_).values(received))
    scene.given_back = ids[3]
    world.redeem(5000, outlet=world.dairy_kiosk)
    session.commit()
    return scene


def derive_all(scene: Scene) -> None:
    for month in pending_months(scene.session, scene.at):
        derive(scene.session, month, scene.at)
    for period in pending_periods(scene.session, scene.at):
        assert keep(scene.session, prepare(scene.session, period), scene.at)
    scene.session.commit()


def give_back(scene: Scene) -> None:
    counter, id_, at = scene.world.counter(), scene.given_back, scene.at
    how = {"authority": Authority.ORGANIZER, "refund_fen": 2000}
    reverse(scene.session, counter, new_id(), id_, "退货", at, **how)
    scene.session.commit()


def rows(page: str, id_: str) -> dict[str, list[str]]:
    table = re.search(rf'<table class="periods" aria-labelledby="{id_}">.*?<tbody>(.*?)</tbody>', page, re.S)
    assert table
    found = re.findall(r'<th scope="row">([^<]+)</th>(.*?)</tr>', table[1], re.S)
    return {head: re.findall(r'<td class="number">([^<]+)</td>', line) for head, line in found}


def test_each_month_says_what_came_late_and_what_was_changed(scene):
    months.close(scene.session, date(2026, 2, 1), COMMAND_LINE, scene.at)
    give_back(scene)
    officer = rows(text(scene.browser(Role.DATA_OFFICER).get(PAGE)), "arrivals")
    # Redemptions, imported, late, its share, reversals, their share, amount, its share, adjustments, days.
    assert officer["2026年2月"] == ["4", "1", "1", "33.3%", "1", "25.0%", "¥20.00", "6.2%", "1", "1"]
    assert officer["2026年3月"] == ["1", "0", "0", "0.0%", "0", "0.0%", "¥0.00", "0.0%", "0", "0"]
    assert officer["2025年3月"] == ["0", "0", "0", "—", "0", "—", "¥0.00", "—", "0", "0"]
    assert len(officer) == 13


def test_others_than_the_data_officer_see_counts_only(scene):
    give_back(scene)
    page = text(scene.organizer().get(PAGE))
    assert rows(page, "arrivals")["2026年2月"] == ["4", "1", "1", "33.3%", "1", "25.0%", "0", "1"]
    assert "¥" not in page
    assert "¥" not in text(scene.organizer().get(f"{PAGE}/download"))


def test_the_cells_that_are_hidden_are_counted_once_the_month_is_derived(scene):
    organizer = scene.organizer()
    assert rows(text(organizer.get(PAGE)), "hidden")["2026年2月"] == ["—"] * 4
    derive_all(scene)
    # One person: everything is hidden. Zones are counted with those above them: two by two.
    shown = rows(text(organizer.get(PAGE)), "hidden")
    assert shown["2026年2月"] == ["4 / 4", "1 / 1", "1 / 1", "1 / 1"]
    give_back(scene)
    assert rows(text(organizer.get(PAGE)), "hidden")["2026年2月"] == ["—"] * 4


def test_a_zone_has_its_own(scene):
    derive_all(scene)
    west = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.west.id)
    page = text(west.get(PAGE))
    assert rows(page, "arrivals")["2026年2月"][0] == "0"
    assert rows(page, "arrivals")["2026年3月"][0] == "1"
    # An offer stands in no zone.
    assert rows(page, "hidden")["2026年2月"] == ["—"] * 4
    assert west.get(f"{PAGE}?zone=220204001000").status_code == 404
    by_holder = text(scene.organizer().get(f"{PAGE}?zone={WEST}&axis=holder"))
    assert rows(by_holder, "arrivals")["2026年2月"][0] == "4"
    assert rows(by_holder, "hidden")["2026年2月"] == ["2 / 2", "1 / 1", "—", "—"]


def test_the_same_as_a_file(scene):
    answer = scene.organizer().get(f"{PAGE}/download?as=csv")
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert lines[0].startswith(
        "月份,核销,其中导入,晚到,晚到占比,冲正,冲正占比,调整,待重算的天数,片区 × 片区未公布"
    )
    assert lines[-2].startswith("2026年2月,4,1,1,0.333")
    assert scene.organizer().get(f"{PAGE}/download?as=xlsx").data[:2] == b"PK"
    assert scene.organizer().get(f"{PAGE}/download?as=txt").status_code == 404


def test_others_see_nothing(scene):
    for stranger in (scene.admin(), scene.holder(), scene.cashier()):
        assert stranger.get(PAGE).status_code == 403
        assert stranger.get(f"{PAGE}/download").status_code == 403


def test_the_wrong_method(scene):
    organizer = scene.organizer()
    assert organizer.post(PAGE, headers={"X-CSRFToken": form_token(organizer)}).status_code == 405
