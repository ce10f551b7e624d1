"""The cards of the overview: each figure with what it was in the period before and in the year before.

What each figure means is in docs/metrics.md. A figure may be missing (nothing to divide, nothing before) or
hidden (too few people); the two are never confused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from alliance.circulation.periods import (
    Period,
    has_year_before,
    is_over,
    moved_by_spring_festival,
    previous,
    year_before,
)
from alliance.circulation.seen import SeenReport
from alliance.web.organizer.downloads import Number, Table, Unit
from alliance.web.period_words import period_words


@dataclass(frozen=True)
class Figure:
    """A figure of a report (``circulation.names``) as a card shows it, a plain number with ``digits`` places.

    ``baseline`` is the figure beside which alone it may be shown.
    """

    name: str
    title: LazyString
    unit: Unit
    note: LazyString | str = ""
    digits: int = 2
    baseline: str | None = None


@dataclass(frozen=True)
class Change:
    """How a figure differs: relatively, or for a share in points (0.01 is a percentage point).

    None where there was nothing to compare with, and where one of the two may not be seen (``is_hidden``).
    """

    value: float | None
    is_points: bool
    is_hidden: bool


@dataclass(frozen=True)
class Card:
    """A figure, what it was in the period before and in the year before, and how it differs."""

    figure: Figure
    now: Number
    before: Number
    year_before: Number
    baseline: Number | None

    @property
    def since_before(self) -> Change:
        """环比."""
        return _change(self.now, self.before)

    @property
    def since_year_before(self) -> Change:
        """同比."""
        return _change(self.now, self.year_before)


@dataclass(frozen=True)
class Group:
    """Cards that belong together."""

    title: LazyString
    cards: list[Card]


@dataclass(frozen=True)
class Compared:
    """A period's report with those of the period before and of the year before."""

    period: Period
    now: SeenReport
    before: SeenReport
    year_before: SeenReport

    @property
    def is_empty(self) -> bool:
        """Whether nothing was redeemed; false where that may not be seen."""
        return self.now.figures.get("redemptions") == 0

    @property
    def is_withheld(self) -> bool:
        """Whether not even the number of redemptions may be seen, and so nothing."""
        return "redemptions" in self.now.hidden

    @property
    def hides(self) -> bool:
        """Whether something may not be seen."""
        return any(report.hidden for report in (self.now, self.before, self.year_before))


_GROUPS: Sequence[tuple[LazyString, Sequence[Figure]]] = (
    (
        _l("规模"),
        (
            Figure("paid_fen", _l("净核销额"), Unit.FEN),
            Figure("redemptions", _l("净核销笔数"), Unit.COUNT),
            Figure("discount_fen", _l("让利额"), Unit.FEN),
            Figure("discount_rate", _l("让利率"), Unit.RATIO, _l("让利额占原价")),
        ),
    ),
    (
        _l("用的人"),
        (
            Figure("active_holders", _l("活跃持码人"), Unit.COUNT, _l("至少核销过一次")),
            Figure("activation_rate", _l("激活率"), Unit.RATIO, _l("有权用的人里已开通会员码的")),
            Figure("participation_rate", _l("参与率"), Unit.RATIO, _l("有权用的人里核销过的")),
            Figure("paid_per_active_holder_mean_fen", _l("人均额"), Unit.FEN),
            Figure("paid_per_active_holder_median_fen", _l("人均额中位数"), Unit.FEN),
            Figure("reuse_rate", _l("复用率"), Unit.RATIO, _l("在两天以上核销过的人")),
            Figure(
                "outlets_per_active_holder_mean", _l("触达广度（人均门店）"), Unit.NUMBER, _l("每人去过几家")
            ),
        ),
    ),
    (
        _l("商户和门店"),
        (
            Figure("active_merchant_enterprises", _l("活跃商户"), Unit.COUNT),
            Figure("active_outlets", _l("活跃门店"), Unit.COUNT),
            Figure("active_merchant_rate", _l("活跃商户率"), Unit.RATIO, _l("有优惠的商户里有核销的")),
            Figure("take_up", _l("核销率"), Unit.RATIO, _l("限量优惠已用的名额")),
            Figure("outlet_hhi", _l("门店集中度 HHI"), Unit.NUMBER, _l("越接近 1 越集中"), digits=4),
            Figure(
                "outlet_effective_number", _l("等效门店数"), Unit.NUMBER, _l("相当于几家一样大的店"), digits=1
            ),
            Figure("outlet_gini", _l("门店基尼系数"), Unit.NUMBER, _l("0 表示各店一样多"), digits=3),
        ),
    ),
    (
        _l("钱去哪里"),
        (
            Figure("zone_retention", _l("域内留存率"), Unit.RATIO, _l("单位和门店在同一片区")),
            Figure("self_circulation_share", _l("自循环占比"), Unit.RATIO, _l("在本企业和关联企业消费")),
            Figure(
                "enterprise_reciprocity",
                _l("企业互惠度"),
                Unit.RATIO,
                baseline="enterprise_reciprocity_baseline",
            ),
            Figure(
                "enterprise_circularity",
                _l("企业循环度"),
                Unit.RATIO,
                baseline="enterprise_circularity_baseline",
            ),
            Figure("paid_per_discount", _l("带动比"), Unit.NUMBER, _l("每让利 1 元对应的实付，不代表因果")),
        ),
    ),
)


def groups(found: Compared) -> list[Group]:
    """Every card."""
    return [Group(title, [_card(figure, found) for figure in figures]) for title, figures in _GROUPS]


def notes(period: Period, today: date) -> list[str]:
    """What has to be known when the comparisons are read."""
    before, year = previous(period), year_before(period)
    said = [
        _("环比：与%(before)s比；同比：与%(year)s比。", before=period_words(before), year=period_words(year))
    ]
    if not is_over(period, today):
        said.append(_("这一期还没有结束，与完整的一期比会偏小。"))
    if not has_year_before(period):
        said.append(_("上一年没有同样的日子，同比用最接近的一期代替。"))
    words = ((_("环比"), before), (_("同比"), year))
    if moved := [name for name, other in words if moved_by_spring_festival(period, other)]:
        names = _("、").join(moved)
        said.append(_("%(names)s的两期中只有一期含春节假期，先看是不是春节的影响。", names=names))
    return said


def table_of(found: Compared, title: str) -> Table:
    """The cards as a table: a figure per row, with the figures it was compared with."""
    head = [
        _("指标"),
        period_words(found.period),
        _("环比期：%(period)s", period=period_words(previous(found.period))),
        _("同比期：%(period)s", period=period_words(year_before(found.period))),
        _("随机基准"),
        _("说明"),
    ]
    rows = [
        [
            str(card.figure.title),
            card.now,
            card.before,
            card.year_before,
            card.baseline or "",
            str(card.figure.note),
        ]
        for group in groups(found)
        for card in group.cards
    ]
    return Table(title, head, rows)


def _card(figure: Figure, found: Compared) -> Card:
    reports = (found.now, found.before, found.year_before)
    now, before, year = (_number(report, figure.name, figure.unit) for report in reports)
    baseline = _number(found.now, figure.baseline, figure.unit) if figure.baseline else None
    return Card(figure, now, before, year, baseline)


def _number(report: SeenReport, name: str, unit: Unit) -> Number:
    return Number(unit, report.figures.get(name), name in report.hidden)


def _change(now: Number, then: Number) -> Change:
    is_points, is_hidden = now.unit is Unit.RATIO, now.is_hidden or then.is_hidden
    value = None
    if now.value is not None and then.value is not None:
        if is_points:
            value = now.value - then.value
        elif then.value:
            value = (now.value - then.value) / then.value
    return Change(value, is_points, is_hidden)
