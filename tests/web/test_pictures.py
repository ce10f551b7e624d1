"""Uploading a picture and seeing it: who may, what is refused, how it is served."""

from io import BytesIO
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from alliance import store
from alliance.accounts.models import Role
from alliance.audit.trail import COMMAND_LINE
from alliance.offers.evidence import Showing
from alliance.offers.life import Draft, approve, submit
from alliance.offers.pricing import Discount
from alliance.pictures.intake import clean
from alliance.pictures.models import Picture
from alliance.web import uploads
from alliance.web.extensions import db
from alliance.zones.models import Zone
from tests.pictures.photos import SECRETS, gps_photo, heic, photo, png_bomb
from tests.web.people import Scene, text
from tests.web.visits import form_token, post


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def admin(scene):
    return scene.admin()


@pytest.fixture
def office(scene) -> str:
    return f"/enterprises/{scene.world.dairy.id}/pictures"


def upload(browser, path: str, raw: bytes, **fields):
    headers = {"X-CSRFToken": form_token(browser), "Accept": "application/json"}
    data = {"picture": (BytesIO(raw), "photo.jpg", "image/jpeg"), **fields}
    return browser.post(path, data=data, headers=headers, content_type="multipart/form-data")


def count(scene) -> int:
    return scene.afresh().scalar(select(func.count()).select_from(Picture))


def test_an_offers_picture_is_kept_and_served(scene, admin, office):
    answer = upload(admin, office, gps_photo())
    assert answer.status_code == 200, text(answer)
    assert (answer.json["width"], answer.json["height"]) == (40, 80)
    shown = admin.get(answer.json["url"])
    assert (shown.status_code, shown.mimetype) == (200, "image/webp")
    assert shown.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert not any(secret in shown.data for secret in SECRETS)
    again = admin.get(answer.json["url"], headers={"If-None-Match": shown.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_nothing_of_the_file_is_in_the_database(scene, admin, office):
    upload(admin, office, gps_photo())
    [content] = scene.afresh().scalars(select(Picture.content))
    assert not any(secret in content for secret in SECRETS)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (heic(), "HEIC"),
        (png_bomb(), "尺寸太大"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "不是 JPEG"),
        (b"<html><script>alert(1)</script></html>", "不是 JPEG"),
        (photo("GIF"), "不是 JPEG"),
        (photo(size=(900, 900))[:1500], "已损坏"),
        (b"", "没有收到"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(scene, admin, office, raw, words):
    answer = upload(admin, office, raw)
    assert answer.status_code == 422
    assert words in answer.json["errors"][0]["message"]
    assert count(scene) == 0


def test_no_file_at_all_is_refused(admin, office):
    assert post(admin, office).status_code == 422


def test_fifty_megabytes_are_turned_away(scene, admin, office):
    answer = upload(admin, office, b"\xff\xd8\xff" + b"x" * 50_000_000)
    assert (answer.status_code, answer.json["reason"]) == (413, "too_large")
    assert count(scene) == 0


def test_nine_megabytes_are_read_and_others_requests_stay_small(scene, admin, office):
    raw = photo() + b"\0" * 9_000_000
    assert upload(admin, office, raw).status_code == 200
    path = f"/enterprises/{scene.world.dairy.id}/offers/new"
    assert upload(admin, path, raw).status_code == 413


def test_nobody_waits_while_a_picture_is_decoded(scene, admin, office, monkeypatch):
    """On SQLite a transaction that may write has the turn of all writers: decoding must not be inside one."""
    decoded = []

    def clean_while_others_write(raw: bytes):
        with store.without_waiting(db.engine) as session:
            session.add(Zone(code="220204009000", name="新街道", parent_id=None))
            session.flush()
        decoded.append(clean(raw))
        return decoded[0]

    scene.afresh()
    monkeypatch.setattr(uploads, "clean", clean_while_others_write)
    assert upload(admin, office, photo()).status_code == 200
    assert len(decoded) == 1


def test_a_stranger_may_not_even_send_a_picture(scene, office):
    stranger = scene.app.test_client()
    assert upload(stranger, office, photo() + b"\0" * 9_000_000).status_code == 413
    assert upload(stranger, office, photo()).status_code == 401
    assert count(scene) == 0


def test_another_enterprises_administrator_is_told_nothing(scene, admin, office):
    other = scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=scene.world.garage.id)
    assert upload(other, office, photo()).status_code == 404
    url = upload(admin, office, photo()).json["url"]
    assert (admin.get(url).status_code, other.get(url).status_code) == (200, 404)
    assert admin.get(url.rpartition("/")[0] + f"/{uuid4()}").status_code == 404
    assert admin.put(url).status_code == 405
    assert admin.get(office).status_code == 405


def test_holders_see_the_picture_of_an_approved_offer_only(scene, admin, office):
    answer, holder = upload(admin, office, photo()).json, scene.holder()
    assert holder.get(answer["url"]).status_code == 404
    draft = Draft("PIC", "有图的", Discount(pay_permille=900), showing=Showing(UUID(answer["id"])))
    scene.afresh()
    revision = submit(scene.session, scene.world.dairy.id, draft, COMMAND_LINE, scene.at)
    scene.session.commit()
    assert holder.get(answer["url"]).status_code == 404
    approve(scene.session, revision, COMMAND_LINE, scene.at)
    scene.session.commit()
    assert holder.get(answer["url"]).status_code == 200
    page = text(holder.get("/offers"))
    assert answer["url"] in page
    # The world's other offers have none: a drawn one stands there.
    assert page.count("offer-picture-none") == 2
    assert scene.app.test_client().get(answer["url"]).status_code == 303


def test_what_a_holder_uploads_is_seen_by_no_other_holder(scene):
    holder, other = scene.holder(), scene.browser(Role.HOLDER, holder_id=scene.world.milkman.id)
    answer = upload(holder, "/reports/pictures", photo(), merchant=str(scene.world.dairy.id))
    assert answer.status_code == 200
    assert (holder.get(answer.json["url"]).status_code, other.get(answer.json["url"]).status_code) == (
        200,
        404,
    )
    assert upload(holder, "/reports/pictures", photo(), merchant="987654321").status_code == 422
    assert upload(holder, "/reports/pictures", photo()).status_code == 422


def test_a_holder_may_upload_so_many_in_a_day(scene):
    holder, merchant = scene.holder(), str(scene.world.dairy.id)
    answers = [upload(holder, "/reports/pictures", photo(), merchant=merchant) for _ in range(13)]
    assert [answer.status_code for answer in answers] == [200] * 12 + [422]
    assert "太多" in answers[-1].json["errors"][0]["message"]
