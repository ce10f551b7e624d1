"""The line to an endpoint: one connection, to an address that was looked at, and never beyond the time.

The host is resolved once for each connection, every address that comes of it must be allowed, and the
connection is made to that very address: a name that means something else the next time gains nothing. No
proxy of the environment is used and no redirect is followed. TLS is verified against the name.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Self

import httpcore

from alliance.webhooks.addresses import Address, Reach
from alliance.webhooks.models import Failure

#: Seconds until the endpoint has to be connected, and until the whole exchange has to be over.
CONNECT_SECONDS, TOTAL_SECONDS = 5.0, 15.0
#: As much of an answer is read (and thrown away), so that the other side can finish saying it.
MOST_ANSWER_BYTES = 64 * 1024

_HEADERS = (("content-type", "application/json"), ("user-agent", "Alliance-Webhooks/1"))

Resolver = Callable[[str, int], Sequence[str]]


class Unanswered(Exception):
    """There was no answer; ``failure`` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, by the system's resolver. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # In order and once each; a scope (%eth0) only ever belongs to a link-local address.
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


class Line:
    """Posts to one endpoint over one connection, kept between posts. Not for two threads at once."""

    def __init__(self, reach: Reach, ssl_context: ssl.SSLContext, resolver: Resolver = resolve) -> None:
        self._network = _Network(reach, resolver)
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context, max_connections=1, network_backend=self._network
        )

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer. Raises Unanswered."""
        self._network.deadline = time.monotonic() + TOTAL_SECONDS
        everything = [*_HEADERS, *headers.items()]
        timeouts = {"connect": CONNECT_SECONDS, "read": TOTAL_SECONDS, "write": TOTAL_SECONDS}
        try:
            with self._pool.stream(
                "POST", url, headers=everything, content=body, extensions={"timeout": timeouts}
            ) as answer:
                _read_and_forget(answer)
                return answer.status
        except httpcore.TimeoutException:
            raise Unanswered(Failure.TIMEOUT) from None
        except httpcore.ConnectError:
            raise Unanswered(Failure.CONNECT) from None
        except (httpcore.NetworkError, httpcore.ProtocolError):
            raise Unanswered(Failure.BROKEN) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()


def _read_and_forget(answer: httpcore.Response) -> None:
    """The status is what counts: what becomes of the rest of the answer changes nothing."""
    read = 0
    try:
        for chunk in answer.iter_stream():
            read += len(chunk)
            if read >= MOST_ANSWER_BYTES:
                return
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        return


class _Network(httpcore.NetworkBackend):
    """Connects to addresses that were looked at, and to nothing after the deadline."""

    def __init__(self, reach: Reach, resolver: Resolver) -> None:
        self._reach = reach
        self._resolver = resolver
        self._plain = httpcore.SyncBackend()
        self.deadline = 0.0

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Called by httpcore. Raises Unanswered when the host is not to be spoken to."""
        connected_by = min(time.monotonic() + (timeout or CONNECT_SECONDS), self.deadline)
        if not self._reach.allows_port(port):
            raise Unanswered(Failure.ADDRESS_REFUSED)
        addresses = self._addresses(host, port, connected_by)
        # A host with one public and one private address is playing: it gets nothing.
        if not all(self._reach.allows(address) for address in addresses):
            raise Unanswered(Failure.ADDRESS_REFUSED)
        for last, address in zip([False] * (len(addresses) - 1) + [True], addresses, strict=True):
            left = connected_by - time.monotonic()
            try:
                # In numbers: there is nothing left to resolve.
                stream = self._plain.connect_tcp(str(address), port, left if last else left / 2)
                return _Timed(stream, self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if last:
                    raise
        raise Unanswered(Failure.DNS)

    def _addresses(self, host: str, port: int, until: float) -> list[Address]:
        # The system's resolver has no time limit of its own that would suit us.
        answers: SimpleQueue[Sequence[str] | OSError] = SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolver(host, port))
            except (OSError, UnicodeError) as error:
                answers.put(OSError(str(error)))

        Thread(target=ask, name="webhook-dns", daemon=True).start()
        try:
            found = answers.get(timeout=max(until - time.monotonic(), 0.001))
        except Empty:
            raise Unanswered(Failure.DNS) from None
        if isinstance(found, OSError) or not found:
            raise Unanswered(Failure.DNS)
        return [ipaddress.ip_address(address) for address in found]

    def remaining(self, timeout: float | None) -> float:
        """How long the next step may take. Raises httpcore.ReadTimeout when the time is over."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole exchange took too long")
        return left if timeout is None else min(left, timeout)


class _Timed(httpcore.NetworkStream):
    """A stream whose every step ends at the deadline, so that a trickle of bytes does not hold us."""

    def __init__(self, stream: httpcore.NetworkStream, network: _Network) -> None:
        self._stream = stream
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Called by httpcore."""
        return self._stream.read(max_bytes, self._network.remaining(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Called by httpcore."""
        self._stream.write(buffer, self._network.remaining(timeout))

    def close(self) -> None:
        """Called by httpcore."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Called by httpcore. Raises Unanswered when the other side cannot prove its name."""
        left = self._network.remaining(timeout)
        try:
            return _Timed(self._stream.start_tls(ssl_context, server_hostname, left), self._network)
        except httpcore.ConnectError:
            raise Unanswered(Failure.TLS) from None

    def get_extra_info(self, info: str) -> Any:
        """Called by httpcore."""
        return self._stream.get_extra_info(info)
