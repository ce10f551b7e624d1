"""Offers in plain words, as somebody at the counter would say them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from flask_babel import gettext

from alliance.money import format_yuan
from alliance.offers.evidence import Evidence
from alliance.offers.models import Audience
from alliance.offers.pricing import (
    AlliancePrice,
    AmountOff,
    BuyGet,
    Discount,
    Gift,
    Historical,
    Service,
    Terms,
    Threshold,
    Ticket,
)
from alliance.offers.states import State


def _(text: str, **params: object) -> str:
    return str(gettext(text, **params))


def terms_words(terms: Terms) -> str:
    """``8.5折``, ``立减5元``, ``每满100减20``, ``联盟价 ¥3.50/份``, ``买2赠1``: docs/offers.md has all."""
    match terms:
        case Discount():
            return _("%(zhe)s折", zhe=zhe(terms.pay_permille))
        case AmountOff():
            return _("立减%(off)s元", off=short_yuan(terms.off_fen))
        case Threshold():
            return _threshold_words(terms)
        case AlliancePrice():
            return _("联盟价 %(price)s/份", price=format_yuan(terms.unit_price_fen))
        case BuyGet():
            return _("买%(buy)s赠%(free)s", buy=terms.buy, free=terms.free)
        case Gift() if terms.threshold_fen:
            return _("满%(from_)s赠%(gift)s", from_=short_yuan(terms.threshold_fen), gift=terms.gift)
        case Gift():
            return _("消费即赠%(gift)s", gift=terms.gift)
        case Ticket():
            prices = {"price": terms.ticket_price_fen, "face": terms.face_price_fen}
            return _(
                "门票 %(price)s（原价 %(face)s）", **{name: format_yuan(fen) for name, fen in prices.items()}
            )
        case Service():
            return _("免费服务")
        case Historical():
            return _("历史数据")


def _threshold_words(terms: Threshold) -> str:
    amounts = {"from_": short_yuan(terms.threshold_fen), "off": short_yuan(terms.off_fen)}
    return _("每满%(from_)s减%(off)s", **amounts) if terms.repeat else _("满%(from_)s减%(off)s", **amounts)


def zhe(permille: int) -> str:
    """``850`` → ``8.5``: what is paid of ten parts."""
    return _short(Decimal(permille) / 100)


def short_yuan(fen: int) -> str:
    """``10000`` → ``100``, ``1050`` → ``10.5``: an amount inside a phrase, without sign and idle zeros."""
    return _short(Decimal(fen) / 100)


def days_words(first: date | None, last: date | None) -> str:
    """From when to when an offer is granted, both days included."""
    if first and last:
        return _("%(first)s至%(last)s", first=day_words(first), last=day_words(last, since=first))
    if first:
        return _("%(first)s起", first=day_words(first))
    return _("至%(last)s", last=day_words(last)) if last else _("长期有效")


def day_words(day: date, since: date | None = None) -> str:
    """``2026年3月1日``; without the year where ``since`` has just named it."""
    if since is not None and since.year == day.year:
        return _("%(month)s月%(day)s日", month=day.month, day=day.day)
    return _("%(year)s年%(month)s月%(day)s日", year=day.year, month=day.month, day=day.day)


def audience_words(audience: Audience) -> str:
    """Whom an offer is for; nothing to say where it is everyone."""
    return {
        Audience.EVERYONE: "",
        Audience.EMPLOYEE: _("仅限员工本人"),
        Audience.DEPENDANT: _("仅限家属"),
    }[audience]


def market_words(evidence: Evidence) -> str:
    """What a piece costs elsewhere, where the merchant says so."""
    fen = evidence.market_price_fen
    return "" if fen is None else _("市场价 %(price)s", price=format_yuan(fen))


def outlets_words(names: Sequence[str]) -> str:
    """Where an offer holds; no names mean everywhere."""
    return _("、").join(names) or _("全部门店")


def state_words(state: State) -> str:
    """Where a revision stands."""
    return {
        State.DRAFT: _("草稿"),
        State.SUBMITTED: _("待审核"),
        State.RETURNED: _("已退回"),
        State.APPROVED: _("待生效"),
        State.LIVE: _("生效中"),
        State.PAUSED: _("已暂停"),
        State.USED_UP: _("已用完"),
        State.ENDED: _("已结束"),
        State.WITHDRAWN: _("已撤回"),
    }[state]


def _short(number: Decimal) -> str:
    return f"{number:,.2f}".rstrip("0").rstrip(".")
