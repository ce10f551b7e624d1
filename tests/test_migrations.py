"""Models and migrations agree, there is one head, and the way down is as sound as the way up."""

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from alliance import schema, store
from alliance.offers.limits import Limits
from alliance.offers.models import OfferRevision
from alliance.offers.pricing import Discount
from tests.world import World


def test_there_is_one_head() -> None:
    scripts = ScriptDirectory.from_config(store.migration_config("sqlite://"))
    assert len(scripts.get_heads()) == 1


def test_models_and_migrations_agree(empty_database_url: str) -> None:
    store.upgrade(empty_database_url)
    command.check(store.migration_config(empty_database_url))


def test_up_down_up(empty_database_url: str) -> None:
    store.upgrade(empty_database_url)
    store.downgrade(empty_database_url, "base")
    engine = store.make_engine(empty_database_url)
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()
    store.upgrade(empty_database_url)
    command.check(store.migration_config(empty_database_url))


def test_every_constraint_has_a_name() -> None:
    for table in schema.metadata.tables.values():
        assert all(constraint.name for constraint in table.constraints), table.name


@pytest.mark.parametrize(
    "name",
    [
        "outlets", "outlet_zones", "offers", "offer_revisions", "offer_approvals", "limit_counters", "scans",
        "redemptions", "reversals", "refused_attempts", "outbox_events", "webhook_endpoints",
        "webhook_subscriptions", "webhook_deliveries", "webhook_attempts",
    ],
)  # fmt: skip
def test_what_a_merchant_owns_is_keyed_by_merchant(name: str) -> None:
    """So that PostgreSQL can partition, or Citus shard, without a change of schema (docs/architecture.md)."""
    table = schema.metadata.tables[name]
    assert next(iter(table.primary_key.columns)).name == "merchant_id"
    for key in table.foreign_keys:
        target = next(iter(key.column.table.primary_key.columns)).name
        if target == "merchant_id":
            assert {"merchant_id"} & {column.name for column in key.constraint.columns}


def test_reference_tables_never_point_at_what_merchants_own() -> None:
    for table in schema.metadata.tables.values():
        if next(iter(table.primary_key.columns)).name == "merchant_id":
            continue
        for key in table.foreign_keys:
            target = key.column.table
            if next(iter(target.primary_key.columns)).name == "merchant_id":
                # An outlet's token is the outlet's: it is looked up by its digest alone, so it stands here.
                assert (table.name, target.name) == ("api_tokens", "outlets")


def test_limits_go_up_and_down_with_what_they_counted(empty_database_url: str) -> None:
    """Revision 0003: two columns become one JSON, and come back; the counters of new kinds do not."""
    store.upgrade(empty_database_url)
    engine = store.make_engine(empty_database_url)
    with store.sessionmaker_for(engine)() as session:
        world = World(session)
        some = Limits(total=9, units=20, holder_ever=5, holder_day=2, cool_down_minutes=10)
        world.live_offer(world.dairy, "CAP", Discount(pay_permille=900), limits=some)
        world.live_offer(world.dairy, "ALL", Discount(pay_permille=900), limit_total=8)
        world.redeem(offer="CAP")
        holder = f"holder:{world.mechanic.id}"
        session.commit()
    store.downgrade(empty_database_url, "0002")
    columns = "SELECT title, limit_total, limit_holder FROM offer_revisions"
    with engine.connect() as connection:
        assert set(connection.execute(sa.text(columns)).all()) == {
            ("优惠CAP", 9, 5), ("优惠ALL", 8, None), ("优惠MILK", None, None), ("优惠WASH", None, None),
        }  # fmt: skip
        assert dict(connection.execute(sa.text("SELECT scope, used FROM limit_counters")).all()) == {
            "total": 1,
            holder: 1,
        }
    store.upgrade(empty_database_url)
    with store.sessionmaker_for(engine)() as session:
        revisions = {row.title: row.limits for row in session.scalars(sa.select(OfferRevision))}
    engine.dispose()
    assert revisions == {
        "优惠CAP": {"total": 9, "holder_ever": 5}, "优惠ALL": {"total": 8}, "优惠MILK": {}, "优惠WASH": {},
    }  # fmt: skip
