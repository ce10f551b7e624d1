"""Scanning phones with keys of their own: each code once, by the server's time, and dead with the phone."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.passes import cose
from alliance.passes.devices import remove
from alliance.passes.issue import pass_of, revoke
from alliance.passes.models import PassDevice, PresentationUse
from alliance.people.employment import employment_on, leave
from alliance.redemptions.models import Scan
from alliance.redemptions.redeem import Order, redeem_at_once
from alliance.redemptions.scan import scan
from alliance.refused import Reason, Refused
from tests.phones import KeyPair, Phone, credential
from tests.redemptions.test_statements import statements
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    world = World(session)
    world.phone(world.salesman)
    return world


@pytest.fixture
def phone(world: World) -> Phone:
    return world.phone()


def accepted(world: World, text: str, **delta: float) -> Scan:
    return scan(world.session, world.keyring, world.counter(), uuid4(), text, world.later(**delta))


def refused(world: World, text: str, **delta: float) -> Reason | None:
    try:
        with world.session.begin_nested():
            accepted(world, text, **delta)
    except Refused as reason:
        return reason.reason
    return None


def test_a_code_is_good_once_and_leaves_its_evidence(world: World, phone: Phone) -> None:
    text = phone.show(world.at)
    made = accepted(world, text)
    assert made.pass_id == pass_of(world.session, world.mechanic.id, world.at).id
    assert made.evidence == text
    used = world.session.scalars(select(PresentationUse)).one()
    assert (used.key_id, used.counter) == (cose.thumbprint(phone.key.point), 1)
    assert refused(world, text) is Reason.ALREADY_PRESENTED
    accepted(world, phone.show(world.at))


def test_the_same_scan_sent_again_is_the_same_scan(world: World, phone: Phone) -> None:
    text, id_, call = phone.show(world.at), uuid4(), (world.session, world.keyring, world.counter())
    first = scan(*call, id_, text, world.at)
    assert scan(*call, id_, text, world.later(minutes=3)).id == first.id


def test_a_b_a_inside_one_window(world: World, phone: Phone) -> None:
    a, b = phone.show(world.at), phone.show(world.at)
    accepted(world, a)
    accepted(world, b)
    assert refused(world, a) is Reason.ALREADY_PRESENTED
    assert refused(world, b) is Reason.ALREADY_PRESENTED


def test_a_picture_of_an_earlier_code_does_not_work_beside_the_phone(world: World, phone: Phone) -> None:
    picture, own = phone.show(world.at), phone.show(world.later(seconds=15))
    accepted(world, own, seconds=16)
    assert refused(world, picture, seconds=17) is Reason.ALREADY_PRESENTED


def test_another_phones_counter_is_its_own(world: World, phone: Phone) -> None:
    other = world.phone()
    accepted(world, phone.show(world.at, counter=9))
    accepted(world, other.show(world.at, counter=1))
    accepted(world, other.show(world.at, counter=9))


def test_one_number_under_another_time_is_still_one_use(world: World, phone: Phone) -> None:
    accepted(world, phone.show(world.at, counter=5))
    assert refused(world, phone.show(world.later(seconds=15), counter=5), seconds=15) is (
        Reason.ALREADY_PRESENTED
    )


def test_renewing_the_credential_frees_no_number(world: World, phone: Phone) -> None:
    from alliance.passes.devices import issue_credential

    accepted(world, phone.show(world.at, counter=5))
    device = world.session.get_one(PassDevice, cose.thumbprint(phone.key.point))
    phone.credential = issue_credential(world.session, world.keyring, device, world.at).credential
    assert refused(world, phone.show(world.at, counter=5)) is Reason.ALREADY_PRESENTED


@pytest.mark.parametrize(
    ("shown_at", "expected"),
    [
        (-45, None), (-46, "expired"), (-180, "expired"), (-86400, "expired"),
        (15, None), (16, "clock_skew"), (300, "clock_skew"), (301, "not_yet_valid"), (86400, "not_yet_valid"),
    ],
)  # fmt: skip
def test_the_window_by_the_servers_time(world: World, phone: Phone, shown_at: int, expected: str) -> None:
    assert refused(world, phone.show(world.later(seconds=shown_at))) == expected


def test_a_removed_phone_is_dead_at_once_and_the_other_is_not(world: World, phone: Phone) -> None:
    other = world.phone()
    device = world.session.get_one(PassDevice, cose.thumbprint(phone.key.point))
    remove(world.session, device, "丢失", COMMAND_LINE, world.at)
    assert refused(world, phone.show(world.at)) is Reason.REVOKED
    assert refused(world, other.show(world.at)) is None


def test_a_revoked_pass_and_a_leaver(world: World, phone: Phone) -> None:
    today = business_date(world.at)
    leave(world.session, employment_on(world.session, world.mechanic.id, today), today, world.at)  # type: ignore[arg-type]
    world.session.flush()
    assert refused(world, phone.show(world.at)) is Reason.NOT_ENTITLED
    revoke(world.session, pass_of(world.session, world.mechanic.id, world.at), "x", COMMAND_LINE, world.at)
    assert refused(world, phone.show(world.at)) is Reason.REVOKED


def test_a_key_that_nobody_enrolled(world: World) -> None:
    """Signed by the alliance it may be: the store does not know the phone."""
    phone = Phone()
    seconds = int(world.at.timestamp())
    issuer = KeyPair.__new__(KeyPair)
    issuer.private = world.keyring.signing_key(world.session, world.at)
    phone.credential = credential(issuer, seconds, point=phone.key.point)
    assert refused(world, phone.show(world.at)) is Reason.UNKNOWN_KEY


def test_a_credential_alone_or_in_other_hands(world: World, phone: Phone) -> None:
    assert refused(world, phone.credential) is Reason.MALFORMED
    thief = Phone(credential=phone.credential)
    assert refused(world, thief.show(world.at)) is Reason.MALFORMED


def test_a_phones_code_takes_no_more_statements_than_a_servers(
    world: World, phone: Phone, engine: sa.Engine
) -> None:
    counts = []
    for text in (world.shown().text, phone.show(world.at), world.shown().text, phone.show(world.at)):
        order, counter = Order(uuid4(), "MILK", 1000), world.counter()
        world.session.commit()
        with statements(engine) as seen:
            redeem_at_once(world.session, world.keyring, counter, text, order, world.at)
        counts.append(len(seen))
    # The first of all also reads the keys, which the others remember.
    assert counts[1:] == [counts[2]] * 3
    assert world.session.scalar(select(func.count()).select_from(PresentationUse)) == 4


def test_a_week_of_use(world: World, phone: Phone) -> None:
    for day in range(7):
        accepted(world, phone.show(world.later(days=day)), days=day)
    last = world.at + timedelta(days=7)
    assert refused(world, phone.show(last), days=7) is Reason.EXPIRED
