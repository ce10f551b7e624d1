"""The figures of the torture: each test notes what it did and saw, a table at the end sums it up."""

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
        path.write_text("\n".join(lines) + "\n")


def _table(terminalreporter: Any) -> Iterator[str]:
    yield "| test | outcome | figures | seconds |"
    yield "|---|---|---|---:|"
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            figures = [
                f"{figure:,} {name.removeprefix(FIGURE)}"
                for name, figure in report.user_properties
                if name.startswith(FIGURE)
            ]
            if report.when == "call" and figures:
                file, _, test = report.nodeid.rpartition("/")[2].partition("::")
                name = f"{file.removeprefix('test_').removesuffix('.py')}: {test.removeprefix('test_')}"
                yield f"| {name} | {outcome} | {', '.join(figures)} | {report.duration:.0f} |"
