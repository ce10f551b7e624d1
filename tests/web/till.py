"""A till with its tokens, and the world behind it."""

from typing import Any
from uuid import uuid4

from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from alliance import clock
from alliance.accounts.tokens import create_token
from alliance.audit.trail import COMMAND_LINE
from alliance.offers.pricing import Discount, Threshold
from alliance.passes.keys import Keyring
from tests.processes import SECRET
from tests.web.visits import store_of
from tests.world import World


class Pos:
    """A till at the dairy's shop, with its token, and the world behind it."""

    def __init__(self, app: Flask) -> None:
        self.app, self.client = app, app.test_client()
        with store_of(app) as session:
            self.world = World(session, clock.now())
            world = self.world
            world.keyring = Keyring(SECRET)
            world.live_offer(world.dairy, "CAP", Discount(pay_permille=900), limit_total=1)
            world.live_offer(world.dairy, "T", Threshold(threshold_fen=10000, off_fen=1000))
            shop, at = world.dairy_shop, world.at
            _, self.hq = create_token(session, "hq", shop.merchant_id, None, None, COMMAND_LINE, at)
            _, self.token = create_token(session, "till", shop.merchant_id, shop.id, None, COMMAND_LINE, at)
            _, self.reports = create_token(session, "reports", None, None, None, COMMAND_LINE, at)
            _, self.public = create_token(
                session, "public", None, None, None, COMMAND_LINE, at, is_public=True
            )
            _, self.east = create_token(session, "east", None, None, world.east.id, COMMAND_LINE, at)

    def shown(self) -> str:
        with store_of(self.app) as session:
            self.world.session = session
            return self.world.shown(at=clock.now()).text

    def body(self, **changes: Any) -> dict[str, Any]:
        body = {"id": str(uuid4()), "offer": "MILK", "gross_fen": 10000, **changes}
        return body if "presentation" in body else body | {"presentation": self.shown()}

    def post(
        self, body: Any, token: str | None = None, path: str = "redemptions", **options: Any
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        if isinstance(body, dict):
            options["json"] = body
        else:
            options |= {"data": body, "content_type": "application/json"}
        return self.client.post(f"/api/v1/{path}", headers=headers, **options)

    def get(self, path: str, token: str | None = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.client.get(f"/api/v1/{path}", headers=headers)

    def redeem(self, **changes: Any) -> dict[str, Any]:
        """A redemption that is accepted; the answer."""
        answer = self.post(self.body(**changes))
        assert answer.status_code == 201, answer.text
        return answer.get_json()

    def reverse(self, redemption: dict[str, Any], **changes: Any) -> TestResponse:
        body = {"id": str(uuid4()), "reason": "顾客退货", **changes}
        return self.post(body, path=f"redemptions/{redemption['id']}/reversals")

    def count(self, table: Any) -> int:
        with store_of(self.app) as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


def is_problem(response: Any, status: int, reason: str) -> None:
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    problem = response.get_json()
    assert (problem["status"], problem["reason"]) == (status, reason)
    assert problem["title"]
    assert problem["detail"]
