"""``alliance token``: bearer tokens for programs."""

from uuid import UUID

import click
from sqlalchemy import select

from alliance import clock
from alliance.accounts.models import ApiToken
from alliance.accounts.tokens import create_token, revoke_token
from alliance.audit.trail import COMMAND_LINE
from alliance.cli import lookup
from alliance.cli.context import session_scope
from alliance.enterprises.models import Enterprise, Outlet
from alliance.zones.models import Zone


@click.group()
def token() -> None:
    """接口令牌 / API tokens."""


@token.command()
@click.option("--name", required=True, help="它是给谁用的 / who uses it, for example 收银系统.")
@click.option(
    "--outlet", "outlet_code", metavar="CODE", help="门店编号：在该店核销 / redeems at this outlet."
)
@click.option(
    "--merchant",
    metavar="CREDIT_CODE",
    help="企业：在其各门店核销；与 --outlet 同用时指明是谁的门店 / redeems at all its outlets; "
    "with --outlet: whose outlet it is.",
)
@click.option("--reports", is_flag=True, help="令牌只读流通统计 / reads circulation figures only.")
@click.option("--zone", "zone_code", metavar="CODE", help="统计限于该片区及下级 / reports of this zone only.")
@click.option(
    "--public",
    is_flag=True,
    help="统计不含不足五人的数据 / reports without small groups, for whoever is not the data officer.",
)
def create(
    name: str,
    outlet_code: str | None,
    merchant: str | None,
    reports: bool,
    zone_code: str | None,
    public: bool,
) -> None:
    """新建令牌，只显示这一次 / make a token and show it this once."""
    sells = outlet_code is not None or merchant is not None
    if reports == sells:
        raise click.UsageError(
            "请给出 --outlet、--merchant 或 --reports / give --outlet, --merchant or --reports"
        )
    for option, given in (("--zone", zone_code), ("--public", public)):
        if given and not reports:
            raise click.UsageError(f"{option} 只用于 --reports / {option} goes with --reports only")
    with session_scope() as session:
        outlet = lookup.outlet(session, outlet_code, merchant) if outlet_code else None
        owner = lookup.enterprise(session, merchant).id if merchant else None
        zone = lookup.zone(session, zone_code) if zone_code else None
        _, plain = create_token(
            session,
            name[:60],
            outlet.merchant_id if outlet else owner,
            outlet.id if outlet else None,
            zone.id if zone else None,
            COMMAND_LINE,
            clock.now(),
            is_public=public,
        )
        session.commit()
    click.echo("令牌只显示这一次，请妥善保存 / shown this once, keep it safe:", err=True)
    click.echo(plain)


@token.command("list")
@click.option("--merchant", metavar="CREDIT_CODE", help="只看这家企业的 / of this enterprise only.")
def list_(merchant: str | None) -> None:
    """列出令牌：编号、用途、范围、最近使用 / list tokens: id, name, scope, last use, revoked or not."""
    with session_scope(writes=False) as session:
        wanted = (
            select(ApiToken, Enterprise.name, Outlet.code, Zone.name)
            .outerjoin(Enterprise, Enterprise.id == ApiToken.merchant_id)
            .outerjoin(
                Outlet, (Outlet.merchant_id == ApiToken.merchant_id) & (Outlet.id == ApiToken.outlet_id)
            )
            .outerjoin(Zone, Zone.id == ApiToken.zone_id)
            .order_by(ApiToken.created_at, ApiToken.id)
        )
        if merchant is not None:
            wanted = wanted.where(ApiToken.merchant_id == lookup.enterprise(session, merchant).id)
        for made, *scope in session.execute(wanted):
            click.echo("\t".join((str(made.id), made.name, _scope(made, *scope), *_dates(made))))


@token.command()
@click.argument("token_id", type=click.UUID)
def revoke(token_id: UUID) -> None:
    """停用令牌，立即生效 / end a token at once; its id is in `alliance token list`."""
    with session_scope() as session:
        found = session.get(ApiToken, token_id)
        if found is None:
            raise click.ClickException(f"没有编号为 {token_id} 的令牌 / no token has this id")
        revoke_token(session, found, COMMAND_LINE, clock.now())
        session.commit()
    click.echo("已停用 / revoked")


def _scope(made: ApiToken, merchant: str | None, outlet_code: str | None, zone: str | None) -> str:
    if merchant is None:
        return f"{'公开统计' if made.is_public else '统计'} {zone or '全部片区'}"
    return f"{merchant} {outlet_code or '全部门店'}"


def _dates(made: ApiToken) -> tuple[str, str]:
    used = clock.local(made.last_used_at).strftime("%Y-%m-%d %H:%M") if made.last_used_at else "未用过"
    return f"最近使用 {used}", "已停用" if made.revoked_at else "有效"
