"""经营数据: the enterprise's own year, as merchant and as employer, on the page and as CSV."""

import csv
import re
from datetime import datetime

import pytest

from alliance.accounts.models import Role
from alliance.enterprises.models import Category
from alliance.offers.pricing import Discount
from tests.web.people import Scene, text
from tests.web.visits import form_token


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    """The clock stands in April; what was redeemed was in March."""
    scene = Scene(app, session, monkeypatch)
    world = scene.world
    people = [world.employee(world.garage, f"1{n}", "赵一", f"+8613800001{n:03d}") for n in range(4)]
    for holder in (world.mechanic, *people):
        world.redeem(10000, holder=holder)
    world.redeem(600, holder=world.milkman, offer="WASH", outlet=world.garage_hall)
    session.commit()
    scene.later(days=31)
    return scene


def page(scene: Scene, role: Role = Role.ENTERPRISE_ADMIN, query: str = "") -> str:
    browser = scene.browser(role, enterprise_id=scene.world.dairy.id)
    answer = browser.get(f"/enterprises/{scene.world.dairy.id}/figures{query}")
    assert answer.status_code == 200
    return text(answer)


def rows(shown: str, caption: str) -> list[list[str]]:
    """The cells of a table, its heads left out."""
    table = shown.split(f"<caption>{caption}</caption>")[1].split("</table>")[0].split("<tbody>")[1]
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]
        for row in table.split("</tr>")[:-1]
    ]


def test_what_it_did_as_a_merchant_is_its_own_and_shown_whole(scene):
    shown = page(scene)
    dashes = ["5", "—", "¥400.00", "—", "20.0%", "—", "¥100.00", "5"]
    assert rows(shown, "逐月，与同类商户的中位数并列") == [["3月", *dashes]]
    assert rows(shown, "按门店") == [["乳业直营店", "5", "¥400.00", "¥100.00", "20.0%"]]
    assert rows(shown, "按优惠") == [["优惠MILK（MILK）", "5", "¥400.00", "¥100.00", "20.0%"]]
    assert rows(shown, "按星期") == [["星期三", "5", "¥400.00", "¥100.00", "20.0%"]]
    assert "贵店还没有分类" in shown


def test_beside_it_stands_the_middle_of_five_and_nobody_elses_figure(scene):
    world = scene.world
    world.dairy.category = Category.GROCERIES
    for number in range(4):
        other = world._enterprise(f"9122020400000{number:04d}X", f"邻居商户{number}", world.east)
        other.category = Category.GROCERIES
        outlet = world._outlet(other, "N1", "邻居门店", world.east)
        world.live_offer(other, "N", Discount(pay_permille=900))
        world.redeem(1234 * (number + 1), offer="N", outlet=outlet)
    scene.session.commit()
    shown = page(scene)
    # 11.11, 22.21, 33.32, 44.42 and 400.00
    (row,) = rows(shown, "逐月，与同类商户的中位数并列")
    assert row[1:7] == ["5", "1", "¥400.00", "¥33.00", "20.0%", "10%"]
    assert "食品百货" in shown
    assert "邻居" not in shown
    assert "¥33.32" not in shown


def test_as_an_employer_it_sees_no_small_group(scene):
    caption = "员工和家属的参与情况"
    found = rows(page(scene), caption)
    assert found[2] == ["3月", "1", "未公布", "未公布", "未公布", "未公布"]
    assert found[0] == ["1月", "1", "0", "0.0%", "0", "¥0.00"]
    assert len(found) == 3
    garage = scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=scene.world.garage.id)
    shown = text(garage.get(f"/enterprises/{scene.world.garage.id}/figures"))
    assert rows(shown, caption)[2] == ["3月", "6", "5", "83.3%", "1", "¥100.00"]
    assert "赵" not in shown
    assert "张" not in shown


def test_the_years_lie_side_by_side(scene):
    shown = page(scene, query="?year=2025")
    assert "这一年没有核销" in shown
    assert "year=2024" in shown
    assert "year=2026" in shown
    assert "year=2027" not in page(scene)
    assert len(rows(shown, "员工和家属的参与情况")) == 12
    browser = scene.admin()
    for year in ("2027", "1899", "x", "", "²", "20260000000", "-1"):
        answer = browser.get(f"/enterprises/{scene.world.dairy.id}/figures", query_string={"year": year})
        assert answer.status_code == 400


def test_a_month_that_goes_on_says_so(scene):
    scene.at = datetime(2026, 3, 5, 4, tzinfo=scene.at.tzinfo)
    shown = page(scene)
    assert rows(shown, "逐月，与同类商户的中位数并列")[0][0].split() == ["3月", "至今"]
    assert len(rows(shown, "员工和家属的参与情况")) == 2
    scene.at = datetime(2026, 1, 5, 4, tzinfo=scene.at.tzinfo)
    assert "这一年还没有结束的月份" in page(scene)


def download(scene: Scene, side: str) -> list[list[str]]:
    answer = scene.admin().get(f"/enterprises/{scene.world.dairy.id}/figures/{side}.csv?year=2026")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(answer.data.decode("utf-8-sig").splitlines()))


def test_both_sides_as_csv(scene):
    heads, row = download(scene, "merchant")
    assert heads[:6] == ["月份", "笔数", "顾客数", "原价", "让利额", "实付"]
    assert row == ["2026-03", "5", "5", "500.00", "100.00", "400.00", "", "", "", ""]
    heads, *found = download(scene, "employer")
    assert heads == ["月份", "有资格人数", "使用人数", "参与率", "门店数", "共省下"]
    assert found[2] == ["2026-03", "1", *["未公布"] * 4]
    answer = scene.admin().get(f"/enterprises/{scene.world.dairy.id}/figures/people.csv")
    assert answer.status_code == 404


def test_strangers_do_not_see_it(scene):
    dairy = f"/enterprises/{scene.world.dairy.id}/figures"
    garage = scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=scene.world.garage.id)
    for path in (dairy, f"{dairy}/merchant.csv", f"{dairy}/employer.csv"):
        assert garage.get(path).status_code == 404
        assert scene.cashier().get(path).status_code == 403
        assert scene.holder().get(path).status_code == 403
        assert scene.app.test_client().get(path).status_code == 303
    admin = scene.admin()
    assert admin.post(dairy, headers={"X-CSRFToken": form_token(admin)}).status_code == 405


def test_a_holder_sees_what_each_year_saved_her(scene):
    world = scene.world
    world.dairy.category = Category.GROCERIES
    world.redeem(2000, offer="WASH", outlet=world.garage_hall, holder=world.mechanic)
    world.redeem(500, at=datetime(2025, 12, 31, 4, tzinfo=scene.at.tzinfo), holder=world.mechanic)
    scene.session.commit()
    shown = text(scene.holder().get("/redemptions"))
    years = shown.split('<section class="card stack">')[1:]
    assert [re.findall(r"<h2>(\d+年)</h2>", year)[0] for year in years] == ["2026年", "2025年"]
    figures = [re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", year) for year in years]
    assert figures[0] == [("省了", "¥30.00"), ("实付", "¥90.00"), ("使用次数", "2")]
    assert figures[1] == [("省了", "¥1.00"), ("实付", "¥4.00"), ("使用次数", "1")]
    saved = re.findall(
        r"<li class=\"row row-apart\"><span>([^<]+)</span><span class=\"number\">([^<]+)<", years[0]
    )
    assert saved == [("食品百货", "省了 ¥20.00"), ("未分类", "省了 ¥10.00")]
