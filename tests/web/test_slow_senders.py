"""Somebody who sends his request slowly, or never to its end, keeps nobody else waiting."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from alliance import clock
from tests.world import World

PATH = "/api/v1/redemptions"


@pytest.fixture(params=["application/json", "application/x-www-form-urlencoded"])
def half_sent(live_server: str, live_token: str, request) -> Iterator[None]:
    """A request whose body does not end: by the till itself, and by somebody with no token of ours."""
    address = urlsplit(live_server)
    lines = []
    for bearer in (live_token, "x"):
        line = socket.create_connection((address.hostname, address.port))
        line.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {request.param}\r\n"
            f"Authorization: Bearer {bearer}\r\nContent-Length: 300\r\n\r\n{{".encode()
        )
        lines.append(line)
    # Both have arrived when a third that was sent after them is answered.
    with urllib.request.urlopen(f"{live_server}/readyz") as answer:
        assert answer.status == 200
    yield
    for line in lines:
        line.close()


def test_a_half_sent_request_does_not_hold_the_turn_of_all_writers(
    live_world: World, live_server: str, live_token: str, half_sent: None
) -> None:
    """On SQLite it was refused as in_flight, after half a minute."""
    shown = live_world.shown(at=clock.now()).text
    live_world.session.commit()
    body = {"id": str(uuid4()), "presentation": shown, "offer": "MILK", "gross_fen": 1000}
    request = urllib.request.Request(
        live_server + PATH,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {live_token}"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201
