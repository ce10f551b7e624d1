"""People of the world at their pages, on a clock that stands still until a test moves it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from alliance import clock
from alliance.accounts.grants import find_or_create_account, grant
from alliance.accounts.models import Role
from alliance.audit.trail import COMMAND_LINE
from alliance.enterprises.models import Outlet
from alliance.redemptions.models import RefusedAttempt
from tests.web.visits import browser_of, post
from tests.world import NOON, World


class Scene:
    """The world in the application's database, and browsers for whoever acts in it."""

    def __init__(self, app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app, self.session, self.at = app, session, NOON
        monkeypatch.setattr(clock, "now", lambda: self.at)
        self.world = World(session, NOON)
        self.world.keyring = app.extensions["keyring"]
        self._accounts = 0
        session.commit()

    def browser(self, role: Role, **scope: Any) -> FlaskClient:
        """The browser of a new account with one grant."""
        # SQLite writes only from the newest state, and the application may have written since our last look.
        self.session.commit()
        self._accounts += 1
        phone = f"+8613900000{self._accounts:03d}"
        account = find_or_create_account(self.session, phone, f"第{self._accounts}人", self.at)
        grant(self.session, account, role, COMMAND_LINE, self.at, **scope)
        self.session.commit()
        return browser_of(self.app, account.id)

    def cashier(self) -> FlaskClient:
        """The cashier of the dairy's shop; the kiosk and the garage are not his."""
        world = self.world
        return self.browser(Role.CASHIER, enterprise_id=world.dairy.id, outlets=[world.dairy_shop])

    def admin(self) -> FlaskClient:
        """The dairy's administrator."""
        return self.browser(Role.ENTERPRISE_ADMIN, enterprise_id=self.world.dairy.id)

    def holder(self) -> FlaskClient:
        """The mechanic, an employee of the garage."""
        return self.browser(Role.HOLDER, holder_id=self.world.mechanic.id)

    def organizer(self) -> FlaskClient:
        """Everything is his."""
        return self.browser(Role.ORGANIZER)

    def shown(self, **who: Any) -> Any:
        """What a phone shows now; committed, so that the application can read it."""
        self.session.commit()
        shown = self.world.shown(at=self.at, **who)
        self.session.commit()
        return shown

    def later(self, **delta: float) -> datetime:
        """Move the clock."""
        self.at += timedelta(**delta)
        return self.at

    def afresh(self) -> Session:
        """The session, seeing what the application has committed."""
        self.session.rollback()
        return self.session


def address(outlet: Outlet) -> str:
    """The path of an outlet's counter."""
    return f"/counter/{outlet.merchant_id}/{outlet.id}"


def text(answer: TestResponse) -> str:
    """The page."""
    return answer.get_data(as_text=True)


def scanned(scene: Scene, counter: FlaskClient, shop: str, shown: str | None = None) -> UUID:
    """The id of a new scan, of the mechanic's pass unless something else is ``shown``."""
    id_ = uuid4()
    answer = post(counter, f"{shop}/scans", {"id": str(id_), "text": shown or scene.shown().text})
    assert answer.status_code == 302, text(answer)
    return id_


def attempts(scene: Scene) -> list[RefusedAttempt]:
    """What was refused and remembered."""
    return list(scene.afresh().scalars(select(RefusedAttempt)))
