"""Who is signed in, as Flask-Login sees it: a session row, its account and its live grants."""

from uuid import UUID

from flask import request, session
from flask_login import UserMixin, login_user

from alliance import clock
from alliance.accounts import sign_in
from alliance.web import SIGNED_IN_FOR, language
from alliance.web.extensions import db, login_manager


class Visitor(UserMixin):  # type: ignore[misc]
    """The person behind this request. ``get_id`` names the session, so that each can be revoked alone."""

    def __init__(self, known: sign_in.SignedIn) -> None:
        self.sign_in_id = known.sign_in_id
        self.account_id = known.account_id
        self.phone = known.phone
        self.name = known.name
        self.grants = known.grants

    def get_id(self) -> str:
        """The id of the session row; it is all that the cookie holds."""
        return str(self.sign_in_id)


@login_manager.user_loader
def load_visitor(sign_in_id: str) -> Visitor | None:
    """The visitor of a session that is still alive."""
    known = sign_in.load(db.session, UUID(sign_in_id), clock.now())
    return Visitor(known) if known else None


def admit(account_id: int) -> None:
    """Sign this browser in, and commit. Of what its cookie held only the language stays."""
    at = clock.now()
    row_id = sign_in.start(db.session, account_id, request.user_agent.string, at, SIGNED_IN_FOR)
    db.session.commit()
    known = sign_in.load(db.session, row_id, at)
    assert known is not None
    language.forget_all_else()
    session.permanent = True
    login_user(Visitor(known))
