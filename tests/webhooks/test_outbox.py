"""The outbox: one row in the fact's transaction, and only for whom wants it."""

import json
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from alliance.audit.trail import COMMAND_LINE
from alliance.offers.pricing import Discount
from alliance.redemptions.reverse import Authority, reverse
from alliance.refused import Refused
from alliance.store import for_writing, new_id
from alliance.webhooks.endpoints import disable
from alliance.webhooks.models import EventType, OutboxEvent
from alliance.webhooks.outbox import BATCH, emit, fan_out, is_waiting


def events(scene) -> list[OutboxEvent]:
    return list(scene.session.scalars(select(OutboxEvent).order_by(OutboxEvent.id)))


def test_a_redemption_writes_what_the_api_answered_without_the_name(scene):
    answer = json.loads(scene.world.redeem(10000).body)
    scene.session.commit()
    (event,) = events(scene)
    told = json.loads(event.payload)
    assert (event.type, event.merchant_id) == (EventType.REDEMPTION_CREATED, scene.world.dairy.id)
    assert told["id"] == str(event.id)
    assert (told["type"], told["at"]) == ("redemption.created", "2026-03-04T04:00:00+00:00")
    assert answer["holder"].pop("name") == "张**"
    assert told["data"] == answer
    assert "张" not in event.payload


def test_reversals_and_refunds(scene):
    world, counter = scene.world, scene.world.counter()
    whole, part = uuid4(), uuid4()
    for id_ in (whole, part):
        world.redeem(10000, id_=id_)
    reverse(scene.session, counter, new_id(), whole, "退货", world.at, authority=Authority.MERCHANT)
    said = reverse(
        scene.session,
        counter,
        new_id(),
        part,
        "少一瓶",
        world.at,
        refund_fen=800,
        authority=Authority.MERCHANT,
    )
    reverse(scene.session, counter, new_id(), part, "全退", world.at, authority=Authority.MERCHANT)
    scene.session.commit()
    told = [json.loads(event.payload) for event in events(scene)]
    assert [each["type"] for each in told[2:]] == [
        "redemption.reversed", "redemption.refunded", "redemption.reversed",
    ]  # fmt: skip
    assert told[3]["data"] == json.loads(said.body)
    assert "少一瓶" not in told[3]["data"].values()


def test_a_replayed_answer_tells_nothing_again(scene):
    id_ = uuid4()
    scene.world.redeem(id_=id_)
    for _ in range(2):
        reverse(
            scene.session, scene.world.counter(), id_, id_, "退货", scene.at, authority=Authority.MERCHANT
        )
    assert len(events(scene)) == 2


def test_a_refused_or_rolled_back_redemption_leaves_no_event(scene):
    world = scene.world
    world.live_offer(world.dairy, "CAP", Discount(pay_permille=900), limit_total=1)
    world.redeem(offer="CAP")
    scene.session.commit()
    with pytest.raises(Refused, match="limit_total"):
        world.redeem(offer="CAP", holder=world.salesman)
    scene.session.rollback()
    world.redeem(holder=world.salesman)
    scene.session.rollback()
    assert len(events(scene)) == 1


def test_nobody_is_told_who_did_not_ask(scene):
    """Another merchant, another type, a disabled endpoint: no row at all."""
    world = scene.world
    scene.add("https://garage.example/", world.garage, (EventType.REDEMPTION_REVERSED,))
    world.redeem(offer="WASH", outlet=world.garage_hall)
    assert events(scene) == []
    disable(scene.session, scene.endpoint(), COMMAND_LINE, scene.at)
    world.redeem()
    assert events(scene) == []
    world.redeem(offer="WASH", outlet=world.garage_hall, id_=(id_ := uuid4()))
    reverse(
        scene.session,
        world.counter(world.garage_hall),
        uuid4(),
        id_,
        "退款",
        scene.at,
        authority=Authority.MERCHANT,
    )
    assert [event.merchant_id for event in events(scene)] == [world.garage.id]


def test_one_event_goes_to_every_endpoint_that_wants_it(scene):
    world = scene.world
    second, _ = scene.add("https://second.example/")
    scene.add("https://third.example/", types=(EventType.REDEMPTION_REVERSED,))
    scene.add("https://garage.example/", world.garage)
    scene.emit()
    late, _ = scene.add("https://late.example/")
    scene.endpoint(late).created_at = scene.later(seconds=1)
    scene.session.commit()
    assert is_waiting(scene.session)
    assert fan_out(scene.session, scene.at) == 1
    assert {delivery.endpoint_id for delivery in scene.deliveries(afresh=False)} == {
        scene.endpoint_id,
        second,
    }
    assert not is_waiting(scene.session)
    assert fan_out(scene.session, scene.at) == 0


def test_many_events_are_fanned_out_in_several_transactions(scene):
    for _ in range(BATCH + 1):
        emit(scene.session, scene.world.dairy.id, EventType.REDEMPTION_CREATED, {}, scene.at)
    scene.session.commit()
    scene.courier()._fan_out()
    assert len(scene.deliveries()) == BATCH + 1
    waiting = select(func.count()).where(OutboxEvent.fanned_out_at.is_(None))
    assert scene.session.scalar(waiting) == 0


def test_an_event_of_an_endpoint_disabled_meanwhile_goes_nowhere(scene):
    scene.emit()
    disable(scene.session, scene.endpoint(), COMMAND_LINE, scene.at)
    scene.session.commit()
    assert fan_out(scene.session, scene.at) == 1
    assert scene.deliveries(afresh=False) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_workers_never_fan_out_the_same_event(scene):
    scene.emit()
    with scene.sessions() as other:
        for_writing(other)
        assert fan_out(other, scene.at) == 1
        assert fan_out(scene.session, scene.at) == 0
        other.commit()
    assert len(scene.deliveries()) == 1
