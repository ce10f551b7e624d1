"""A period in the words of a Chinese official report (公文), from its figures alone.

Amounts in 万元 (below one 万元 in 元, from one 亿元 on in 亿元) and all shares are rounded half up (四舍五入)
from the exact figures, and so is each change: it is not the difference of what has been rounded before.
"""

from collections.abc import Iterator
from fractions import Fraction

from alliance.circulation.compared import Compared, Figure, Hidden, Line, Unit, exact
from alliance.circulation.periods import Period, PeriodKind, spring_festival
from alliance.money import divide

#: 万元 and 亿元 in 分.
_WAN, _YI = 10**6, 10**10
_QUARTERS = "一二三四"


def official_text(compared: Compared) -> str:
    """One paragraph. Figures that are hidden are left out, and so are comparisons with nothing.

    A period that is not over is compared with none: it has fewer days.
    """
    name = period_name(compared.period)
    if compared.until:
        name += f"（截至{compared.until.month}月{compared.until.day}日）"
    if compared.is_empty:
        return f"{name}，{compared.place}没有核销。"
    if isinstance(compared.line("redemptions").now, Hidden):
        return f"{name}，{compared.place}涉及人数较少，数据未公布。"
    sentences = (_volume(compared), _retention(compared), _people(compared), _exchange(compared))
    found = [sentence for sentence in map("，".join, sentences) if sentence]
    text = f"{name}，{compared.place}" + "；".join(found) + "。"
    return text + "".join(_remarks(compared))


def period_name(period: Period) -> str:
    """``2026年3月``, ``2026年第一季度``, ``2026年``; other periods by their two days."""
    first, last = period.span
    match period.kind:
        case PeriodKind.MONTH:
            return f"{first.year}年{first.month}月"
        case PeriodKind.QUARTER:
            return f"{first.year}年第{_QUARTERS[(first.month - 1) // 3]}季度"
        case PeriodKind.YEAR:
            return f"{first.year}年"
    return f"{first.year}年{first.month}月{first.day}日至{last.year}年{last.month}月{last.day}日"


def amount(fen: int) -> str:
    """``1598661900`` → ``1598.66万元``; ``12345`` → ``123.45元``; ``12345678900`` → ``1.23亿元``."""
    for unit, word in ((_YI, "亿元"), (_WAN, "万元")):
        if abs(fen) >= unit:
            return f"{decimal(Fraction(fen, unit), 2)}{word}"
    return f"{decimal(Fraction(fen, 100), 2)}元"


def decimal(value: Fraction, digits: int) -> str:
    """Rounded half up, away from zero, to so many digits behind the point."""
    scaled = divide(abs(value.numerator) * 10**digits, value.denominator)
    whole, rest = divmod(scaled, 10**digits)
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{whole}.{rest:0{digits}}" if digits else f"{sign}{whole}"


def percent(value: float) -> str:
    """``0.06475`` → ``6.5%``."""
    return f"{decimal(exact(value) * 100, 1)}%"


def change_words(line: Line, change: Fraction | None) -> str:
    """``上升1.2个百分点`` of a share, ``增长5.0%`` of anything else, ``持平`` when it rounds to nothing."""
    if change is None:
        return ""
    size = decimal(abs(change) * 100, 1)
    if size == "0.0":
        return "持平"
    if line.unit is Unit.SHARE:
        return f"{'上升' if change > 0 else '下降'}{size}个百分点"
    return f"{'增长' if change > 0 else '下降'}{size}%"


def _volume(compared: Compared) -> Iterator[str]:
    yield from _said(compared, "redemptions", "共核销{}笔")
    yield from _said(compared, "paid_fen", "净核销额{}", compare=True)
    yield from _said(compared, "discount_fen", "让利{}")
    yield from _said(compared, "discount_rate", "让利率{}")


def _retention(compared: Compared) -> Iterator[str]:
    yield from _said(compared, "zone_retention", "域内留存率{}", compare=True)


def _people(compared: Compared) -> Iterator[str]:
    yield from _said(compared, "active_holders", "活跃持码人{}人", compare=True)
    yield from _said(compared, "paid_per_active_holder_mean_fen", "人均{}")
    yield from _said(compared, "reuse_rate", "复用率{}")
    yield from _said(compared, "active_merchant_enterprises", "有核销的商户{}户")
    yield from _said(compared, "active_outlets", "门店{}家")


def _exchange(compared: Compared) -> Iterator[str]:
    """Reciprocity says nothing without its baseline, so it comes with it or not at all."""
    yield from _said(compared, "cross_enterprise_paid_fen", "跨企业核销额{}")
    yield from _said(compared, "self_circulation_share", "自循环占比{}")
    usual = [*_said(compared, "enterprise_reciprocity_baseline", "随机基准{}")]
    if usual:
        yield from _said(compared, "enterprise_reciprocity", f"企业互惠度{{}}（{usual[0]}）")


def _said(compared: Compared, name: str, words: str, *, compare: bool = False) -> Iterator[str]:
    line = compared.line(name)
    if line.now is None or isinstance(line.now, Hidden):
        return
    yield words.format(_value(line.unit, line.now))
    if compare and not compared.until:
        changes = (("环比", line.change), ("同比", line.change_of_year))
        yield from (f"{word}{change_words(line, each)}" for word, each in changes if each is not None)


def _value(unit: Unit, value: Figure) -> str:
    assert value is not None
    assert not isinstance(value, Hidden)
    if unit is Unit.FEN:
        return amount(value) if isinstance(value, int) else f"{decimal(exact(value) / 100, 2)}元"
    return percent(value) if unit is Unit.SHARE else str(value)


def _remarks(compared: Compared) -> Iterator[str]:
    moved = [
        word
        for word, has, differs in (
            ("环比", compared.has_before, compared.moved_before),
            ("同比", compared.has_year_before, compared.moved_year_before),
        )
        if has and differs
    ]
    if moved and not compared.until:
        where = "本期含" if spring_festival(compared.period) else "对比期含"
        yield f"{where}春节假期，{'、'.join(moved)}受假期错月影响，不宜直接比较。"
    if compared.now.hidden:
        yield "部分指标涉及人数较少，未公布。"
