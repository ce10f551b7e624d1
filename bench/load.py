"""The load generator: prepared requests over keep-alive connections, in a process of its own.

It shares the machine's cores with what it measures, so it does as little as it can: no HTTP library, one
thread, one system call to send and one to receive. ``run`` starts the process; its share of a core is in the
outcome.
"""

import pickle
import selectors
import socket
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """``clients`` connections for ``seconds``, or until ``requests`` are used up; each is sent once."""

    port: int
    clients: int
    seconds: float
    requests: list[bytes]


@dataclass
class Outcome:
    """What came back, in the order of ``answered`` (indexes of requests). Latencies in seconds."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    answered: list[int] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    #: CRC-32 of each body, so that a retry's answer can be compared with the first.
    bodies: list[int] = field(default_factory=list)
    #: The first answer that was not 201, if any.
    failure: bytes | None = None


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number, self.sent_at, self.received = -1, 0.0, b""

    def send(self, number: int, request: bytes) -> None:
        self.number, self.received, self.sent_at = number, b"", time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """The body, once it is there in full."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed a connection")
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return body if len(body) >= int(length) else None


def drive(job: Job) -> Outcome:
    """Keep every connection busy: the next request follows the answer at once."""
    outcome, selector = Outcome(), selectors.DefaultSelector()
    waiting = iter(enumerate(job.requests))
    started, cpu = time.perf_counter(), time.process_time()
    deadline, busy = started + job.seconds, 0
    for _ in range(job.clients):
        connection = _Connection(job.port)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        busy += _next(connection, waiting)
    while busy:
        for key, _ in selector.select():
            connection = key.data
            body = connection.receive()
            if body is None:
                continue
            now = time.perf_counter()
            _note(outcome, connection, body, now)
            if now >= deadline or not _next(connection, waiting):
                busy -= 1
    outcome.seconds, outcome.cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    return outcome


def _next(connection: _Connection, waiting: "enumerate[bytes]") -> bool:
    for number, request in waiting:
        connection.send(number, request)
        return True
    return False


def _note(outcome: Outcome, connection: _Connection, body: bytes, now: float) -> None:
    outcome.answered.append(connection.number)
    outcome.latencies.append(now - connection.sent_at)
    outcome.bodies.append(zlib.crc32(body))
    if outcome.failure is None and not connection.received.startswith(b"HTTP/1.1 201"):
        outcome.failure = connection.received


def run(job: Job) -> Outcome:
    """Drive in a process of its own. Raises RuntimeError with the first answer that was not 201."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        cwd=Path(__file__).parent.parent,
        input=pickle.dumps(job),
        stdout=subprocess.PIPE,
        check=True,
    )
    outcome = pickle.loads(done.stdout)
    assert isinstance(outcome, Outcome)
    if outcome.failure is not None:
        raise RuntimeError(outcome.failure.decode(errors="replace"))
    return outcome


def main() -> None:
    """A job on stdin, its outcome on stdout."""
    # Under its own name, not __main__'s: the other process has to find the class again.
    from bench import load

    job = pickle.load(sys.stdin.buffer)
    sys.stdout.buffer.write(pickle.dumps(load.drive(job)))


if __name__ == "__main__":
    main()
