"""The audit page: filters, paging, the file; and words for everything that is ever recorded."""

import csv
import io
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from alliance.accounts.models import Account, Role
from alliance.accounts.tokens import create_token
from alliance.audit.seal import seal
from alliance.audit.trail import COMMAND_LINE, Actor, record
from alliance.web.organizer.audit import PAGE as LENGTH
from tests.web.people import Scene, text
from tests.web.visits import form_token, post

PAGE, FILE = "/organizer/audit", "/organizer/audit.csv"


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    """A redemption at the dairy by a token, a deed of an account yesterday, and one of the command line."""
    scene = Scene(app, session, monkeypatch)
    world = scene.world
    token, _ = create_token(session, "一号收银机", None, None, None, COMMAND_LINE, scene.at)
    by_token = Actor(None, "10.1.2.3", token.id)
    shop, detail = world.dairy_shop, {"offer": "MILK", "paid_fen": 123456}
    record(session, by_token, "redemption.redeem", f"redemption:{uuid4()}", scene.at, shop.merchant_id,
           outlet=str(shop.id), **detail)  # fmt: skip
    scene.admin()
    account = session.scalars(select(Account)).one()
    yesterday = scene.at - timedelta(days=1)
    record(session, Actor(account.id, "10.9.9.9"), "pass.revoke", "pass:7", yesterday, reason="手机丢失")
    record(session, COMMAND_LINE, "import.zones", "=片区.csv", scene.at, created=3, sha256="ab" * 32)
    session.commit()
    return scene


@pytest.fixture
def organizer(scene):
    return scene.organizer()


def rows(page: str) -> list[list[str]]:
    """The cells of the table's rows, as one reads them."""
    found = re.findall(r"<tr>\s*(<td.*?)</tr>", page, re.S)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in found]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


def actions(page: str) -> list[str]:
    return [row[2] for row in rows(page)]


def test_today_is_shown_the_newest_first_with_who_and_from_where(scene, organizer):
    page = text(organizer.get(PAGE))
    assert actions(page)[:3] == ["授予身份", "导入片区", "授予身份"]
    redeemed = next(row for row in rows(page) if row[2] == "核销优惠")
    assert redeemed[:2] == ["2026-03-04 12:00:00", "令牌 一号收银机 10.1.2.3"]
    assert redeemed[3] == scene.world.dairy.name
    assert redeemed[4].startswith("门店 乳业直营店，优惠编号 MILK，实付 ¥1,234.56")
    assert redeemed[5] == "待封存"
    assert "停用会员码" not in actions(page)


def test_a_sealed_entry_names_its_seal(scene, organizer):
    seal(scene.afresh(), scene.at)
    scene.session.commit()
    assert {row[5] for row in rows(text(organizer.get(PAGE)))} == {"1"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from=2026-03-03&to=2026-03-03", {"停用会员码"}),
        ("from=2026-03-03&to=2026-03-04&action=pass.revoke", {"停用会员码"}),
        ("action=import.zones", {"导入片区"}),
        ("enterprise={dairy}&action=redemption.redeem", {"核销优惠"}),
        ("enterprise={garage}&action=redemption.redeem", set()),
        ("enterprise={garage}", {"提交优惠", "通过优惠"}),
        ("from=2026-03-03&account={admin}", {"停用会员码"}),
        ("account={admin}", set()),
    ],
)
def test_it_filters(scene, organizer, query, expected):
    world = scene.world
    admin = scene.session.scalars(select(Account.id).order_by(Account.id)).first()
    names = {"dairy": world.dairy.id, "garage": world.garage.id, "admin": admin}
    assert set(actions(text(organizer.get(f"{PAGE}?{query.format(**names)}")))) == expected


def test_nothing_found_says_what_to_do(organizer):
    assert "没有符合条件的记录" in text(organizer.get(f"{PAGE}?from=2020-01-01&to=2020-01-01"))


def test_a_phone_is_posted_and_the_url_names_an_account(scene, organizer):
    typed = {"from": "2026-03-01", "to": "2026-03-04", "phone": "139 0000 0001"}
    answer = post(organizer, PAGE, typed)
    admin = scene.afresh().scalars(select(Account).where(Account.phone == "+8613900000001")).one()
    assert answer.status_code == 303
    assert answer.location == f"{PAGE}?from=2026-03-01&to=2026-03-04&account={admin.id}"
    page = text(organizer.get(answer.location))
    assert actions(page) == ["停用会员码"]
    assert "只看 139****0001 经办的" in page
    assert "13900000001" not in page
    # Looked for again with another filter, the account stays.
    again = post(organizer, PAGE, typed | {"phone": "", "account": str(admin.id), "action": "grant.give"})
    assert again.location == f"{PAGE}?from=2026-03-01&to=2026-03-04&action=grant.give&account={admin.id}"


@pytest.mark.parametrize("phone", ["13900009999", "没有"])
def test_a_phone_of_nobody_is_said_at_its_field(organizer, phone):
    answer = post(organizer, PAGE, {"phone": phone})
    assert answer.status_code == 422
    assert "没有用这个手机号登录的账号" in text(answer)


@pytest.mark.parametrize("path", [PAGE, FILE])
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2026-03-05&to=2026-03-04", 422),
        ("from=x", 422),
        ("action=nothing", 422),
        ("enterprise=987654321", 422),
        ("enterprise=x", 422),
        ("account=987654321", 404),
        ("account=x", 404),
        ("account=9223372036854775808", 404),
        ("before=x", 404),
    ],
)
def test_what_cannot_be_is_refused(organizer, path, query, status):
    assert organizer.get(f"{path}?{query}").status_code == status


def test_it_pages_and_every_entry_is_on_one_page(scene, organizer):
    session, at = scene.afresh(), scene.at
    # Many of the same moment, and what was written later may have happened before.
    for number in range(LENGTH * 2 + 7):
        moment = at - timedelta(seconds=number % 3)
        record(session, COMMAND_LINE, "circulation.rebuild", f"circulation:{number}", moment)
    session.commit()
    seen, address = [], f"{PAGE}?action=circulation.rebuild"
    while address:
        page = text(organizer.get(address))
        seen.append([row[4] for row in rows(page)])
        found = re.search(r'href="([^"]+)">更早的记录', page)
        address = found and found[1].replace("&amp;", "&")
        assert ("回到最新" in page) == (len(seen) > 1)
    assert [len(each) for each in seen] == [LENGTH, LENGTH, 7]
    order = [int(subject) for each in seen for subject in each]
    assert order == sorted(range(LENGTH * 2 + 7), key=lambda number: (number % 3, -number))


def table(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text(answer).removeprefix("\ufeff"))))


def test_the_file_has_the_whole_period_and_no_formula(scene, organizer):
    session = scene.afresh()
    for number in range(600):
        record(session, COMMAND_LINE, "circulation.rebuild", f"circulation:{number}", scene.at)
    session.commit()
    answer = organizer.get(f"{FILE}?from=2026-03-03&to=2026-03-04")
    assert answer.mimetype == "text/csv"
    assert "filename=audit-2026-03-03-2026-03-04.csv" in answer.headers["Content-Disposition"]
    assert answer.data.decode().startswith("\ufeff时间,经办人,操作")
    head, *lines = table(answer)
    by_action = {line[2]: dict(zip(head, line, strict=True)) for line in lines}
    assert len([line for line in lines if line[2] == "重算流通统计"]) == 600
    assert by_action["停用会员码"]["经办人"] == "139****0001"
    assert by_action["停用会员码"]["内容"] == "原因 手机丢失"
    assert by_action["停用会员码"]["网络地址"] == "10.9.9.9"
    assert by_action["核销优惠"]["内容"] == "门店 乳业直营店，优惠编号 MILK，实付 ¥1,234.56"
    assert by_action["导入片区"]["对象"] == "'=片区.csv"


def test_in_english(organizer):
    post(organizer, "/language", {"language": "en"})
    page = text(organizer.get(PAGE))
    assert {"Redeem an offer", "Import zones"} <= set(actions(page))


def test_a_data_officer_sees_it_too(scene):
    page = text(scene.browser(Role.DATA_OFFICER).get(PAGE))
    assert actions(page)
    # The redemption's own page is not his.
    assert "/organizer/redemptions/" not in page


def test_an_entry_of_a_redemption_leads_to_it(scene, organizer):
    scene.world.redeem(id_=(id_ := uuid4()))
    scene.session.commit()
    links = re.findall(r'href="(/organizer/redemptions/[^"]+)"', text(organizer.get(PAGE)))
    assert len(links) == 2
    assert links[0].endswith(str(id_))
    shown = organizer.get(links[0])
    assert shown.status_code == 200
    assert "优惠MILK" in text(shown)


@pytest.mark.parametrize("path", [PAGE, FILE])
def test_others_do_not(scene, path):
    zone = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.east.id)
    for browser in (zone, scene.admin(), scene.cashier(), scene.holder()):
        assert browser.get(path).status_code == 403
    assert "审计" not in text(zone.get("/organizer"))
    assert scene.app.test_client().get(path).status_code == 303


def test_the_wrong_method(organizer):
    assert organizer.post(FILE, headers={"X-CSRFToken": form_token(organizer)}).status_code == 405
    assert organizer.delete(PAGE, headers={"X-CSRFToken": form_token(organizer)}).status_code == 405
