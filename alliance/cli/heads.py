"""Heads of the audit chain that were kept elsewhere, for the commands that hold the chain against them."""

from pathlib import Path

import click

from alliance.audit.heads import FILE, Head, read_heads
from alliance.cli.context import checked_settings

heads_option = click.option(
    "--heads",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"在别处保存的链头 / heads kept elsewhere. [default: instance/{FILE}, if it is there]",
)


def kept_heads(path: Path | None) -> list[Head]:
    """The heads in that file, or in the one beside the database; none when there is neither."""
    beside = checked_settings().instance_path / FILE
    if path is None and not beside.exists():
        return []
    try:
        return read_heads(path or beside)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"链头文件读不懂 / cannot read the heads: {error}") from None
