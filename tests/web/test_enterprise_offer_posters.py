"""An offer on paper: what it says, where its code leads, and to whom it is not shown."""

import pytest

from tests.web.people import Scene, text
from tests.web.visits import post

FORM = {"title": "员工日满百减二十", "code": "T-1", "kind": "threshold", "threshold": "100", "off": "20"}


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def admin(scene):
    return scene.admin()


@pytest.fixture
def offer(scene, admin) -> str:
    form = FORM | {"weekdays": ["1"], "ends_on": "2099-12-31"}
    return post(admin, f"/enterprises/{scene.world.dairy.id}/offers/new", form).location


def test_it_says_what_is_granted_and_leads_to_the_offer(scene, admin, offer):
    page = text(admin.get(f"{offer}/poster?size=a5"))
    for words in ("满100减20", "员工日满百减二十", scene.world.dairy.name, "2099年12月31日", "poster-a5"):
        assert words in page
    offer_id = offer.rsplit("/", 1)[1]
    assert f'data-card-code="http://localhost/offers/{scene.world.dairy.id}/{offer_id}"' in page
    # It waits for the organizer.
    assert "现在不能用" in page
    assert "poster-a4" in text(admin.get(f"{offer}/poster"))


def test_no_other_sizes_and_nobody_elses(scene, admin, offer):
    assert admin.get(f"{offer}/poster?size=a3").status_code == 404
    foreign = offer.replace(f"/{scene.world.dairy.id}/", f"/{scene.world.garage.id}/", 1)
    assert admin.get(f"{foreign}/poster").status_code == 404
