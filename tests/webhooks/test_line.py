"""The line: to public addresses only, to the one that was looked at, and never for longer than allowed."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from threading import Event

import httpcore
import pytest

from alliance import clock
from alliance.cli import lan
from alliance.webhooks import line
from alliance.webhooks.addresses import Address, Reach
from alliance.webhooks.line import Line, Unanswered
from alliance.webhooks.models import Failure
from tests.webhooks.receiver import answer, hangs_up, never_stops, receiving, says

PLAIN = ssl.create_default_context()


class AnyPort(Reach):
    """As in production, except for the port: a test cannot listen on 443."""

    def allows_port(self, port: int) -> bool:
        return True


def post(url: str, reach: Reach, resolver: line.Resolver = line.resolve) -> int:
    with Line(reach, PLAIN, resolver) as made:
        return made.post(url, {"webhook-id": "1"}, b"{}")


def failure(url: str, reach: Reach, resolver: line.Resolver = line.resolve) -> Failure:
    with pytest.raises(Unanswered) as caught:
        post(url, reach, resolver)
    return caught.value.failure


def test_it_posts(receiver):
    assert post(receiver.url, Reach(private=True)) == 200
    (message,) = receiver.messages
    assert (message.path, message.body) == ("/hook", b"{}")
    assert message.headers["content-type"] == "application/json"
    assert message.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.1", "0", "0.0.0.0",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]",
    ],
)  # fmt: skip
def test_what_is_this_machine_is_refused_before_it_is_connected_to(receiver, host):
    assert failure(f"http://{host}:{receiver.port}/", AnyPort(http=True)) == Failure.ADDRESS_REFUSED
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["10.0.0.7"],
        ["169.254.169.254"],
        ["::ffff:127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
    ],
)
def test_a_name_is_refused_for_any_address_of_its_own_that_is_not_public(receiver, answers):
    url = f"http://hook.example:{receiver.port}/"
    assert failure(url, AnyPort(http=True), lambda host, port: answers) == Failure.ADDRESS_REFUSED
    assert receiver.connections == 0


def test_other_ports_are_refused(receiver):
    assert failure(receiver.url, Reach(http=True), lambda host, port: ["8.8.8.8"]) == Failure.ADDRESS_REFUSED
    assert receiver.connections == 0


def test_the_connection_goes_to_the_address_that_was_looked_at(receiver):
    """DNS rebinding: the name is asked for once, and a later, other answer is looked at again."""

    class OnlyTheOther(AnyPort):
        """127.0.0.2 plays the public address, 127.0.0.1 the private one."""

        def allows(self, address: Address) -> bool:
            return address == ip_address("127.0.0.2")

    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"]

    url = f"http://hook.example:{receiver.port}/"
    with receiving(address="127.0.0.2", port=receiver.port) as public:
        assert post(url, OnlyTheOther(), rebinding) == 200
        assert asked == ["hook.example"]
        assert failure(url, OnlyTheOther(), rebinding) == Failure.ADDRESS_REFUSED
        assert (len(public.messages), receiver.connections) == (1, 0)
        assert public.messages[0].headers["host"] == f"hook.example:{receiver.port}"


def test_the_second_address_is_tried_when_the_first_does_not_answer(receiver):
    url = f"http://hook.example:{receiver.port}/"
    assert post(url, Reach(private=True), lambda host, port: ["127.0.0.3", "127.0.0.1"]) == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver, status):
    with receiving() as elsewhere:
        receiver.manner = says(status, Location=elsewhere.url)
        assert post(receiver.url, Reach(private=True)) == status
        assert elsewhere.connections == 0


def test_no_proxy_of_the_environment_is_used(receiver, monkeypatch):
    with receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert post(receiver.url, Reach(private=True)) == 200
        assert proxy.connections == 0


def test_one_connection_serves_several_posts(receiver):
    with Line(Reach(private=True), PLAIN) as made:
        assert [made.post(receiver.url, {}, b"{}") for _ in range(3)] == [200] * 3
    assert receiver.connections == 1


def test_an_endless_answer_is_not_listened_to(receiver):
    receiver.manner = never_stops
    began = time.monotonic()
    assert post(receiver.url, Reach(private=True)) == 200
    assert time.monotonic() - began < line.TOTAL_SECONDS / 2


def test_what_hangs_up_is_broken(receiver):
    receiver.manner = hangs_up
    assert failure(receiver.url, Reach(private=True)) == Failure.BROKEN


def test_nobody_there():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert failure(url, Reach(private=True)) == Failure.CONNECT


def test_a_name_that_is_unknown():
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    assert failure("http://hook.example/", Reach(http=True), unknown) == Failure.DNS
    assert failure("http://hook.example/", Reach(http=True), lambda host, port: []) == Failure.DNS


def test_a_resolver_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(line, "CONNECT_SECONDS", 0.2)
    released = Event()

    def silent(host: str, port: int) -> list[str]:
        released.wait()
        return ["8.8.8.8"]

    assert failure("http://hook.example/", Reach(http=True), silent) == Failure.DNS
    released.set()


def test_who_does_not_answer_is_given_up(receiver, monkeypatch):
    monkeypatch.setattr(line, "TOTAL_SECONDS", 0.3)
    receiver.manner = lambda handler, body: receiver.released.wait()
    assert failure(receiver.url, Reach(private=True)) == Failure.TIMEOUT


def test_who_answers_byte_by_byte_is_given_up(receiver, monkeypatch):
    """Each byte comes in time; only the whole takes too long."""
    monkeypatch.setattr(line, "TOTAL_SECONDS", 0.5)

    def trickles(handler, body):
        handler.close_connection = True
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            if receiver.released.wait(0.05):
                return

    receiver.manner = trickles
    began = time.monotonic()
    assert failure(receiver.url, Reach(private=True)) == Failure.TIMEOUT
    assert time.monotonic() - began < 5


def test_a_status_that_came_counts_even_when_the_rest_does_not_come(receiver, monkeypatch):
    monkeypatch.setattr(line, "TOTAL_SECONDS", 0.3)

    def half(handler, body):
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        receiver.released.wait()

    receiver.manner = half
    assert post(receiver.url, Reach(private=True)) == 200


# --- TLS ---------------------------------------------------------------------------------------------


@contextmanager
def secured(tmp_path) -> Iterator[tuple[str, ssl.SSLContext]]:
    """The URL of a receiver with a self-signed certificate for localhost, and a context that trusts it."""
    certificate = lan.ensure(tmp_path, [], clock.now())
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate.chain, certificate.key)
    trusting = ssl.create_default_context(cafile=certificate.chain)
    with receiving(server) as receiver:
        yield f"https://localhost:{receiver.port}/", trusting


def test_tls_is_verified_against_the_name(tmp_path):
    def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    with secured(tmp_path) as (url, trusting):
        with Line(Reach(private=True), trusting, here) as made:
            assert made.post(url, {}, b"{}") == 200
        for context, address in (
            (httpcore.default_ssl_context(), url),
            (trusting, url.replace("localhost", "hook.example")),
        ):
            with Line(Reach(private=True), context, here) as made, pytest.raises(Unanswered) as caught:
                made.post(address, {}, b"{}")
            assert caught.value.failure == Failure.TLS


def test_plain_http_where_tls_is_expected_is_no_answer(receiver):
    assert failure(receiver.url.replace("http:", "https:"), Reach(private=True)) == Failure.TLS


def test_headers_without_end_are_no_answer(receiver):
    def endless(handler, body):
        handler.close_connection = True
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200_000)
        except OSError:
            return

    receiver.manner = endless
    assert failure(receiver.url, Reach(private=True)) == Failure.BROKEN
    receiver.manner = lambda handler, body: answer(handler, 200)
    assert post(receiver.url, Reach(private=True)) == 200
