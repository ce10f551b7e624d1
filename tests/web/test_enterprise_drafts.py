"""Drafts of offers: kept as typed, gone on with, submitted at last, thrown away; and pauses of offers."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from alliance.accounts.models import Role
from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.offers.models import Offer, OfferPause, OfferRevision, SavedDraft, Side
from alliance.offers.pauses import pause
from tests.web.people import Scene, text
from tests.web.visits import form_token, post

FORM = {"title": "员工日全场八折", "code": "DAY-1", "kind": "discount", "zhe": "8"}


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def admin(scene):
    return scene.admin()


@pytest.fixture
def offers(scene) -> str:
    return f"/enterprises/{scene.world.dairy.id}/offers"


def drafts(scene) -> list[SavedDraft]:
    return list(scene.afresh().scalars(select(SavedDraft)))


def revisions(scene, code: str) -> int:
    query = (
        select(func.count())
        .select_from(OfferRevision)
        .join(Offer, (Offer.merchant_id == OfferRevision.merchant_id) & (Offer.id == OfferRevision.offer_id))
    )
    return scene.afresh().scalar(query.where(Offer.code == code))


def value_of(page: str, name: str) -> str:
    field = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)[0]
    found = re.search(r'value="([^"]*)"', field)
    return found[1] if found else ""


def test_an_incomplete_and_wrong_draft_is_kept_as_it_was_typed(scene, admin, offers):
    typed = {"title": "", "code": "", "kind": "threshold", "threshold": "一百", "total": "-3", "do": "save"}
    answer = post(admin, f"{offers}/new", typed)
    [draft] = drafts(scene)
    assert answer.location == f"{offers}/drafts/{draft.id}"
    page = text(admin.get(answer.location))
    assert (value_of(page, "threshold"), value_of(page, "total")) == ("一百", "-3")
    assert "checked" in re.search(r'<input[^>]*value="threshold"[^>]*>', page)[0]
    assert not re.search('class="wrong"(?![^>]*hidden)', page)
    assert "草稿，" in page
    assert "还没有名称" in text(admin.get(offers))
    assert "csrf_token" not in draft.fields


def test_a_draft_is_saved_again_and_submitted_at_last(scene, admin, offers):
    url = post(admin, f"{offers}/new", FORM | {"zhe": "", "do": "save"}).location
    # As it is, it cannot be submitted, and stays.
    assert post(admin, url, FORM | {"zhe": ""}).status_code == 422
    post(admin, url, FORM | {"zhe": "7", "do": "save"})
    assert value_of(text(admin.get(url)), "zhe") == "7"
    assert len(drafts(scene)) == 1
    answer = post(admin, url, FORM | {"zhe": "7"})
    assert "待审核" in text(admin.get(answer.location))
    assert drafts(scene) == []
    assert revisions(scene, "DAY-1") == 1
    assert admin.get(url).status_code == 404


def test_the_draft_of_a_revision_waits_beside_the_offer(scene, admin, offers):
    milk = scene.world.milk.offer_id
    url = post(admin, f"{offers}/{milk}/edit", FORM | {"zhe": "", "do": "save"}).location
    assert "有草稿未提交" in text(admin.get(offers))
    assert "还没有提交" in text(admin.get(f"{offers}/{milk}"))
    assert admin.get(f"{offers}/{milk}/edit").location == url
    assert 'name="code"' not in text(admin.get(url))
    # Somebody else had the form open: it is the same draft.
    assert post(admin, f"{offers}/{milk}/edit", FORM | {"zhe": "6", "do": "save"}).location == url
    assert post(admin, url, FORM | {"zhe": "6"}).location == f"{offers}/{milk}"
    assert revisions(scene, "MILK") == 2
    assert drafts(scene) == []


def test_discarding_asks_first_and_is_on_record(scene, admin, offers):
    url = post(admin, f"{offers}/new", FORM | {"do": "save"}).location
    page = text(admin.get(url))
    assert "确认丢弃" in page
    assert post(admin, f"{url}/discard").location == offers
    assert drafts(scene) == []
    entry = scene.session.scalars(select(AuditEntry).where(AuditEntry.action == "offer.discard_draft")).one()
    assert (entry.enterprise_id, entry.account_id is not None) == (scene.world.dairy.id, True)


def test_a_draft_is_not_submitted_under_a_code_that_was_taken_meanwhile(scene, admin, offers):
    url = post(admin, f"{offers}/new", FORM | {"do": "save"}).location
    post(admin, f"{offers}/new", FORM)
    answer = post(admin, url, FORM)
    assert answer.status_code == 422
    assert "这个编号已经用过，请换一个。" in text(answer)
    assert len(drafts(scene)) == 1


def test_what_is_typed_is_kept_up_to_a_length(scene, admin, offers):
    post(admin, f"{offers}/new", FORM | {"title": "长" * 9000, "do": "save", "unknown": "x"})
    [draft] = drafts(scene)
    assert len(draft.fields["title"][0]) == 500
    assert "unknown" not in draft.fields


def test_drafts_of_others_are_not_there(scene, offers):
    garage = scene.world.garage.id
    other = scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=garage)
    url = post(scene.admin(), f"{offers}/new", FORM | {"do": "save"}).location
    for theirs in (url, url.replace(offers, f"/enterprises/{garage}/offers")):
        assert other.get(theirs).status_code == 404
        assert post(other, theirs, FORM).status_code == 404
        assert post(other, f"{theirs}/discard").status_code == 404
    assert other.get(f"/enterprises/{garage}/offers/drafts/{uuid4()}").status_code == 404
    assert "员工日全场八折" not in text(other.get(f"/enterprises/{garage}/offers"))
    assert len(drafts(scene)) == 1


def test_one_discards_what_another_saves_at_the_same_moment(scene, admin, offers):
    """Whoever comes second finds that it is gone, or keeps what is there: nothing breaks."""
    for _ in range(5):
        url = post(admin, f"{offers}/new", FORM | {"do": "save"}).location
        first, second = scene.admin(), scene.admin()
        barrier = Barrier(2)

        def press(browser, path, data, barrier=barrier):
            token = form_token(browser)
            barrier.wait()
            return browser.post(path, data={"csrf_token": token, **data}).status_code

        with ThreadPoolExecutor(2) as pool:
            discarding = pool.submit(press, first, f"{url}/discard", {})
            saving = pool.submit(press, second, url, FORM | {"do": "save"})
            assert (discarding.result(), saving.result() in (302, 404)) == (302, True)
        assert drafts(scene) == []


# --- pausing -----------------------------------------------------------------------------------------


def test_pausing_and_resuming(scene, admin, offers):
    url = f"{offers}/{scene.world.milk.offer_id}"
    assert post(admin, f"{url}/pause").location == url
    page = text(admin.get(url))
    assert "已暂停" in page
    assert "贵单位于 2026-03-04 12:00 暂停了这个优惠" in page
    assert "mark-paused" in text(admin.get(offers))
    assert "还没有生效中的优惠" in text(admin.get(offers.removesuffix("/offers")))
    post(admin, f"{url}/resume")
    page = text(admin.get(url))
    assert "已恢复，各门店现在就可以用。" in page
    assert "生效中" in page
    [row] = scene.afresh().scalars(select(OfferPause))
    assert (row.by_id, row.resumed_by_id) == (row.by_id, row.by_id)
    assert row.by_id is not None


def test_what_the_organizer_paused_only_the_organizer_resumes(scene, admin, offers):
    url = f"{offers}/{scene.world.milk.offer_id}"
    offer = scene.session.get_one(Offer, (scene.world.dairy.id, scene.world.milk.offer_id))
    pause(scene.session, offer, Side.ORGANIZER, "顾客投诉", COMMAND_LINE, scene.at)
    scene.session.commit()
    page = text(admin.get(url))
    assert "要由主办方恢复。原因：顾客投诉" in page
    assert "恢复优惠" not in page
    post(admin, f"{url}/resume")
    assert "已暂停" in text(admin.get(url))


def test_what_is_not_granted_is_not_paused(scene, admin, offers):
    url = post(admin, f"{offers}/new", FORM).location
    post(admin, f"{url}/pause")
    assert "不用暂停" in text(admin.get(url))
    assert scene.afresh().scalars(select(OfferPause)).all() == []


def test_pausing_is_for_the_own_and_by_post(scene, offers):
    garage = scene.world.garage.id
    other = scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=garage)
    url = f"{offers}/{scene.world.milk.offer_id}"
    for theirs in (url, url.replace(offers, f"/enterprises/{garage}/offers")):
        for deed in ("pause", "resume"):
            assert post(other, f"{theirs}/{deed}").status_code == 404
    assert scene.admin().get(f"{url}/pause").status_code == 405
    assert scene.afresh().scalars(select(OfferPause)).all() == []
