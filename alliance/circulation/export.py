"""Facts as a table for those who outgrow the pages: signed rows with names and pseudonyms, in batches.

Business date by business date, each in the order in which things happened: no sort is larger than a day,
memory holds a batch, and the same facts are the same rows. What the columns mean is in ``docs/export.md``.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any

import pyarrow
from sqlalchemy import CompoundSelect, Select, bindparam, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from alliance import clock
from alliance.circulation.facts import HELD, Span, held, with_restated
from alliance.circulation.pseudonyms import Pseudonyms
from alliance.enterprises.models import Enterprise, Outlet
from alliance.offers.models import Offer, OfferRevision
from alliance.redemptions.models import Redemption, Reversal
from alliance.zones.models import Zone
from alliance.zones.tree import subtree_ids

#: Rows that are in memory at once.
BATCH = 10_000
_TEXT, _DAY, _NUMBER = pyarrow.string(), pyarrow.date32(), pyarrow.int64()

SCHEMA = pyarrow.schema(
    [
        ("fact_id", _TEXT),
        ("kind", _TEXT),
        ("redemption_id", _TEXT),
        ("occurred_at", pyarrow.timestamp("us", tz=clock.SHANGHAI.key)),
        ("business_date", _DAY),
        ("posted_month", _DAY),
        ("merchant_code", _TEXT),
        ("merchant_name", _TEXT),
        ("merchant_category", _TEXT),
        ("outlet_code", _TEXT),
        ("outlet_name", _TEXT),
        ("outlet_zone_code", _TEXT),
        ("outlet_zone_name", _TEXT),
        ("employer_code", _TEXT),
        ("employer_name", _TEXT),
        ("employer_zone_code", _TEXT),
        ("employer_zone_name", _TEXT),
        ("offer_code", _TEXT),
        ("offer_revision", _NUMBER),
        ("holder_id", _TEXT),
        ("holder_kind", _TEXT),
        ("uses", _NUMBER),
        ("quantity", _NUMBER),
        ("gross_fen", _NUMBER),
        ("discount_fen", _NUMBER),
        ("paid_fen", _NUMBER),
        ("channel", _TEXT),
    ]
)
#: The columns with words that somebody has chosen: every name, and the codes that are a merchant's own.
CHOSEN = frozenset(name for name in SCHEMA.names if name.endswith("_name")) | {"outlet_code", "offer_code"}


def days_with_facts(session: Session, period: Span) -> Sequence[date]:
    """The business dates of the period, without those before the first fact and after the last one."""
    ends: list[date | None] = []
    for column in (Redemption.business_date, Reversal.business_date):
        ends += session.execute(select(func.min(column), func.max(column))).one()
    known = [day for day in ends if day is not None]
    if not known:
        return []
    first, last = max(period[0], min(known)), min(period[1], max(known))
    return list(clock.days(first, last))


def batches(
    session: Session, days: Iterable[date], zone: Zone | None, pseudonyms: Pseudonyms
) -> Iterator[pyarrow.RecordBatch]:
    """The facts of these business dates at outlets below ``zone``, each batch of at most ``BATCH`` rows.

    Run it inside ``store.one_snapshot``.
    """
    columns = _Columns(session, pseudonyms)
    rows = _rows(session, days, zone)
    while batch := list(islice(rows, BATCH)):
        yield columns.of(batch)


def _rows(session: Session, days: Iterable[date], zone: Zone | None) -> Iterator[Any]:
    query, options = _facts_of_a_day(zone), {"yield_per": BATCH}
    for day in days:
        # Past the ORM, which would only read every row again.
        yield from session.connection().execute(query, {"day": day}, execution_options=options)


def _facts_of_a_day(zone: Zone | None) -> Select[*tuple[Any, ...]]:
    """A redemption with its amounts, a reversal with what it takes away; both as it is counted."""
    day: Any = bindparam("day", type_=Redemption.business_date.type)
    redeemed = _signed(Redemption, literal("redemption"), Redemption.id, literal(1), Redemption.quantity)
    back = case((Reversal.uses == -1, -Redemption.quantity), else_=0)
    reversed_ = _signed(Reversal, literal("reversal"), Reversal.redemption_id, Reversal.uses, back).join(
        Redemption,
        (Redemption.merchant_id == Reversal.merchant_id) & (Redemption.id == Reversal.redemption_id),
    )
    parts = [redeemed.where(Redemption.business_date == day), reversed_.where(Reversal.business_date == day)]
    parts = [with_restated(part) for part in parts]
    if zone is not None:
        parts = [part.where(held("outlet_zone_id").in_(subtree_ids(zone.id))) for part in parts]
    both: CompoundSelect[*tuple[Any, ...]] = union_all(*parts)
    facts = both.subquery()
    return select(facts).order_by(facts.c.occurred_at, facts.c.merchant_id, facts.c.fact_id)


def _signed(
    table: type[Redemption] | type[Reversal], kind: Any, redemption_id: Any, uses: Any, quantity: Any
) -> Select[*tuple[Any, ...]]:
    return select(
        table.id.label("fact_id"),
        kind.label("kind"),
        redemption_id.label("redemption_id"),
        *(table.occurred_at, table.business_date, table.posted_month),
        *(Redemption.merchant_id, Redemption.outlet_id, Redemption.revision_id),
        *(held(name).label(name) for name in HELD),
        *(Redemption.holder_id, Redemption.holder_kind),
        uses.label("uses"),
        quantity.label("quantity"),
        *(table.gross_fen, table.discount_fen, table.paid_fen),
        Redemption.channel,
    ).select_from(table)


class _Columns:
    """Makes batches of rows. What ids stand for is read once: there are few of them beside the facts."""

    def __init__(self, session: Session, pseudonyms: Pseudonyms) -> None:
        self._fact = pseudonyms.fact
        # A person redeems more than once.
        self._holder = lru_cache(maxsize=100_000)(pseudonyms.holder)
        enterprises = select(Enterprise.id, Enterprise.credit_code, Enterprise.name, Enterprise.category)
        self._enterprises = _Words(session, enterprises, _TEXT, _TEXT, _TEXT)
        self._outlets = _Words(session, select(Outlet.id, Outlet.code, Outlet.name), _TEXT, _TEXT)
        self._zones = _Words(session, select(Zone.id, Zone.code, Zone.name), _TEXT, _TEXT)
        of_offer = (Offer.merchant_id == OfferRevision.merchant_id) & (Offer.id == OfferRevision.offer_id)
        revisions = select(OfferRevision.id, Offer.code, OfferRevision.number).join(Offer, of_offer)
        self._revisions = _Words(session, revisions, _TEXT, _NUMBER)

    def of(self, rows: Sequence[Any]) -> pyarrow.RecordBatch:
        """One batch, in the columns of ``SCHEMA``."""
        names = rows[0]._fields
        of = dict(zip(names, zip(*rows, strict=True), strict=True))
        columns = [
            [self._fact(id_) for id_ in of["fact_id"]],
            of["kind"],
            [self._fact(id_) for id_ in of["redemption_id"]],
            *(of["occurred_at"], of["business_date"], of["posted_month"]),
            *self._enterprises.of(of["merchant_id"]),
            *self._outlets.of(of["outlet_id"]),
            *self._zones.of(of["outlet_zone_id"]),
            *self._enterprises.of(of["employer_id"])[:2],
            *self._zones.of(of["employer_zone_id"]),
            *self._revisions.of(of["revision_id"]),
            [self._holder(id_) for id_ in of["holder_id"]],
            of["holder_kind"],
            *(of["uses"], of["quantity"], of["gross_fen"], of["discount_fen"], of["paid_fen"]),
            of["channel"],
        ]
        arrays = [
            column if isinstance(column, pyarrow.Array) else pyarrow.array(column, field.type)
            for column, field in zip(columns, SCHEMA, strict=True)
        ]
        return pyarrow.RecordBatch.from_arrays(arrays, schema=SCHEMA)


class _Words:
    """What the ids of a table stand for: the columns after its first."""

    def __init__(self, session: Session, query: Select[*tuple[Any, ...]], *types: pyarrow.DataType) -> None:
        rows = session.execute(query).all()
        self._position: dict[Hashable, int] = {row[0]: number for number, row in enumerate(rows)}
        self._columns = [
            pyarrow.array([row[number] for row in rows], type_) for number, type_ in enumerate(types, start=1)
        ]

    def of(self, ids: Iterable[Hashable]) -> list[pyarrow.Array]:
        """The columns for these ids, in order."""
        positions = pyarrow.array([self._position[id_] for id_ in ids], pyarrow.int32())
        return [column.take(positions) for column in self._columns]
