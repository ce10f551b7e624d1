"""What figures cost without derived tables: one SQL aggregate over the facts each, the fastest we know.

The same statements run on PostgreSQL over the tables and on DuckDB over the Parquet export.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb
import psycopg

#: More than the product has: what the floor needs, so that it sorts and hashes in memory.
SETTINGS = (
    "work_mem = '512MB'",
    "hash_mem_multiplier = 2",
    "max_parallel_workers_per_gather = 2",
    "jit = off",
)
Span = tuple[date, date]
Rows = list[tuple[Any, ...]]

#: Reversals have what they reverse from their redemption. Sums of int are bigint, of bigint slow numeric.
_FACTS = """
    SELECT outlet_zone_id, employer_id, merchant_id, holder_id, business_date,
           1 AS uses, gross_fen::int, discount_fen::int, paid_fen::int
    FROM redemptions WHERE business_date BETWEEN '{first}' AND '{last}'
    UNION ALL
    SELECT r.outlet_zone_id, r.employer_id, r.merchant_id, r.holder_id, v.business_date,
           v.uses::int, v.gross_fen::int, v.discount_fen::int, v.paid_fen::int
    FROM reversals v JOIN redemptions r ON r.merchant_id = v.merchant_id AND r.id = v.redemption_id
    WHERE v.business_date BETWEEN '{first}' AND '{last}'"""
_EXPORTED = """
    SELECT *, outlet_zone_code AS outlet_zone_id, employer_code AS employer_id, merchant_code AS merchant_id,
           year(business_date) * 12 + month(business_date) AS month
    FROM read_parquet('{path}') WHERE business_date BETWEEN '{first}' AND '{last}'"""
#: Looking the month up is cheaper than taking it out of every date.
_MONTHS = """
    JOIN (SELECT day::date, (extract(year FROM day) * 12 + extract(month FROM day))::int AS month
          FROM generate_series('{first}'::date, '{last}'::date, '1 day') AS day) days
    ON day = business_date"""

_OVERVIEW = """
    SELECT zone, month, sum(uses)::bigint, sum(gross)::bigint, sum(discount)::bigint, sum(paid)::bigint,
           count(*) FILTER (WHERE uses > 0)
    FROM (
        SELECT outlet_zone_id AS zone, month, holder_id, sum(uses) AS uses, sum(gross_fen) AS gross,
               sum(discount_fen) AS discount, sum(paid_fen) AS paid
        FROM ({facts}) facts {months} GROUP BY 1, 2, 3
    ) holders GROUP BY 1, 2 ORDER BY 1, 2"""
_FLOW = """
    SELECT employer_id, merchant_id, sum(paid_fen)::bigint FROM ({facts}) facts GROUP BY 1, 2 ORDER BY 1, 2"""


class Kind(StrEnum):
    """What is asked: zone × month with distinct holders, or employer × merchant."""

    OVERVIEW = "overview"
    FLOW = "flow"


_STATEMENTS = {Kind.OVERVIEW: _OVERVIEW, Kind.FLOW: _FLOW}


@dataclass(frozen=True)
class Question:
    """A question for all three: of which days, of which zone by id and code (None: of all)."""

    name: str
    kind: Kind
    span: Span
    zone: tuple[int, str] | None = None


class PostgreSQL:
    """The facts where they are."""

    def __init__(self, where: str) -> None:
        self._connection = psycopg.connect(where, autocommit=True)
        for setting in SETTINGS:
            self._connection.execute(f"SET {setting}".encode())

    def ask(self, question: Question) -> Rows:
        """The answer's rows, in order."""
        return self._connection.execute(self._statement(question).encode()).fetchall()

    def _statement(self, question: Question) -> str:
        first, last = question.span
        facts = _FACTS.format(first=first, last=last)
        if question.zone is not None:
            facts = f"SELECT * FROM ({facts}) every WHERE outlet_zone_id = {question.zone[0]}"
        months = _MONTHS.format(first=first, last=last)
        return _STATEMENTS[question.kind].format(facts=facts, months=months)

    def settle(self) -> None:
        """So that everybody reads tables at rest."""
        self._connection.execute("VACUUM (ANALYZE)")

    def sizes(self) -> dict[str, int]:
        """Bytes of each larger table, with its indexes."""
        tables = "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND "
        large = "relnamespace = 'public'::regnamespace AND pg_total_relation_size(oid) > 1e6 "
        named = "AND relname ~ '^(redemptions|reversals|day_|month_|period_)' ORDER BY 2 DESC"
        return dict(self._connection.execute((tables + large + named).encode()).fetchall())

    def close(self) -> None:
        """No more questions."""
        self._connection.close()


class DuckDB:
    """The export, read by a column store in this process."""

    def __init__(self, path: Path) -> None:
        self._connection, self._path = duckdb.connect(), path

    def ask(self, question: Question) -> Rows:
        """The answer's rows; zones and enterprises are named by their codes."""
        first, last = question.span
        facts = _EXPORTED.format(path=self._path, first=first, last=last)
        if question.zone is not None:
            facts += f" AND outlet_zone_code = '{question.zone[1]}'"
        return self._connection.execute(_STATEMENTS[question.kind].format(facts=facts, months="")).fetchall()


def amounts(rows: Sequence[tuple[Any, ...]]) -> list[tuple[int, ...]]:
    """The figures of an answer without what they are of: to compare answers that name zones differently."""
    return sorted(tuple(int(value) for value in row[2:]) for row in rows)
