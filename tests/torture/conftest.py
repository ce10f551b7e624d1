"""The figures of the torture: each test notes what it did and saw, a table at the end sums it up."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.torture.scale import LONG

Note = Callable[[str, int], None]
OPTION, FIGURE = "--torture-report", "torture: "


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, type=Path, help="Also write the table of figures to this file, as Markdown.")


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Note:
    """Note a figure of this test under a name; once noted it is also in the JUnit report."""
    return lambda name, figure: record_property(FIGURE + name, figure)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table, and write it where the option says."""
    lines = list(_table(terminalreporter))
    if len(lines) > 2 and LONG:
        terminalreporter.section("figures of the torture")
        terminalreporter.write_line("\n".join(lines))
    path = config.getoption(OPTION, None)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")


def _table(terminalreporter: Any) -> Iterator[str]:
    yield "| fault | database | tests | outcome | figures | seconds |"
    yield "|---|---|---:|---|---|---:|"
    rows: dict[tuple[str, str], list[Any]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            if report.when == "call" and "/torture/" in report.nodeid and _figures([report]):
                rows.setdefault(_fault_and_database(report.nodeid), []).append(report)
    for (fault, database), reports in rows.items():
        outcome = "passed" if all(report.passed for report in reports) else "FAILED"
        figures = ", ".join(f"{figure:,} {name}" for name, figure in _figures(reports).items())
        seconds = sum(report.duration for report in reports)
        yield f"| {fault} | {database} | {len(reports)} | {outcome} | {figures} | {seconds:.0f} |"


def _figures(reports: list[Any]) -> Counter[str]:
    """Sums by name, in the order of the first note; a figure of 0 is one too."""
    figures: Counter[str] = Counter()
    for report in reports:
        for name, figure in report.user_properties:
            if name.startswith(FIGURE):
                figures[name.removeprefix(FIGURE)] += figure
    return figures


def _fault_and_database(nodeid: str) -> tuple[str, str]:
    test, _, parameters = nodeid.partition("::test_")[2].partition("[")
    database = next((name for name in ("sqlite", "postgresql") if name in parameters), "")
    return test.replace("_", " "), database
