"""The courier, against a receiver that answers well, badly, slowly or not at all."""

import time
from collections import Counter
from datetime import UTC, timedelta
from datetime import datetime as moment
from threading import Thread

import pytest
from sqlalchemy import func, select
from standardwebhooks.webhooks import Webhook

from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.store import for_writing
from alliance.webhooks import courier as courier_module
from alliance.webhooks import deliver, line
from alliance.webhooks.addresses import Reach
from alliance.webhooks.deliver import (
    CLAIM,
    GIVE_UP_AFTER,
    LONGEST_REST,
    WAITS,
    Disabled,
    claim,
    redeliver,
    release,
    send_test,
)
from alliance.webhooks.endpoints import disable, enable, fingerprint, rotate_secret
from alliance.webhooks.models import Failure, OutboxEvent, WebhookEndpoint
from alliance.webhooks.signing import Sealer
from tests.webhooks.conftest import SEALER
from tests.webhooks.receiver import answer, hangs_up, never_stops, receiving, says, says_in_turn

DAY = timedelta(days=1)


def test_a_redemption_arrives_signed_word_for_word(scene, receiver):
    scene.at = moment.now(UTC)  # the specification's library asks the clock
    scene.world.redeem()
    scene.session.commit()
    scene.send()
    (message,) = receiver.messages
    (event,) = scene.session.scalars(select(OutboxEvent))
    assert message.body == event.payload.encode()
    assert Webhook(scene.secret).verify(message.body, message.headers)["type"] == "redemption.created"
    delivery = scene.delivery()
    assert (delivery.delivered_at, delivery.attempts) == (scene.at, 1)
    (attempt,) = scene.attempts()
    assert (attempt.status, attempt.failure) == (200, None)


def test_nothing_to_do_takes_no_write_lock(scene):
    with scene.sessions() as other:
        for_writing(other)
        other.execute(select(1))
        scene.send()
        other.rollback()


@pytest.mark.parametrize(
    ("manner", "status", "failure"),
    [
        (says(204), 204, None),
        (never_stops, 200, None),
        (says(500), 500, None),
        (says(410), 410, None),
        (says(302, Location="http://127.0.0.1:1/"), 302, None),
        (hangs_up, None, Failure.BROKEN),
    ],
)
def test_every_attempt_is_logged_as_it_ended(scene, receiver, manner, status, failure):
    receiver.manner = manner
    scene.emit()
    scene.send()
    (attempt,) = scene.attempts()
    assert (attempt.status, attempt.failure) == (status, failure)
    delivery = scene.delivery()
    assert (delivery.delivered_at is not None) == (status in (200, 204))
    assert (delivery.next_attempt_at is None) == (status in (200, 204))


def test_a_private_address_is_refused_and_logged(scene, receiver):
    scene.emit()
    scene.send(scene.courier(reach=Reach()))
    assert scene.attempts()[0].failure == Failure.ADDRESS_REFUSED
    assert receiver.connections == 0


def test_the_schedule_of_a_message_that_is_never_accepted(scene, receiver):
    """Answered with 500 for three days: every wait as told, then it is given up and the endpoint disabled."""
    receiver.manner = says(500)
    scene.emit()
    first, waits = scene.at, []
    scene.send()
    while (due := scene.delivery().next_attempt_at) is not None:
        waits.append(due - scene.at)
        scene.at = due - timedelta(seconds=1)
        scene.send()
        scene.at = due
        scene.send()
    assert waits[:-1] == [*WAITS, WAITS[-1]]
    assert scene.delivery().given_up_at == scene.at == first + GIVE_UP_AFTER
    assert len(receiver.messages) == len(waits) + 1 == scene.delivery().attempts
    assert len(set(receiver.ids)) == 1
    endpoint = scene.endpoint()
    assert (endpoint.disabled_at, endpoint.disabled_by_id) == (scene.at, None)
    (entry,) = scene.session.scalars(select(AuditEntry).where(AuditEntry.action == "webhook.disable"))
    assert (entry.subject, entry.enterprise_id) == (f"webhook:{endpoint.id}", scene.world.dairy.id)
    assert entry.detail == {"by_the_worker": True}


def test_jitter_moves_the_next_attempt(scene, receiver, monkeypatch):
    monkeypatch.setattr(courier_module, "_jitter", lambda: 1.1)
    receiver.manner = says(500)
    scene.emit()
    scene.send()
    assert scene.delivery().next_attempt_at == scene.at + WAITS[0] * 1.1


def test_jitter_stays_near_one():
    assert all(0.9 <= courier_module._jitter() <= 1.1 for _ in range(1000))


def test_it_arrives_once_the_receiver_is_well_again(scene, receiver):
    receiver.manner = says_in_turn(500, 500, 200)
    scene.emit()
    for wait in (timedelta(0), WAITS[0], WAITS[1]):
        scene.at += wait
        scene.send()
    assert [attempt.status for attempt in scene.attempts()] == [500, 500, 200]
    assert len(set(receiver.ids)) == 1
    timestamps = [int(message.headers["webhook-timestamp"]) for message in receiver.messages]
    assert timestamps == sorted(set(timestamps))
    assert scene.endpoint().failing_since is None


def test_one_bad_message_disables_nothing_and_holds_up_nobody(scene, receiver):
    bad: list[str] = []

    def manner(handler, body):
        bad.extend(receiver.ids[:1] if not bad else [])
        answer(handler, 500 if handler.headers["webhook-id"] == bad[0] else 200)

    receiver.manner = manner
    scene.emit()
    scene.send()
    while scene.deliveries()[0].next_attempt_at is not None:
        scene.emit()
        scene.later(hours=6)
        scene.send()
    assert scene.deliveries()[0].given_up_at is not None
    assert all(delivery.delivered_at for delivery in scene.deliveries()[1:])
    assert scene.endpoint().disabled_at is None


def test_events_arrive_in_the_order_in_which_they_happened(scene, receiver):
    for _ in range(7):
        scene.emit()
    scene.send()
    happened = scene.session.scalars(select(OutboxEvent.id).order_by(OutboxEvent.at)).all()
    assert receiver.ids == [str(id_) for id_ in happened]
    assert (receiver.busiest, receiver.connections) == (1, 1)


# --- endpoints that do not answer ---------------------------------------------------------------------


def test_an_endpoint_that_does_not_answer_is_asked_once_and_then_left_alone(scene, receiver):
    """With five messages due, one is tried: the rest wait until somebody answers, ten minutes at most."""
    receiver.manner = hangs_up
    for _ in range(5):
        scene.emit()
    rests = []
    for number in range(1, 8):
        scene.send()
        assert len(receiver.messages) == number
        rests.append(scene.endpoint().resting_until - scene.at)
        scene.send()
        assert len(receiver.messages) == number
        scene.at = scene.endpoint().resting_until
    assert rests == [*WAITS[:3], *[LONGEST_REST] * 4]
    receiver.manner = says(200)
    scene.send()
    scene.later(days=1)
    scene.send()
    assert all(delivery.delivered_at for delivery in scene.deliveries())
    endpoint = scene.endpoint()
    assert (endpoint.resting_until, endpoint.unanswered, endpoint.failing_since) == (None, 0, None)


def test_an_endpoint_at_which_nothing_arrives_for_three_days_is_disabled(scene, receiver):
    receiver.manner = hangs_up
    scene.emit()
    first = scene.at
    while scene.endpoint().disabled_at is None:
        scene.send()
        scene.later(hours=6)
        assert scene.at < first + GIVE_UP_AFTER + DAY
    scene.emit()
    scene.send()
    assert scene.endpoint().disabled_at >= first + GIVE_UP_AFTER
    assert [delivery.given_up_at is not None for delivery in scene.deliveries()] == [True]


def test_a_dead_endpoint_delays_nobody_else(scene, receiver, monkeypatch):
    monkeypatch.setattr(line, "TOTAL_SECONDS", 60.0)
    receiver.manner = lambda handler, body: receiver.released.wait() and answer(handler, 200)
    with receiving() as healthy:
        scene.add(healthy.url)
        scene.add(healthy.url, scene.world.garage)
        scene.emit()
        scene.emit(scene.world.garage)
        courier = scene.courier()
        scene.session.rollback()
        courier.look()
        until(lambda: (len(healthy.messages), receiver.busy) == (2, 1))
        scene.emit()
        scene.session.rollback()
        # More than one look, as in life: the last visit may not have ended when the next event is there.
        until(lambda: courier.look() or len(healthy.messages) == 3)
        assert (len(receiver.messages), receiver.busy) == (1, 1)
        receiver.released.set()
        courier.wait(30)


def test_no_more_endpoints_are_worked_on_at_once_than_allowed(scene, receiver, monkeypatch):
    monkeypatch.setattr(courier_module, "MOST_AT_ONCE", 2)
    receiver.manner = lambda handler, body: receiver.released.wait() and answer(handler, 200)
    for _ in range(3):
        scene.add(receiver.url)
    scene.emit()
    scene.session.rollback()
    courier = scene.courier()
    for _ in range(3):
        courier.look()
    until(lambda: receiver.busy == 2)
    receiver.released.set()
    courier.wait(30)
    scene.send(courier)
    assert receiver.busiest == 2
    assert len(receiver.messages) == 4


def test_a_visit_ends_in_time_for_its_claim(scene, receiver):
    def takes_its_time(handler, body):
        scene.later(seconds=20)
        answer(handler, 200)

    receiver.manner = takes_its_time
    for _ in range(3):
        scene.emit()
    scene.send()
    assert len(receiver.messages) == 2
    scene.send()
    assert len(receiver.messages) == 3


def until(true, seconds: float = 20) -> None:
    """Wait for what other threads bring about."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


# --- several couriers, and couriers that die ----------------------------------------------------------


def test_two_couriers_at_once_make_each_attempt_once(scene, receiver):
    with receiving() as second:
        scene.add(second.url)
        for _ in range(20):
            scene.emit()
        scene.session.rollback()
        couriers = [scene.courier() for _ in range(2)]

        def run(courier):
            for _ in range(5):
                courier.look()
                courier.wait(30)

        threads = [Thread(target=run, args=(courier,)) for courier in couriers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for each in (receiver, second):
            assert len(each.messages) == 20
            assert set(Counter(each.ids).values()) == {1}
            assert each.busiest == 1
    assert len(scene.attempts()) == 40
    assert all(delivery.delivered_at for delivery in scene.deliveries())


def test_what_is_claimed_is_nobody_elses_until_the_claim_ends(scene):
    scene.emit()
    scene.courier()._fan_out()
    (taken,) = claim(scene.session, scene.at, 9)
    scene.session.commit()
    assert claim(scene.session, scene.at, 9) == []
    scene.at = taken.until
    (again,) = claim(scene.session, scene.at, 9)
    scene.session.commit()
    # The first one comes back late: what it lets go of is not its own any more.
    release(scene.session, taken, scene.at)
    scene.session.commit()
    assert scene.endpoint().claimed_until == again.until
    release(scene.session, again, scene.at)
    assert len(claim(scene.session, scene.at, 9)) == 1


def test_a_courier_that_dies_after_sending_sends_again_under_the_same_id(scene, receiver, monkeypatch):
    """At least once: what was sent but not recorded is sent again when the claim has ended."""
    scene.emit()

    def dies(*args):
        raise ConnectionError("the machine is gone")

    with monkeypatch.context() as patched:
        patched.setattr(courier_module, "settle", dies)
        scene.send()
    assert (len(receiver.messages), scene.attempts()) == (1, [])
    scene.send()
    assert len(receiver.messages) == 1
    scene.at += CLAIM
    scene.send()
    assert len(receiver.messages) == 2
    assert len(set(receiver.ids)) == 1
    assert receiver.messages[0].body == receiver.messages[1].body
    assert scene.delivery().attempts == 1


def test_what_waits_while_no_worker_runs_is_sent_when_one_starts(scene, receiver):
    for _ in range(3):
        scene.emit()
    scene.session.rollback()
    courier = scene.courier()
    courier.start()
    until(lambda: len(receiver.messages) == 3)
    courier.stop()
    assert not courier._thread.is_alive()
    scene.emit()
    scene.session.rollback()
    successor = scene.courier()
    successor.start()
    until(lambda: len(receiver.messages) == 4)
    successor.stop()
    assert all(delivery.delivered_at for delivery in scene.deliveries())


def test_a_courier_outlives_a_database_that_is_away(scene, receiver, monkeypatch):
    monkeypatch.setattr(courier_module, "PAUSE", 0.01)
    failures = []

    def fails(session):
        if len(failures) < 3:
            failures.append(1)
            raise ConnectionError("no database")
        return is_waiting(session)

    is_waiting = courier_module.is_waiting
    monkeypatch.setattr(courier_module, "is_waiting", fails)
    scene.emit()
    scene.session.rollback()
    courier = scene.courier()
    courier.start()
    until(lambda: len(receiver.messages) == 1)
    courier.stop()
    assert len(failures) == 3


def test_no_transaction_is_open_while_something_is_sent(scene, receiver):
    """The receiver itself writes to the store before it answers: nobody holds a lock."""

    def writes(handler, body):
        with scene.sessions() as other:
            for_writing(other)
            endpoint = other.get_one(WebhookEndpoint, (scene.world.dairy.id, scene.endpoint_id))
            endpoint.description = "从接收方写入"
            other.commit()
        answer(handler, 200)

    receiver.manner = writes
    scene.emit()
    scene.send()
    assert scene.attempts()[0].status == 200
    assert scene.endpoint().description == "从接收方写入"


# --- what people do -----------------------------------------------------------------------------------


def test_redelivery_sends_the_same_message_and_counts_anew(scene, receiver):
    receiver.manner = says(500)
    scene.emit()
    scene.send()
    scene.at += WAITS[0]
    scene.send()
    receiver.manner = says(200)
    redeliver(scene.session, scene.endpoint(), scene.delivery(afresh=False), COMMAND_LINE, scene.at)
    scene.session.commit()
    scene.send()
    delivery = scene.delivery()
    assert (delivery.attempts, delivery.delivered_at) == (1, scene.at)
    redeliver(scene.session, scene.endpoint(), scene.delivery(afresh=False), COMMAND_LINE, scene.at)
    scene.session.commit()
    scene.send()
    assert len(receiver.messages) == 4
    assert len({(message.body, message.headers["webhook-id"]) for message in receiver.messages}) == 1
    assert len(scene.attempts()) == 4
    done = select(func.count()).where(AuditEntry.action == "webhook.redeliver")
    assert scene.session.scalar(done) == 2


def test_redelivery_does_not_wait_for_an_endpoint_that_rests(scene, receiver):
    receiver.manner = hangs_up
    scene.emit()
    scene.send()
    receiver.manner = says(200)
    redeliver(scene.session, scene.endpoint(), scene.delivery(afresh=False), COMMAND_LINE, scene.at)
    scene.session.commit()
    scene.send()
    assert scene.delivery().delivered_at == scene.at


def test_disabling_gives_up_what_waits_and_enabling_begins_anew(scene, receiver):
    receiver.manner = hangs_up
    scene.emit()
    scene.send()
    disable(scene.session, scene.endpoint(), COMMAND_LINE, scene.at)
    scene.session.commit()
    assert scene.delivery().given_up_at == scene.at
    for forbidden in (redeliver, send_test):
        arguments = (scene.delivery(afresh=False),) if forbidden is redeliver else ()
        with pytest.raises(Disabled):
            forbidden(scene.session, scene.endpoint(), *arguments, COMMAND_LINE, scene.at)
    receiver.manner = says(200)
    enable(scene.session, scene.endpoint(), COMMAND_LINE, scene.at)
    scene.session.commit()
    scene.emit()
    scene.send()
    assert [bool(delivery.delivered_at) for delivery in scene.deliveries()] == [False, True]


def test_disabling_during_an_attempt_ends_the_visit(scene, receiver):
    def disables(handler, body):
        with scene.sessions() as other:
            for_writing(other)
            endpoint = other.get_one(WebhookEndpoint, (scene.world.dairy.id, scene.endpoint_id))
            disable(other, endpoint, COMMAND_LINE, scene.at)
            other.commit()
        answer(handler, 200)

    receiver.manner = disables
    for _ in range(3):
        scene.emit()
    scene.send()
    assert len(receiver.messages) == 1
    # What had arrived has arrived, the others were given up.
    assert [bool(delivery.delivered_at) for delivery in scene.deliveries()] == [True, False, False]


def test_a_test_goes_to_its_endpoint_alone(scene, receiver):
    with receiving() as other:
        scene.add(other.url)
        id_ = send_test(scene.session, scene.endpoint(), COMMAND_LINE, scene.at)
        scene.session.commit()
        scene.send()
        assert receiver.ids == [str(id_)]
        assert b'"webhook.test"' in receiver.messages[0].body
        assert other.messages == []


def test_after_a_rotation_both_secrets_sign_for_a_day(scene, receiver):
    scene.at = moment.now(UTC)
    seen = fingerprint(scene.endpoint())
    new = rotate_secret(scene.session, SEALER, scene.endpoint(), COMMAND_LINE, scene.at, seen=seen)
    scene.session.commit()
    scene.emit()
    scene.send()
    scene.later(hours=24)
    scene.emit()
    scene.send()
    during, after = receiver.messages
    for secret in (scene.secret, new):
        Webhook(secret).verify(during.body, during.headers)
    assert len(during.headers["webhook-signature"].split()) == 2
    assert len(after.headers["webhook-signature"].split()) == 1


def test_a_secret_that_cannot_be_unsealed_sends_nothing(scene, receiver):
    scene.emit()
    courier = scene.courier()
    courier._sealer = Sealer("the installation has another secret now")
    scene.send(courier)
    assert scene.attempts()[0].failure == Failure.SECRET_UNREADABLE
    assert receiver.connections == 0
    assert deliver.WAITS[0] == scene.endpoint().resting_until - scene.at
