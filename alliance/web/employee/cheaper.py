"""别处更便宜, from the phone: the report, and what became of one's reports."""

from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select

from alliance import clock
from alliance.enterprises.models import Enterprise
from alliance.offers.cheaper import CheaperInvalid, Said, Seen, report
from alliance.offers.live import shown_to
from alliance.offers.models import CheaperReport, OfferRevision
from alliance.people.models import Holder
from alliance.web import uploads
from alliance.web.cheaper_lines import report_lines
from alliance.web.cheaper_words import put_at_field
from alliance.web.employee import bp
from alliance.web.errors import invalid_field
from alliance.web.extensions import db
from alliance.web.fields import YuanField, posted_id
from alliance.web.offer_cards import offer_cards, with_showings
from alliance.web.picture_fields import PictureIdsField, link_field, text_field

#: Pictures that one account may upload within a day from the phone.
MOST_PICTURES = 12


class CheaperForm(FlaskForm):  # type: ignore[misc]
    """Where, for how much, and by what it can be seen."""

    place = text_field(_l("在哪里"), 100, _l("地点最多 100 个字。"), missing=_l("请写明在哪家店或哪个平台。"))
    price = YuanField(_l("那里卖多少"), missing=_l("请填写那里的价格。"))
    link = link_field(_l("链接"), _l("链接最多 500 个字。"))
    picture = PictureIdsField(_l("照片"), most=1)
    words = text_field(_l("补充说明"), 300, _l("补充说明最多 300 个字。"), lines=True)


@bp.route("/reports/new", methods=["GET", "POST"])
def report_cheaper() -> ResponseReturnValue:
    """Report a lower price for an offer of today, which ``merchant`` and ``offer`` name."""
    revision, form = _named_offer(), CheaperForm()
    if revision is None:
        flash(_("这个优惠今天已经不能用了，看看别的吧。"), "warning")
        return redirect(url_for("employee.list_offers"))
    if not form.validate_on_submit() or not _reported(revision, form):
        [card] = with_showings(db.session, offer_cards(db.session, [revision]))
        shown = render_template("employee/report_cheaper.html", form=form, card=card)
        return shown, 422 if form.errors else 200
    flash(_("已转给商户，答复会显示在这里。商户看不到是谁反映的。"))
    return redirect(url_for("employee.list_reports"))


@bp.get("/reports")
def list_reports() -> ResponseReturnValue:
    """One's own reports, with the answers."""
    mine = select(CheaperReport).where(CheaperReport.holder_id == g.grant.holder_id)
    return render_template("employee/list_reports.html", lines=report_lines(db.session, mine, clock.now()))


@bp.post("/reports/pictures")
def upload_picture() -> ResponseReturnValue:
    """A photo for a report about the merchant that the form names."""
    merchant_id = posted_id("merchant")
    if db.session.get(Enterprise, merchant_id) is None:
        invalid_field("merchant", _("没有这家商户，请刷新页面后重试。"))
    return uploads.take_in(merchant_id, MOST_PICTURES)


def _reported(revision: OfferRevision, form: CheaperForm) -> bool:
    """Whether the report was taken; else the form says why not."""
    said = Said(form.words.data, form.link.data, form.picture.first)
    seen = Seen(form.place.data, form.price.data)
    try:
        report(db.session, g.grant.holder_id, revision, seen, said, g.actor, clock.now())
    except CheaperInvalid as invalid:
        put_at_field(form, invalid)
        return False
    db.session.commit()
    return True


def _named_offer() -> OfferRevision | None:
    """The offer's revision of today; None when this phone does not show it, or nothing is named."""
    merchant_id = request.values.get("merchant", 0, type=int)
    offer_id = request.values.get("offer", None, type=UUID)
    if not 0 < merchant_id < 2**63 or offer_id is None:
        return None
    holder, today = db.session.get_one(Holder, g.grant.holder_id), clock.business_date(clock.now())
    named = (OfferRevision.merchant_id == merchant_id, OfferRevision.offer_id == offer_id)
    return db.session.scalar(shown_to(holder, today).where(*named))
