"""``alliance audit``: reading the trail, and checking its chain."""

import json
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import click

from alliance import clock
from alliance.accounts.deeds import Asked, Deed, deeds
from alliance.audit.chain import breaks, links, seals_to_check
from alliance.audit.heads import head_of
from alliance.cli import lookup
from alliance.cli.context import session_scope
from alliance.cli.heads import heads_option, kept_heads
from alliance.cli.tables import write_csv, write_table
from alliance.imports.fields import guarded
from alliance.store import one_snapshot

DAY = click.DateTime(["%Y-%m-%d"])
HEADER = ("时间", "经办人", "操作", "对象", "企业", "地址", "内容", "封存号")


@click.group()
def audit() -> None:
    """审计记录与哈希链 / the audit trail and its hash chain."""


@audit.command()
@click.option("--date", "day", type=DAY, help="营业日，默认今天 / business date. [default: today]")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def head(day: datetime | None, form: str) -> None:
    """某日最后一次封存的号码和摘要，供打印或外存 / the last seal of a day, to print or send away."""
    wanted = day.date() if day else clock.business_date(clock.now())
    with session_scope(writes=False) as session:
        found = head_of(session, wanted)
    if found is None:
        raise click.ClickException(f"{wanted} 没有封存记录 / nothing was sealed on this day")
    if form == "json":
        click.echo(json.dumps(found.as_dict()))
        return
    moment = clock.local(found.at).strftime("%Y-%m-%d %H:%M:%S")
    write_table(
        [
            ("营业日 date", found.date.isoformat()),
            ("封存号 number", str(found.number)),
            ("封存时间 at", f"{moment} (Asia/Shanghai)"),
            ("摘要 SHA-256", found.digest.hex()),
        ],
        numbers=False,
    )


@audit.command()
@heads_option
def verify(path: Path | None) -> None:
    """核对整条链，指出第一处断开 / check the chain alone and name the first break."""
    heads = kept_heads(path)
    with session_scope(writes=False) as session, one_snapshot(session):
        length = seals_to_check(session)
        with click.progressbar(links(session), length, label="核对审计链 checking", file=sys.stderr) as chain:
            first = next(breaks(session, chain, heads), None)
    if first is None:
        click.echo(
            f"✓ 审计链完好，共 {length} 个封存，对过 {len(heads)} 个链头 / {length} seals, {len(heads)} heads"
        )
        return
    click.echo(f"✗ {first.subject}")
    click.echo(f"  存储 stored {_shown(first.stored)}，应为 expected {_shown(first.expected)}")
    sys.exit(1)


@audit.command("list")
@click.option(
    "--from", "first", type=DAY, help="起（含当日），默认今天 / first business date. [default: today]"
)
@click.option("--to", "last", type=DAY, help="止（含当日），默认今天 / last business date. [default: today]")
@click.option("--action", help="操作，如 redemption.redeem / for example redemption.redeem.")
@click.option("--enterprise", metavar="CREDIT_CODE", help="信用代码 / concerning this enterprise.")
@click.option("--account", metavar="PHONE", help="经办人的手机号 / done by this account.")
@click.option("--format", "form", type=click.Choice(["table", "csv"]), default="table")
def show(
    first: datetime | None,
    last: datetime | None,
    action: str | None,
    enterprise: str | None,
    account: str | None,
    form: str,
) -> None:
    """列出审计记录，新的在前 / list entries, the newest first."""
    today = clock.business_date(clock.now())
    with session_scope(writes=False) as session:
        asked = Asked(
            *_period(first.date() if first else today, last.date() if last else today),
            action,
            lookup.enterprise(session, enterprise).id if enterprise else None,
            lookup.account(session, account).id if account else None,
        )
        rows = map(_row, deeds(session, asked))
        if form == "csv":
            write_csv(_header_and(rows))
        else:
            write_table(list(_header_and(rows)), numbers=False)


def _period(first: date, last: date) -> tuple[date, date]:
    if last < first:
        raise click.BadParameter("起止日期颠倒 / the wrong way round", param_hint="--to")
    return first, last


def _header_and(rows: Iterator[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    yield HEADER
    yield from rows


def _row(deed: Deed) -> tuple[str, ...]:
    detail = json.dumps(deed.detail, ensure_ascii=False, separators=(",", ":")) if deed.detail else ""
    return tuple(
        map(
            guarded,
            (
                clock.local(deed.at).strftime("%Y-%m-%d %H:%M:%S"),
                deed.phone or deed.token or "命令行",
                deed.action,
                deed.subject,
                deed.enterprise or "",
                deed.address,
                detail,
                str(deed.seal_number or ""),
            ),
        )
    )


def _shown(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else "无 nothing" if value is None else value
