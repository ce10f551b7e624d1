"""被拒绝的核销: whom the enterprise's counters turned down, and why."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from alliance.accounts.models import Account, ApiToken
from alliance.redemptions.models import RefusedAttempt
from alliance.redemptions.refusals import refusals
from alliance.web.enterprise import bp, lookups
from alliance.web.enterprise.forms import RefusalsForm
from alliance.web.enterprise.page import page
from alliance.web.extensions import db
from alliance.web.paging import cut, older_than
from alliance.web.words import REFUSALS

ROWS = 50


@bp.get("/refused")
def list_refused(enterprise_id: int) -> ResponseReturnValue:
    """The refusals of an outlet and a day, or of all, the newest first."""
    form = RefusalsForm(lookups.outlets_of(db.session, enterprise_id), formdata=request.args)
    if not form.validate():
        return page("enterprise/list_refused.html", enterprise_id, form=form, rows=[], words=REFUSALS), 422
    rows, cursor = _rows(enterprise_id, form)
    return page(
        "enterprise/list_refused.html",
        enterprise_id,
        form=form,
        rows=rows,
        words=REFUSALS,
        older=request.args.to_dict() | {"cursor": cursor} if cursor else None,
    )


def _rows(enterprise_id: int, form: RefusalsForm) -> Any:
    """A page of (attempt, outlet's code and name, cashier's name, token's name), and the next cursor."""
    day = form.day.data
    wanted = refusals(enterprise_id, form.outlet_id, day, day).add_columns(Account.name, ApiToken.name)
    wanted = wanted.outerjoin(Account, Account.id == RefusedAttempt.account_id)
    wanted = wanted.outerjoin(ApiToken, ApiToken.id == RefusedAttempt.token_id)
    wanted = wanted.where(*older_than(request.args.get("cursor"), RefusedAttempt.at, RefusedAttempt.id))
    rows = db.session.execute(wanted.limit(ROWS + 1)).all()
    return cut(rows, ROWS, lambda row: (row[0].at, row[0].id))
