"""A throwaway PostgreSQL cluster: one per test run, from the installed programs, gone afterwards.

It listens on a socket in a directory that only its owner can enter, so nobody else reaches it.
``ALLIANCE_TEST_DURABLE=1`` keeps fsync on, for measurements.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).parent.parent
SETTINGS = {"listen_addresses": "", "max_connections": "300", "shared_buffers": "256MB", "timezone": "UTC"}
#: Safe to lose: the cluster does not outlive the run.
HURRIED = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
PR_SET_PDEATHSIG = 1
PLACE, PREFIX = Path("/tmp"), "alliance-pg-"


class NoCluster(Exception):
    """Why there is no cluster, in one line."""


class Cluster:
    """Started by the constructor; ``stop`` ends and removes it.

    A ``durable`` one keeps fsync on: what it has committed must outlive ``crash``.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._durable = durable or os.environ.get("ALLIANCE_TEST_DURABLE") == "1"
        self._programs = find_programs()
        _sweep()
        # Short, because the path of a socket may have no more than about 100 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=PLACE))
        self._server: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root.
        self._identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")
            self._identity = {"user": "postgres", "group": "postgres", "extra_groups": []}
        try:
            self._create()
            self.start()
        except BaseException:
            self.stop()
            raise

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.directory}"

    def crash(self) -> None:
        """End it as ``pg_ctl stop -m immediate`` does: nothing is finished, the next start recovers."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(30)

    def stop(self) -> None:
        """End it at once and remove every trace."""
        self.crash()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _create(self) -> None:
        locale = "C.UTF-8" if sys.platform == "linux" else "C"
        arguments = [
            "--no-sync",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            f"--locale={locale}",
        ]
        self._run([self._programs / "initdb", f"--pgdata={self.directory / 'data'}", *arguments])

    def start(self) -> None:
        """Start it (again) and wait until it takes connections."""
        command: list[str | Path] = [self._programs / "postgres", "-D", self.directory / "data"]
        command += ["-k", self.directory]
        for name, value in (SETTINGS if self._durable else SETTINGS | HURRIED).items():
            command += ["-c", f"{name}={value}"]
        log = (self.directory / "log").open("wb")
        self._server = subprocess.Popen(
            command,
            cwd=self.directory,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for pytest, which then stops the cluster
            preexec_fn=_end_with_parent(),
            **self._identity,
        )
        log.close()
        self._await()

    def _await(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(host=str(self.directory), user="postgres", dbname="postgres").close()
                return
            except psycopg.OperationalError as error:
                assert self._server is not None
                if self._server.poll() is not None or time.monotonic() > deadline:
                    log = (self.directory / "log").read_text(errors="replace")
                    raise NoCluster(f"PostgreSQL does not start: {error}\n{log}") from None
                time.sleep(0.02)

    def _run(self, command: list[str | Path]) -> None:
        done = subprocess.run(command, cwd=self.directory, capture_output=True, text=True, **self._identity)
        if done.returncode != 0:
            raise NoCluster(f"{command[0]} failed: {done.stderr.strip()}")


def find_programs() -> Path:
    """The directory of initdb and postgres. Raises NoCluster with the command that installs them."""
    look = subprocess.run(
        [ROOT / "scripts" / "ensure-postgres", "--only-look"], capture_output=True, text=True
    )
    if look.returncode != 0:
        raise NoCluster(look.stderr.strip())
    return Path(look.stdout.strip())


def _sweep() -> None:
    """Remove what runs left behind that were killed; a directory's name says whose it is."""
    for directory in PLACE.glob(f"{PREFIX}*-*"):
        try:
            os.kill(int(directory.name.removeprefix(PREFIX).partition("-")[0]), 0)
        except ProcessLookupError:
            shutil.rmtree(directory, ignore_errors=True)
        except (ValueError, PermissionError):
            pass  # not ours to judge


def _end_with_parent() -> Callable[[], None] | None:
    """On Linux the kernel ends the cluster even when pytest itself is killed."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)

    return ask
