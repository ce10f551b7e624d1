"""An exception at every statement of every verb, and at every table: no half state, and a try as the first.

On PostgreSQL one statement writes a whole chain of rows. So besides exceptions between statements there are
rows that cannot be written, which end a statement in its middle.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from alliance import store
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation import verify
from alliance.clock import BEFORE_RECORDS
from alliance.offers.pricing import Discount
from alliance.redemptions.redeem import Answer
from alliance.webhooks.endpoints import SUBSCRIBABLE, add_endpoint
from alliance.webhooks.signing import Sealer
from tests.torture.conftest import Note
from tests.torture.saboteur import Point, Sabotage, Saboteur
from tests.torture.shop import findings
from tests.torture.verb import Deed, Verb
from tests.torture.verbs import VERBS
from tests.world import World

#: The rows of each table.
Dump = dict[str, list[str]]


@pytest.fixture
def world(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world, committed, with an offer with limits and a merchant who wants to be told of everything.

    Its session is open for what a verb prepares. There is no courier, so nothing is overdue.
    """
    monkeypatch.setattr(verify, "now", lambda: BEFORE_RECORDS)
    session = store.sessionmaker_for(engine)()
    store.for_writing(session)
    world = World(session)
    world.live_offer(world.dairy, "CAP", Discount(pay_permille=667), limit_total=999, limit_holder=888)
    for merchant in (world.dairy, world.garage):
        where, sealer = "https://example.com/told", Sealer("a secret of the tests")
        add_endpoint(session, sealer, merchant.id, where, "对账", SUBSCRIBABLE, COMMAND_LINE, world.at)
    world.redeem(1000, offer="CAP")
    session.commit()
    return world


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_exceptions_at_statements(verb: Verb, world: World, engine: sa.Engine, note: Note) -> None:
    saboteur = Saboteur(engine)
    first = prepared(world, verb)
    with saboteur.striking(None):
        normal = run(engine, first)
    points = saboteur.points()
    for point in points:
        deed = prepared(world, verb)
        before = dump(engine)
        with saboteur.striking(point), pytest.raises(Sabotage):
            run(engine, deed)
        assert dump(engine) == before, point
        assert like(run(engine, deed), normal), point
        assert dump(engine) != before
    the_answer_is_lost(verb, prepared(world, verb), engine, saboteur)
    assert findings(store.sessionmaker_for(engine)) == []
    note("statements", len(points) // 2)
    note("exceptions", len(points) + 1)


def test_a_half_state_is_seen(world: World, engine: sa.Engine) -> None:
    """The control: a deed that commits on its way is found out by the dump."""
    deed = prepared(world, VERBS["scan_a_pass"])

    def halfway(session: store.Session) -> None:
        deed(session)
        session.commit()
        raise Sabotage

    before = dump(engine)
    with pytest.raises(Sabotage):
        run(engine, halfway)
    assert dump(engine) != before


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_rows_that_cannot_be_written(verb: Verb, world: World, engine: sa.Engine, note: Note) -> None:
    """Each table that the verb writes to takes nothing for once."""
    deed = prepared(world, verb)
    before = dump(engine)
    normal = run(engine, deed)
    after = dump(engine)
    tables = [name for name in before if before[name] != after[name]]
    assert tables
    for table in tables:
        deed = prepared(world, verb)
        before = dump(engine)
        with closed(engine, table), pytest.raises(sa.exc.DBAPIError, match="sabotage"):
            run(engine, deed)
        assert dump(engine) == before, table
        assert like(run(engine, deed), normal), table
        assert dump(engine) != before
    assert findings(store.sessionmaker_for(engine)) == []
    note("tables", len(tables))


def the_answer_is_lost(verb: Verb, deed: Deed, engine: sa.Engine, saboteur: Saboteur) -> None:
    """After COMMIT the deed is done, whatever happens then; asking again changes nothing."""
    before = dump(engine)
    with saboteur.striking(Point(True, None)), pytest.raises(Sabotage):
        run(engine, deed)
    done = dump(engine)
    assert done != before
    if verb.repeats:
        again = run(engine, deed)
        assert not isinstance(again, Answer) or again.replayed
        assert dump(engine) == done


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


def dump(engine: sa.Engine) -> Dump:
    """Every row of every table there is, also of one that no model speaks of."""
    with engine.connect() as connection:
        return {
            name: sorted(map(repr, connection.exec_driver_sql(f'SELECT * FROM "{name}"')))
            for name in sa.inspect(connection).get_table_names()
        }


@contextmanager
def closed(engine: sa.Engine, table: str) -> Iterator[None]:
    """Inside, no row of the table can be written, changed or deleted."""
    on, deeds = f'ON "{table}"', ("INSERT", "UPDATE", "DELETE")
    if engine.dialect.name == "postgresql":
        raising = "LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'sabotage'; END $$"
        put_up = [
            f"CREATE FUNCTION sabotage() RETURNS trigger {raising}",
            f"CREATE TRIGGER sabotage BEFORE {' OR '.join(deeds)} {on}"
            " FOR EACH ROW EXECUTE FUNCTION sabotage()",
        ]
        take_down = [f"DROP TRIGGER sabotage {on}", "DROP FUNCTION sabotage()"]
    else:
        raising = "BEGIN SELECT RAISE(ABORT, 'sabotage'); END"
        put_up = [f"CREATE TRIGGER sabotage_{deed} BEFORE {deed} {on} {raising}" for deed in deeds]
        take_down = [f"DROP TRIGGER sabotage_{deed}" for deed in deeds]
    execute(engine, put_up)
    yield
    execute(engine, take_down)


def execute(engine: sa.Engine, statements: list[str]) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
