"""What is kept for how long, and what counts as overdue."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from alliance import clock
from alliance.circulation import verify
from alliance.jobs import make_jobs
from alliance.webhooks.log import KEPT, OVERDUE, forget_expired, overdue
from alliance.webhooks.models import OutboxEvent, WebhookAttempt, WebhookDelivery
from tests.webhooks.receiver import hangs_up, says

TABLES = (OutboxEvent, WebhookDelivery, WebhookAttempt)


def rows(scene) -> list[int | None]:
    return [scene.session.scalar(select(func.count()).select_from(table)) for table in TABLES]


def test_the_log_is_kept_for_thirty_days(scene, receiver):
    scene.emit()
    scene.send()
    sent = scene.at
    scene.later(days=10)
    scene.emit()
    scene.send()
    scene.session.rollback()
    forget_expired(scene.session, sent + KEPT)
    assert rows(scene) == [2, 2, 2]
    forget_expired(scene.session, sent + KEPT + timedelta(seconds=1))
    assert rows(scene) == [1, 1, 1]
    forget_expired(scene.session, scene.at + KEPT + timedelta(seconds=1))
    assert rows(scene) == [0, 0, 0]


def test_what_is_still_on_its_way_or_was_sent_again_is_kept(scene, receiver):
    receiver.manner = says(500)
    scene.emit()
    scene.send()
    scene.emit()
    long_after = scene.at + KEPT + timedelta(days=1)
    scene.session.rollback()
    forget_expired(scene.session, long_after)
    # Its log is gone, it is not; and the event that was never fanned out waits as well.
    assert rows(scene) == [2, 1, 0]


def test_the_worker_forgets(scene, receiver, settings):
    scene.at = clock.now() - timedelta(days=31)
    scene.emit()
    scene.send()
    scene.session.rollback()
    tasks = {type(task).__name__: task for task in make_jobs(settings)._registry.periodic_tasks}
    tasks["forget_expired"].execute()
    assert rows(scene) == [0, 0, 0]


def found(scene) -> list[str]:
    scene.session.rollback()
    subjects = [subject.split()[0] for subject, _ in overdue(scene.session, scene.at)]
    scene.session.rollback()
    return subjects


def test_an_event_that_is_not_fanned_out_becomes_overdue(scene):
    scene.emit()
    scene.at += OVERDUE
    assert found(scene) == []
    scene.later(seconds=1)
    assert found(scene) == ["event"]
    scene.courier()._fan_out()
    assert found(scene) == []
    scene.at += OVERDUE + timedelta(seconds=1)
    assert found(scene) == ["delivery"]
    scene.send()
    assert found(scene) == []


def test_what_waits_for_its_endpoint_is_not_overdue(scene, receiver):
    receiver.manner = hangs_up
    for _ in range(3):
        scene.emit()
    scene.at += OVERDUE * 2
    for _ in range(6):
        scene.send()
        assert found(scene) == []
        scene.at = scene.endpoint().resting_until
    assert found(scene) == []
    scene.at += OVERDUE + timedelta(seconds=1)
    assert found(scene)[0] == "delivery"


@pytest.mark.parametrize(
    "corruption",
    [
        "UPDATE outbox_events SET fanned_out_at = NULL",
        "UPDATE webhook_deliveries SET delivered_at = NULL, next_attempt_at = '2026-03-05 00:00:00+00:00'",
    ],
)
def test_verify_names_what_is_overdue(scene, receiver, corruption):
    scene.world.redeem()
    scene.session.commit()
    scene.send()
    assert names(scene) == set()
    scene.session.execute(text(corruption))
    scene.session.commit()
    assert names(scene) == {"outbox_age"}


def names(scene) -> set[str]:
    scene.session.rollback()
    invariants = verify.INVARIANTS.values()
    return {finding.invariant for invariant in invariants for finding in invariant(scene.session)}
