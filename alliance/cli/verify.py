"""``alliance verify``: whether everything that is stored twice agrees."""

import sys

import click

from alliance.circulation.verify import INVARIANTS
from alliance.cli.context import session_scope
from alliance.store import one_snapshot


@click.command()
def verify() -> None:
    """由事实重算汇总与限额，指出第一处不符 / recompute derived figures and limits from the facts."""
    failed = False
    with session_scope(writes=False) as session, one_snapshot(session):
        for name, invariant in INVARIANTS.items():
            findings = list(invariant(session))
            failed = failed or bool(findings)
            click.echo(f"{'✗' if findings else '✓'} {name}")
            if findings:
                first = findings[0]
                click.echo(f"  {first.invariant}: {first.subject}")
                click.echo(f"  存储 stored {first.stored!r}，应为 expected {first.expected!r}")
                click.echo(f"  共 {len(findings)} 处 / {len(findings)} in all")
    sys.exit(1 if failed else 0)
