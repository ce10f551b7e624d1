"""Finding what an operator names on the command line; a wrong name ends in one line."""

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.accounts.models import Account
from alliance.enterprises.models import Enterprise, Outlet
from alliance.people.phones import parse_phone
from alliance.zones.models import Zone
from alliance.zones.tree import zone_by_code


def zone(session: Session, code: str) -> Zone:
    """The zone with this 12-digit code."""
    found = zone_by_code(session, code)
    if found is None:
        raise click.ClickException(f"没有代码为 {code} 的片区 / no zone has this code")
    return found


def enterprise(session: Session, credit_code: str) -> Enterprise:
    """The enterprise with this 统一社会信用代码."""
    found = session.scalar(select(Enterprise).where(Enterprise.credit_code == credit_code))
    if found is None:
        raise click.ClickException(f"没有信用代码为 {credit_code} 的企业 / no enterprise has this code")
    return found


def account(session: Session, phone: str) -> Account:
    """The account that signs in with this 手机号."""
    try:
        found = session.scalar(select(Account).where(Account.phone == parse_phone(phone)))
    except ValueError:
        raise click.ClickException("不是手机号 / not a mobile number") from None
    if found is None:
        raise click.ClickException("没有用这个手机号登录的账号 / no account signs in with this number")
    return found


def outlet(session: Session, code: str, credit_code: str | None) -> Outlet:
    """The outlet with this 门店编号; outlets of two merchants may share one, then the merchant decides."""
    wanted = select(Outlet).where(Outlet.code == code)
    if credit_code is not None:
        wanted = wanted.where(Outlet.merchant_id == enterprise(session, credit_code).id)
    found = session.scalars(wanted.limit(2)).all()
    if not found:
        raise click.ClickException(f"没有编号为 {code} 的门店 / no outlet has this code")
    if len(found) > 1:
        raise click.ClickException(
            f"不止一家企业有编号为 {code} 的门店，请用 --merchant 指明企业 / say which with --merchant"
        )
    return found[0]
