"""(b): a Flask view that checks nothing and writes a redemption's rows, in as many statements as the product.

Served by the same server with the same settings. What it costs is what the parts cost that the product is
made of; the difference to the product is the product's own.
"""

import gc
import json
import os
import random
import secrets
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask, Response, request

from alliance import store
from alliance.accounts.models import ApiToken
from alliance.offers.models import Offer, OfferRevision
from alliance.people.models import Holder
from alliance.redemptions.models import Redemption
from bench.rows import HOLDER, TOTAL, WRITTEN, Example, inserts, rows_of
from bench.town import PATH

#: JSON: the counted statements, the examples to copy, the holders to choose from.
PLAN = "ALLIANCE_BENCH_PLAN"


def create_app() -> Flask:
    """The view, with everything prepared at the start that can be."""
    plan = json.loads(os.environ[PLAN])
    engine = store.make_engine(os.environ["DATABASE_URL"])
    examples = [_example(fields) for fields in plan["examples"]]
    with engine.connect() as connection:
        templates = {example.offer: _template(connection, example) for example in examples}
    reads = _reads(plan["reads"])
    writes = _joined(inserts(), plan["writes"])
    holder_ids = plan["holder_ids"]
    app = Flask(__name__)

    @app.post(PATH)
    def redeem() -> Response:
        asked = request.get_json()
        id_, template = UUID(asked["id"]), templates[asked["offer"]]
        scope = f"holder:{random.choice(holder_ids)}"
        values = template | _fresh(id_) | {"holder_scope": scope, "read_id": id_}
        with engine.begin() as connection:
            for read in reads:
                connection.execute(read, values).first()
            for write in writes:
                connection.execute(write, values)
        return Response(json.dumps(asked), status=201, mimetype="application/json")

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    return app


def _example(fields: dict[str, Any]) -> Example:
    return Example(fields["offer"], fields["merchant_id"], UUID(fields["id"]), UUID(fields["offer_id"]))


def _template(connection: sa.Connection, example: Example) -> dict[str, Any]:
    rows = rows_of(connection, example)
    values = {f"{table}_{column}": value for table, row in rows.items() for column, value in row.items()}
    for counter in (HOLDER, TOTAL):
        values |= {
            f"{counter}_merchant_id": example.merchant_id,
            f"{counter}_offer_id": example.offer_id,
            f"{counter}_scope": counter,
            f"{counter}_used": 1,
        }
    return values | {
        "read_merchant_id": example.merchant_id,
        "read_offer_id": example.offer_id,
        "read_revision_id": values["redemptions_revision_id"],
        "read_token_id": values["redemptions_token_id"],
        "read_holder_id": values["redemptions_holder_id"],
    }


def _fresh(id_: UUID) -> dict[str, Any]:
    fresh: dict[str, Any] = {}
    for written in WRITTEN:
        fresh |= {f"{written.table.name}_{column}": id_ for column in written.ids}
        fresh |= {f"{written.table.name}_{column}": secrets.token_bytes(32) for column in written.once}
    return fresh


def _reads(count: int) -> list[sa.Select[Any]]:
    """So many look-ups by a primary key, in turn of what a redemption looks at."""
    merchant: sa.BindParameter[int] = sa.bindparam("read_merchant_id")
    keys: list[tuple[type[store.Base], tuple[sa.ColumnElement[bool], ...]]] = [
        (ApiToken, (ApiToken.id == sa.bindparam("read_token_id"),)),
        (Redemption, (Redemption.merchant_id == merchant, Redemption.id == sa.bindparam("read_id"))),
        (Holder, (Holder.id == sa.bindparam("read_holder_id"),)),
        (Offer, (Offer.merchant_id == merchant, Offer.id == sa.bindparam("read_offer_id"))),
        (
            OfferRevision,
            (OfferRevision.merchant_id == merchant, OfferRevision.id == sa.bindparam("read_revision_id")),
        ),
    ]
    return [
        sa.select(model.__table__).where(*key)
        for model, key in (keys[number % len(keys)] for number in range(count))
    ]


def _joined(statements: list[Any], count: int) -> list[Any]:
    """The same writes in ``count`` statements at the most: the first ones become parts of a common one."""
    surplus = max(0, len(statements) - count)
    if not surplus:
        return statements
    parts, rest = statements[:surplus], statements[surplus:]
    # The statement that carries the parts is the last: PostgreSQL runs all of it at one moment anyhow.
    return [*rest[:-1], rest[-1].add_cte(*(part.cte(f"part_{n}") for n, part in enumerate(parts)))]


app = create_app() if PLAN in os.environ else None
# As in ``alliance.wsgi``.
gc.collect()
gc.freeze()
