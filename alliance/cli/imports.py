"""``alliance import …``: spreadsheets into the store, with a report a person can act on."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from sqlalchemy.exc import DBAPIError, IntegrityError

from alliance import clock
from alliance.audit.trail import COMMAND_LINE
from alliance.cli.context import session_scope
from alliance.imports import enterprises, offers, outlets, redemptions, roster, zones
from alliance.imports.fields import trim
from alliance.imports.rejects import beside, write_rejects
from alliance.imports.run import Import, Kind, Reject, run
from alliance.imports.tables import UnreadableFile
from alliance.store import is_busy

T = TypeVar("T")

#: Rejects and notices shown on the screen; the file has them all.
SHOWN = 20


@click.group("import")
def import_group() -> None:
    """从 CSV 或 Excel 文件导入数据，可以重复执行。"""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """The argument and options that every kind has."""
    for option in (
        click.option(
            "--rejects", type=click.Path(dir_okay=False, path_type=Path), help="被拒行写到这个文件。"
        ),
        click.option("--partial", is_flag=True, help="有被拒的行时，其余的行照样导入。"),
        click.option("--dry-run", is_flag=True, help="只检查和报告，不写入。"),
        click.argument("file", type=click.Path(path_type=Path)),
    ):
        command = option(command)
    return command


@import_group.command("zones")
@_options
def import_zones(**options: Any) -> None:
    """片区：片区代码、片区名称、上级代码。"""
    _import(zones.KIND, **options)


@import_group.command("enterprises")
@_options
def import_enterprises(**options: Any) -> None:
    """企业：统一社会信用代码、企业名称、片区代码，可加生效日期、商户类别。"""
    _import(enterprises.KIND, **options)


@import_group.command("outlets")
@_options
def import_outlets(**options: Any) -> None:
    """门店：门店编号、门店名称、统一社会信用代码、片区代码，可加生效日期。"""
    _import(outlets.KIND, **options)


@import_group.command("roster")
@_options
def import_roster(**options: Any) -> None:
    """花名册：统一社会信用代码、工号、姓名、手机号、部门、在职状态，可加入职日期、离职日期。"""
    _import(roster.KIND, **options)


@import_group.command("offers")
@_options
@click.option("--approve", is_flag=True, help="导入的优惠同时批准。")
def import_offers(approve: bool, **options: Any) -> None:
    """优惠：统一社会信用代码、优惠编号、优惠名称、类型，以及该类型的条件、日期、次数、门店。"""
    _import(offers.kind(approving=approve), **options)


@import_group.command("redemptions")
@_options
def import_redemptions(**options: Any) -> None:
    """历史核销：流水号、核销时间、统一社会信用代码、工号、门店编号、原价(分)、优惠(分)、实付(分)。"""
    _import(redemptions.KIND, **options)


def _import(kind: Kind[Any], file: Path, dry_run: bool, partial: bool, rejects: Path | None) -> None:
    if rejects and rejects.resolve() == file.resolve():
        _fail("被拒的行不能写进要导入的文件本身。请用 --rejects 换一个位置。")
    try:
        with session_scope() as session:
            job = run(
                session,
                kind,
                file,
                clock.now(),
                COMMAND_LINE,
                dry_run=dry_run,
                partial=partial,
                progress=_progress,
            )
            session.commit()
    except UnreadableFile as error:
        _fail(f"{file.name}：{error}")
    except DBAPIError as error:
        if not (is_busy(error) or isinstance(error, IntegrityError)):
            raise
        _fail("导入期间有别人在写入同样的数据，本次没有写入。请再执行一次。")
    _report(job, dry_run)
    if job.rejected:
        _write_rejects(rejects or beside(file), job)
        click.get_current_context().exit(1)


def _progress(items: Sequence[T], label: str, /) -> Iterator[T]:
    with click.progressbar(items, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield from bar


def _report(job: Import, dry_run: bool) -> None:
    click.echo(f"新增 {job.created}　更新 {job.updated}　未变 {job.unchanged}　拒绝 {len(job.rejected_rows)}")
    for line in _first(job.notices):
        click.echo(f"注意：{line}")
    for line in _first([_line(reject) for reject in job.rejected]):
        click.echo(line)
    if dry_run:
        click.echo("这是试运行，没有写入。")
    elif not job.kept:
        click.echo("有被拒的行，所以整个文件都没有写入。")


def _first(lines: list[str]) -> list[str]:
    rest = len(lines) - SHOWN
    return lines[:SHOWN] + ([f"……另有 {rest} 条"] if rest > 0 else [])


def _line(reject: Reject) -> str:
    value = trim(reject.value)
    written = f"『{value if len(value) <= 40 else value[:40] + '…'}』" if value else ""
    return f"第 {reject.row} 行　{reject.field}{written}：{reject.reason}。{reject.remedy}。"


def _write_rejects(path: Path, job: Import) -> None:
    try:
        write_rejects(path, job)
    except OSError:
        _fail(f"被拒的行无法写到 {path}。请用 --rejects 换一个位置。")
    click.echo(f"被拒的行在 {path}。")
    if job.kept:
        click.echo("改好后可以直接导入这个文件。")
    else:
        click.echo("请改好原文件再导入；或者加 --partial 先导入其余的行，再导入改好的这个文件。")


def _fail(message: str) -> NoReturn:
    click.echo(message, err=True)
    click.get_current_context().exit(1)
