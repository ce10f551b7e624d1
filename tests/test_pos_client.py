"""The example till of docs/ against the real server, through a proxy that cuts the connection."""

import importlib.util
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance import clock
from alliance.accounts.models import ApiToken
from alliance.redemptions.models import Redemption, RefusedAttempt
from tests.cluster import ROOT
from tests.world import World

_spec = importlib.util.spec_from_file_location("pos_client", ROOT / "docs" / "pos_client.py")
assert _spec is not None
assert _spec.loader is not None
pos_client: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(pos_client)


class CuttingProxy:
    """Passes one request per connection on, and loses what ``plan`` says: request, answer, or nothing.

    A lost answer has come in whole from the server, so what it answers for is committed.
    """

    def __init__(self, server: str) -> None:
        self.server = urlsplit(server)
        self.plan: list[str] = []
        self.passed: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with closing(client):
                self._pass_on(client)

    def _pass_on(self, client: socket.socket) -> None:
        request = _message(client)
        lost = self.plan.pop(0) if self.plan else ""
        if not request or lost == "request":
            return
        with socket.create_connection((self.server.hostname or "", self.server.port or 0)) as server:
            server.sendall(request)
            answer = _message(server)
        self.passed.append(answer)
        if lost != "answer":
            client.sendall(answer)


def _message(end: socket.socket) -> bytes:
    """One HTTP message with a Content-Length, whole."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := end.recv(65536)):
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    found = re.search(rb"(?im)^content-length: *(\d+)", head)
    while len(body) < int(found[1] if found else 0):
        body += end.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def proxy(live_server: str) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(live_server)
    yield proxy
    proxy.close()


def till(proxy: CuttingProxy, token: str, tmp_path: Path, **options: Any) -> Any:
    return pos_client.Till(proxy.base, token, tmp_path / "till", **options)


def shown(world: World) -> str:
    text = world.shown(at=clock.now()).text
    world.session.commit()
    return text


def facts(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Redemption)) or 0


def today() -> str:
    return str(clock.business_date(clock.now()))


EVEN = {"only_here": [], "only_there": []}


@pytest.mark.parametrize("plan", [["answer"], ["request"], ["answer", "request", "answer"]])
def test_a_cut_connection_is_one_redemption(
    live_world: World, proxy: CuttingProxy, live_token: str, tmp_path: Path, plan: list[str]
) -> None:
    proxy.plan = list(plan)
    pos = till(proxy, live_token, tmp_path)
    answer = pos.redeem(shown(live_world), "MILK", 10000, receipt_no="A-1")
    assert (answer["paid_fen"], answer["receipt_no"]) == (8000, "A-1")
    assert facts(live_world.session) == 1
    replays = [b"idempotency-replayed: true" in each.lower() for each in proxy.passed]
    assert replays == [False] + [True] * (len(proxy.passed) - 1)
    assert len(proxy.passed) == 1 + plan.count("answer")
    assert [path.suffix for path in (tmp_path / "till").iterdir()] == [".json"]
    assert pos.reconcile(today()) == EVEN


def test_a_restart_finds_out_what_became_of_it(
    live_world: World, proxy: CuttingProxy, live_token: str, tmp_path: Path
) -> None:
    proxy.plan = ["answer"]
    with pytest.raises(pos_client.Unknown):
        till(proxy, live_token, tmp_path, patience=0).redeem(shown(live_world), "MILK", 10000)
    assert facts(live_world.session) == 1
    restarted = till(proxy, live_token, tmp_path)
    assert len(restarted.reconcile(today())["only_there"]) == 1
    restarted.settle()
    assert facts(live_world.session) == 1
    assert restarted.reconcile(today()) == EVEN


def test_a_refusal_is_final_and_leaves_nothing_pending(
    live_world: World, proxy: CuttingProxy, live_token: str, tmp_path: Path
) -> None:
    proxy.plan = ["answer"]
    with pytest.raises(pos_client.Refused) as refused:
        till(proxy, live_token, tmp_path).redeem("00000000", "MILK", 10000)
    assert refused.value.args[0]["reason"] == "unknown_code"
    assert list((tmp_path / "till").iterdir()) == []
    assert facts(live_world.session) == 0
    assert live_world.session.scalar(select(func.count()).select_from(RefusedAttempt)) == 2


def test_the_tokens_last_use_is_written_by_the_server(
    live_world: World, proxy: CuttingProxy, live_token: str, tmp_path: Path
) -> None:
    pos = till(proxy, live_token, tmp_path)
    # Both before the first is used: the server's note of the use would meet our own write.
    for code in [shown(live_world) for _ in range(2)]:
        pos.redeem(code, "MILK", 10000)
    # The note follows the answer: the second request may come before the first's, but some note is there.
    seen = None
    for _ in range(100):
        live_world.session.rollback()
        seen = live_world.session.scalars(select(ApiToken.last_used_at)).one()
        if seen is not None:
            break
        threading.Event().wait(0.05)
    assert seen is not None
