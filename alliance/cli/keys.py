"""``alliance keys``: the keys that sign passes."""

import click
from sqlalchemy import select

from alliance import clock
from alliance.audit.trail import COMMAND_LINE
from alliance.cli.context import checked_settings, session_scope
from alliance.passes import rotation
from alliance.passes.keys import Keyring
from alliance.passes.models import SigningKey
from alliance.passes.rotation import KeyState, StillNeeded

STATES = {
    KeyState.NEXT: "已公布，尚未启用 / published, not signing yet",
    KeyState.SIGNING: "正在签发 / signing",
    KeyState.VERIFYING: "只用于核验 / verifying only",
    KeyState.RETIRED: "已停用 / retired",
}


@click.group()
def keys() -> None:
    """会员码签名密钥 / the keys that sign passes."""


@keys.command("list")
def list_() -> None:
    """列出密钥和状态 / every key and what it is good for."""
    with session_scope(writes=False) as session:
        for standing in rotation.standings(session, clock.now()):
            since = f"{clock.local(standing.key.signs_from):%Y-%m-%d %H:%M}"
            click.echo(f"{standing.key.kid.hex()}  {since}  {STATES[standing.state]}")


@keys.command()
@click.option("--now", "at_once", is_flag=True, help="立即启用，不等 24 小时 / sign with it at once.")
def rotate(at_once: bool) -> None:
    """新建密钥：先公布，24 小时后启用 / a new key: published now, signing in 24 hours."""
    with session_scope() as session:
        at, keyring = clock.now(), Keyring(checked_settings().secret_key)
        ahead = rotation.AHEAD * (not at_once)
        made = rotation.rotate(session, keyring, COMMAND_LINE, at, ahead)
        kid, since = made.kid.hex(), clock.local(made.signs_from)
        session.commit()
    click.echo(f"{kid} 从 {since:%Y-%m-%d %H:%M} 起签发 / signs from then on")


@keys.command()
@click.argument("kid")
@click.option(
    "--compromised", is_flag=True, help="密钥已泄露：立即作废它签发的所有会员码 / kill all it has signed."
)
def drop(kid: str, compromised: bool) -> None:
    """停用旧密钥并销毁私钥 / retire a key and destroy its private half."""
    with session_scope() as session:
        found = [key for key in session.scalars(select(SigningKey)) if key.kid.hex() == kid]
        if len(found) != 1:
            raise click.ClickException(f"没有编号为 {kid} 的密钥 / no key has this id")
        try:
            rotation.drop(session, found[0], COMMAND_LINE, clock.now(), compromised=compromised)
        except StillNeeded as needed:
            raise click.ClickException(_still_needed(needed)) from None
        session.commit()
    click.echo(f"{kid} 已停用 / retired")


def _still_needed(needed: StillNeeded) -> str:
    if needed.until is None:
        return "这个密钥还在签发，请先 rotate / it signs, rotate first"
    until = f"{clock.local(needed.until):%Y-%m-%d %H:%M}"
    return f"它签发的会员码最晚到 {until} 才失效 / credentials under it live until then"
