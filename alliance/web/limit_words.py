"""Limits in plain words: what is allowed, what is left of it, and why somebody was turned down."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from alliance import clock
from alliance.money import format_yuan
from alliance.offers.counters import Remaining
from alliance.offers.limits import Limits
from alliance.offers.states import SHARED
from alliance.refused import Reason, Refused

#: For each limit what is allowed, and what is left of it.
_WORDS: Mapping[str, tuple[Any, Any]] = {
    "total": (_l("共%(limit)s次"), _l("还剩%(left)s次")),
    "units": (_l("共%(limit)s份"), _l("还剩%(left)s份")),
    "budget_fen": (_l("让利共%(limit)s"), _l("还剩%(left)s")),
    "outlet_day": (_l("每店每天%(limit)s次"), _l("本店今天还剩%(left)s次")),
    "holder_day": (_l("每人每天%(limit)s次"), _l("本人今天还剩%(left)s次")),
    "holder_week": (_l("每人每周%(limit)s次"), _l("本人本周还剩%(left)s次")),
    "holder_month": (_l("每人每月%(limit)s次"), _l("本人本月还剩%(left)s次")),
    "holder_ever": (_l("每人限%(limit)s次"), _l("本人还剩%(left)s次")),
    "household_day": (_l("每户每天%(limit)s次"), _l("全家今天还剩%(left)s次")),
    "household_week": (_l("每户每周%(limit)s次"), _l("全家本周还剩%(left)s次")),
    "household_month": (_l("每户每月%(limit)s次"), _l("全家本月还剩%(left)s次")),
    "household_ever": (_l("每户限%(limit)s次"), _l("全家还剩%(left)s次")),
    "cool_down_minutes": (_l("两次至少间隔%(limit)s"), ""),
}
#: What is left of the limits that everybody shares, in a table.
_LEFT_OF: Mapping[str, Any] = {
    "total": _l("%(left)s/%(limit)s次"),
    "units": _l("%(left)s/%(limit)s份"),
    "budget_fen": _l("%(left)s/%(limit)s"),
}
#: Spoken to the cashier, when nothing is left; without an entry the reason's own words do.
_REMEDIES: Mapping[str, Any] = {
    "units": _l("这个优惠的总份数已用完，请选择其他优惠。"),
    "budget_fen": _l("这个优惠的让利总额已用完，请选择其他优惠。"),
    "outlet_day": _l("这个优惠在本门店每天限 %(limit)s 次，今天已用完，请顾客明天再来，或选择其他优惠。"),
    "holder_day": _l("这个优惠每人每天限 %(limit)s 次，这位顾客今天已用完，明天可以再用。"),
    "holder_week": _l("这个优惠每人每周限 %(limit)s 次，这位顾客本周已用完，下周可以再用。"),
    "holder_month": _l("这个优惠每人每月限 %(limit)s 次，这位顾客本月已用完，下个月可以再用。"),
    "holder_ever": _l("这个优惠每人限 %(limit)s 次，这位顾客已用完，请选择其他优惠。"),
    "household_day": _l("这个优惠每户每天限 %(limit)s 次，顾客一家今天已用完，明天可以再用。"),
    "household_week": _l("这个优惠每户每周限 %(limit)s 次，顾客一家本周已用完，下周可以再用。"),
    "household_month": _l("这个优惠每户每月限 %(limit)s 次，顾客一家本月已用完，下个月可以再用。"),
    "household_ever": _l("这个优惠每户限 %(limit)s 次，顾客一家已用完，请选择其他优惠。"),
}


def _(text: str, **params: object) -> str:
    return str(gettext(text, **params))


def limits_words(limits: Limits, remaining: Remaining | None = None) -> str:
    """How often the offer may be used, and what is left of it."""
    parts = []
    for limit, value in limits.given().items():
        allowed, left = _WORDS[limit]
        parts.append(str(allowed) % {"limit": _amount(limit, value)})
        if remaining is not None and limit in remaining.left:
            parts.append(str(left) % {"left": _amount(limit, remaining.left[limit])})
    if remaining is not None and remaining.again_at is not None:
        parts.append(_("%(time)s以后可以再用", time=moment_words(remaining.again_at)))
    return _("，").join(parts) or _("不限次数")


def left_words(limits: Limits, remaining: Remaining) -> list[str]:
    """``88/100次``: what is left of each limit that everybody shares, of how much."""
    given = limits.given()
    return [
        str(_LEFT_OF[limit])
        % {"left": _amount(limit, remaining.left[limit]), "limit": _amount(limit, given[limit])}
        for limit in SHARED
        if limit in given
    ]


def remedy_words(refused: Refused) -> str | None:
    """The sentence for a refusal by a limit, with its figures; None where it has none."""
    params: Mapping[str, Any] = refused.params
    if refused.reason is Reason.COOL_DOWN and "again_at" in params:
        return _(
            "这位顾客刚用过这个优惠，两次至少间隔%(span)s，要到 %(time)s 以后才能再用。",
            span=span_words(params["limit"]),
            time=moment_words(params["again_at"]),
        )
    kind, left = str(params.get("kind")), params.get("left")
    if kind == "units" and left:
        return _("这个优惠只剩 %(left)s 份，请减少数量，或选择其他优惠。", left=f"{left:,}")
    if kind == "budget_fen" and left:
        return _(
            "这个优惠的让利总额只剩 %(left)s，不够这一笔，请减少数量，或选择其他优惠。",
            left=format_yuan(left),
        )
    if kind in _REMEDIES:
        return str(_REMEDIES[kind]) % {"limit": f"{params['limit']:,}"}
    return None


def span_words(minutes: int) -> str:
    """``90`` → ``90分钟``, ``120`` → ``2小时``, ``2880`` → ``2天``."""
    if minutes % 1440 == 0:
        return _("%(count)s天", count=minutes // 1440)
    if minutes % 60 == 0:
        return _("%(count)s小时", count=minutes // 60)
    return _("%(count)s分钟", count=minutes)


def moment_words(at: datetime) -> str:
    """``14:05``, or ``3月5日 14:05`` on another day. A minute that has begun is counted whole."""
    at += timedelta(seconds=-at.timestamp() % 60)
    local = clock.local(at)
    if clock.business_date(at) == clock.business_date(clock.now()):
        return f"{local:%H:%M}"
    return _("%(month)s月%(day)s日 %(time)s", month=local.month, day=local.day, time=f"{local:%H:%M}")


def _amount(limit: str, value: int) -> str:
    if limit == "budget_fen":
        return format_yuan(value)
    return span_words(value) if limit == "cool_down_minutes" else f"{value:,}"
