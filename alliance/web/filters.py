"""How templates show amounts and moments."""

from datetime import datetime

from apiflask import APIFlask
from babel.numbers import format_compact_decimal
from flask_babel import get_locale
from flask_babel import gettext as _

from alliance import clock, money
from alliance.offers import wording
from alliance.people.phones import mask_name, mask_phone
from alliance.web.period_words import period_words

#: From so many yuan on, an amount is told in 万.
_BRIEF_FROM = 10_000


def init_app(app: APIFlask) -> None:
    """Register the filters."""
    app.jinja_env.filters["fen"] = money.format_yuan
    app.jinja_env.filters["masked_phone"] = mask_phone
    app.jinja_env.filters["shown_name"] = shown_name
    app.jinja_env.filters["pieces"] = wording.pieces
    app.jinja_env.tests["in_doubt"] = wording.forbidden
    app.jinja_env.filters["local_time"] = local_time
    app.jinja_env.filters["local_date"] = local_date
    app.jinja_env.filters["local_clock"] = local_clock
    app.jinja_env.filters["local_seconds"] = local_seconds
    app.jinja_env.filters["period_words"] = period_words
    app.jinja_env.filters["brief_yuan"] = brief_yuan


def shown_name(name: str) -> str:
    """A holder as a cashier may see them: ``张**``, or that it is a child without a name."""
    return mask_name(name) or _("不满 14 岁的孩子")


def brief_yuan(fen: int) -> str:
    """``¥12.3万``: an amount to be read from afar; below 10,000 元 whole yuan."""
    yuan, locale = fen / 100, get_locale()
    if abs(yuan) < _BRIEF_FROM:
        return f"¥{yuan:,.0f}"
    return "¥" + format_compact_decimal(yuan, locale=locale, fraction_digits=1)


def local_time(at: datetime) -> str:
    """``2026-03-01 09:30``, on the wall clock in Shanghai."""
    return clock.local(at).strftime("%Y-%m-%d %H:%M")


def local_date(at: datetime) -> str:
    """``2026-03-01``: the business date on which ``at`` falls."""
    return clock.business_date(at).isoformat()


def local_clock(at: datetime) -> str:
    """``09:30:05``, for lists of one day."""
    return clock.local(at).strftime("%H:%M:%S")


def local_seconds(at: datetime) -> str:
    """``2026-03-01 09:30:05``, for logs."""
    return clock.local(at).strftime("%Y-%m-%d %H:%M:%S")
