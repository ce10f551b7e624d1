"""A merchant's system: a real HTTP server on 127.0.0.1 that answers as it is told and remembers what came."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread

Manner = Callable[[BaseHTTPRequestHandler, bytes], None]


@dataclass(frozen=True)
class Message:
    """What came, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """``manner`` is how it answers; whoever holds an answer back waits for ``released``."""

    url: str = ""
    port: int = 0
    manner: Manner = lambda handler, body: answer(handler, 200)
    messages: list[Message] = field(default_factory=list)
    released: Event = field(default_factory=Event)
    busy: int = 0
    busiest: int = 0
    connections: int = 0
    lock: Lock = field(default_factory=Lock)

    @property
    def ids(self) -> list[str]:
        """The webhook-id of each message, in the order in which they came."""
        return [message.headers["webhook-id"] for message in self.messages]


def answer(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    """A whole answer."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def says(status: int, **headers: str) -> Manner:
    """Always this status."""
    return lambda handler, body: answer(handler, status, **headers)


def says_in_turn(*statuses: int) -> Manner:
    """One status after the other, the last one for ever."""
    left = list(statuses)
    return lambda handler, body: answer(handler, left.pop(0) if len(left) > 1 else left[0])


def hangs_up(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """Half a status line, and gone."""
    handler.wfile.write(b"HTTP/1.1 2")
    handler.wfile.flush()
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def never_stops(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """200, and then megabytes until nobody listens any more."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(1 << 40))
    handler.end_headers()
    handler.close_connection = True
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        return


@contextmanager
def receiving(
    context: ssl.SSLContext | None = None, address: str = "127.0.0.1", port: int = 0
) -> Iterator[Receiver]:
    """A receiver until the block ends, on a free port unless told otherwise."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with receiver.lock:
                receiver.messages.append(Message(self.path, headers, body))
                receiver.busy += 1
                receiver.busiest = max(receiver.busiest, receiver.busy)
            try:
                receiver.manner(self, body)
            finally:
                with receiver.lock:
                    receiver.busy -= 1

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, object]:
            receiver.connections += 1
            return super().get_request()

        def handle_error(self, request: object, client_address: object) -> None:
            """Nobody reads it: whoever hangs up on us does so on purpose."""

    server = Server((address, port), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    receiver.url = f"{'https' if context else 'http'}://{address}:{receiver.port}/hook"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
