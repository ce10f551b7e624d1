"""接口令牌: what the enterprise's tills sign in with."""

from uuid import UUID

import sqlalchemy as sa
from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance import clock
from alliance.accounts.models import ApiToken
from alliance.accounts.tokens import create_token as make_token
from alliance.accounts.tokens import revoke_token as end_token
from alliance.store import new_id
from alliance.web.enterprise import bp, lookups
from alliance.web.enterprise.forms import TokenForm
from alliance.web.enterprise.page import page
from alliance.web.extensions import db


@bp.get("/tokens")
def list_tokens(enterprise_id: int) -> ResponseReturnValue:
    """Every token, with when it was last used; a form for a new one."""
    return _list(enterprise_id, TokenForm(lookups.outlets_of(db.session, enterprise_id), id=new_id()))


@bp.post("/tokens")
def create_token(enterprise_id: int) -> ResponseReturnValue:
    """A new token, shown this once. Sent again with the same id, there is nothing left to show."""
    form = TokenForm(lookups.outlets_of(db.session, enterprise_id))
    if not form.validate():
        return _list(enterprise_id, form), 422
    plain = _make(enterprise_id, form)
    if plain is None:
        flash(_("这个令牌已经建好，而且只显示过一次。没有记下的话，请停用它，再新建一个。"), "warning")
        return redirect(url_for(".list_tokens", enterprise_id=enterprise_id))
    return page("enterprise/new_token.html", enterprise_id, plain=plain, name=form.name.data)


@bp.post("/tokens/<uuid:token_id>/revoke")
def revoke_token(enterprise_id: int, token_id: UUID) -> ResponseReturnValue:
    """End a token at once."""
    token = lookups.token_or_404(db.session, enterprise_id, token_id)
    end_token(db.session, token, g.actor, clock.now())
    db.session.commit()
    flash(_("令牌已停用，用它的收银系统不能再核销。"))
    return redirect(url_for(".list_tokens", enterprise_id=enterprise_id))


def _make(enterprise_id: int, form: TokenForm) -> str | None:
    """The plain text; None when the page has made its token before."""
    if db.session.get(ApiToken, form.id.data) is not None:
        return None
    scope = enterprise_id, form.outlet_id, None
    try:
        _token, plain = make_token(db.session, form.name.data, *scope, g.actor, clock.now(), id_=form.id.data)
        db.session.commit()
    except sa.exc.IntegrityError:
        db.session.rollback()
        return None
    return plain


def _list(enterprise_id: int, form: TokenForm) -> str:
    lines = lookups.tokens_of(db.session, enterprise_id)
    return page("enterprise/list_tokens.html", enterprise_id, lines=lines, form=form)
