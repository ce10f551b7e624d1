"""The chain comes to a trail that is there already, and can go again."""

import sqlalchemy as sa

from alliance import store
from alliance.audit.chain import breaks, links
from alliance.audit.seal import seal
from tests.world import NOON

ENTRY = sa.text(
    "INSERT INTO audit_entries (id, at, action, subject, address, detail)"
    " VALUES (:id, '2026-03-01 04:00:00', 'pass.revoke', 'pass:1', '', '{\"reason\": \"丢失\"}')"
)


def test_what_was_recorded_before_is_in_the_first_seal_and_survives_the_way_down(empty_database_url) -> None:
    url = empty_database_url
    store.upgrade(url, "0004")
    engine = store.make_engine(url)
    with engine.begin() as connection:
        for number in range(3):
            connection.execute(ENTRY, {"id": f"01962b3c{number:024d}"})
    store.upgrade(url)
    with store.sessionmaker_for(engine)() as session:
        store.for_writing(session)
        made = seal(session, NOON)
        assert (made.number, made.entries) == (1, 3)
        session.commit()
        assert list(breaks(session, links(session))) == []
        session.rollback()
    engine.dispose()
    store.downgrade(url, "0004")
    with engine.begin() as connection:
        assert connection.scalar(sa.text("SELECT COUNT(*) FROM audit_entries")) == 3
        # Without the chain there is no guard either.
        connection.execute(sa.text("DELETE FROM audit_entries WHERE subject = 'nothing'"))
    store.upgrade(url)
    engine.dispose()
