"""月结: the organizer closes months and opens them again."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select

from alliance.accounts.models import Role
from alliance.audit.models import AuditEntry
from alliance.redemptions.models import MonthClosing, MonthReopening
from alliance.redemptions.reverse import Authority, reverse
from tests.web.people import Scene, text
from tests.web.visits import post

URL = "/organizer/months"
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    """On the second of April, with one redemption in March."""
    scene = Scene(app, session, monkeypatch)
    scene.id = uuid4()
    scene.world.redeem(10000, id_=scene.id)
    scene.session.commit()
    scene.at = datetime(2026, 4, 2, 4, tzinfo=UTC)
    return scene


@pytest.fixture
def desk(scene):
    return scene.organizer()


def shut(desk, month="2026-03"):
    return post(desk, f"{URL}/close", {"month": month})


def again(desk, month="2026-03", reason="漏记一笔退货"):
    return post(desk, f"{URL}/reopen", {"month": month, "reason": reason})


def closings(scene) -> list[MonthClosing]:
    return list(scene.afresh().scalars(select(MonthClosing).order_by(MonthClosing.revision)))


def test_months_are_listed_with_how_they_stand(scene, desk):
    page = text(desk.get(URL))
    assert page.index("2026年4月") < page.index("2026年3月")
    for shown in ("进行中", "待结账", "¥80.00", "¥20.00"):
        assert shown in page
    shut(desk)
    page = text(desk.get(URL))
    for shown in ("已结账", "第 1 版", "第1人", "2026-04-02 12:00"):
        assert shown in page


def test_empty_books_begin_last_month(app, session, monkeypatch):
    scene = Scene(app, session, monkeypatch)
    page = text(scene.organizer().get(URL))
    assert "2026年2月" in page
    assert "2026年1月" not in page


def test_closing_says_first_what_it_will_record(scene, desk):
    page = text(desk.get(f"{URL}/show?month=2026-03"))
    assert "将记下 2026年3月的核销 1 笔、冲正 0 笔，净核销额 ¥80.00" in page
    answer = shut(desk)
    assert answer.location == f"{URL}/show?month=2026-03"
    assert "2026年3月已结账。" in text(desk.get(answer.location))
    [closing] = closings(scene)
    assert (closing.month, closing.revision, closing.snapshot["paid_fen"]) == (MARCH, 1, 8000)
    [entry] = scene.session.scalars(select(AuditEntry).where(AuditEntry.action == "month.close"))
    assert (entry.account_id, entry.address) == (closing.closed_by_id, "127.0.0.1")


def test_the_first_close_stands_beside_what_it_comes_to_now(scene, desk):
    shut(desk)
    session, world = scene.afresh(), scene.world
    by = {"authority": Authority.ORGANIZER, "refund_fen": 800}
    reverse(session, world.counter(), uuid4(), scene.id, "退货", scene.at, **by)
    session.commit()
    page = text(desk.get(f"{URL}/show?month=2026-03"))
    for shown in ("初值", "修订值", "¥80.00", "¥72.00", "-¥8.00", "吉林市松花江乳业有限公司"):
        assert shown in page
    assert "吉林市车天下二手车经销有限公司" not in page
    assert "-¥8.00" in text(desk.get(URL))


def test_reopening_and_closing_again(scene, desk):
    shut(desk)
    assert "已重新打开" in text(desk.get(again(desk).location))
    [row] = scene.afresh().scalars(select(MonthReopening))
    assert (row.month, row.revision, row.reason) == (MARCH, 1, "漏记一笔退货")
    assert row.by_id is not None
    shut(desk)
    assert [closing.revision for closing in closings(scene)] == [1, 2]
    page = text(desk.get(f"{URL}/show?month=2026-03"))
    for shown in ("第 1 版", "第 2 版", "第1人重新打开：漏记一笔退货", "由第1人结账"):
        assert shown in page


def test_what_stands_in_the_way_is_said(scene, desk):
    def said(answer) -> str:
        return text(desk.get(answer.location))

    assert "2026年4月还没有结束" in said(shut(desk, "2026-04"))
    assert "账从2026年3月开始" in said(shut(desk, "2026-02"))
    assert "2026年3月没有结账" in said(again(desk))
    scene.at = datetime(2026, 5, 2, tzinfo=UTC)
    assert "请先结2026年3月的账" in said(shut(desk, "2026-04"))
    shut(desk)
    assert "2026年3月刚才已经结账了" in said(shut(desk))
    shut(desk, "2026-04")
    assert "请先重新打开2026年4月" in said(again(desk))
    assert len(closings(scene)) == 2


@pytest.mark.parametrize("month", ["", "2026-13", "march", "1999-12", "2026-03-01"])
def test_a_month_that_is_none(scene, desk, month):
    assert shut(desk, month).status_code == 422
    assert again(desk, month).status_code == 422
    assert desk.get(f"{URL}/show?month={month}").status_code == (404 if month else 200)
    assert closings(scene) == []


@pytest.mark.parametrize("reason", ["", "  ", "长" * 201])
def test_reopening_wants_a_reason(scene, desk, reason):
    shut(desk)
    answer = again(desk, reason=reason)
    assert answer.status_code == 422
    assert 'class="wrong"' in text(answer)
    assert scene.afresh().scalars(select(MonthReopening)).all() == []


def test_a_data_officer_looks_and_decides_nothing(scene, desk):
    officer = scene.browser(Role.DATA_OFFICER)
    assert officer.get(URL).status_code == 200
    page = text(officer.get(f"{URL}/show?month=2026-03"))
    assert "确认结账" not in page
    assert shut(officer).status_code == again(officer).status_code == 403
    zone_organizer = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.root.id)
    assert zone_organizer.get(URL).status_code == 403
    assert "月结" not in text(zone_organizer.get("/organizer"))
    assert closings(scene) == []


@pytest.mark.parametrize("deed", ["close", "reopen"])
def test_the_wrong_method(desk, deed):
    assert desk.get(f"{URL}/{deed}").status_code == 405
