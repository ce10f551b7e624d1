"""``python -m bench.circulation``: figures of millions of facts, from derived tables and from the facts.

The product, one SQL aggregate over the facts, and DuckDB over the Parquet export are asked the same questions
in turns. Their answers have to be the same, and are compared.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy
import sqlalchemy as sa

import alliance.schema  # noqa: F401 - a foreign key's type is unknown until its table is
from alliance import store
from bench import bulk, facts, zone
from bench.circulation_product import Product
from bench.paper import about, keep, publish
from bench.raw import DuckDB, Kind, PostgreSQL, Question, Rows, amounts
from tests.cluster import Cluster
from tests.processes import environment

FACTS = 10_000_000
ROUNDS = 5
NAME, SEED = "alliance_circulation", 20260304
#: The day after the last fact: everything is over.
AT = datetime(2026, 1, 1, 4, tzinfo=UTC)
TWO_YEARS, MONTH = (facts.FIRST, facts.LAST), (date(2025, 5, 1), date(2025, 5, 31))
ZONE = (5, "220204005000")
OVERVIEW, FLOW = "overview (zone × month, distinct holders)", "flow (employer × merchant)"
QUESTIONS = (
    Question(f"{OVERVIEW}, two years", Kind.OVERVIEW, TWO_YEARS),
    Question(f"{OVERVIEW}, a month", Kind.OVERVIEW, MONTH),
    Question(f"{FLOW}, two years", Kind.FLOW, TWO_YEARS),
    Question(f"{FLOW}, a month", Kind.FLOW, MONTH),
    Question("one zone's month", Kind.OVERVIEW, MONTH, ZONE),
)
RAW, PRODUCT, EXPORT = "SQL over the facts", "the product", "DuckDB over the export"


@dataclass
class Asked:
    """A question, and how long each took to answer it, in seconds, in the order of the rounds."""

    question: Question
    seconds: dict[str, list[float]] = field(default_factory=dict)
    rows: int = 0

    def median(self, who: str) -> float:
        """Of all rounds but none for warming."""
        return median(self.seconds[who])

    @property
    def gain(self) -> float:
        """How many times as fast as SQL over the facts the product is."""
        return self.median(RAW) / self.median(PRODUCT)

    def line(self) -> str:
        """Of the table."""
        raw, product, export = (_span(self.seconds[who]) for who in (RAW, PRODUCT, EXPORT))
        return f"| {self.question.name} | {self.rows:,} | {raw} | {product} | {self.gain:,.1f} × | {export} |"


@dataclass(frozen=True)
class Exported:
    """The export of all facts: seconds, bytes of the file, bytes of memory at the most."""

    seconds: float
    size: int
    memory: int


@dataclass
class Findings:
    """All that was measured."""

    about: dict[str, Any]
    loaded: bulk.Loaded
    size: dict[str, int]
    derive_all: float
    derived_rows: dict[str, int]
    derive_day: list[float]
    derive_periods: float
    exported: Exported
    asked: list[Asked]

    def goals(self) -> list[tuple[str, str, bool]]:
        """What the figures are meant to reach, and whether they did."""
        gains = {asked.question.name: asked.gain for asked in self.asked}
        overview, flow = gains[f"{OVERVIEW}, two years"], gains[f"{FLOW}, two years"]
        month, day = gains["one zone's month"], median(self.derive_day)
        return [
            (
                "two years' overview ≥ 50 × as fast as SQL over the facts",
                f"{overview:,.0f} ×",
                overview >= 50,
            ),
            ("two years' flow ≥ 10 × as fast", f"{flow:,.0f} ×", flow >= 10),
            ("one zone's month in at most half the time", f"{1 / month:.3f} of it", month >= 2),
            ("a day derived anew in ≤ 1 s", f"{day:.2f} s", day <= 1),
        ]

    def markdown(self) -> str:
        """The tables."""
        described = "\n".join(f"- {name}: {value}" for name, value in self.about.items())
        asked = "\n".join(one.line() for one in self.asked)
        goals = "\n".join(
            f"| {goal} | {measured} | {'yes' if met else 'no'} |" for goal, measured, met in self.goals()
        )
        return (
            f"{described}\n{self._made()}\n\n"
            f"| seconds: median (lowest – highest of {ROUNDS} rounds) | rows | {RAW} | {PRODUCT} "
            f"| faster | {EXPORT} |\n|---|--:|--:|--:|--:|--:|\n{asked}\n\n"
            f"| goal | measured | met |\n|---|--:|---|\n{goals}\n"
        )

    def _made(self) -> str:
        loaded, exported = self.loaded, self.exported
        derived = ", ".join(f"{name} {rows:,}" for name, rows in self.derived_rows.items())
        sizes = ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in self.size.items())
        parts = {"COPY": loaded.copying, "indexes": loaded.indexes, "foreign keys": loaded.foreign_keys}
        parts["VACUUM ANALYZE"] = loaded.vacuum
        lines = [
            f"loaded: {loaded.rows:,} facts in {loaded.seconds:.0f} s, {loaded.rows / loaded.seconds:,.0f} "
            f"a second ({', '.join(f'{name} {seconds:.0f} s' for name, seconds in parts.items())}); "
            f"made up in another {loaded.making:.0f} s",
            f"with indexes: {sizes}",
            f"everything derived in {self.derive_all:.1f} s, rows: {derived}",
            f"a day derived anew in {_span(self.derive_day)} s; its month, quarter and year in "
            f"{self.derive_periods:.1f} s",
            f"exported to Parquet in {exported.seconds:.0f} s, {loaded.rows / exported.seconds:,.0f} rows "
            f"a second: {exported.size / 1e6:,.0f} MB, {exported.memory / 1e6:,.0f} MB of memory at most",
        ]
        return "\n".join(f"- {line}" for line in lines)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m bench.circulation", description=__doc__)
    parser.add_argument("--facts", type=int, default=FACTS, help="redemptions and reversals together")
    parser.add_argument("--docs", action="store_true", help="put the tables into docs/performance.md")
    arguments = parser.parse_args()
    others, started = os.getloadavg()[0], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="alliance-bench-") as directory, _cluster() as cluster:
        found = measure(cluster, Path(directory), arguments.facts)
        found.about = about(cluster) | {
            "load of the machine before": f"{others:.1f}",
            "measured for": f"{time.monotonic() - started:.0f} s",
        }
    keep("circulation", _plain(found), found.markdown())
    if arguments.docs:
        publish("Circulation, measured", found.markdown())


def measure(cluster: Cluster, directory: Path, count: int) -> Findings:
    """Fill a store, derive, export, and ask everybody everything."""
    url, where = cluster.url(NAME), f"host={cluster.directory} user=postgres dbname={NAME}"
    loaded = _fill(cluster, url, where, count)
    product, raw = Product(url), PostgreSQL(where)
    try:
        derive_all = _seconds(lambda: product.derive_all(AT))
        derive_day = list(_days_anew(product))
        derive_periods = _seconds(lambda: product.derive_periods(AT))
        raw.settle()
        path = directory / "facts.parquet"
        exported = _export(url, directory, path)
        asked = [Asked(question) for question in QUESTIONS]
        everybody = {RAW: raw.ask, PRODUCT: product.ask, EXPORT: DuckDB(path).ask}
        _compare(asked, everybody)
        for _ in range(ROUNDS):
            for one in asked:
                for who, ask in everybody.items():
                    _time(one, who, ask)
        return Findings(
            {}, loaded, raw.sizes(), derive_all, product.rows(), derive_day, derive_periods, exported, asked
        )
    finally:
        product.close()
        raw.close()


@contextmanager
def _cluster() -> Iterator[Cluster]:
    cluster = Cluster(durable=True)
    try:
        yield cluster
    finally:
        cluster.stop()


def _fill(cluster: Cluster, url: str, where: str, count: int) -> bulk.Loaded:
    with sa.create_engine(cluster.url("postgres"), isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {NAME}"))
    store.upgrade(url)
    chance = numpy.random.default_rng(SEED)
    engine = store.make_engine(url)
    with store.sessionmaker_for(engine)() as session:
        people, shops = zone.build(session, chance)
        session.commit()
    engine.dispose()
    return bulk.load(where, facts.weeks(people, shops, chance, count))


def _days_anew(product: Product) -> Iterator[float]:
    for number in range(ROUNDS):
        day = MONTH[0] + timedelta(days=number)
        product.mark(day)
        yield _seconds(lambda day=day: product.derive_day(day, AT))  # type: ignore[misc]


def _export(url: str, directory: Path, path: Path) -> Exported:
    command = [sys.executable, "-m", "alliance", "export", "facts", "--output", str(path)]
    command += ["--from", facts.FIRST.isoformat(), "--to", facts.LAST.isoformat()]
    started = time.monotonic()
    with (directory / "export.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment(url, directory / "instance"), stdout=log, stderr=log
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError((directory / "export.log").read_text())
    # Linux counts in kilobytes.
    return Exported(time.monotonic() - started, path.stat().st_size, used.ru_maxrss * 1024)


def _compare(asked: list[Asked], everybody: Mapping[str, Callable[[Question], Rows]]) -> None:
    """Everybody once, which warms up; raises RuntimeError when two answer differently."""
    for one in asked:
        answers = {who: ask(one.question) for who, ask in everybody.items()}
        one.rows = len(answers[RAW])
        for who, answer in answers.items():
            if amounts(answer) != amounts(answers[RAW]):
                raise RuntimeError(f"{one.question.name}: {who} answers differently")


def _time(asked: Asked, who: str, ask: Callable[[Question], Rows]) -> None:
    asked.seconds.setdefault(who, []).append(_seconds(lambda: ask(asked.question)))


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _span(seconds: list[float]) -> str:
    return f"{median(seconds):.3f} ({min(seconds):.3f} – {max(seconds):.3f})"


def _plain(found: Findings) -> dict[str, Any]:
    goals = [{"goal": goal, "measured": measured, "met": met} for goal, measured, met in found.goals()]
    asked = [{"question": one.question.name, "rows": one.rows, "seconds": one.seconds} for one in found.asked]
    rest = {name: value for name, value in vars(found).items() if name not in ("loaded", "exported", "asked")}
    made = {"loaded": asdict(found.loaded), "exported": asdict(found.exported)}
    return rest | made | {"asked": asked, "goals": goals}


if __name__ == "__main__":
    main()
