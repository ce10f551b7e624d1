"""``alliance db``: the database's schema."""

import click
from alembic.util import CommandError

from alliance import store
from alliance.cli.context import checked_settings


@click.group()
def db() -> None:
    """数据库结构 / the database's schema."""


@db.command()
def upgrade() -> None:
    """把数据库升级到当前版本 / bring the database to the present version."""
    try:
        store.upgrade(checked_settings().database_url)
    except CommandError as error:
        raise click.ClickException(f"数据库无法升级 / cannot migrate the database: {error}") from None
    click.echo("数据库已是最新版本 / the database is up to date")
