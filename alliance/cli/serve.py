"""``alliance serve``: check, migrate, load the demo world into an empty database, run server and worker."""

import errno
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import click
import sqlalchemy as sa
from alembic.util import CommandError
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

import alliance
from alliance import clock, store
from alliance.accounts.models import Account
from alliance.cli import lan as lan_certificate
from alliance.cli.jobs_process import JobsProcess
from alliance.config import ConfigurationError, Settings, load_settings
from alliance.enterprises.models import Enterprise
from alliance.passes.keys import Keyring
from alliance.people.phones import parse_phone

#: A request waits for the database most of its time, so each server process answers this many at once.
THREADS = 16


class CannotStart(click.ClickException):
    """The reason why the server does not start, in one line."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line to stderr."""
        click.echo(f"alliance: {self.message}", err=True)


@click.command("serve")
@click.option("--host", help="Interface to listen on. [default: localhost; with --lan: every interface]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port. [default: $PORT or 8000]")
@click.option("--workers", type=click.IntRange(1), help="Processes. [default: 1 on SQLite, 2 on PostgreSQL]")
@click.option("--reload", is_flag=True, help="Start again when code or assets change.")
@click.option("--lan", is_flag=True, help="Self-signed HTTPS for phones in this network.")
@click.option("--demo/--no-demo", default=True, help="Load the demo world into an empty database.")
def serve(
    host: str | None, port: int | None, workers: int | None, reload: bool, lan: bool, demo: bool
) -> None:
    """Run the web server and the jobs worker."""
    settings = _settings()
    host = host or ("0.0.0.0" if lan else "127.0.0.1")  # noqa: S104 - the LAN is what was asked for
    port = port or settings.port
    _refuse_taken_port(host, port)
    _refuse_unreachable_database(settings)
    sign_ins = _prepare_database(settings, demo=demo and settings.environment != "production")
    names = lan_certificate.addresses() if lan else ["localhost"]
    certificate = _certificate(settings, names) if lan else None
    processes = workers or (1 if settings.database_url.startswith("sqlite") else 2)
    server = _server(host, port, processes, reload, certificate)
    jobs = JobsProcess([sys.executable, "-m", "alliance", "worker"])

    def started() -> None:
        _stop_when_the_terminal_closes(server)
        jobs.start()
        _announce([f"{'https' if lan else 'http'}://{name}:{port}" for name in names], sign_ins)

    server.on_startup(started)
    server.on_reload(jobs.restart)
    try:
        server.serve()
    finally:
        jobs.stop()


def _settings() -> Settings:
    try:
        return load_settings()
    except ConfigurationError as error:
        raise CannotStart(f"设置有误 / bad configuration: {error}") from None


def _refuse_taken_port(host: str, port: int) -> None:
    """Without SO_REUSEPORT, which the server uses: it would share the port with whoever has it."""
    # Browsers try ::1 first for "localhost", so a stranger there would answer in our place.
    for address in ("127.0.0.1", "::1") if host in ("127.0.0.1", "localhost") else (host,):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as error:
            if address != "::1" or error.errno == errno.EADDRINUSE:
                raise CannotStart(
                    f"端口 {port} 无法使用，请换一个 / port {port} cannot be used "
                    f"({error.strerror}); choose another: PORT={port + 1} make run"
                ) from None


def _refuse_unreachable_database(settings: Settings) -> None:
    # libpq would otherwise wait for minutes for a host that does not answer.
    os.environ.setdefault("PGCONNECT_TIMEOUT", "10")
    shown, password = "DATABASE_URL", None
    try:
        url = sa.make_url(settings.database_url)
        shown, password = url.render_as_string(hide_password=True), url.password
        if url.get_backend_name() == "sqlite" and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        # Listing the tables also finds an SQLite file that is something else.
        sa.inspect(sa.create_engine(url, poolclass=sa.NullPool)).get_table_names()
    except (sa.exc.SQLAlchemyError, ImportError, OSError, ValueError) as error:
        cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        cause = cause.replace(password, "***") if password else cause
        raise CannotStart(f"数据库无法连接 / cannot use the database {shown}: {cause}") from None


def _prepare_database(settings: Settings, demo: bool) -> Sequence[tuple[str, str, str]]:
    """Migrate, load the demo world when wanted and nothing is there; returns the sign-ins of that world."""
    # Not at the top: other commands start faster without it.
    from alliance import demo as demo_world

    try:
        store.upgrade(settings.database_url)
    except CommandError as error:
        raise CannotStart(f"数据库无法升级 / cannot migrate the database: {error}") from None
    engine = store.make_engine(settings.database_url)
    with store.sessionmaker_for(engine)() as session:
        store.for_writing(session)
        if demo and session.scalar(sa.select(Enterprise.id).limit(1)) is None:
            click.echo("→ 载入演示数据 / loading the demo world")
            demo_world.load(session, Keyring(settings.secret_key), clock.now())
            session.commit()
        phones = {parse_phone(phone) for _, phone, _ in demo_world.SIGN_INS}
        known = session.scalar(sa.select(sa.func.count()).where(Account.phone.in_(phones)))
    engine.dispose()
    return tuple(demo_world.SIGN_INS) if known == len(phones) else ()


def _certificate(settings: Settings, names: Sequence[str]) -> lan_certificate.Certificate:
    # The server's and the worker's processes read their settings from the environment again.
    os.environ["ALLIANCE_HTTPS"] = "1"
    return lan_certificate.ensure(settings.instance_path, names, clock.now())


def _server(
    host: str, port: int, processes: int, reload: bool, certificate: lan_certificate.Certificate | None
) -> MPServer:
    # A forked process would keep the modules imported here, so a reload would not see their changes.
    multiprocessing.set_start_method("spawn", force=True)
    return MPServer(
        "alliance.wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=THREADS,
        websockets=False,
        log_level=LogLevels.error,  # its warnings are advice on these very numbers
        respawn_failed_workers=True,
        workers_kill_timeout=15,
        ssl_cert=certificate.chain if certificate else None,
        ssl_key=certificate.key if certificate else None,
        reload=reload,
        reload_paths=[Path(alliance.__file__).parent],
        reload_ignore_dirs=["assets"],
        reload_ignore_worker_failure=True,
    )


def _stop_when_the_terminal_closes(server: MPServer) -> None:
    """The server takes SIGHUP for "reload"; from a terminal that is gone it means "stop"."""
    if sys.stdin is not None and sys.stdin.isatty():
        signal.signal(signal.SIGHUP, server.signal_handler_interrupt)


def _announce(urls: Sequence[str], sign_ins: Sequence[tuple[str, str, str]]) -> None:
    click.echo("\n异业联盟 Alliance")
    for url in urls:
        click.echo(f"  {url}")
    if sign_ins:
        click.echo("\n演示账号 demo sign-ins")
        for role, phone, password in sign_ins:
            click.echo(f"  {phone}  {password}  {role}")
    click.echo("\nCtrl-C 停止 / stops\n")
