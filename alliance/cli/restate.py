"""``alliance restate``: past figures by what is recorded now."""

from datetime import datetime

import click

from alliance import clock
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation import restate as restating
from alliance.cli.context import session_scope

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--from", "first", type=_DAY, required=True, help="起（含当日） / first business date.")
@click.option("--to", "last", type=_DAY, required=True, help="止（含当日） / last business date.")
@click.option("--reason", required=True, help="为什么重述，会记入审计 / why; goes into the audit trail.")
@click.option("--yes", is_flag=True, help="不再询问 / do not ask.")
def restate(first: datetime, last: datetime, reason: str, yes: bool) -> None:
    """按现在登记的任职和片区重述以往的统计 / count past redemptions as is recorded now."""
    span = (first.date(), last.date())
    if span[0] > span[1]:
        raise click.BadParameter("起止日期颠倒 / the wrong way round")
    if not 0 < len(reason.strip()) <= 200:
        raise click.BadParameter("原因要写，不超过 200 字 / say why, in 200 characters at most")
    with session_scope() as session:
        found = restating.difference(session, span)
        click.echo(
            f"将重述 {found.redemptions} 笔：改单位 {found.employers}、改单位片区 {found.employer_zones}、"
            f"改门店片区 {found.outlet_zones} / redemptions, by employer, its zone, the outlet's zone"
        )
        if not found.redemptions:
            return
        # Whoever thinks about it must not keep the counters waiting.
        session.rollback()
        if not yes:
            click.confirm("重述后各期统计随之改变 / the figures will change; go on?", abort=True)
        done = restating.restate(session, span, reason.strip(), COMMAND_LINE, clock.now())
        session.commit()
    click.echo(f"已重述 {done.redemptions if done else 0} 笔 / restated")
