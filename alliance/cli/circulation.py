"""``alliance circulation``: reports, the flow between zones, and rebuilding what is derived."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy.orm import Session

from alliance import clock
from alliance.audit.trail import COMMAND_LINE, record
from alliance.circulation.derive import derive, forget, pending_months
from alliance.circulation.derive_periods import derive_period, pending_periods
from alliance.circulation.facts import Span
from alliance.circulation.monthly import monthly
from alliance.circulation.names import NAMES
from alliance.circulation.periods import MAX_DAYS, Period, parse
from alliance.circulation.registry import KINDS
from alliance.circulation.report import report, zone_flow
from alliance.circulation.scope import Scope
from alliance.circulation.workbook import workbook_of
from alliance.cli import lookup
from alliance.cli.context import session_scope, sessions_scope
from alliance.cli.tables import write_csv, write_table
from alliance.store import one_snapshot

Command = TypeVar("Command", bound=Callable[..., Any])


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
        figures = asdict(_in_snapshot(session, partial(report, chance=True), first, last, code))
    if form == "json":
        click.echo(json.dumps(figures, indent=1))
    elif form == "csv":
        write_csv([("指标", "数值"), *figures.items()])
    else:
        write_table([(NAMES[name], _shown(name, value)) for name, value in figures.items()])


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


def _reported(_: click.Context, __: click.Parameter, text: str) -> Period:
    try:
        period = parse(text)
    except ValueError:
        period = None
    if period is None or period.kind not in KINDS:
        raise click.BadParameter("写作 2026-03、2026-Q1 或 2026 / a month, a quarter or a year")
    return period


@circulation.command("monthly")
@click.option(
    "--month",
    "period",
    metavar="PERIOD",
    required=True,
    callback=_reported,
    help="2026-03，也可写 2026-Q1、2026 / a month, a quarter or a year.",
)
@click.option("--zone", "code", metavar="CODE", help="门店所在片区（含下级） / the outlets' zone.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="另存为 Excel 工作簿 / write the workbook here.",
)
def show_monthly(period: Period, code: str | None, output: Path | None) -> None:
    """月报的公文文字，以及工作簿 / a month in official words, and as a workbook; nothing is hidden."""
    with session_scope(writes=False) as session:
        zone = lookup.zone(session, code) if code else None
        session.rollback()
        if sys.stderr.isatty():
            click.echo("正在统计… / computing…", err=True)
        with one_snapshot(session):
            made = monthly(session, period, Scope(zone), clock.now(), sees_all=True)
        click.echo(made.text)
        if output is not None:
            output.write_bytes(workbook_of(made))


@circulation.command()
def rebuild() -> None:
    """删除全部汇总，由事实重算 / delete whatever is derived and derive it again from the facts."""
    at = clock.now()
    with session_scope() as session:
        forget(session)
        record(session, COMMAND_LINE, "circulation.rebuild", "circulation", at)
        session.commit()
        months = pending_months(session, at)
        with click.progressbar(months, label="逐日 days", file=sys.stderr) as bar:
            for month in bar:
                derive(session, month, at)
                session.commit()
        periods = pending_periods(session, at)
    with (
        sessions_scope() as sessions,
        click.progressbar(periods, label="月、季、年 periods", file=sys.stderr) as bar,
    ):
        for period in bar:
            derive_period(sessions, period, at)
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
