"""``alliance month``: the months of the ledger, closing and reopening them."""

import re
from datetime import date

import click
from sqlalchemy import select

from alliance import clock
from alliance.audit.trail import COMMAND_LINE
from alliance.cli.context import session_scope
from alliance.money import format_yuan
from alliance.redemptions import months
from alliance.redemptions.ledger import in_all, posted_to
from alliance.redemptions.models import MonthClosing

#: What stands in the way, with the month that does.
WORDS = {
    months.NotOver: "{} 还没有结束，月末过后 10 分钟才能结账 / is not over, or by less than ten minutes",
    months.AlreadyClosed: "{} 已经结账 / is closed already",
    months.NotClosed: "{} 没有结账 / is not closed",
    months.EarlierOpen: "请先结 {} 的账 / has to be closed first",
    months.LaterClosed: "请先重新打开 {} / has to be reopened first",
    months.BeforeTheBooks: "账从 {} 开始 / is where the books begin",
}


class Month(click.ParamType[date]):
    """``YYYY-MM``, as the month's first day."""

    name = "YYYY-MM"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Called by click."""
        found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", value)
        if found is None:
            self.fail("月份要写成 2026-03 的样子 / write a month like 2026-03", param, ctx)
        return date(int(found[1]), int(found[2]), 1)


class Refusing(click.Group):
    """Says in one line what stands in the way of a month."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except months.MonthError as error:
            line = WORDS[type(error)].format(f"{error.month:%Y-%m}")
            raise click.ClickException(line) from None


@click.group(cls=Refusing)
def month() -> None:
    """月结 / closing and reopening months."""


@month.command("list")
def show() -> None:
    """每个月的状态和净额，一行一个月 / every month of the books: state, revision, facts, net amounts."""
    at = clock.now()
    click.echo("月份 month\t状态 state\t核销+冲正 facts\t原价 gross\t让利额 discount\t实付 paid")
    with session_scope(writes=False) as session:
        each, last = months.first_month(session, at), clock.month_of(clock.business_date(at))
        while each <= last:
            closing = session.scalar(
                select(MonthClosing).where(MonthClosing.month == each, months.closing_stands())
            )
            sums = closing.snapshot if closing else vars(in_all(posted_to(session, each)))
            state = f"closed r{closing.revision}" if closing else "open"
            counts = f"{sums['redemptions']}+{sums['reversals']}"
            amounts = (format_yuan(sums[name]) for name in ("gross_fen", "discount_fen", "paid_fen"))
            click.echo("\t".join([f"{each:%Y-%m}", state, counts, *amounts]))
            each = clock.next_month(each)


@month.command("close")
@click.argument("which", type=Month())
def close_month(which: date) -> None:
    """结账 / close a month that has been over for ten minutes."""
    with session_scope() as session:
        closing = months.close(session, which, COMMAND_LINE, clock.now())
        session.commit()
        paid = format_yuan(closing.snapshot["paid_fen"])
        click.echo(f"{which:%Y-%m} 已结账 / closed: r{closing.revision}, {paid}, {closing.digest.hex()}")


@month.command("reopen")
@click.argument("which", type=Month())
@click.option("--reason", required=True, help="为什么 / why, kept with the month.")
def reopen_month(which: date, reason: str) -> None:
    """重新打开最近结账的月份 / open the latest closed month again."""
    if not 0 < len(reason.strip()) <= 200:
        raise click.BadParameter("要有 1 到 200 个字 / 1 to 200 characters", param_hint="--reason")
    with session_scope() as session:
        months.reopen(session, which, reason.strip(), COMMAND_LINE, clock.now())
        session.commit()
    click.echo(f"{which:%Y-%m} 已重新打开 / open again")
