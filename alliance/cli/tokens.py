"""``alliance token``: bearer tokens for programs."""

import click

from alliance import clock
from alliance.accounts.tokens import create_token
from alliance.audit.trail import COMMAND_LINE, record
from alliance.cli import lookup
from alliance.cli.context import session_scope


@click.group()
def token() -> None:
    """接口令牌 / API tokens."""


@token.command()
@click.option("--name", required=True, help="它是给谁用的 / who uses it, for example 收银系统.")
@click.option(
    "--outlet", "outlet_code", metavar="CODE", help="门店编号：在该店核销 / redeems at this outlet."
)
@click.option("--merchant", metavar="CREDIT_CODE", help="门店编号不唯一时，指明企业 / whose outlet it is.")
@click.option("--reports", is_flag=True, help="令牌只读流通统计 / reads circulation figures only.")
@click.option("--zone", "zone_code", metavar="CODE", help="统计限于该片区及下级 / reports of this zone only.")
def create(
    name: str, outlet_code: str | None, merchant: str | None, reports: bool, zone_code: str | None
) -> None:
    """新建令牌，只显示这一次 / make a token and show it this once."""
    if reports == (outlet_code is not None):
        raise click.UsageError("请给出 --outlet 或 --reports 之一 / give either --outlet or --reports")
    if (zone_code and not reports) or (merchant and reports):
        raise click.UsageError("--zone 只用于 --reports，--merchant 只用于 --outlet")
    with session_scope() as session:
        outlet = lookup.outlet(session, outlet_code, merchant) if outlet_code else None
        zone = lookup.zone(session, zone_code) if zone_code else None
        at = clock.now()
        made, plain = create_token(
            session,
            name[:60],
            outlet.merchant_id if outlet else None,
            outlet.id if outlet else None,
            zone.id if zone else None,
            None,
            at,
        )
        record(session, COMMAND_LINE, "token.create", f"token:{made.id}", at, made.merchant_id)
        session.commit()
    click.echo("令牌只显示这一次，请妥善保存 / shown this once, keep it safe:", err=True)
    click.echo(plain)
