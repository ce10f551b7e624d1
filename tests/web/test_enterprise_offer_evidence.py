"""Picture, market price and wording in the offer's form, and what the organizer sees of them."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from alliance.audit.trail import COMMAND_LINE
from alliance.offers.evidence import Evidence, Showing, showings
from alliance.offers.life import approve
from alliance.offers.models import OfferRevision
from tests.pictures.photos import photo
from tests.web.people import Scene, text
from tests.web.test_pictures import upload
from tests.web.visits import post

FORM = {"title": "鲜牛奶", "code": "MILK-9", "kind": "alliance_price", "unit_price": "5"}


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def admin(scene):
    return scene.admin()


@pytest.fixture
def office(scene) -> str:
    return f"/enterprises/{scene.world.dairy.id}"


def newest(scene) -> OfferRevision | None:
    query = select(OfferRevision).where(OfferRevision.title == "鲜牛奶").order_by(OfferRevision.number.desc())
    return scene.afresh().scalars(query).first()


def test_picture_and_evidence_from_the_form_to_the_review(scene, admin, office):
    ids = [upload(admin, f"{office}/pictures", photo()).json["id"] for _ in range(3)]
    said = {
        "picture": ids[0],
        "photos": ids[1:],
        "market_price": "５.80",
        "basis": "大润发的价签",
        "link": "https://example.com/milk",
    }
    answer = post(admin, f"{office}/offers/new", FORM | said)
    assert answer.status_code == 302, text(answer)
    new = newest(scene)
    shown = showings(scene.session, [new.id])[new.id]
    assert str(shown.picture_id) == ids[0]
    assert [str(id_) for id_ in shown.evidence.photo_ids] == ids[1:]
    assert shown.evidence.market_price_fen == 580
    review = text(scene.organizer().get(f"/organizer/offers/{new.merchant_id}/{new.id}"))
    for part in ("市场价 ¥5.80", "大润发的价签", "https://example.com/milk", *ids):
        assert part in review
    # The next revision starts from it, and the approved one keeps what it had.
    form = text(admin.get(f"{answer.location}/edit"))
    for part in ('value="5.8"', "大润发的价签", *ids):
        assert part in form
    kept = {**FORM, "unit_price": "4.5", "picture": ids[0], "market_price": "", "basis": "", "link": ""}
    assert post(admin, f"{answer.location}/edit", kept).status_code == 302
    later = newest(scene)
    found = showings(scene.session, [new.id, later.id])
    assert found[later.id] == Showing(shown.picture_id, Evidence())
    assert found[new.id] == shown


def test_the_organizer_sees_that_a_picture_has_changed(scene, admin, office):
    ids = [upload(admin, f"{office}/pictures", photo(colour=colour)).json["id"] for colour in ("red", "blue")]
    address = post(admin, f"{office}/offers/new", FORM | {"picture": ids[0]}).location
    approve(scene.session, newest(scene), COMMAND_LINE, scene.at)
    scene.session.commit()
    post(admin, f"{address}/edit", FORM | {"picture": ids[1]})
    new = newest(scene)
    review = text(scene.organizer().get(f"/organizer/offers/{new.merchant_id}/{new.id}"))
    assert "图片有改动" in review
    assert "照片有改动" not in review


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"title": "全城最 佳鲜牛奶"}, "《广告法》第九条不许用“最佳”这样的词"),
        ({"title": "国家级、顶级鲜牛奶"}, "不许用“国家级”“顶级”这样的词"),
        ({"title": "鲜牛奶原价 8 元"}, "名称里拿别的价格作比较"),
        ({"market_price": "5.80"}, "填了市场价就要有依据"),
        ({"market_price": "4.99", "basis": "价签"}, "联盟价比市场价还高"),
        ({"market_price": "1e309", "basis": "价签"}, "金额不对"),
        ({"market_price": "-1", "basis": "价签"}, "金额"),
        ({"market_price": "0.005", "basis": "价签"}, "金额不对"),
        ({"link": "javascript:alert(1)"}, "链接不对"),
        ({"basis": "长" * 301}, "依据最多 300 个字。"),
        ({"picture": str(uuid4())}, "图片没有上传成功"),
        ({"picture": "<script>"}, "图片没有上传成功"),
        ({"photos": [str(uuid4()) for _ in range(4)]}, "最多 3 张图片"),
    ],
)
def test_each_field_says_what_is_wrong(scene, admin, office, fields, words):
    before = scene.session.scalar(select(func.count()).select_from(OfferRevision))
    answer = post(admin, f"{office}/offers/new", FORM | fields)
    assert answer.status_code == 422
    assert words in text(answer)
    assert scene.afresh().scalar(select(func.count()).select_from(OfferRevision)) == before


def test_a_picture_of_another_merchant_is_refused(scene, admin, office):
    garage = scene.world.garage
    other = scene.browser("enterprise_admin", enterprise_id=garage.id)
    foreign = upload(other, f"/enterprises/{garage.id}/pictures", photo()).json["id"]
    for name in ("picture", "photos"):
        answer = post(admin, f"{office}/offers/new", FORM | {name: foreign})
        assert (answer.status_code, "图片没有上传成功" in text(answer)) == (422, True)


def test_a_doubtful_word_in_the_basis_is_marked_in_the_review(scene, admin, office):
    post(admin, f"{office}/offers/new", FORM | {"basis": "全城最低价"})
    new = newest(scene)
    review = text(scene.organizer().get(f"/organizer/offers/{new.merchant_id}/{new.id}"))
    assert '<mark class="mark-word">最低</mark>' in review


def test_a_market_price_is_shown_to_employees(scene, admin, office):
    post(admin, f"{office}/offers/new", FORM | {"market_price": "5.80", "basis": "价签"})
    approve(scene.session, newest(scene), COMMAND_LINE, scene.at)
    scene.session.commit()
    page = text(scene.holder().get("/offers"))
    assert "市场价 ¥5.80" in page
    assert "价签" not in page
