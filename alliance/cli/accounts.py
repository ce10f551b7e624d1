"""``alliance account``: who may sign in, and as what. The first organizer comes from here."""

import sys
from typing import Any

import click
from sqlalchemy.orm import Session

from alliance import clock
from alliance.accounts import passwords
from alliance.accounts.grants import find_or_create_account, grant
from alliance.accounts.models import Role
from alliance.audit.trail import COMMAND_LINE
from alliance.cli import lookup
from alliance.cli.context import session_scope
from alliance.people.phones import mask_phone, parse_phone

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


def _scope(
    session: Session, role: Role, zone: str | None, enterprise: str | None, outlets: tuple[str, ...]
) -> dict[str, Any]:
    """What the role needs to know, and nothing else."""
    needed = {
        Role.ZONE_ORGANIZER: {"--zone"},
        Role.ENTERPRISE_ADMIN: {"--enterprise"},
        Role.CASHIER: {"--enterprise", "--outlet"},
    }.get(role, set())
    given = {
        option
        for option, value in (("--zone", zone), ("--enterprise", enterprise), ("--outlet", outlets))
        if value
    }
    if missing := sorted(needed - given):
        raise click.UsageError(f"{role} 还需要 / needs {' '.join(missing)}")
    if surplus := sorted(given - needed):
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
