"""A TCP proxy that cuts: one request per connection, each ended as its plan says.

It stands between one till, which sends one request after the other, and the server. Whatever it does is
decided by its own pseudo-random numbers in the order of the connections, so a seed names a run.
"""

import contextlib
import random
import socket
import struct
from collections import Counter
from enum import StrEnum
from threading import Thread
from typing import Self

_READ = 65536
#: An answer that takes longer than this means that the server hangs, and the test fails for it.
_PATIENCE_SECONDS = 60


class Cut(StrEnum):
    """Where a connection ends. All but PASSED and TWICE leave the till without a whole answer."""

    PASSED = "passed"
    BEFORE_THE_SERVER = "cut before the server"
    IN_THE_REQUEST = "cut in the request"
    WHILE_IT_WORKS = "cut while it works"
    AFTER_THE_COMMIT = "cut after the commit"
    IN_THE_ANSWER = "cut in the answer"
    #: Delivered when the till has given up, so that it races with the till's next try.
    LATE_REQUEST = "late requests"
    LATE_ANSWER = "late answers"
    #: Delivered twice at once; the till gets the first one's answer.
    TWICE = "doubled requests"


class Ending(StrEnum):
    """How TCP says it: in order, or as a machine that has died or a firewall that has had enough."""

    FIN = "FIN"
    RST = "RST"


#: The late ones cost the till its whole patience, so they are rare.
WEIGHTS = {cut: 1 if cut in (Cut.LATE_REQUEST, Cut.LATE_ANSWER) else 6 for cut in Cut}


class CuttingProxy:
    """Listens on ``port`` until the block ends. ``cuts`` counts what was done, by kind and ending."""

    def __init__(self, server_port: int, seed: int) -> None:
        self._server_port = server_port
        self._random = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.cuts: Counter[tuple[Cut, Ending]] = Counter()
        self._threads = [Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        """Returns when every request that was accepted has reached its end, late ones too."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        for thread in self._threads[1:]:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed by __exit__
            cut = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            ending = self._random.choice(list(Ending))
            self.cuts[cut, ending] += 1
            thread = Thread(target=self._serve, args=(client, cut, ending))
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket, cut: Cut, ending: Ending) -> None:
        # The till may be gone at any moment: that is what is being tried.
        with contextlib.suppress(OSError):
            request = _read_request(client)
            if request:
                self._carry(client, request, cut, ending)
        _end(client, ending)

    def _carry(self, client: socket.socket, request: bytes, cut: Cut, ending: Ending) -> None:
        match cut:
            case Cut.BEFORE_THE_SERVER:
                return
            case Cut.IN_THE_REQUEST:
                self._send_and_leave(request[: len(request) // 2], ending)
            case Cut.WHILE_IT_WORKS:
                self._send_and_leave(request, ending)
            case Cut.LATE_REQUEST:
                _await_hanging_up(client)
                self._ask(request)
            case Cut.TWICE:
                twin = Thread(target=self._ask, args=(request,))
                twin.start()
                client.sendall(self._ask(request))
                twin.join()
            case _:
                self._answer(client, self._ask(request), cut)

    def _answer(self, client: socket.socket, answer: bytes, cut: Cut) -> None:
        if cut is Cut.LATE_ANSWER:
            _await_hanging_up(client)
        if cut is Cut.IN_THE_ANSWER:
            answer = answer[: len(answer) // 2]
        if cut is not Cut.AFTER_THE_COMMIT:
            client.sendall(answer)

    def _send_and_leave(self, request: bytes, ending: Ending) -> None:
        server = socket.create_connection(("127.0.0.1", self._server_port))
        server.sendall(request)
        _end(server, ending)

    def _ask(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self._server_port), _PATIENCE_SECONDS) as server:
            server.sendall(request)
            answer = b""
            while more := server.recv(_READ):
                answer += more
            return answer


def _read_request(client: socket.socket) -> bytes:
    """Head and body; empty when the client left before it had sent them."""
    request, length = b"", None
    while length is None or len(request) < length:
        more = client.recv(_READ)
        if not more:
            return b""
        request += more
        head, found, _ = request.partition(b"\r\n\r\n")
        if found and length is None:
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            length = len(head) + len(found) + int(fields[b"content-length"])
    return request


def _await_hanging_up(client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while client.recv(_READ):
            pass


def _end(connection: socket.socket, ending: Ending) -> None:
    with contextlib.suppress(OSError):
        if ending is Ending.RST:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            connection.shutdown(socket.SHUT_RDWR)
    connection.close()
