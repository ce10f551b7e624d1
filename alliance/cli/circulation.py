"""``alliance circulation``: reports, the flow between zones, and rebuilding what is derived."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, TypeVar

import click
from sqlalchemy.orm import Session

from alliance import clock
from alliance.audit.trail import COMMAND_LINE, record
from alliance.circulation.derive import derive, forget, pending_months
from alliance.circulation.facts import Span
from alliance.circulation.report import MAX_DAYS, report, zone_flow
from alliance.cli import lookup
from alliance.cli.context import session_scope
from alliance.cli.tables import write_csv, write_table
from alliance.store import one_snapshot

Command = TypeVar("Command", bound=Callable[..., Any])

#: The words for the report's rows.
LABELS = {
    "redemptions": "净核销笔数",
    "gross_fen": "原价合计",
    "discount_fen": "让利额",
    "paid_fen": "净核销额",
    "active_holders": "活跃持码人",
    "active_outlets": "活跃门店",
    "active_merchant_enterprises": "活跃商户",
    "holders_with_two_or_more_redemption_days": "两日以上持码人",
    "paid_per_active_holder_mean_fen": "人均额",
    "paid_per_active_holder_median_fen": "人均额中位数",
    "outlets_per_active_holder_mean": "触达广度（人均门店）",
    "same_zone_paid_fen": "本区内核销额",
    "zone_retention": "域内留存率",
    "same_enterprise_paid_fen": "本企业内核销额",
    "self_circulation_share": "自循环占比",
    "outlet_hhi": "门店集中度 HHI",
    "outlet_gini": "门店基尼系数",
    "enterprise_reciprocity": "企业互惠度",
    "enterprise_reciprocal_fen": "企业互惠额",
    "cross_enterprise_paid_fen": "跨企业核销额",
    "enterprise_circularity": "企业循环度",
    "outlets_with_fewer_than_five_holders": "不足五人的门店",
}


@click.group()
def circulation() -> None:
    """流通统计 / circulation figures."""


def _period_options(command: Command) -> Command:
    day = click.DateTime(["%Y-%m-%d"])
    for option in (
        click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table"),
        click.option("--zone", "code", metavar="CODE", help="门店所在片区（含下级） / the outlets' zone."),
        click.option("--to", "last", type=day, required=True, help="止（含当日） / last business date."),
        click.option("--from", "first", type=day, required=True, help="起（含当日） / first business date."),
    ):
        command = option(command)
    return command


@circulation.command("report")
@_period_options
def show_report(first: datetime, last: datetime, code: str | None, form: str) -> None:
    """一段时间的统计，金额以分计 / the figures of a period, amounts in 分."""
    with session_scope(writes=False) as session:
        figures = asdict(_in_snapshot(session, report, first, last, code))
    if form == "json":
        click.echo(json.dumps(figures, indent=1))
    elif form == "csv":
        write_csv([("指标", "数值"), *figures.items()])
    else:
        write_table([(LABELS[name], _shown(name, value)) for name, value in figures.items()])


@circulation.command("flow")
@_period_options
def show_flow(first: datetime, last: datetime, code: str | None, form: str) -> None:
    """片区之间的流向，金额以分计 / who spends where: rows employers' zones, columns outlets' zones."""
    with session_scope(writes=False) as session:
        flow = _in_snapshot(session, zone_flow, first, last, code)
        codes, names = [zone.code for zone in flow.zones], [zone.name for zone in flow.zones]
    if form == "json":
        click.echo(json.dumps({"zones": codes, "rows_holder_zone_columns_outlet_zone": flow.rows}))
    elif form == "csv":
        write_csv(
            [("持码人片区＼门店片区", *codes), *((c, *row) for c, row in zip(codes, flow.rows, strict=True))]
        )
    else:
        yuan = [[f"{fen / 100:,.2f}" for fen in row] for row in flow.rows]
        write_table([("", *names), *((name, *row) for name, row in zip(names, yuan, strict=True))])


@circulation.command()
def rebuild() -> None:
    """删除全部汇总，由事实重算 / delete whatever is derived and derive it again from the facts."""
    with session_scope() as session:
        at = clock.now()
        forget(session)
        record(session, COMMAND_LINE, "circulation.rebuild", "circulation", at)
        session.commit()
        months = pending_months(session, at)
        with click.progressbar(months, label="重算汇总 rebuilding", file=sys.stderr) as bar:
            for month in bar:
                derive(session, month, at)
                session.commit()
    click.echo(f"已重算 {len(months)} 个月 / rebuilt {len(months)} months")


T = TypeVar("T")


def _in_snapshot(
    session: Session,
    read: Callable[[Session, Span, Any], T],
    first: datetime,
    last: datetime,
    code: str | None,
) -> T:
    period = _period(first.date(), last.date())
    zone = lookup.zone(session, code) if code else None
    session.rollback()
    with one_snapshot(session):
        return read(session, period, zone)


def _period(first: date, last: date) -> Span:
    if not 0 <= (last - first).days < MAX_DAYS:
        raise click.BadParameter("起止日期颠倒，或者相隔超过十年 / the wrong way round, or over ten years")
    return first, last


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "—"
    if name.endswith("_fen"):
        return f"¥{value / 100:,.2f}"
    return f"{value:,.4f}" if isinstance(value, float) else f"{value:,}"
