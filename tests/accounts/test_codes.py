"""One-time codes."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import sqlalchemy as sa

from alliance import store
from alliance.accounts.codes import LIVES_FOR, issue, use
from alliance.accounts.models import OneTimeCode
from tests.world import NOON

SECRET, PHONE, OTHER = "a secret", "+8613800000001", "+8613800000002"


def test_a_code_is_six_digits_and_works_once(session):
    code = issue(session, SECRET, PHONE, NOON)
    assert re.fullmatch(r"\d{6}", code)
    assert use(session, SECRET, PHONE, code, NOON)
    assert not use(session, SECRET, PHONE, code, NOON)


def test_it_lives_for_five_minutes(session):
    code = issue(session, SECRET, PHONE, NOON)
    assert not use(session, SECRET, PHONE, code, NOON + LIVES_FOR)
    assert use(session, SECRET, PHONE, code, NOON + LIVES_FOR - timedelta(seconds=1))


def test_it_is_of_one_phone_and_one_installation(session):
    code = issue(session, SECRET, PHONE, NOON)
    issue(session, SECRET, OTHER, NOON)
    assert not use(session, SECRET, OTHER, code, NOON)
    assert not use(session, "another secret", PHONE, code, NOON)
    assert use(session, SECRET, PHONE, code, NOON)


def test_a_new_code_replaces_the_one_before(session):
    first = issue(session, SECRET, PHONE, NOON)
    second = first
    while second == first:
        second = issue(session, SECRET, PHONE, NOON)
    assert not use(session, SECRET, PHONE, first, NOON)
    assert use(session, SECRET, PHONE, second, NOON)


def test_the_store_holds_no_code(session):
    code = issue(session, SECRET, PHONE, NOON)
    session.flush()
    row = session.execute(sa.select(OneTimeCode.__table__)).one()
    assert code.encode() not in row.digest
    assert code not in repr(row)


def test_of_many_uses_at_the_same_moment_one_succeeds(engine):
    sessions = store.sessionmaker_for(engine)
    with sessions.begin() as session:
        code = issue(session, SECRET, PHONE, NOON)

    def one(_: int) -> bool:
        with sessions() as session:
            store.for_writing(session)
            proven = use(session, SECRET, PHONE, code, NOON)
            session.commit()
            return proven

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(one, range(32))) == 1
