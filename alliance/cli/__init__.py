"""``alliance …``: the commands, each loaded only when it is called.

What an operator got wrong ends in one line on stderr, never in a traceback.
"""

import os
import sys
from importlib import import_module
from typing import Any

import click

from alliance.config import ConfigurationError

#: Name → where it lives and what it does in a few words. The words are here so that ``--help`` loads nothing.
COMMANDS = {
    "serve": ("alliance.cli.serve:serve", "运行网站和后台任务 / run the web server and the worker"),
    "worker": ("alliance.cli.worker:worker", "只运行后台任务 / run the worker alone"),
    "db": ("alliance.cli.db:db", "数据库结构 / the database's schema"),
    "demo": ("alliance.cli.demo:demo", "载入演示数据 / load the demo world"),
    "account": ("alliance.cli.accounts:account", "账号与权限 / accounts and what they may do"),
    "token": ("alliance.cli.tokens:token", "接口令牌 / API tokens"),
    "device": ("alliance.cli.devices:device", "出示会员码的手机 / the phones that show a pass"),
    "keys": ("alliance.cli.keys:keys", "会员码签名密钥 / the keys that sign passes"),
    "import": ("alliance.cli.imports:import_group", "导入表格 / import tables"),
    "export": ("alliance.cli.exports:export", "导出数据 / export data"),
    "circulation": ("alliance.cli.circulation:circulation", "流通统计 / circulation figures"),
    "related": ("alliance.cli.related:related", "关联企业 / related parties"),
    "restate": ("alliance.cli.restate:restate", "重述以往的统计 / restate past figures"),
    "month": ("alliance.cli.months:month", "月结 / closing and reopening months"),
    "audit": ("alliance.cli.audit:audit", "审计记录与哈希链 / the audit trail and its hash chain"),
    "verify": ("alliance.cli.verify:verify", "核对汇总与事实 / check derived figures against the facts"),
}


class Commands(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, imported."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in ``--help``, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what the operator can put right ends in one line."""
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            click.echo(f"alliance: 设置有误 / bad configuration: {error}", err=True)
            sys.exit(2)
        except Exception as error:
            if line := _database_trouble(error):
                raise click.ClickException(line) from None
            raise


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """异业联盟 Alliance."""
    # libpq would otherwise wait for minutes for a host that does not answer.
    os.environ.setdefault("PGCONNECT_TIMEOUT", "10")


def _database_trouble(error: Exception) -> str | None:
    """One line for a database that cannot be reached or was never migrated; None for anything else."""
    # Not at the top: ``--help`` needs no database.
    import sqlalchemy as sa

    if not isinstance(error, sa.exc.DBAPIError):
        return None
    cause = str(error.orig).strip().splitlines()[0]
    state = getattr(error.orig, "sqlstate", None)
    missing = ("no such table", "no such column", "has no column")
    if any(words in cause for words in missing) or state in ("42P01", "42703"):
        return "数据库还没有建表或版本太旧，请先运行 alliance db upgrade"
    if isinstance(error, sa.exc.OperationalError):
        return f"数据库无法使用 / cannot use the database: {cause}"
    return None
