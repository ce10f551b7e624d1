"""经营数据: the enterprise's own year, as merchant beside its category, as employer without any person."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO, TextIOWrapper
from typing import Any
from uuid import UUID

from flask import abort, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance import clock
from alliance.circulation.own_merchant import Middle, OwnYear, Sums, middles, own_year
from alliance.circulation.own_people import PeoplesMonth, peoples_year
from alliance.circulation.periods import YEARS, Period, PeriodKind, containing
from alliance.enterprises.models import Enterprise, Outlet
from alliance.offers.models import Offer, OfferRevision
from alliance.store import one_snapshot
from alliance.web.category_words import category_words
from alliance.web.enterprise import bp
from alliance.web.enterprise.page import page
from alliance.web.extensions import db

#: What may be downloaded.
SIDES = ("merchant", "employer")


@dataclass(frozen=True)
class Figures:
    """All that the page shows; the names are of outlets and offers with a redemption in the year."""

    own: OwnYear
    middles: Mapping[date, Middle]
    people: Mapping[date, PeoplesMonth]
    names: Mapping[UUID, str]
    category: str


@bp.get("/figures")
def show_figures(enterprise_id: int) -> ResponseReturnValue:
    """The year that the URL asks for, this one by default."""
    today = clock.business_date(clock.now())
    year = _year(today)
    found = _figures(enterprise_id, year, today)
    return page(
        "enterprise/show_figures.html",
        enterprise_id,
        year=year.first.year,
        this_year=today.year,
        this_month=clock.month_of(today),
        weekdays=list(enumerate(_weekdays())),
        **vars(found),
    )


@bp.get("/figures/<side>.csv")
def download_figures(enterprise_id: int, side: str) -> ResponseReturnValue:
    """The months as merchant or as employer; amounts in 元."""
    if side not in SIDES:
        abort(404)
    today = clock.business_date(clock.now())
    year = _year(today)
    found = _figures(enterprise_id, year, today)
    rows = _merchant_rows(found) if side == "merchant" else _employer_rows(found)
    data = BytesIO()
    # Excel reads UTF-8 only with the mark.
    text = TextIOWrapper(data, encoding="utf-8-sig", newline="", write_through=True)
    csv.writer(text).writerows(rows)
    text.detach()
    data.seek(0)
    name = f"{side}-{enterprise_id}-{year.first.year}.csv"
    return send_file(data, mimetype="text/csv", as_attachment=True, download_name=name)


def _year(today: date) -> Period:
    """``year``; one that is none, or that has not begun, ends as 400."""
    given = request.args.get("year", str(today.year))
    if not (given.isascii() and given.isdigit() and YEARS[0] <= int(given[:5]) <= today.year):
        abort(400)
    return containing(PeriodKind.YEAR, date(int(given), 1, 1))


def _figures(enterprise_id: int, year: Period, today: date) -> Figures:
    # The guard has read who is asking; the snapshot begins with a transaction of its own.
    db.session.rollback()
    with one_snapshot(db.session):
        enterprise = db.session.get_one(Enterprise, enterprise_id)
        return Figures(
            own_year(db.session, enterprise_id, year),
            middles(db.session, enterprise, year, today),
            peoples_year(db.session, enterprise_id, year, today),
            _names(db.session, enterprise_id),
            category_words(enterprise.category) if enterprise.category else "",
        )


def _names(session: Session, merchant_id: int) -> Mapping[UUID, str]:
    """The names of the merchant's outlets, and the codes and newest titles of its offers."""
    outlets = session.execute(
        select(Outlet.id, Outlet.name).where(Outlet.merchant_id == merchant_id).order_by(Outlet.code)
    )
    titles = session.execute(
        select(Offer.id, Offer.code, OfferRevision.title)
        .join(
            OfferRevision,
            (OfferRevision.merchant_id == Offer.merchant_id) & (OfferRevision.offer_id == Offer.id),
        )
        .where(Offer.merchant_id == merchant_id)
        .order_by(OfferRevision.number)
    )
    names = dict(outlets.all())
    for id_, code, title in titles:
        names[id_] = title if title == code else f"{title}（{code}）"
    return names


def _weekdays() -> list[str]:
    """周一 to 周日; 1 January 2024 was a Monday."""
    return [format_date(date(2024, 1, 1 + number), "EEEE") for number in range(7)]


def _merchant_rows(found: Figures) -> list[tuple[Any, ...]]:
    heads = (
        _("月份"), _("笔数"), _("顾客数"), _("原价"), _("让利额"), _("实付"),
        _("同类商户数"), _("同类笔数中位数（约）"), _("同类实付中位数（约）"), _("同类让利率中位数（约）"),
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = [heads]
    for month in sorted(found.own.months.keys() | found.middles.keys()):
        own, beside = found.own.months.get(month, Sums()), found.middles.get(month)
        rate = None if beside is None else beside.discount_rate
        rows.append(
            (
                f"{month:%Y-%m}",
                own.redemptions,
                found.own.customers.get(month, 0),
                *(_yuan(fen) for fen in (own.gross_fen, own.discount_fen, own.paid_fen)),
                *((beside.merchants, beside.redemptions, _yuan(beside.paid_fen)) if beside else ("",) * 3),
                "" if rate is None else f"{rate:.2f}",
            )
        )
    return rows


def _employer_rows(found: Figures) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [
        (_("月份"), _("有资格人数"), _("使用人数"), _("参与率"), _("门店数"), _("共省下"))
    ]
    for month, people in sorted(found.people.items()):
        taking, rate = people.taking, people.participation_rate
        unknown = (_("未公布"),) * 4
        shown = unknown if taking is None else (
            taking.redeemers, "" if rate is None else f"{rate:.4f}", taking.outlets, _yuan(taking.saved_fen)
        )  # fmt: skip
        rows.append((f"{month:%Y-%m}", people.entitled, *shown))
    return rows


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
