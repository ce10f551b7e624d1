"""Deriving calendar periods that are over: their tables, and the report of every zone.

That takes a while, and on SQLite a writer keeps the counters waiting. So it is two transactions: ``prepare``
reads, ``keep`` writes, provided that nothing has been marked or derived anew in between.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, sessionmaker

from alliance.circulation import figures
from alliance.circulation.coverage import basis_of, coverage, derived_periods, marked_days
from alliance.circulation.facts import SUMS, at_each_node, at_one_node, signed_facts
from alliance.circulation.figures import ZoneSums
from alliance.circulation.hidden_figures import hidden_figures, hidden_in
from alliance.circulation.models import (
    DerivedMonth,
    DerivedPeriod,
    PeriodFigures,
    PeriodFlow,
    PeriodOffer,
    PeriodOutlet,
)
from alliance.circulation.periods import Period, PeriodKind, containing, is_over, months_of
from alliance.circulation.registry import KINDS, delete_period, take_turn, turns_of
from alliance.circulation.report import Parts, Related, Report, related_parties, report_of
from alliance.circulation.scope import EVERYWHERE, EVERYWHERE_ID, Axis, Scope
from alliance.circulation.tables import Cell, Tables, tables_of_facts
from alliance.clock import business_date
from alliance.store import for_writing, one_snapshot
from alliance.zones.models import Zone

#: What holds the rows of a period.
PERIOD_TABLES = (PeriodFlow, PeriodOutlet, PeriodOffer, PeriodFigures)
#: Axis and zone (0: everywhere) → figures, and the names of those that are hidden.
Reports = Mapping[tuple[Axis, int], tuple[Report, frozenset[str]]]


@dataclass(frozen=True)
class Prepared:
    """What is to be kept of a period, and when it may be: as long as ``turns`` and ``basis`` are the same."""

    period: Period
    tables: Tables
    reports: Reports
    turns: Mapping[date, UUID]
    basis: bytes


def derive_period(sessions: sessionmaker[Any], period: Period, at: datetime) -> bool:
    """Derive one period; false when something came in between, and it stays pending."""
    with sessions() as reader, one_snapshot(reader):
        prepared = prepare(reader, period)
    with sessions() as writer:
        for_writing(writer)
        if kept := keep(writer, prepared, at):
            writer.commit()
    return kept


def pending_periods(session: Session, at: datetime) -> list[Period]:
    """The months, then the quarters, then the years that are over, unmarked, and not derived."""
    years = {month.year for month in session.scalars(select(DerivedMonth.month))}
    if not years:
        return []
    today = business_date(at)
    # Whole years, also where the books begin or end within one: a year is made from its months.
    months = [date(year, month, 1) for year in sorted(years) for month in range(1, 13)]
    candidates = dict.fromkeys(containing(kind, month) for kind in KINDS for month in months)
    span = (months[0], max(each.last for each in candidates))
    derived, marked = derived_periods(session, span), marked_days(session, span)
    return [
        each
        for each in candidates
        if is_over(each, today)
        and each not in derived
        and not any(each.first <= day <= each.last for day in marked)
    ]


def prepare(session: Session, period: Period) -> Prepared:
    """Compute what is to be kept of a period; run it inside ``store.one_snapshot``."""
    turns = turns_of(session, period)
    tables = tables_of_facts(session, period)
    reports = reports_of_facts(session, period, tables)
    return Prepared(period, tables, reports, turns, basis_of(session))


def keep(session: Session, prepared: Prepared, at: datetime) -> bool:
    """Write what was prepared; false when a late fact or another rebuild has come in between."""
    period = prepared.period
    if turns_of(session, period, locking=True) != prepared.turns:
        return False
    for month in months_of(period):
        take_turn(session, month, at)
    if marked_days(session, period.span) or basis_of(session) != prepared.basis:
        return False
    delete_period(session, period)
    for table, rows in rows_of(prepared.tables, prepared.reports).items():
        of_period = {"kind": period.kind, "first_day": period.first}
        if rows:
            session.execute(insert(table), [of_period | row for row in rows])
    session.add(DerivedPeriod(kind=period.kind, first_day=period.first, basis=prepared.basis, derived_at=at))
    session.flush()
    return True


def rows_of(tables: Tables, reports: Reports) -> dict[Any, list[dict[str, Any]]]:
    """The rows of each table, but for the period they are of."""
    return {
        PeriodFlow: [
            {"buyer_zone_id": buyer[0], "employer_id": buyer[1]}
            | {"seller_zone_id": seller[0], "merchant_id": seller[1]}
            | _columns(cell)
            for (buyer, seller), cell in tables.flows.items()
        ],
        PeriodOutlet: [
            {"seller_zone_id": zone_id, "merchant_id": merchant_id, "outlet_id": outlet_id} | _columns(cell)
            for (zone_id, merchant_id, outlet_id), cell in tables.outlets.items()
        ],
        PeriodOffer: [
            {"merchant_id": merchant_id, "offer_id": offer_id} | _columns(cell)
            for (merchant_id, offer_id), cell in tables.offers.items()
        ],
        PeriodFigures: [
            {"axis": axis, "zone_id": zone_id, "figures": asdict(report), "hidden": sorted(hides)}
            for (axis, zone_id), (report, hides) in reports.items()
        ],
    }


def reports_of_facts(session: Session, period: Period, tables: Tables) -> Reports:
    """The report of everywhere and of every zone with a fact, on both axes, from the facts."""
    above = _above(session)
    related = related_parties(session)
    sums = figures.zone_sums(session, coverage(session, period.span), EVERYWHERE)
    facts = signed_facts([period.span])
    found: dict[tuple[Axis, int], tuple[Report, frozenset[str]]] = {}
    for axis in Axis:
        nodes = (at_one_node(facts), at_each_node(facts, axis))
        holders = chain.from_iterable(figures.holder_figures(session, each) for each in nodes)
        outlets = dict(chain.from_iterable(figures.outlet_figures(session, each) for each in nodes))
        sums_at, flows_at = _sums_at(sums, axis, above), _flows_at(tables, axis, above)
        for node, holders_there in holders:
            report = report_of(Parts(sums_at[node], flows_at[node], holders_there, outlets[node]), related)
            hides = _hidden(session, period, tables, axis, node, above, related)
            found[axis, node] = (report, hides)
    return found


def _hidden(
    session: Session,
    period: Period,
    tables: Tables,
    axis: Axis,
    node: int,
    above: Mapping[int, list[int]],
    related: Related,
) -> frozenset[str]:
    if period.kind != PeriodKind.MONTH:
        zone = session.get(Zone, node) if node != EVERYWHERE_ID else None
        months = (containing(PeriodKind.MONTH, month) for month in months_of(period))
        return frozenset[str]().union(*(hidden_figures(session, each, Scope(zone, axis)) for each in months))
    zones = None if node == EVERYWHERE_ID else {zone for zone, line in above.items() if node in line}
    return hidden_in(tables, axis, node, zones, related)


def _above(session: Session) -> dict[int, list[int]]:
    """Zone → the nodes whose figures it is in: everywhere, itself, and what is above it."""
    parents = dict(session.execute(select(Zone.id, Zone.parent_id)).all())
    above: dict[int, list[int]] = {}
    for zone_id in parents:
        line = [zone_id]
        while (parent := parents[line[-1]]) is not None:
            line.append(parent)
        above[zone_id] = [*line, EVERYWHERE_ID]
    return above


def _sums_at(
    sums: Iterable[ZoneSums], axis: Axis, above: Mapping[int, list[int]]
) -> Mapping[int, list[ZoneSums]]:
    at: dict[int, list[ZoneSums]] = defaultdict(list)
    for row in sums:
        for node in above[row.zone_id(axis)]:
            at[node].append(row)
    return at


def _flows_at(
    tables: Tables, axis: Axis, above: Mapping[int, list[int]]
) -> Mapping[int, dict[tuple[int, int], int]]:
    at: dict[int, dict[tuple[int, int], int]] = defaultdict(dict)
    for (buyer, seller), cell in tables.flows.items():
        if buyer[1] and seller[1]:
            pair = (buyer[1], seller[1])
            for node in above[seller[0] if axis == Axis.OUTLET else buyer[0]]:
                at[node][pair] = at[node].get(pair, 0) + cell.paid_fen
    return at


def _columns(cell: Cell) -> dict[str, Any]:
    names = (*SUMS, "holders", "is_hidden")
    return {name: getattr(cell, name) for name in names}
