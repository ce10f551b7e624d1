"""Models and migrations agree, there is one head, and the way down is as sound as the way up."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from alliance import schema, store
from alliance.accounts.tokens import create_token
from alliance.redemptions.reverse import reverse
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


@contextmanager
def engine_on(url: str) -> Iterator[sa.Engine]:
    engine = store.make_engine(url)
    yield engine
    engine.dispose()


def test_rows_survive_the_way_down_and_up(empty_database_url: str) -> None:
    """SQLite writes a table anew to change it: what points at the old one must not be in its way."""
    store.upgrade(empty_database_url)
    with engine_on(empty_database_url) as engine, store.sessionmaker_for(engine)() as session:
        world, id_ = World(session), uuid4()
        world.redeem(id_=id_)
        reverse(session, world.counter(), uuid4(), id_, "顾客退货", world.at)
        shop = world.dairy_shop
        create_token(session, "收银系统", shop.merchant_id, shop.id, None, None, world.at)
        session.commit()
    before = counts(empty_database_url)
    store.downgrade(empty_database_url, "0001")
    store.upgrade(empty_database_url)
    assert counts(empty_database_url) == before
    assert before["redemptions"] == before["reversals"] == before["api_tokens"] == 1


def counts(url: str) -> dict[str, int]:
    with engine_on(url) as engine, engine.connect() as connection:
        return {
            name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for name, table in schema.metadata.tables.items()
        }


def test_every_constraint_has_a_name() -> None:
    for table in schema.metadata.tables.values():
        assert all(constraint.name for constraint in table.constraints), table.name


@pytest.mark.parametrize(
    "name",
    [
        "outlets", "outlet_zones", "offers", "offer_revisions", "offer_approvals", "limit_counters", "scans",
        "redemptions", "reversals", "refused_attempts",
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
