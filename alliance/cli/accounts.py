"""``alliance account``: who may sign in, and as what. The first organizer comes from here."""

import sys
from collections import defaultdict
from typing import Any

import click
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from alliance import clock
from alliance.accounts import passwords
from alliance.accounts.grants import find_or_create_account, grant, live_grant, take_outlet
from alliance.accounts.grants import revoke as end_grant
from alliance.accounts.models import Account, Grant, GrantOutlet, Role
from alliance.audit.trail import COMMAND_LINE
from alliance.cli import lookup
from alliance.cli.context import session_scope
from alliance.enterprises.models import Enterprise, Outlet
from alliance.people.phones import mask_phone, parse_phone
from alliance.zones.models import Zone

#: A holder is granted by signing in with the phone that stands in the roster.
ROLES = [str(role) for role in Role if role is not Role.HOLDER]


@click.group()
def account() -> None:
    """账号与权限 / accounts and what they may do."""


@account.command()
@click.option("--phone", required=True, help="手机号，即登录名 / mobile number, the sign-in name.")
@click.option("--name", required=True, help="姓名 / the person's name.")
@click.option("--role", required=True, type=click.Choice(ROLES), help="身份 / in which capacity.")
@click.option("--zone", metavar="CODE", help="片区代码 / for zone_organizer.")
@click.option("--enterprise", metavar="CREDIT_CODE", help="信用代码 / for enterprise_admin, cashier.")
@click.option("--outlet", "outlets", multiple=True, metavar="CODE", help="门店编号，可重复 / for cashier.")
@click.option("--password-stdin", is_flag=True, help="从标准输入读密码 / read the password from stdin.")
def create(
    phone: str,
    name: str,
    role: str,
    zone: str | None,
    enterprise: str | None,
    outlets: tuple[str, ...],
    password_stdin: bool,
) -> None:
    """新建账号并授予一个身份，已有账号则追加 / make an account, or add a role to the one there is.

    Without a password the account signs in with one-time codes.
    """
    number = _number(phone)
    password_hash = _hash(sys.stdin.readline()) if password_stdin else None
    with session_scope() as session:
        at = clock.now()
        scope = _scope(session, Role(role), zone, enterprise, outlets)
        person = find_or_create_account(session, number, name.strip()[:60], at)
        if password_hash:
            person.password_hash = password_hash
        grant(session, person, Role(role), COMMAND_LINE, at, **scope)
        session.commit()
        click.echo(f"{person.name} {mask_phone(number)}: {role}")


@account.command("list")
@click.option("--role", type=click.Choice(ROLES), help="只看这种身份 / of this role only.")
@click.option("--enterprise", metavar="CREDIT_CODE", help="只看这家企业的 / of this enterprise only.")
def list_(role: str | None, enterprise: str | None) -> None:
    """列出身份：手机号、身份、范围、门店、何时授予 / who may act as what; phones are masked."""
    with session_scope(writes=False) as session:
        wanted = (
            select(Grant, Account.phone, Enterprise.name, Zone.name)
            .join(Account, Account.id == Grant.account_id)
            .outerjoin(Enterprise, Enterprise.id == Grant.enterprise_id)
            .outerjoin(Zone, Zone.id == Grant.zone_id)
            .where(Grant.revoked_at.is_(None), Grant.role.in_([role] if role else ROLES))
            .order_by(Grant.granted_at, Grant.id)
        )
        if enterprise is not None:
            wanted = wanted.where(Grant.enterprise_id == lookup.enterprise(session, enterprise).id)
        outlets = _outlets_of_grants(session)
        for held, phone, of_enterprise, of_zone in session.execute(wanted):
            scope, codes = of_enterprise or of_zone or "", " ".join(outlets[held.id])
            since = clock.local(held.granted_at).strftime("%Y-%m-%d %H:%M")
            click.echo("\t".join((mask_phone(phone), held.role, scope, codes, since)))


@account.command()
@click.option("--phone", required=True, help="手机号，即登录名 / mobile number, the sign-in name.")
@click.option("--role", required=True, type=click.Choice(ROLES), help="收回哪种身份 / which role.")
@click.option("--zone", metavar="CODE", help="片区代码 / of zone_organizer.")
@click.option("--enterprise", metavar="CREDIT_CODE", help="信用代码 / of enterprise_admin, cashier.")
@click.option(
    "--outlet",
    "outlets",
    multiple=True,
    metavar="CODE",
    help="门店编号，可重复；不写则收回该企业的全部门店 / of cashier. [default: all the enterprise's]",
)
def revoke(phone: str, role: str, zone: str | None, enterprise: str | None, outlets: tuple[str, ...]) -> None:
    """收回身份，立即生效 / take a role away at once."""
    number = _number(phone)
    with session_scope() as session:
        at, person = clock.now(), lookup.account(session, phone)
        scope = _scope(session, Role(role), zone, enterprise, outlets, every_outlet=True)
        taken = scope.pop("outlets", ())
        everywhere = {"zone_id": None, "enterprise_id": None, "holder_id": None}
        held = live_grant(session, person, Role(role), **everywhere | scope)
        if held is None:
            raise click.ClickException(f"{mask_phone(number)} 没有这个身份 / does not have this role")
        for outlet in taken:
            take_outlet(session, held, outlet.id, COMMAND_LINE, at)
        if not taken:
            end_grant(session, held, COMMAND_LINE, at)
        session.commit()
        click.echo(f"{person.name} {mask_phone(number)}: 已收回 / revoked {role}")


def _outlets_of_grants(session: Session) -> dict[int, list[str]]:
    """The codes of the outlets of each cashier's grant."""
    codes: dict[int, list[str]] = defaultdict(list)
    of_grant = and_(Outlet.merchant_id == GrantOutlet.merchant_id, Outlet.id == GrantOutlet.outlet_id)
    rows = session.execute(
        select(GrantOutlet.grant_id, Outlet.code).join(Outlet, of_grant).order_by(Outlet.code)
    )
    for grant_id, code in rows:
        codes[grant_id].append(code)
    return codes


def _scope(
    session: Session,
    role: Role,
    zone: str | None,
    enterprise: str | None,
    outlets: tuple[str, ...],
    *,
    every_outlet: bool = False,
) -> dict[str, Any]:
    """What the role needs to know, and nothing else; with ``every_outlet``, none named means all."""
    allowed = {
        Role.ZONE_ORGANIZER: {"--zone"},
        Role.ENTERPRISE_ADMIN: {"--enterprise"},
        Role.CASHIER: {"--enterprise", "--outlet"},
    }.get(role, set())
    given = {
        option
        for option, value in (("--zone", zone), ("--enterprise", enterprise), ("--outlet", outlets))
        if value
    }
    if missing := sorted(allowed - given - ({"--outlet"} if every_outlet else set())):
        raise click.UsageError(f"{role} 还需要 / needs {' '.join(missing)}")
    if surplus := sorted(given - allowed):
        raise click.UsageError(f"{role} 不用 / does not take {' '.join(surplus)}")
    scope: dict[str, Any] = {}
    if zone:
        scope["zone_id"] = lookup.zone(session, zone).id
    if enterprise:
        scope["enterprise_id"] = lookup.enterprise(session, enterprise).id
    if outlets:
        scope["outlets"] = [lookup.outlet(session, code, enterprise) for code in outlets]
    return scope


def _number(phone: str) -> str:
    try:
        return parse_phone(phone)
    except ValueError:
        raise click.BadParameter("不是手机号 / not a mobile number", param_hint="--phone") from None


def _hash(line: str) -> str:
    try:
        return passwords.hash_password(line.rstrip("\r\n"))
    except ValueError:
        low, high = passwords.MIN_LENGTH, passwords.MAX_LENGTH
        raise click.ClickException(f"密码要有 {low} 到 {high} 个字符 / {low} to {high} characters") from None
