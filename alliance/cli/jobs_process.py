"""The jobs worker as a child process of the server: started, stopped and revived by it."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from threading import Event, Thread

#: Seconds before a dead worker is started again: doubled at each death in a row, up to the last.
FIRST_PAUSE, LAST_PAUSE = 1.0, 60.0
#: A worker that lived this long was healthy, so its death starts the count anew.
HEALTHY_AFTER = 60.0
#: Seconds a worker gets to finish what it is doing.
GRACE = 10.0
#: From <linux/prctl.h>.
PR_SET_PDEATHSIG = 1


class JobsProcess:
    """Runs one command and keeps it running until ``stop``."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._stopping = Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = Thread(target=self._keep, name="jobs-keeper", daemon=True)

    def start(self) -> None:
        """Start the process and the thread that revives it."""
        self._keeper.start()

    def restart(self) -> None:
        """Let the running process finish; the keeper starts the next one with the present code."""
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """Stop the process, by force after the grace period. Does nothing when never started."""
        self._stopping.set()
        if self._keeper.is_alive():
            self._keeper.join()

    def _keep(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            code = self._run()
            if code in (0, -signal.SIGTERM) or time.monotonic() - began >= HEALTHY_AFTER:
                pause = FIRST_PAUSE
            elif not self._stopping.is_set():
                print(f"alliance: the worker ended ({code}), again in {pause:.0f} s", file=sys.stderr)
            self._stopping.wait(pause)
            pause = min(pause * 2, LAST_PAUSE)

    def _run(self) -> int:
        """Run until the process ends or we are told to stop; returns its exit code."""
        # A session of its own: Ctrl-C in the terminal reaches the server, which then stops the worker.
        self._process = subprocess.Popen(self._command, start_new_session=True, preexec_fn=_end_with_parent())
        while not self._stopping.wait(0.2):
            if (code := self._process.poll()) is not None:
                return code
        self._process.terminate()
        try:
            return self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _end_with_parent() -> Callable[[], None] | None:
    """What a child does before its program begins: on Linux the kernel ends it when the server is killed.

    The parent is, for the kernel, the thread that started it: the keeper, which lives as long as the server.
    """
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # killed just before
            os.kill(os.getpid(), signal.SIGTERM)

    return ask
