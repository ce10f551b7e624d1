"""站内通知: what the enterprise is told about its offers, and that whoever is signed in has read it."""

from uuid import UUID

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance import clock
from alliance.offers.notices import mark_all_read, mark_read
from alliance.web.enterprise import bp
from alliance.web.enterprise.notice_lines import notice_or_404, notices_of
from alliance.web.enterprise.page import page
from alliance.web.extensions import db


@bp.get("/notices")
def list_notices(enterprise_id: int) -> ResponseReturnValue:
    """The newest first; those that this account has not read stand out."""
    lines, following = notices_of(db.session, enterprise_id, g.actor.account_id, request.args.get("cursor"))
    return page("enterprise/list_notices.html", enterprise_id, lines=lines, following=following)


@bp.post("/notices/<uuid:notice_id>/read")
def read_notice(enterprise_id: int, notice_id: UUID) -> ResponseReturnValue:
    """Read one, and go to its offer."""
    notice = notice_or_404(db.session, enterprise_id, notice_id)
    mark_read(db.session, notice, g.actor.account_id, clock.now())
    db.session.commit()
    return redirect(url_for("enterprise.show_offer", enterprise_id=enterprise_id, offer_id=notice.offer_id))


@bp.post("/notices/read")
def read_notices(enterprise_id: int) -> ResponseReturnValue:
    """All that has come until now is read."""
    mark_all_read(db.session, enterprise_id, g.actor.account_id, clock.now())
    db.session.commit()
    flash(_("全部标为已读。"))
    return redirect(url_for("enterprise.list_notices", enterprise_id=enterprise_id))
