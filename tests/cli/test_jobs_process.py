"""The worker beside the server: started, revived, stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from alliance.cli import jobs_process
from alliance.cli.jobs_process import JobsProcess

ROOT = Path(__file__).parents[2]
#: Notes each start in a file, then lives until it is told to stop, or dies at once.
LIVES = "import sys, time; open(sys.argv[1], 'a').write('x'); time.sleep(60)"
DIES = "import sys; open(sys.argv[1], 'a').write('x'); sys.exit(3)"
#: Tells its own id, then lives.
NAMED = "import os, sys, time; print(os.getpid(), flush=True); time.sleep(60)"
#: Runs a worker and waits for ever, as the server's main process does.
SERVER = """
import sys, threading
from alliance.cli.jobs_process import JobsProcess
JobsProcess([sys.executable, "-c", sys.argv[1]]).start()
threading.Event().wait()
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + LIVES


@pytest.fixture
def starts(tmp_path) -> Path:
    path = tmp_path / "starts"
    path.touch()
    return path


@pytest.fixture
def jobs(starts, monkeypatch) -> Iterator[Callable[[str], JobsProcess]]:
    monkeypatch.setattr(jobs_process, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(jobs_process, "GRACE", 0.5)
    made = []

    def make(program: str) -> JobsProcess:
        made.append(JobsProcess([sys.executable, "-c", program, str(starts)]))
        made[-1].start()
        return made[-1]

    yield make
    for process in made:
        process.stop()


def started(starts: Path, times: int) -> bool:
    deadline = time.monotonic() + 15
    while len(starts.read_text()) < times:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_dead_worker_is_revived(jobs, starts, capfd):
    jobs(DIES)
    assert started(starts, 3)
    assert "the worker ended (3)" in capfd.readouterr().err


def test_a_reload_starts_the_next_one_silently(jobs, starts, capfd):
    process = jobs(LIVES)
    assert started(starts, 1)
    process.restart()
    assert started(starts, 2)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("program", [LIVES, STUBBORN])
def test_stopping_ends_it_for_good(jobs, starts, program):
    process = jobs(program)
    assert started(starts, 1)
    process.stop()
    assert process._process.poll() is not None
    assert len(starts.read_text()) == 1


def test_stopping_one_that_never_started_does_nothing():
    JobsProcess([sys.executable, "-c", LIVES]).stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_server_that_is_killed_takes_its_worker_along():
    command = [sys.executable, "-c", SERVER, NAMED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as server:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        server.kill()
        server.wait()
        # The worker holds the other end of the pipe for as long as it lives.
        ended = Thread(target=server.stdout.read, daemon=True)
        ended.start()
        ended.join(10)
        if ended.is_alive():
            os.kill(worker, signal.SIGKILL)
            pytest.fail("the worker outlived its server")
