"""Throttles."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from alliance import store
from alliance.accounts.attempts import CODE_SENT, CODE_TRIED, Throttle, forget, key_of, take
from alliance.accounts.models import Attempt
from tests.world import NOON

FIVE = Throttle("test", most=5, within=timedelta(minutes=5))


def test_it_allows_so_many_within_the_span(session):
    assert [take(session, FIVE, "a", NOON) for _ in range(7)] == [True] * 5 + [False] * 2


def test_each_key_and_each_kind_has_a_count_of_its_own(session):
    for _ in range(5):
        take(session, FIVE, "a", NOON)
    assert not take(session, FIVE, "a", NOON)
    assert take(session, FIVE, "b", NOON)
    assert take(session, CODE_TRIED, "a", NOON)


def test_a_refused_try_does_not_prolong_the_wait(session):
    for minute in range(5):
        assert take(session, FIVE, "a", NOON + timedelta(minutes=minute))
    assert not take(session, FIVE, "a", NOON + timedelta(minutes=4, seconds=59))
    assert take(session, FIVE, "a", NOON + timedelta(minutes=5))
    assert not take(session, FIVE, "a", NOON + timedelta(minutes=5, seconds=59))
    assert take(session, FIVE, "a", NOON + timedelta(minutes=6))


def test_what_lies_outside_the_span_is_removed(session):
    for minute in range(0, 60, 10):
        take(session, FIVE, "a", NOON + timedelta(minutes=minute))
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 1


def test_the_right_answer_forgets_the_tries_of_that_key_only(session):
    for key in ("a", "b"):
        for _ in range(5):
            take(session, FIVE, key, NOON)
    forget(session, FIVE, "a")
    assert take(session, FIVE, "a", NOON)
    assert not take(session, FIVE, "b", NOON)


def test_the_key_holds_no_phone_and_needs_the_secret():
    key = key_of("secret one", "+8613800000001")
    assert len(key) == 64
    assert "13800000001" not in key
    assert key != key_of("secret two", "+8613800000001")
    assert key != key_of("secret one", "+8613800000002")


@pytest.mark.parametrize("throttle", [FIVE, CODE_SENT])
def test_tries_at_the_same_moment_are_counted_one_by_one(engine, throttle):
    sessions = store.sessionmaker_for(engine)

    def one(_: int) -> bool:
        with sessions() as session:
            store.for_writing(session)
            allowed = take(session, throttle, "a", NOON)
            session.commit()
            return allowed

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(one, range(32))) == throttle.most
