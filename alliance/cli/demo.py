"""``alliance demo``: the demo world, for trying things out."""

import click
from sqlalchemy import select

from alliance import clock
from alliance.cli.context import checked_settings, session_scope
from alliance.demo import SIGN_INS, load
from alliance.enterprises.models import Enterprise
from alliance.passes.keys import Keyring


@click.command()
def demo() -> None:
    """向空数据库载入演示数据 / load the demo world into an empty database."""
    if checked_settings().environment == "production":
        raise click.ClickException("生产环境不载入演示数据 / no demo world in production")
    with session_scope() as session:
        if session.scalar(select(Enterprise.id).limit(1)) is not None:
            raise click.ClickException("数据库里已有企业，不再载入演示数据 / the database is not empty")
        load(session, Keyring(checked_settings().secret_key), clock.now())
        session.commit()
    for role, phone, password in SIGN_INS:
        click.echo(f"{phone}  {password}  {role}")
