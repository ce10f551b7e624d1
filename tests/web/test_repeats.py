"""Whatever has changed since: a repetition of what was accepted is told the stored bytes, nothing else is."""

import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from alliance import clock
from alliance.accounts.grants import revoke as revoke_grant
from alliance.accounts.models import ApiToken, Grant, GrantOutlet, Role
from alliance.accounts.tokens import revoke_token, token_for
from alliance.audit.trail import COMMAND_LINE
from alliance.enterprises.models import OutletZone
from alliance.offers.life import withdraw
from alliance.offers.models import Offer, OfferRevision
from alliance.passes.issue import pass_of, revoke
from alliance.people.employment import employment_on, leave
from alliance.redemptions.models import Redemption, RefusedAttempt, Reversal, Scan
from alliance.refused import Reason, Refused
from alliance.web.errors import STATUS
from tests.web.people import Scene, address, scanned, text
from tests.web.till import Pos, is_problem
from tests.web.visits import post, store_of

Change = Callable[[Session, Pos], None]


@pytest.fixture
def pos(app) -> Pos:
    return Pos(app)


# --- what may change after the first success ----------------------------------------------------------


def limits_exhausted(session: Session, pos: Pos) -> None:
    """The first success took the only unit of CAP."""


def offer_withdrawn(session: Session, pos: Pos) -> None:
    offer = session.scalars(sa.select(Offer).where(Offer.code == "CAP")).one()
    withdraw(session, offer, COMMAND_LINE, clock.now())


def offer_ended(session: Session, pos: Pos) -> None:
    session.execute(sa.update(OfferRevision).values(ends_on=date(2020, 1, 1)))


def holder_left(session: Session, pos: Pos) -> None:
    today = clock.business_date(clock.now())
    held = employment_on(session, pos.world.mechanic.id, today)
    leave(session, held, today - timedelta(days=1), clock.now())


def pass_revoked(session: Session, pos: Pos) -> None:
    held = pass_of(session, pos.world.mechanic.id, clock.now())
    revoke(session, held, "丢失", COMMAND_LINE, clock.now())


def outlet_moved(session: Session, pos: Pos) -> None:
    """It stands nowhere before 2999."""
    session.execute(sa.update(OutletZone).values(starts_on=date(2999, 1, 1), zone_id=pos.world.west.id))


def token_revoked(session: Session, pos: Pos) -> None:
    for plain in (pos.token, pos.hq):
        revoke_token(
            session, session.get_one(ApiToken, token_for(session, plain).id), COMMAND_LINE, clock.now()
        )


CHANGES = [
    limits_exhausted, offer_withdrawn, offer_ended, holder_left, pass_revoked, outlet_moved, token_revoked,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("by_scan", [False, True])
def test_the_stored_bytes_come_back(pos: Pos, change: Change, by_scan: bool) -> None:
    body: dict[str, Any] = pos.body(offer="CAP")
    if by_scan:
        scan = {"id": str(uuid4()), "presentation": body.pop("presentation")}
        assert pos.post(scan, path="scans").status_code == 201
        body["scan"] = scan["id"]
    first, anew = pos.post(body), pos.body(offer="CAP")
    assert first.status_code == 201, first.text
    with store_of(pos.app) as session:
        change(session, pos)
    again = pos.post(body)
    assert (again.status_code, again.data, again.headers["Idempotency-Replayed"]) == (201, first.data, "true")
    assert pos.count(Redemption) == 1
    # Something new is refused under the same circumstances: the change is one that matters.
    assert 400 <= pos.post(anew).status_code < 500
    assert pos.count(Redemption) == 1


@pytest.mark.parametrize("change", CHANGES)
def test_the_stored_reversal_comes_back(pos: Pos, change: Change) -> None:
    made, body = pos.redeem(offer="CAP"), {"id": str(uuid4()), "reason": "顾客退货"}
    path = f"redemptions/{made['id']}/reversals"
    first = pos.post(body, path=path)
    with store_of(pos.app) as session:
        change(session, pos)
    again = pos.post(body, path=path)
    assert (again.status_code, again.data) == (201, first.data)
    assert pos.count(Reversal) == 1


@pytest.mark.parametrize("change", CHANGES)
def test_the_stored_correction_comes_back(pos: Pos, change: Change) -> None:
    made = pos.redeem(offer="CAP")
    body = {"id": str(uuid4()), "reversal_id": str(uuid4()), "gross_fen": 5000, "reason": "金额输错"}
    path = f"redemptions/{made['id']}/correction"
    first = pos.post(body, path=path)
    assert first.status_code == 201, first.text
    with store_of(pos.app) as session:
        change(session, pos)
    again = pos.post(body, path=path)
    assert (again.status_code, again.data) == (201, first.data)
    assert (pos.count(Redemption), pos.count(Reversal)) == (2, 1)


# --- a revoked token ------------------------------------------------------------------------------------


def contents(pos: Pos) -> dict[str, int]:
    return {table.__name__: pos.count(table) for table in (Redemption, Reversal, Scan, RefusedAttempt)}


@pytest.fixture
def revoked(pos: Pos) -> dict[str, Any]:
    """What the till has had accepted before its token was revoked: the bodies, and a reversal's path."""
    redemption, reversal = pos.body(), {"id": str(uuid4()), "reason": "顾客退货", "refund_fen": 100}
    assert pos.post(redemption).status_code == 201
    path = f"redemptions/{redemption['id']}/reversals"
    assert pos.post(reversal, path=path).status_code == 201
    others = pos.body(outlet="D1")
    assert pos.post(others, pos.hq).status_code == 201
    with store_of(pos.app) as session:
        revoke_token(
            session, session.get_one(ApiToken, token_for(session, pos.token).id), COMMAND_LINE, clock.now()
        )
    return {"redemption": redemption, "reversal": reversal, "path": path, "others": others}


def is_turned_away(response: TestResponse) -> None:
    is_problem(response, 401, "unauthenticated")
    assert "张" not in response.text


def test_with_a_revoked_token_nothing_else_is_read_or_written(pos: Pos, revoked: dict[str, Any]) -> None:
    before, redemption, reversal = contents(pos), revoked["redemption"], revoked["reversal"]
    path = revoked["path"]
    is_turned_away(pos.post(pos.body()))
    is_turned_away(pos.post(redemption | {"gross_fen": 10001}))
    is_turned_away(pos.post(redemption | {"more": 1}))
    is_turned_away(pos.post({"id": redemption["id"]}))
    is_turned_away(pos.post(redemption | {"outlet": "D2"}))
    is_turned_away(pos.post({"id": str(uuid4()), "presentation": pos.shown()}, path="scans"))
    is_turned_away(pos.post({"id": redemption["id"], "presentation": pos.shown()}, path="scans"))
    is_turned_away(pos.post(reversal | {"refund_fen": 101}, path=path))
    is_turned_away(pos.post(reversal | {"id": str(uuid4())}, path=path))
    is_turned_away(pos.post(reversal, path=f"redemptions/{uuid4()}/reversals"))
    # The one's id is not the other's.
    is_turned_away(pos.post(reversal | {"id": redemption["id"]}, path=path))
    is_turned_away(pos.post(redemption | {"id": reversal["id"]}))
    # What another token had accepted is that token's.
    is_turned_away(pos.post(revoked["others"]))
    for raw in (b"", b"{", b"[]", b'{"id": 1}', b'{"id": null}'):
        is_turned_away(pos.post(raw))
    for read in ("redemptions", f"redemptions/{redemption['id']}", "reversals", "refused-attempts",
                 "reconciliation?date=2026-01-01"):  # fmt: skip
        is_turned_away(pos.get(read))
    assert contents(pos) == before
    assert pos.post(redemption).status_code == 201


@pytest.mark.parametrize("reason", [reason for reason, status in STATUS.items() if status == 409])
def test_a_verb_that_refuses_a_repetition_tells_it_nothing(
    pos: Pos, revoked: dict[str, Any], monkeypatch: pytest.MonkeyPatch, reason: Reason
) -> None:
    """It tells what is stored before it judges; were it otherwise, it would still be nobody's business."""

    def refuse(*_: object, **__: object) -> None:
        raise Refused(reason)

    monkeypatch.setattr("alliance.web.api.redemptions.redeem_at_once", refuse)
    is_turned_away(pos.post(revoked["redemption"]))


def test_a_repetition_that_meets_a_busy_database_is_to_be_sent_once_more(
    pos: Pos, revoked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("", None, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr("alliance.web.api.redemptions.redeem_at_once", busy)
    is_problem(pos.post(revoked["redemption"]), 409, "in_flight")


def test_a_token_that_works_tells_again_what_another_of_the_merchant_was_told(
    pos: Pos, revoked: dict[str, Any]
) -> None:
    again = pos.post(revoked["redemption"] | {"outlet": "D1"}, pos.hq)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")


def test_a_repetition_leaves_no_trace_of_use(pos: Pos, revoked: dict[str, Any]) -> None:
    pos.post(revoked["redemption"]).close()
    with store_of(pos.app) as session:
        assert session.scalars(sa.select(ApiToken.last_used_at)).unique().all() == [None]


# --- a cashier whose grant has ended ------------------------------------------------------------------


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def shop(scene: Scene) -> str:
    return address(scene.world.dairy_shop)


@pytest.fixture
def cashier(scene: Scene) -> Any:
    return scene.cashier()


def order(scene: Scene, cashier: Any, shop: str) -> dict[str, str]:
    id_ = scanned(scene, cashier, shop)
    offer = str(scene.world.milk.offer_id)
    return {"id": str(uuid4()), "scan_id": str(id_), "offer": offer, "amount": "100.05", "quantity": "1"}


def end_grant(scene: Scene) -> None:
    session = scene.afresh()
    for grant in session.scalars(sa.select(Grant).where(Grant.role == Role.CASHIER)):
        revoke_grant(session, grant, COMMAND_LINE, scene.at)
    session.commit()


def end_outlet(scene: Scene) -> None:
    """He is still a cashier, at another outlet."""
    session = scene.afresh()
    session.execute(sa.update(GrantOutlet).values(outlet_id=scene.world.dairy_kiosk.id))
    session.commit()


@pytest.mark.parametrize(("end", "status"), [(end_grant, 403), (end_outlet, 404)])
def test_a_cashier_whose_grant_has_ended_is_told_what_was_stored(
    scene: Scene, cashier: Any, shop: str, end: Callable[[Scene], None], status: int
) -> None:
    form = order(scene, cashier, shop)
    waiting = order(scene, cashier, shop)
    assert post(cashier, f"{shop}/redemptions", form).status_code == 302
    end(scene)
    again = post(cashier, f"{shop}/redemptions", form)
    assert again.status_code == 200
    page = text(again)
    for shown in ("已核销", "¥80.04", "优惠MILK"):
        assert shown in page
    for hidden in ("今日记录", "下一位", "冲正"):
        assert hidden not in page
    for other in (waiting, form | {"amount": "100.06"}, form | {"amount": "x"}, form | {"id": "x"}):
        refused = post(cashier, f"{shop}/redemptions", other)
        assert refused.status_code == status
        assert "张" not in text(refused).replace("紧张", "")
    reversal = {"id": str(uuid4()), "reason": "其他"}
    assert post(cashier, f"{shop}/redemptions/{form['id']}/reversal", reversal).status_code == status
    assert cashier.get(f"{shop}/redemptions/{form['id']}").status_code == status
    assert post(cashier, f"{shop}/scans", {"id": form["id"], "text": "12345678"}).status_code == status
    session = scene.afresh()
    assert session.scalar(sa.select(sa.func.count()).select_from(Redemption)) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(RefusedAttempt)) == 0


@pytest.mark.parametrize("end", [end_grant, end_outlet])
def test_and_of_an_undoing_and_of_a_correction(
    scene: Scene, cashier: Any, shop: str, end: Callable[[Scene], None]
) -> None:
    undone, corrected = order(scene, cashier, shop), order(scene, cashier, shop)
    for form in (undone, corrected):
        assert post(cashier, f"{shop}/redemptions", form).status_code == 302
    undo = {"id": str(uuid4()), "reason": "金额输错"}
    correction = undo | {"id": str(uuid4()), "reversal_id": str(uuid4()), "amount": "50", "quantity": "1"}
    steps = (
        (f"{shop}/redemptions/{undone['id']}/reversal", undo, ("已冲正", "¥80.04"), {"reason": "其他"}),
        (
            f"{shop}/redemptions/{corrected['id']}/correction",
            correction,
            ("已改金额", "¥40.04"),
            {"amount": "1"},
        ),
    )
    for url, form, _, _ in steps:
        assert post(cashier, url, form).status_code == 302
    end(scene)
    for url, form, words, change in steps:
        again = post(cashier, url, form)
        assert again.status_code == 200
        assert all(each in text(again) for each in words)
        assert "今日记录" not in text(again)
        for other in (form | change, form | {"id": str(uuid4())}):
            assert post(cashier, url, other).status_code in (403, 404)
    session = scene.afresh()
    assert session.scalar(sa.select(sa.func.count()).select_from(Redemption)) == 3
    assert session.scalar(sa.select(sa.func.count()).select_from(Reversal)) == 2


def test_another_account_is_not_told(scene: Scene, cashier: Any, shop: str) -> None:
    form = order(scene, cashier, shop)
    post(cashier, f"{shop}/redemptions", form)
    other = scene.browser(Role.HOLDER, holder_id=scene.world.mechanic.id)
    assert post(other, f"{shop}/redemptions", form).status_code == 403
    assert post(cashier, f"{shop}/redemptions", form).status_code == 302


def test_without_the_forms_token_nothing_is_told(scene: Scene, cashier: Any, shop: str) -> None:
    form = order(scene, cashier, shop)
    post(cashier, f"{shop}/redemptions", form)
    end_grant(scene)
    answer = cashier.post(f"{shop}/redemptions", data=form)
    assert answer.status_code in (400, 403)
    assert "已核销" not in text(answer)
