"""Where measured figures go: the terminal, ``build/``, and a section of the page on performance."""

import json
import os
import platform
import time
from pathlib import Path
from typing import Any

from tests.cluster import Cluster

ROOT = Path(__file__).parent.parent


def about(cluster: Cluster, *more: str) -> dict[str, Any]:
    """When and on what it was measured."""
    version = (cluster.directory / "data" / "PG_VERSION").read_text().strip()
    software = (f"Python {platform.python_version()}", f"PostgreSQL {version}", *more)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "software": ", ".join(software),
    }


def keep(name: str, plain: dict[str, Any], markdown: str) -> None:
    """Under ``build/``, which is nobody's source."""
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    (build / f"{name}.json").write_text(json.dumps(plain, ensure_ascii=False, indent=2) + "\n")
    (build / f"{name}.md").write_text(markdown)
    print(markdown)


def publish(heading: str, markdown: str) -> None:
    """In place of what stands under this heading of the page on performance; at its end, if there is none."""
    page, line = ROOT / "docs" / "performance.md", f"\n## {heading}\n"
    before, _, after = page.read_text().partition(line)
    _, next_one, rest = after.partition("\n## ")
    page.write_text(f"{before}{line}\n{markdown}{next_one}{rest}")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
