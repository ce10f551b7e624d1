"""A durable PostgreSQL of the bench's own, whose disk can be made slower while it runs."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.cluster import Cluster

SOURCE = Path(__file__).with_name("slow_disk.c")
SLOWER_MS = 2


class Disk:
    """The cluster, and the switch of its disk."""

    def __init__(self, directory: Path) -> None:
        # PostgreSQL's own user has to see the switch and the library.
        directory.chmod(0o755)
        self._switch = directory / "slow"
        self._library = _compile(directory)
        preload = {"LD_PRELOAD": str(self._library)} if self._library else {}
        before = dict(os.environ)
        os.environ |= {"ALLIANCE_TEST_DURABLE": "1", "ALLIANCE_SLOW_DISK": str(self._switch), **preload}
        try:
            self.cluster = Cluster()
        finally:
            os.environ.clear()
            os.environ.update(before)

    @property
    def how(self) -> str:
        """How the disk is made slower."""
        return "a preloaded fdatasync" if self._library else "commit_delay, for want of a C compiler"

    @contextmanager
    def slower(self) -> Iterator[None]:
        """Every flush takes SLOWER_MS longer inside."""
        self._turn(True)
        try:
            yield
        finally:
            self._turn(False)

    def _turn(self, slow: bool) -> None:
        if self._library:
            self._switch.touch() if slow else self._switch.unlink()
            return
        with psycopg.connect(
            host=str(self.cluster.directory), user="postgres", autocommit=True
        ) as connection:
            # It only waits when so many other transactions are open: none, here.
            for name, value in (("commit_siblings", 0), ("commit_delay", SLOWER_MS * 1000)):
                change = f"SET {name} = {value}" if slow else f"RESET {name}"
                connection.execute(f"ALTER SYSTEM {change}".encode())
            connection.execute("SELECT pg_reload_conf()")


def _compile(directory: Path) -> Path | None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    library = directory / "slow_disk.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"], check=True)
    return library
