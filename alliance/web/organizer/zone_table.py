"""The zone × zone table: who spends where."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from alliance.circulation.report import ZoneFlow


@dataclass(frozen=True)
class Cell:
    """An amount in 分. ``is_home``: the holders' zone is the outlets' zone."""

    fen: int
    is_home: bool


@dataclass(frozen=True)
class Row:
    """What the people employed in one zone paid, by the outlets' zone, and in all."""

    zone: str
    cells: Sequence[Cell]
    total_fen: int


@dataclass(frozen=True)
class ZoneTable:
    """Rows are the employers' zones, columns the outlets' zones."""

    columns: Sequence[str]
    rows: Sequence[Row]
    column_totals: Sequence[int]
    total_fen: int


def zone_table(flow: ZoneFlow, outlet_zone_ids: Collection[int] | None = None) -> ZoneTable:
    """The flow as a table, with the columns of these outlet zones only (None: all)."""
    shown = [j for j, zone in enumerate(flow.zones) if outlet_zone_ids is None or zone.id in outlet_zone_ids]
    rows = [
        Row(zone.name, [Cell(fens[j], i == j) for j in shown], sum(fens[j] for j in shown))
        for i, (zone, fens) in enumerate(zip(flow.zones, flow.rows, strict=True))
    ]
    totals = [sum(fens[j] for fens in flow.rows) for j in shown]
    return ZoneTable([flow.zones[j].name for j in shown], rows, totals, sum(totals))
