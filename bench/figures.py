"""Figures of repeated runs, and their table."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass
class Series:
    """The same thing measured again and again, in turns with other things."""

    name: str
    clients: int
    per_second: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    #: The load generator's share of one core, in the rounds that had one.
    load_cpu: list[float] = field(default_factory=list)
    #: Seconds of processor time per request: of the server, of the database.
    server_cpu: list[float] = field(default_factory=list)
    database_cpu: list[float] = field(default_factory=list)

    def add(self, per_second: float, latencies: Sequence[float]) -> None:
        """One round. Latencies in seconds."""
        ordered = sorted(latencies)
        self.per_second.append(per_second)
        self.p50.append(_quantile(ordered, 0.5))
        self.p99.append(_quantile(ordered, 0.99))

    @property
    def rate(self) -> float:
        """Per second, the median of the rounds."""
        return median(self.per_second)

    @property
    def tail(self) -> float:
        """p99 ÷ p50, each the median of the rounds."""
        return median(self.p99) / median(self.p50)

    @property
    def cpu(self) -> float:
        """Seconds of processor time per request, of server and database."""
        return median(self.server_cpu or [0]) + median(self.database_cpu)

    def plain(self) -> dict[str, Any]:
        """For JSON: per second, milliseconds, share of a core."""
        return {
            "name": self.name,
            "clients": self.clients,
            "per_second": round(self.rate, 1),
            "p50_ms": round(median(self.p50) * 1000, 3),
            "p99_ms": round(median(self.p99) * 1000, 3),
            "server_cpu_us": _micro(self.server_cpu),
            "database_cpu_us": _micro(self.database_cpu),
            "load_generator_cpu": round(median(self.load_cpu), 3) if self.load_cpu else None,
            "rounds_per_second": [round(rate, 1) for rate in self.per_second],
        }


def table(series: Sequence[Series]) -> str:
    """Markdown, one line per series."""
    lines = [
        "| | clients | per second (lowest – highest round) | p50 ms | p99 ms | p99 ÷ p50 "
        "| µs of CPU: server + database | load generator |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in series:
        span = f"{min(one.per_second):,.0f} – {max(one.per_second):,.0f}"
        load = f"{median(one.load_cpu):.0%} of a core" if one.load_cpu else ""
        server = f"{_micro(one.server_cpu):,} + " if one.server_cpu else ""
        lines.append(
            f"| {one.name} | {one.clients} | {one.rate:,.0f} ({span}) | {median(one.p50) * 1000:.2f} "
            f"| {median(one.p99) * 1000:.2f} | {one.tail:.1f} "
            f"| {server}{_micro(one.database_cpu):,} | {load} |"
        )
    return "\n".join(lines)


def _micro(seconds: Sequence[float]) -> int:
    return round(median(seconds) * 1e6) if seconds else 0


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
