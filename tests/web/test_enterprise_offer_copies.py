"""Copying an offer: the draft says all that the offer says, under a free code, and can be submitted."""

import pytest
from sqlalchemy import select

from alliance import clock
from alliance.offers.models import Offer, OfferRevision, SavedDraft
from tests.web.people import Scene, text
from tests.web.visits import post

FORM = {
    "title": "满百减二十",
    "code": "T-1",
    "kind": "threshold",
    "threshold": "100.5",
    "off": "20",
    "repeat": "y",
    "audience": "employee",
    "weekdays": ["1", "3"],
    "hours": "11:00-14:00、22:00-2:00",
    "blackouts": "春节 2099-02-10至2099-02-17",
    "party": "people",
    "people": "4",
    "starts_on": "2026-01-01",
    "ends_on": "2099-12-31",
    "total": "500",
    "budget_fen": "1234.5",
    "household_week": "2",
    "market_price": "120",
    "basis": "同款在解放路卖 120 元",
}
SAME = ("title", "terms", "conditions", "limits", "audience", "starts_on", "ends_on")


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def admin(scene):
    return scene.admin()


@pytest.fixture
def offers(scene) -> str:
    return f"/enterprises/{scene.world.dairy.id}/offers"


def copied(scene, admin, url: str) -> SavedDraft:
    answer = post(admin, f"{url}/copy")
    assert "/offers/drafts/" in answer.location
    return scene.afresh().scalars(select(SavedDraft).order_by(SavedDraft.id.desc())).first()


def test_the_draft_says_the_same_and_can_be_submitted(scene, admin, offers):
    form = FORM | {"outlets": [str(scene.world.dairy_shop.id)], "employers": scene.world.garage.name}
    made = post(admin, f"{offers}/new", form)
    assert made.status_code == 302, text(made)
    draft = copied(scene, admin, made.location)
    answer = post(admin, f"{offers}/drafts/{draft.id}", draft.fields)
    assert answer.status_code == 302, text(answer)
    query = select(OfferRevision).join(Offer, Offer.id == OfferRevision.offer_id)
    first, second = (
        scene.afresh().scalars(query.where(Offer.code == code)).one()
        for code in ("T-1", draft.fields["code"][0])
    )
    assert [getattr(first, name) for name in SAME] == [getattr(second, name) for name in SAME]
    page = text(admin.get(answer.location))
    assert scene.world.dairy_shop.name in page
    assert "同款在解放路卖 120 元" in page


def test_two_copies_have_different_codes(scene, admin, offers):
    made = post(admin, f"{offers}/new", FORM)
    codes = [copied(scene, admin, made.location).fields["code"][0] for _ in range(2)]
    assert len({*codes, "T-1"}) == 3


def test_an_offer_that_is_over_leaves_its_days_behind(scene, admin, offers, monkeypatch):
    made = post(admin, f"{offers}/new", FORM | {"ends_on": str(clock.business_date(scene.world.at))})
    later = scene.world.at.replace(year=scene.world.at.year + 1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert post(scene.admin(), f"{made.location}/copy").status_code == 302
    [draft] = scene.afresh().scalars(select(SavedDraft))
    assert (draft.fields["starts_on"], draft.fields["ends_on"]) == ([""], [""])


def test_nobody_elses(scene, admin, offers):
    made = post(admin, f"{offers}/new", FORM)
    foreign = made.location.replace(
        f"/enterprises/{scene.world.dairy.id}/", f"/enterprises/{scene.world.garage.id}/"
    )
    assert post(admin, f"{foreign}/copy").status_code == 404
    assert post(admin, f"{offers}/00000000-0000-7000-8000-000000000000/copy").status_code == 404
