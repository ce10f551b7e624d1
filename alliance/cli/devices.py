"""``alliance device``: the phones that show a holder's pass."""

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance import clock
from alliance.accounts import sign_in
from alliance.audit.trail import COMMAND_LINE
from alliance.cli.context import session_scope
from alliance.passes import devices
from alliance.passes.issue import newest_pass
from alliance.passes.models import PassDevice
from alliance.people.models import Holder
from alliance.people.phones import parse_phone


@click.group()
def device() -> None:
    """出示会员码的手机 / the phones that show a pass."""


@device.command("list")
@click.argument("phone")
def list_(phone: str) -> None:
    """列出一个人的设备 / the devices of the holder with this phone number."""
    with session_scope(writes=False) as session:
        for found in _devices(session, phone):
            gone = found.revoked_at
            state = f"已移除 removed {clock.local(gone):%Y-%m-%d %H:%M}" if gone else ""
            enrolled = f"{clock.local(found.row.enrolled_at):%Y-%m-%d %H:%M}"
            click.echo(f"{found.row.key_id.hex()[:16]}  {enrolled}  {found.row.user_agent[:60]}  {state}")


@device.command()
@click.argument("phone")
@click.argument("key")
@click.option("--reason", required=True, help="写入审计记录 / kept in the audit trail.")
def remove(phone: str, key: str, reason: str) -> None:
    """移除一台设备：立即失效并退出登录 / one device is dead at once, and signed out."""
    with session_scope() as session:
        named = [found.row for found in _devices(session, phone) if found.row.key_id.hex().startswith(key)]
        if len(named) != 1:
            raise click.ClickException(f"没有编号以 {key} 开头的设备，或不止一台 / no device, or several")
        _remove(session, named[0], reason)
        session.commit()
    click.echo("已移除 / removed")


def _devices(session: Session, phone: str) -> list[devices.Device]:
    try:
        holder = session.scalar(select(Holder).where(Holder.phone == parse_phone(phone)))
    except ValueError:
        raise click.ClickException(f"{phone} 不是手机号 / no mobile number") from None
    held = newest_pass(session, holder.id) if holder else None
    if held is None:
        raise click.ClickException("没有这个手机号的会员码 / nobody with this phone has a pass")
    return list(devices.devices_of(session, held.id))


def _remove(session: Session, row: PassDevice, reason: str) -> None:
    at = clock.now()
    phone = devices.remove(session, row, reason[:200], COMMAND_LINE, at)
    sign_in.end(session, phone.sign_in_id, at)
