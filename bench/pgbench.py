"""(a): pgbench writes a redemption's rows in one transaction of one statement: what the database can do."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.rows import COUNTERS, WRITTEN, Example, Written, rows_of
from tests.cluster import Cluster, NoCluster, find_programs


@dataclass(frozen=True)
class Run:
    """Transactions per second, and each one's latency in seconds."""

    per_second: float
    latencies: list[float]


def write_scripts(
    directory: Path, connection: sa.Connection, examples: Sequence[Example], holder_ids: Sequence[int]
) -> list[Path]:
    """One script per example; pgbench chooses among them at random."""
    paths = []
    for example in examples:
        path = directory / f"{example.offer}.sql"
        rows = rows_of(connection, example)
        path.write_text(_script(example, rows, min(holder_ids), max(holder_ids)))
        paths.append(path)
    return paths


def run(cluster: Cluster, database: str, scripts: Sequence[Path], clients: int, seconds: int) -> Run:
    """``clients`` connections for ``seconds``. Raises CalledProcessError when pgbench fails."""
    directory = scripts[0].parent
    for log in directory.glob("log.*"):
        log.unlink()
    command: list[str | Path] = [_program(), "-h", cluster.directory, "-U", "postgres", "-n"]
    command += ["-M", "prepared", "-c", str(clients), "-T", str(seconds)]
    command += ["-l", f"--log-prefix={directory / 'log'}"]
    for script in scripts:
        command += ["-f", script]
    done = subprocess.run([*command, database], capture_output=True, text=True, check=True)
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    assert found, done.stdout
    lines = [line for log in directory.glob("log.*") for line in log.read_text().splitlines()]
    # The third column is the transaction's latency in µs.
    return Run(float(found[1]), [int(line.split()[2]) / 1e6 for line in lines])


def _program() -> str:
    """Beside the server's own programs, or wherever the distribution puts clients."""
    found = shutil.which("pgbench", path=find_programs()) or shutil.which("pgbench")
    if found is None:
        raise NoCluster("pgbench is missing; it comes with PostgreSQL's server or client package")
    return found


def _script(
    example: Example, rows: Mapping[str, Mapping[str, Any]], first_holder: int, last_holder: int
) -> str:
    parts = [_copy(written, rows[written.table.name]) for written in WRITTEN]
    parts += [_one_more(example, "'holder:' || :holder"), _one_more(example, "'total'")]
    ctes = ",\n".join(f"w{number} AS ({part})" for number, part in enumerate(parts[:-1]))
    return (
        f"\\set holder random({first_holder}, {last_holder})\n"
        "\\set number random(1, 9000000000000000000)\n"
        f"WITH {ctes}\n{parts[-1]};\n"
    )


def _copy(written: Written, row: Mapping[str, Any]) -> str:
    new = dict.fromkeys(written.ids, "md5(:number::text)::uuid")
    new |= dict.fromkeys(written.once, "sha256(:number::text::bytea)")
    names = [column.name for column in written.table.columns]
    values = ", ".join(new.get(name, name) for name in names)
    key = " AND ".join(
        f"{column.name} = {_literal(row[column.name])}" for column in written.table.primary_key
    )
    return (
        f"INSERT INTO {written.table.name} ({', '.join(names)}) "
        f"SELECT {values} FROM {written.table.name} WHERE {key}"
    )


def _literal(value: object) -> str:
    return f"'\\x{value.hex()}'" if isinstance(value, bytes) else f"'{value}'"


def _one_more(example: Example, scope: str) -> str:
    return (
        f"INSERT INTO {COUNTERS.name} (merchant_id, offer_id, scope, used) "
        f"VALUES ({example.merchant_id}, '{example.offer_id}', {scope}, 1) "
        f"ON CONFLICT (merchant_id, offer_id, scope) DO UPDATE SET used = {COUNTERS.name}.used + 1"
    )
