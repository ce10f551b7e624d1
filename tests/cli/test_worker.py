"""`alliance worker` in a process of its own: it sends, and after a kill the next one goes on."""

import signal
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from alliance import clock
from alliance.audit.trail import COMMAND_LINE
from alliance.store import Session, for_writing
from alliance.webhooks.endpoints import SUBSCRIBABLE, add_endpoint
from alliance.webhooks.models import WebhookDelivery
from alliance.webhooks.signing import Sealer
from tests.processes import SECRET, environment
from tests.webhooks.receiver import answer, receiving
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    for_writing(session)
    return World(session, clock.now())


def until(true, process) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_a_killed_worker_was_sending_arrives_all_the_same(world, session, database_url, tmp_path):
    env = environment(database_url, tmp_path / "instance", ALLIANCE_WEBHOOK_ALLOW_PRIVATE="1")
    command = [sys.executable, "-m", "alliance", "worker"]
    with receiving() as receiver:
        add_endpoint(
            session,
            Sealer(SECRET),
            world.dairy.id,
            receiver.url,
            "对账",
            SUBSCRIBABLE,
            COMMAND_LINE,
            world.at,
        )
        world.redeem(at=clock.now())
        session.commit()
        receiver.manner = lambda handler, body: receiver.released.wait() and answer(handler, 200)
        first = subprocess.Popen(command, env=env)
        until(lambda: len(receiver.messages) == 1, first)
        first.kill()
        first.wait()
        receiver.released.set()
        # The dead one's claim would end by itself, after a minute.
        session.execute(sa.text("UPDATE webhook_endpoints SET claimed_until = created_at"))
        session.commit()
        second = subprocess.Popen(command, env=env)
        until(lambda: len(receiver.messages) == 2, second)
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) in (0, -signal.SIGTERM)
    assert len(set(receiver.ids)) == 1
    assert session.scalars(sa.select(WebhookDelivery.attempts)).all() == [1]
