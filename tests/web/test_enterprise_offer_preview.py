"""The preview of an offer that is being written: the employee's own card, and nothing is kept."""

import pytest
from sqlalchemy import func, select

from alliance.offers.models import OfferRevision, SavedDraft
from tests.web.people import Scene, text
from tests.web.visits import post

FORM = {
    "title": "满百减二十",
    "code": "T-1",
    "kind": "threshold",
    "threshold": "100",
    "off": "20",
    "weekdays": "2",
    "total": "500",
    "audience": "employee",
}


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def admin(scene):
    return scene.admin()


@pytest.fixture
def offers(scene) -> str:
    return f"/enterprises/{scene.world.dairy.id}/offers"


def count(scene, entity) -> int:
    return scene.afresh().scalar(select(func.count()).select_from(entity))


def shown(scene, admin, offers, **fields) -> str:
    answer = post(admin, f"{offers}/preview", FORM | fields)
    assert answer.status_code == 200
    return text(answer)


def test_it_is_the_card_and_keeps_nothing(scene, admin, offers):
    before = count(scene, OfferRevision), count(scene, SavedDraft)
    page = shown(scene, admin, offers)
    for words in ("满100减20", "满百减二十", scene.world.dairy.name, "还剩500次", "仅限员工本人"):
        assert words in page
    assert "要填好" not in page
    assert (count(scene, OfferRevision), count(scene, SavedDraft)) == before


def test_what_is_wrong_is_left_out_and_named(scene, admin, offers):
    page = shown(scene, admin, offers, title="", off="-1", total="1e309", people="x", party="people")
    assert "优惠名称还没有填" in page
    assert "优惠内容还没有填" in page
    assert "还剩" not in page
    assert 'data-step-link="limits"' in page
    assert "金额要大于 0" in page


def test_no_kind_at_all(scene, admin, offers):
    assert "请选择优惠方式" in shown(scene, admin, offers, kind="nonsense", weekdays="9", zones="x")


def test_every_field_is_in_a_step_and_a_wrong_one_opens_it(admin, offers):
    page = text(post(admin, f"{offers}/new", FORM | {"total": "-3"}))
    assert 'data-open="limits"' in page
    assert page.index('id="step-limits"') < page.index('name="total"') < page.index('id="step-evidence"')


def test_nobody_elses(scene, admin):
    assert post(admin, f"/enterprises/{scene.world.garage.id}/offers/preview", FORM).status_code == 404
