"""An exception at every statement of every verb: no half state, and the next try is a first try."""

from typing import Any

import pytest
import sqlalchemy as sa

from alliance import store
from alliance.offers.pricing import Discount
from alliance.redemptions.redeem import Answer
from tests.torture.conftest import Note
from tests.torture.saboteur import Point, Sabotage, Saboteur
from tests.torture.shop import findings
from tests.torture.verbs import VERBS, Deed, Verb
from tests.world import World

Dump = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def world(engine: sa.Engine) -> World:
    """The world, committed, with an offer of every limit; its session is open for what a verb prepares."""
    session = store.sessionmaker_for(engine)()
    store.for_writing(session)
    world = World(session)
    world.live_offer(world.dairy, "CAP", Discount(pay_permille=667), limit_total=999, limit_holder=888)
    world.redeem(1000, offer="CAP")
    session.commit()
    return world


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_exceptions_at_statements(verb: Verb, world: World, engine: sa.Engine, note: Note) -> None:
    saboteur, schema = Saboteur(engine), reflect(engine)
    first = prepared(world, verb)
    with saboteur.striking(None):
        normal = run(engine, first)
    points = saboteur.points()
    for point in points:
        deed = prepared(world, verb)
        before = dump(engine, schema)
        with saboteur.striking(point), pytest.raises(Sabotage):
            run(engine, deed)
        assert dump(engine, schema) == before, point
        assert like(run(engine, deed), normal), point
        assert dump(engine, schema) != before
    the_answer_is_lost(verb, prepared(world, verb), engine, saboteur, schema)
    assert findings(store.sessionmaker_for(engine)) == []
    note("statements", len(points) // 2)
    note("exceptions", len(points) + 1)


def test_a_half_state_is_seen(world: World, engine: sa.Engine) -> None:
    """The control: a deed that commits on its way is found out by the dump."""
    schema, deed = reflect(engine), prepared(world, VERBS["scan_a_pass"])

    def halfway(session: store.Session) -> None:
        deed(session)
        session.commit()
        raise Sabotage

    before = dump(engine, schema)
    with pytest.raises(Sabotage):
        run(engine, halfway)
    assert dump(engine, schema) != before


def the_answer_is_lost(
    verb: Verb, deed: Deed, engine: sa.Engine, saboteur: Saboteur, schema: sa.MetaData
) -> None:
    """After COMMIT the deed is done, whatever happens then; asking again changes nothing."""
    before = dump(engine, schema)
    with saboteur.striking(Point(True, None)), pytest.raises(Sabotage):
        run(engine, deed)
    done = dump(engine, schema)
    assert done != before
    if verb.repeats:
        again = run(engine, deed)
        assert not isinstance(again, Answer) or again.replayed
        assert dump(engine, schema) == done


def prepared(world: World, verb: Verb) -> Deed:
    """A fresh deed of this verb, with everything it needs in the store."""
    deed = verb.prepare(world)
    world.session.commit()
    return deed


def run(engine: sa.Engine, deed: Deed) -> object:
    """In a session and transaction of its own, which an exception rolls back, as ``web/attempts.py`` does."""
    with store.sessionmaker_for(engine)() as session:
        store.for_writing(session)
        try:
            result = deed(session)
            session.commit()
        except Exception:
            session.rollback()
            raise
        return result


def like(result: object, normal: object) -> bool:
    """Whether a deed was answered as one that nothing happened to; ids and moments differ."""
    if isinstance(result, Answer) and isinstance(normal, Answer):
        return not result.replayed and len(result.body) == len(normal.body)
    return type(result) is type(normal)


def reflect(engine: sa.Engine) -> sa.MetaData:
    """Every table there is, also one that no model speaks of."""
    schema = sa.MetaData()
    schema.reflect(engine)
    return schema


def dump(engine: sa.Engine, schema: sa.MetaData) -> Dump:
    """Every row of every table."""
    with engine.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
            for table in schema.tables.values()
        }
