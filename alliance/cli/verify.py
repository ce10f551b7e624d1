"""``alliance verify``: whether everything that is stored twice agrees."""

import sys
from functools import partial
from pathlib import Path
from time import monotonic

import click

from alliance.circulation.findings import Finding, listen
from alliance.circulation.verify import INVARIANTS
from alliance.circulation.verify_audit import audit_chain
from alliance.cli.context import session_scope
from alliance.cli.heads import heads_option, kept_heads
from alliance.store import one_snapshot


@click.command()
@heads_option
@click.option(
    "--progress/--no-progress",
    default=None,
    help="显示进度 / rows looked at, on stderr. [default: when that is a terminal]",
)
def verify(path: Path | None, progress: bool | None) -> None:
    """由事实重算汇总与限额，逐处指出不符 / recompute derived figures and limits from the facts."""
    heads = kept_heads(path)
    invariants = INVARIANTS | {"audit_chain": partial(audit_chain, heads=heads)}
    status = Status(sys.stderr.isatty() if progress is None else progress)
    failed = False
    with session_scope(writes=False) as session, one_snapshot(session):
        listen(session, status.looked_at)
        for name, invariant in invariants.items():
            status.begin(name)
            number = 0
            for number, finding in enumerate(invariant(session), start=1):
                status.clear()
                if number == 1:
                    click.echo(f"✗ {name}")
                _show(finding)
            status.clear()
            click.echo(f"  共 {number} 处 / {number} in all" if number else f"✓ {name}")
            failed = failed or number > 0
    click.echo(f"对过 {len(heads)} 个链头 / {len(heads)} heads", err=True)
    sys.exit(1 if failed else 0)


class Status:
    """One line on stderr that says which invariant is being looked at, and how many rows of it so far."""

    #: Seconds between two writings of the line.
    EVERY = 0.2

    def __init__(self, shown: bool) -> None:
        self._shown, self._name, self._rows, self._next = shown, "", 0, 0.0

    def begin(self, name: str) -> None:
        """An invariant is begun."""
        self._name, self._rows = name, 0
        self._write()

    def looked_at(self) -> None:
        """One more row of it."""
        self._rows += 1
        if self._shown and monotonic() >= self._next:
            self._write()

    def clear(self) -> None:
        """Take the line away, because something else is printed there."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
            # Findings that come thick and fast are progress enough.
            self._next = monotonic() + self.EVERY

    def _write(self) -> None:
        if self._shown:
            line = f"… {self._name}  {self._rows:,} 行 rows"
            click.echo(f"\r\x1b[K{line}", nl=False, err=True)
            self._next = monotonic() + self.EVERY


def _show(finding: Finding) -> None:
    click.echo(f"  {finding.invariant}: {finding.subject}")
    stored, expected = _plain(finding.stored), _plain(finding.expected)
    click.echo(f"  存储 stored {stored}，应为 expected {expected}")


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else repr(value)
