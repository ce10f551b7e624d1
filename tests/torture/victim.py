"""The real server, to be killed: ``alliance serve`` with every process that it started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import environment, free_port, healthy

#: 32 tills with one token are more than the API lets a till do.
UNMETERED = {
    "ALLIANCE_API_WRITES_PER_MINUTE": "1000000",
    "ALLIANCE_API_READS_PER_MINUTE": "1000000",
}


class Victim:
    """A server on one database and one port, started again as often as it was killed."""

    def __init__(self, database_url: str, directory: Path) -> None:
        self.port = free_port()
        self._directory, self._log = directory, directory / "server.log"
        self._environment = environment(database_url, directory / "instance", **UNMETERED)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is healthy. Fails with its output."""
        command = [sys.executable, "-m", "alliance", "serve", "--no-demo", "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env=self._environment, cwd=self._directory
            )
        deadline = time.monotonic() + 60
        while not healthy(f"http://127.0.0.1:{self.port}"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"no server:\n{self.log()}")
            time.sleep(0.02)

    def kill(self) -> int:
        """SIGKILL for it and all that it started, the workers first; returns how many processes died."""
        assert self._process is not None
        doomed = [*_descendants(self._process.pid), self._process.pid]
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)
        self._process.wait()
        for pid in doomed:
            _await_end(pid)
        return len(doomed)

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def log(self) -> str:
        """What it printed in all its lives."""
        return self._log.read_text(errors="replace")


def _descendants(pid: int) -> list[int]:
    """Children of children first. The jobs worker has a session of its own, so a group is not enough."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    children: dict[int, list[int]] = {}
    for line in listed.stdout.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)

    def below(parent: int) -> list[int]:
        return [pid for child in children.get(parent, []) for pid in (*below(child), child)]

    return below(pid)


def _await_end(pid: int) -> None:
    """Until it runs no more: an orphan that nobody has collected yet (a zombie) holds nothing either."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
        if not state.strip() or state.startswith("Z"):
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} outlived SIGKILL")
