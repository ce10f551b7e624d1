"""What it would cost, while the cashier types: ``{paid, discount}``, or ``{problem}`` in words."""

from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select

from alliance import clock
from alliance.money import format_yuan
from alliance.offers.models import OfferRevision
from alliance.offers.pricing import Price, price, read_terms
from alliance.passes.models import Pass
from alliance.redemptions.models import Scan
from alliance.refused import Reason, Refused
from alliance.web.extensions import db
from alliance.web.merchant import bp, lookups
from alliance.web.merchant.forms import CorrectionPriceForm, PriceForm
from alliance.web.merchant.redemptions import REDEMPTION
from alliance.web.merchant.scans import SCAN, card_ceiling_fen
from alliance.web.words import remedy_for

#: By the names of the page's parts that show them.
Shown = dict[str, str]


@bp.post(SCAN + "/price")
def price_offer(merchant_id: int, outlet_id: UUID, scan_id: UUID) -> Shown:
    """Of an offer of a scan."""
    scan = lookups.scan_or_404(db.session, merchant_id, outlet_id, scan_id)
    form = PriceForm()
    if not form.validate():
        return _wrong(form)
    try:
        costs = _price(lookups.revision_of_scan(db.session, scan, form.offer.data), form)
        _check_card(scan, costs)
        return _shown(costs)
    except Refused as refused:
        return {"problem": remedy_for(refused)}


@bp.post(REDEMPTION + "/correction/price")
def price_correction(merchant_id: int, outlet_id: UUID, redemption_id: UUID) -> Shown:
    """Of a correction: also what is then to be collected or given back, ``due`` and its ``label``."""
    entry = lookups.entry_or_404(db.session, merchant_id, outlet_id, redemption_id)
    form = CorrectionPriceForm()
    if not form.validate():
        return _wrong(form)
    try:
        costs = _price(lookups.revision_of(db.session, entry.fact), form)
    except Refused as refused:
        return {"problem": remedy_for(refused)}
    return _shown(costs) | _difference(costs.paid_fen - entry.paid_fen)


def _price(revision: OfferRevision | None, form: PriceForm | CorrectionPriceForm) -> Price:
    if revision is None:
        raise Refused(Reason.OFFER_NOT_FOUND)
    return price(read_terms(revision.terms), form.amount.data, form.quantity.data)


def _check_card(scan: Scan, costs: Price) -> None:
    """Of a printed card also whether it may still be paid with it today."""
    if scan.card_id is None:
        return
    holder_id = db.session.scalar(select(Pass.holder_id).where(Pass.id == scan.pass_id))
    assert holder_id is not None
    ceiling_fen = card_ceiling_fen()
    left_fen = lookups.card_left(db.session, scan, holder_id, ceiling_fen, clock.now())
    if left_fen is not None and costs.paid_fen > left_fen:
        raise Refused(Reason.CARD_CEILING, limit=ceiling_fen, left=left_fen)


def _shown(costs: Price) -> Shown:
    return {"paid": format_yuan(costs.paid_fen), "discount": format_yuan(costs.discount_fen)}


def _difference(more_fen: int) -> Shown:
    if not more_fen:
        return {"label": _("金额没有变，不用补退"), "due": ""}
    return {"label": _("请再收款") if more_fen > 0 else _("请退给顾客"), "due": format_yuan(abs(more_fen))}


def _wrong(form: PriceForm | CorrectionPriceForm) -> Shown:
    return {"problem": str(next(iter(form.errors.values()))[0])}
