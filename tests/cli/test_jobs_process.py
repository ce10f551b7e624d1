"""The worker beside the server: started, revived, stopped."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alliance.cli import jobs_process
from alliance.cli.jobs_process import JobsProcess

#: Notes each start in a file, then lives until it is told to stop, or dies at once.
LIVES = "import sys, time; open(sys.argv[1], 'a').write('x'); time.sleep(60)"
DIES = "import sys; open(sys.argv[1], 'a').write('x'); sys.exit(3)"
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
