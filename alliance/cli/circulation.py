"""``alliance circulation``: reports, tables, the flow between zones, and rebuilding what is derived."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy.orm import Session

from alliance import clock
from alliance.audit.trail import COMMAND_LINE, record
from alliance.circulation.around import around
from alliance.circulation.derive import derive, forget, pending_months
from alliance.circulation.derive_periods import derive_period, pending_periods
from alliance.circulation.facts import SUMS
from alliance.circulation.listing import NotByZone, TableName, listing
from alliance.circulation.monthly import monthly
from alliance.circulation.names import AROUND_NAMES, COLUMN_NAMES, NAMES
from alliance.circulation.periods import (
    Period,
    custom,
    moved_by_spring_festival,
    parse,
    previous,
    text_of,
    year_before,
)
from alliance.circulation.registry import KINDS
from alliance.circulation.report import report, zone_flow
from alliance.circulation.scope import Axis, Scope
from alliance.circulation.tables import Cell
from alliance.circulation.workbook import workbook_of
from alliance.cli import lookup
from alliance.cli.context import session_scope, sessions_scope
from alliance.cli.tables import write_csv, write_table
from alliance.store import one_snapshot

Command = TypeVar("Command", bound=Callable[..., Any])
Found = TypeVar("Found")
#: Figures by their names in ``Report`` and ``Around``.
Figures = Mapping[str, Any]
_NAMES = {**NAMES, **AROUND_NAMES}


@dataclass(frozen=True)
class _Asked:
    """What the options ask for."""

    period: Period
    code: str | None
    axis: Axis
    form: str

    @classmethod
    def of(
        cls,
        period: str | None,
        first: datetime | None,
        last: datetime | None,
        code: str | None,
        axis: str,
        form: str,
    ) -> "_Asked":
        if (period is None) == (first is None and last is None) or (first is None) != (last is None):
            raise click.UsageError("请给出 --period，或 --from 和 --to / give --period, or --from and --to")
        try:
            days = custom(first.date(), last.date()) if first and last else parse(period or "")
        except ValueError:
            raise click.BadParameter(
                "期间写作 2017-06、2017-Q2、2017、2017-W23 或 2017-06-01..2017-06-15，最长十年，"
                "起日不晚于止日 / not a period, the wrong way round, or over ten years"
            ) from None
        return cls(days, code, Axis(axis), form)

    def read(self, session: Session, read: Callable[[Scope], Found]) -> Found:
        """What ``read`` finds for the scope, in one snapshot."""
        scope = Scope(lookup.zone(session, self.code) if self.code else None, self.axis)
        session.rollback()
        with one_snapshot(session):
            return read(scope)


@click.group()
def circulation() -> None:
    """流通统计 / circulation figures."""


def _period_options(command: Command) -> Command:
    day = click.DateTime(["%Y-%m-%d"])
    for option in (
        click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table"),
        click.option(
            "--axis",
            type=click.Choice([each.value for each in Axis]),
            default=Axis.OUTLET.value,
            help="按门店片区，或按持码人雇主的片区 / by the outlet's zone, or that of the employer.",
        ),
        click.option("--zone", "code", metavar="CODE", help="片区（含下级） / a zone with all below it."),
        click.option("--to", "last", type=day, help="止（含当日） / last business date."),
        click.option("--from", "first", type=day, help="起（含当日） / first business date."),
        click.option(
            "--period", metavar="PERIOD", help="期间 / 2017-06, 2017-Q2, 2017, 2017-W23, 2017-06-09."
        ),
    ):
        command = option(command)
    return command


@circulation.command("report")
@_period_options
@click.option("--compare", is_flag=True, help="加上环比和同比 / with the period before and the year before.")
def show_report(compare: bool, **options: Any) -> None:
    """一段时间的统计，金额以分计 / the figures of a period, amounts in 分."""
    asked = _Asked.of(**options)
    periods = [asked.period, *([previous(asked.period), year_before(asked.period)] if compare else [])]
    with session_scope(writes=False) as session:
        found = asked.read(session, lambda scope: [_figures(session, each, scope) for each in periods])
    figures, *others = found
    if asked.form == "json":
        beside = {
            name: _compared(asked.period, other, others[number])
            for number, (name, other) in enumerate(
                zip(("previous", "year_before"), periods[1:], strict=False)
            )
        }
        click.echo(json.dumps({**figures, **beside}, indent=1))
    elif asked.form == "csv":
        write_csv(
            [
                ("指标", "数值", *(("上期", "上年同期") if compare else ())),
                *((name, *(each[name] for each in found)) for name in figures),
            ]
        )
    else:
        _write_report(asked.period, periods, found)


def _figures(session: Session, period: Period, scope: Scope) -> Figures:
    found = report(session, period.span, scope.zone, scope.axis, chance=True)
    return asdict(found) | asdict(around(session, period.span, scope, found.active_holders))


def _compared(period: Period, other: Period, figures: Figures) -> dict[str, Any]:
    moved = moved_by_spring_festival(period, other)
    return {"period": text_of(other), "moved_by_spring_festival": moved, "figures": figures}


def _write_report(period: Period, periods: list[Period], found: list[Figures]) -> None:
    figures, *others = found
    if not others:
        write_table([(_NAMES[name], _shown(name, value)) for name, value in figures.items()])
        return
    heads = [
        f"{label} {text_of(each)}" for label, each in zip(("上期", "上年同期"), periods[1:], strict=True)
    ]
    rows = [("", text_of(period), heads[0], "环比", heads[1], "同比")]
    for name, value in figures.items():
        cells = [_NAMES[name], _shown(name, value)]
        for other in others:
            cells += [_shown(name, other[name]), _change(value, other[name])]
        rows.append((cells[0], cells[1], cells[2], cells[3], cells[4], cells[5]))
    write_table(rows)
    for each in periods[1:]:
        if moved_by_spring_festival(period, each):
            click.echo(
                f"春节只在 {text_of(period)} 和 {text_of(each)} 之一 / 春节 falls in one of the two only"
            )


@circulation.command("table")
@_period_options
@click.option(
    "--table",
    "name",
    type=click.Choice([each.value for each in TableName]),
    required=True,
    help="哪张表 / which.",
)
def show_table(name: str, **options: Any) -> None:
    """一段时间的表，含人数，金额以分计 / a table of a period with its distinct holders, amounts in 分."""
    asked, table = _Asked.of(**options), TableName(name)
    with session_scope(writes=False) as session:
        try:
            found = asked.read(
                session, lambda scope: listing(session, table, asked.period, scope, sees_all=True)
            )
        except NotByZone:
            raise click.UsageError("这张表不按这样的片区分 / this table is not cut by such a zone") from None
    columns = (*found.columns, *SUMS, "holders")
    # Whoever sees all has no cell hidden from him.
    rows = [(*texts, *_numbers(cell)) for texts, cell in found.rows if cell is not None]
    if asked.form == "json":
        click.echo(json.dumps([dict(zip(columns, row, strict=True)) for row in rows], ensure_ascii=False))
    elif asked.form == "csv":
        write_csv([columns, *rows])
    else:
        shown = [tuple(_shown(*each) for each in zip(columns, row, strict=True)) for row in rows]
        write_table([tuple(COLUMN_NAMES[each] for each in columns), *shown])


def _numbers(cell: Cell) -> tuple[int | None, ...]:
    return (*(getattr(cell, name) for name in SUMS), cell.holders)


@circulation.command("flow")
@_period_options
def show_flow(**options: Any) -> None:
    """片区之间的流向，金额以分计 / who spends where: rows employers' zones, columns outlets' zones."""
    asked = _Asked.of(**options)
    with session_scope(writes=False) as session:
        flow = asked.read(
            session, lambda scope: zone_flow(session, asked.period.span, scope.zone, scope.axis)
        )
        codes, names = [zone.code for zone in flow.zones], [zone.name for zone in flow.zones]
    if asked.form == "json":
        click.echo(json.dumps({"zones": codes, "rows_holder_zone_columns_outlet_zone": flow.rows}))
    elif asked.form == "csv":
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


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    if name.endswith("_fen"):
        return f"¥{value / 100:,.2f}"
    return f"{value:,.4f}" if isinstance(value, float) else f"{value:,}"


def _change(now: float | None, before: float | None) -> str:
    """By how much a figure has changed; of nothing there is no part."""
    return "—" if now is None or not before else f"{now / before - 1:+.1%}"
