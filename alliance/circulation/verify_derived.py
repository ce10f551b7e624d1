"""The invariants of what is derived: it equals the facts."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from alliance.circulation.coverage import derived_periods, marked_days
from alliance.circulation.derive import day_flows_of_facts
from alliance.circulation.derive_periods import PERIOD_TABLES, reports_of_facts, rows_of
from alliance.circulation.findings import Finding, compare, counted
from alliance.circulation.models import DayFlow, DerivedMonth, DerivedPeriod
from alliance.circulation.periods import Period, containing, is_over, text_of
from alliance.circulation.tables import tables_of_facts
from alliance.clock import business_date, days, month_of, next_month

Row = dict[str, Any]


def derived_registry(session: Session) -> Iterator[Finding]:
    """No month is derived beyond its past days, no period before it is over, and nothing unregistered."""
    covered = set()
    for month in session.scalars(select(DerivedMonth)):
        covered |= set(days(month.month, month.through))
        last = min(next_month(month.month), business_date(month.derived_at))
        if month.month != month_of(month.month) or month.through >= last:
            yield Finding("derived_registry", f"{month.month:%Y-%m}", month.through, f"before {last}")
    for day in session.scalars(select(DayFlow.business_date).distinct()):
        if day not in covered:
            yield Finding("derived_registry", f"{day}", "day flows", "none")
    yield from _registered_periods(session)


def _registered_periods(session: Session) -> Iterator[Finding]:
    registered = set()
    for row in session.scalars(select(DerivedPeriod)):
        registered.add((row.kind, row.first_day))
        period, day = containing(row.kind, row.first_day), business_date(row.derived_at)
        if period.first != row.first_day or not is_over(period, day):
            yield Finding("derived_registry", f"{row.kind} {row.first_day}", day, f"after {period.last}")
    for model in PERIOD_TABLES:
        for kind, first_day in session.execute(select(model.kind, model.first_day).distinct()):
            if (kind, first_day) not in registered:
                yield Finding("derived_registry", f"{kind} {first_day}", model.__tablename__, "none")


def derived_days(session: Session) -> Iterator[Finding]:
    """``day_flows`` equals the facts on every derived day that is not marked."""
    for derived in session.scalars(select(DerivedMonth).order_by(DerivedMonth.month)):
        span = (derived.month, derived.through)
        marked = marked_days(session, span)
        stored = _keyed(session, select(*DayFlow.__table__.c).where(DayFlow.business_date.between(*span)))
        facts = _keyed(session, day_flows_of_facts(span))
        for key in sorted(stored.keys() | facts.keys()):
            if key[0] not in marked:
                subject = f"{key[0]} zone {key[1]} at zone {key[2]}"
                yield from compare("derived_day", subject, stored.get(key), facts.get(key))


def derived_tables(session: Session) -> Iterator[Finding]:
    """The tables and reports of every derived month, quarter and year equal the facts."""
    rows = session.execute(select(DerivedPeriod.kind, DerivedPeriod.first_day))
    if known := [containing(kind, first_day) for kind, first_day in rows]:
        span = (min(each.first for each in known), max(each.last for each in known))
        for period in sorted(derived_periods(session, span), key=lambda each: (each.first, each.last)):
            yield from _of_period(session, period)


def _of_period(session: Session, period: Period) -> Iterator[Finding]:
    tables = tables_of_facts(session, period)
    expected = rows_of(tables, reports_of_facts(session, period, tables))
    for model, rows in expected.items():
        columns = [column for column in model.__table__.c if column.name not in ("kind", "first_day")]
        names = [column.name for column in columns if column.primary_key]
        of_period = (model.kind == period.kind, model.first_day == period.first)
        found = counted(session, session.execute(select(*columns).where(*of_period)).mappings())
        stored, facts = _by(names, map(dict, found)), _by(names, rows)
        for key in sorted(stored.keys() | facts.keys(), key=str):
            subject = f"{text_of(period)} {model.__tablename__} {key}"
            yield from compare("derived_period", subject, stored.get(key), facts.get(key))


DERIVED: dict[str, Callable[[Session], Iterator[Finding]]] = {
    "derived_registry": derived_registry,
    "derived_day": derived_days,
    "derived_period": derived_tables,
}


def _by(names: list[str], rows: Iterable[Row]) -> dict[tuple[Any, ...], Row]:
    return {tuple(row[name] for name in names): row for row in rows}


def _keyed(session: Session, query: Select[*tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {tuple(row[:3]): tuple(row[3:]) for row in counted(session, session.execute(query))}
