"""Models and migrations agree, there is one head, and the way down is as sound as the way up."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from alliance import schema, store
from alliance.accounts.grants import find_or_create_account, grant
from alliance.accounts.models import GrantOutlet, Role
from alliance.accounts.tokens import create_token
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import BEFORE_RECORDS, business_date
from alliance.enterprises.models import EnterpriseZone, OutletZone
from alliance.enterprises.placement import move_enterprise, move_outlet
from alliance.offers.cheaper import Said, Seen, StepKind, answer, report
from alliance.offers.evidence import Evidence, Showing
from alliance.offers.life import Draft, submit
from alliance.offers.limits import Limits
from alliance.offers.models import OfferRevision
from alliance.offers.pricing import Discount
from alliance.pictures.intake import clean
from alliance.pictures.keep import keep
from alliance.redemptions.reverse import Authority, reverse
from tests.pictures.photos import photo
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
        reverse(session, world.counter(), uuid4(), id_, "顾客退货", world.at, authority=Authority.MERCHANT)
        shop = world.dairy_shop
        create_token(session, "收银系统", shop.merchant_id, shop.id, None, COMMAND_LINE, world.at)
        session.commit()
    before = counts(empty_database_url)
    store.downgrade(empty_database_url, "0001")
    store.upgrade(empty_database_url)
    # What merchants were told went with its table; nobody is told twice that an offer was approved.
    assert counts(empty_database_url) == before | {"offer_notices": 0}
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
        "redemptions", "reversals", "refused_attempts", "wrong_codes", "outbox_events", "webhook_endpoints",
        "webhook_subscriptions", "webhook_deliveries", "webhook_attempts", "pictures", "offer_pictures",
        "offer_evidence", "cheaper_reports", "cheaper_steps",
        "offer_pauses", "saved_drafts", "offer_notices", "offer_notice_reads", "favourites",
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


def test_a_cashiers_outlets_are_as_old_as_his_grant(empty_database_url: str) -> None:
    """Revision 0010: when an outlet was added was not remembered."""
    store.upgrade(empty_database_url)
    with engine_on(empty_database_url) as engine, store.sessionmaker_for(engine)() as session:
        world = World(session)
        account = find_or_create_account(session, "+8613900000001", "张喆", world.at)
        for days, outlet in enumerate((world.dairy_shop, world.dairy_kiosk)):
            where = {"enterprise_id": world.dairy.id, "outlets": [outlet]}
            grant(session, account, Role.CASHIER, COMMAND_LINE, world.later(days=days), **where)
        session.commit()
        given = world.at
    store.downgrade(empty_database_url, "0009")
    store.upgrade(empty_database_url)
    with engine_on(empty_database_url) as engine, store.sessionmaker_for(engine)() as session:
        assert session.scalars(sa.select(GrantOutlet.granted_at)).all() == [given, given]


def test_of_several_moves_on_one_day_the_last_goes_down(empty_database_url: str) -> None:
    """Revision 0009: the older schema knows one zone of a day, and it is the one that is held true now."""
    store.upgrade(empty_database_url)
    with engine_on(empty_database_url) as engine, store.sessionmaker_for(engine)() as session:
        world = World(session)
        today = business_date(world.at)
        for hours, zone in enumerate((world.west, world.root, world.west)):
            move_outlet(session, world.dairy_shop, zone.id, today, world.later(hours=hours))
            move_enterprise(session, world.dairy, zone.id, today, world.later(hours=hours))
        session.commit()
        west = world.west.id
    store.downgrade(empty_database_url, "0008")
    store.upgrade(empty_database_url)
    with engine_on(empty_database_url) as engine, store.sessionmaker_for(engine)() as session:
        for table in (EnterpriseZone, OutletZone):
            (stay,) = session.scalars(sa.select(table).where(table.starts_on == today))
            assert (stay.zone_id, stay.recorded_at) == (west, BEFORE_RECORDS)


def test_what_speaks_of_a_price_goes_and_the_offers_stay(empty_database_url: str) -> None:
    """On the way down pictures, evidence, reports and notices of offers are lost, and nothing else."""
    store.upgrade(empty_database_url)
    with engine_on(empty_database_url) as engine, store.sessionmaker_for(engine)() as session:
        world = World(session)
        picture = keep(session, world.dairy.id, clean(photo()), 9, COMMAND_LINE, world.at)
        showing = Showing(picture.id, Evidence(600, "价签", photo_ids=(picture.id,)))
        draft = Draft("NEW", "鲜牛奶", Discount(pay_permille=900), showing=showing)
        revision = submit(session, world.dairy.id, draft, COMMAND_LINE, world.at)
        said = Said(picture_id=picture.id)
        made = report(session, world.mechanic.id, revision, Seen("大润发", 500), said, COMMAND_LINE, world.at)
        answer(session, made, StepKind.PROVED, Said("价签", picture_id=picture.id), COMMAND_LINE, world.at)
        session.commit()
    before = counts(empty_database_url)
    gone = [
        "pictures",
        "offer_pictures",
        "offer_evidence",
        "cheaper_reports",
        "cheaper_steps",
        "offer_notices",
    ]
    assert all(before[name] for name in gone)
    store.downgrade(empty_database_url, "0013")
    store.upgrade(empty_database_url)
    assert counts(empty_database_url) == before | dict.fromkeys(gone, 0)
