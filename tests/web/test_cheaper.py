"""别处更便宜 through the pages: the employee's phone, the merchant's desk, the organizer's room."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from alliance.accounts.models import Role
from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.offers.life import Draft, submit, withdraw
from alliance.offers.models import Audience, CheaperReport, CheaperStep, Offer
from alliance.offers.pricing import AlliancePrice
from tests.pictures.photos import gps_photo
from tests.web.people import Scene, text
from tests.web.test_pictures import upload
from tests.web.visits import post

SAID = {"place": "解放路大润发", "price": "４.50", "link": "https://example.com/milk", "words": "同样的盒装"}


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    made = Scene(app, session, monkeypatch)
    made.offer = made.world.live_offer(made.world.dairy, "PRICE", AlliancePrice(unit_price_fen=500))
    session.commit()
    return made


@pytest.fixture
def holder(scene):
    return scene.holder()


@pytest.fixture
def admin(scene):
    return scene.admin()


@pytest.fixture
def organizer(scene):
    return scene.organizer()


@pytest.fixture
def named(scene) -> dict[str, str]:
    return {"merchant": str(scene.offer.merchant_id), "offer": str(scene.offer.offer_id)}


@pytest.fixture
def reported(scene, holder, named) -> CheaperReport:
    answer = post(holder, "/reports/new", SAID | named)
    assert answer.status_code == 302, text(answer)
    [made] = reports(scene)
    return made


def reports(scene) -> list[CheaperReport]:
    return list(scene.afresh().scalars(select(CheaperReport)))


def steps(scene) -> list[CheaperStep]:
    return list(scene.afresh().scalars(select(CheaperStep).order_by(CheaperStep.at, CheaperStep.id)))


def desk(reported: CheaperReport) -> str:
    return f"/enterprises/{reported.merchant_id}/reports/{reported.id}"


def room(reported: CheaperReport) -> str:
    return f"/organizer/reports/{reported.merchant_id}/{reported.id}"


# --- the phone ---------------------------------------------------------------------------------------


def test_the_way_from_the_offers_page_to_a_report_with_a_photo(scene, holder, named):
    link = "/reports/new?merchant={merchant}&amp;offer={offer}".format(**named)
    assert link in text(holder.get("/offers/{merchant}/{offer}".format(**named)))
    page = text(holder.get("/reports/new", query_string=named))
    assert "优惠PRICE" in page
    assert "联盟价 ¥5.00/份" in page
    photo_id = upload(holder, "/reports/pictures", gps_photo(), **named).json["id"]
    answer = post(holder, "/reports/new", SAID | named | {"link": "", "picture": photo_id})
    assert answer.location == "/reports"
    [made] = reports(scene)
    assert (made.place, made.price_fen, str(made.picture_id)) == ("解放路大润发", 450, photo_id)
    mine = text(holder.get("/reports"))
    assert "等商户答复" in mine
    assert photo_id in mine


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"place": " "}, "请写明在哪家店或哪个平台。"),
        ({"price": ""}, "请填写那里的价格。"),
        ({"price": "-1"}, "金额"),
        ({"price": "1e309"}, "金额"),
        ({"link": ""}, "请贴上链接或传一张照片"),
        ({"link": "javascript:alert(1)"}, "链接不对"),
        ({"link": "https://jd.com@evil.example"}, "链接不对"),
        ({"picture": "not an id"}, "图片没有上传成功"),
        ({"picture": str(uuid4())}, "图片没有上传成功"),
        ({"words": "长" * 301}, "补充说明最多 300 个字。"),
    ],
)
def test_each_field_says_what_is_wrong(scene, holder, named, fields, words):
    answer = post(holder, "/reports/new", SAID | named | fields)
    assert answer.status_code == 422
    assert words in text(answer)
    assert reports(scene) == []


def test_anothers_photo_cannot_be_reported_with(scene, holder, named):
    other = scene.browser(Role.HOLDER, holder_id=scene.world.milkman.id)
    photo_id = upload(other, "/reports/pictures", gps_photo(), **named).json["id"]
    answer = post(holder, "/reports/new", SAID | named | {"picture": photo_id})
    assert (answer.status_code, "图片没有上传成功" in text(answer)) == (422, True)


@pytest.mark.parametrize(
    "wrong",
    [{}, {"merchant": "x", "offer": "y"}, {"merchant": "9" * 30, "offer": str(uuid4())}, {"merchant": "-1"}],
)
def test_what_names_no_offer_leads_back_to_the_offers(holder, wrong):
    assert holder.get("/reports/new", query_string=wrong).location == "/offers"
    assert post(holder, "/reports/new", SAID | wrong).location == "/offers"


def test_an_offer_that_is_gone_cannot_be_reported(scene, holder, named):
    offer = scene.session.get_one(Offer, (scene.offer.merchant_id, scene.offer.offer_id))
    withdraw(scene.session, offer, COMMAND_LINE, scene.at)
    scene.session.commit()
    answer = post(holder, "/reports/new", SAID | named, follow_redirects=True)
    assert "今天已经不能用了" in text(answer)
    assert reports(scene) == []


def test_what_is_not_for_the_family_is_not_theirs_to_report(scene):
    world = scene.world
    offer = world.live_offer(
        world.dairy, "STAFF", AlliancePrice(unit_price_fen=500), audience=Audience.EMPLOYEE
    )
    child = world.dependant(world.mechanic, "张小宝")
    scene.session.commit()
    named = {"merchant": str(offer.merchant_id), "offer": str(offer.offer_id)}
    for holder, status in ((child, 302), (world.mechanic, 200)):
        phone = scene.browser(Role.HOLDER, holder_id=holder.id)
        assert phone.get("/reports/new", query_string=named).status_code == status


def test_the_same_is_not_reported_twice(scene, holder, named, reported):
    answer = post(holder, "/reports/new", SAID | named)
    assert (answer.status_code, "您已经反映过" in text(answer)) == (422, True)
    assert len(reports(scene)) == 1


def test_nobody_sees_anothers_reports(scene, reported):
    other = scene.browser(Role.HOLDER, holder_id=scene.world.milkman.id)
    assert "解放路大润发" not in text(other.get("/reports"))


# --- the merchant's desk -----------------------------------------------------------------------------


def test_the_merchant_sees_the_report_and_not_who_made_it(scene, holder, admin, reported):
    name = scene.world.mechanic.name
    for path in (desk(reported).rpartition("/")[0], desk(reported)):
        page = text(admin.get(path))
        assert "解放路大润发" in page
        assert "等商户答复" in page
        assert name not in page
        # The holder's account has that name, the administrator's the next.
        assert "第1人" not in page
        assert "第2人" in page
    page = text(admin.get(desk(reported)))
    assert 'rel="noopener noreferrer nofollow">https://example.com/milk</a>' in page


def test_the_answer_is_read_on_the_phone(scene, holder, admin, organizer, reported):
    photo_id = upload(admin, f"/enterprises/{reported.merchant_id}/pictures", gps_photo()).json["id"]
    said = {"kind": "proved", "words": "那是临期产品", "picture": photo_id}
    assert post(admin, desk(reported), said).location == desk(reported)
    for browser, path in ((holder, "/reports"), (organizer, room(reported)), (admin, desk(reported))):
        page = text(browser.get(path))
        assert "那是临期产品" in page
        assert "商户提供证据" in page
        assert browser.get(f"/pictures/{reported.merchant_id}/{photo_id}").status_code == 200
    [step] = steps(scene)
    assert (step.kind, step.by_id is not None, step.at) == ("proved", True, scene.at)


def test_accepting_takes_a_new_revision(scene, admin, reported):
    answer = post(admin, desk(reported), {"kind": "lowered"})
    assert (answer.status_code, "还没有看到降价的新版本" in text(answer)) == (422, True)
    scene.later(minutes=1)
    cheaper = Draft("PRICE", "优惠PRICE", AlliancePrice(unit_price_fen=440))
    revision = submit(scene.session, scene.world.dairy.id, cheaper, COMMAND_LINE, scene.at)
    scene.session.commit()
    scene.later(minutes=1)
    assert post(admin, desk(reported), {"kind": "lowered"}).status_code == 302
    assert steps(scene)[0].revision_id == revision.id


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "请选择怎么答复。"),
        ({"kind": "upheld", "words": "自己裁定"}, "请选择怎么答复。"),
        ({"kind": "explained"}, "请写几句话。"),
        ({"kind": "proved", "words": "有"}, "请贴上链接或传一张照片"),
        ({"kind": "explained", "words": "有", "link": "ftp://x.example"}, "链接不对"),
    ],
)
def test_an_answer_that_says_nothing_is_refused(scene, admin, reported, fields, words):
    answer = post(admin, desk(reported), fields)
    assert (answer.status_code, words in text(answer)) == (422, True)
    assert steps(scene) == []


def test_the_report_of_another_merchant_is_not_there(scene, reported):
    other = scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=scene.world.garage.id)
    foreign = f"/enterprises/{scene.world.garage.id}/reports/{reported.id}"
    said = {"kind": "explained", "words": "有"}
    assert (other.get(foreign).status_code, post(other, foreign, said).status_code) == (404, 404)
    assert (other.get(desk(reported)).status_code, post(other, desk(reported), said).status_code) == (
        404,
        404,
    )
    assert "解放路大润发" not in text(other.get(f"/enterprises/{scene.world.garage.id}/reports"))
    assert other.put(desk(reported)).status_code == 405


# --- the organizer's room ----------------------------------------------------------------------------


def test_the_organizer_decides_and_asks_again(scene, holder, admin, organizer, reported):
    assert (
        post(organizer, f"{room(reported)}/close", {"kind": "upheld", "words": "价签为证"}).status_code == 302
    )
    assert "主办方认定成立" in text(holder.get("/reports"))
    assert "价签为证" in text(admin.get(desk(reported)))
    late = post(admin, desk(reported), {"kind": "explained", "words": "还有"})
    assert (late.status_code, "主办方已经裁定" in text(late)) == (422, True)
    twice = post(organizer, f"{room(reported)}/close", {"kind": "dismissed"}, follow_redirects=True)
    assert "主办方已经裁定" in text(twice)
    assert post(organizer, f"{room(reported)}/reopen", {"words": " "}).status_code == 422
    assert post(organizer, f"{room(reported)}/reopen", {"words": "请补价签"}).status_code == 302
    assert "请补价签" in text(admin.get(desk(reported)))
    assert [step.kind for step in steps(scene)] == ["upheld", "reopened"]
    deeds = scene.session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("cheaper.%")))
    assert sorted(deeds) == ["cheaper.close", "cheaper.reopen", "cheaper.report"]


def test_a_verdict_has_to_be_chosen(scene, organizer, reported):
    for kind in ("", "lowered"):
        answer = post(organizer, f"{room(reported)}/close", {"kind": kind})
        assert (answer.status_code, "请选择成立或不成立。" in text(answer)) == (422, True)
    assert steps(scene) == []


def test_what_lies_too_long_is_marked(scene, reported):
    scene.later(days=2)
    assert "未答复" not in text(scene.organizer().get("/organizer/reports"))
    scene.later(days=4)
    page = text(scene.organizer().get("/organizer/reports"))
    assert "超过 3 个工作日未答复" in page
    assert "等了 3 个工作日" in page


def test_who_has_to_do_something_is_told_on_the_first_page(scene, admin, organizer, reported):
    office = f"/enterprises/{reported.merchant_id}"
    assert "有 1 条“别处更便宜”等贵单位答复。" in text(admin.get(office))
    assert "超时没有答复" not in text(organizer.get("/organizer"))
    scene.later(days=6)
    for browser, told in (
        (organizer, True),
        (scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.east.id), True),
        (scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.west.id), False),
        (scene.browser(Role.DATA_OFFICER), False),
    ):
        assert ("有 1 条“别处更便宜”超时没有答复。" in text(browser.get("/organizer"))) is told
    post(admin, desk(reported), {"kind": "explained", "words": "临期"})
    assert "等贵单位答复" not in text(admin.get(office))
    assert "超时没有答复" not in text(organizer.get("/organizer"))
    post(organizer, f"{room(reported)}/reopen", {"words": "请补价签"})
    assert "等贵单位答复" in text(admin.get(office))


def test_a_zones_organizer_sees_the_merchants_of_his_zone(scene, reported):
    here = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.east.id)
    elsewhere = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.west.id)
    assert "解放路大润发" in text(here.get("/organizer/reports"))
    assert "解放路大润发" not in text(elsewhere.get("/organizer/reports"))
    assert (here.get(room(reported)).status_code, elsewhere.get(room(reported)).status_code) == (200, 404)
    assert post(elsewhere, f"{room(reported)}/close", {"kind": "upheld"}).status_code == 404
    assert here.put(room(reported)).status_code == 405


def test_a_stranger_is_sent_to_sign_in(scene, reported):
    stranger = scene.app.test_client()
    for path in ("/reports", "/reports/new", desk(reported), room(reported), "/organizer/reports"):
        assert stranger.get(path).status_code == 303
