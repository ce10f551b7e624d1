"""The product as its users run it: `alliance …` in processes of its own."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SECRET = "test-secret-of-more-than-thirty-two-characters"


def free_port() -> int:
    """A port on which nobody listens at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(database_url: str, instance: Path, **more: str) -> dict[str, str]:
    """The environment of an `alliance` process that has this database and knows nothing of this shell's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ALLIANCE_", "FLASK_"))}
    kept |= {"DATABASE_URL": database_url, "ALLIANCE_INSTANCE": str(instance), "ALLIANCE_SECRET_KEY": SECRET}
    return kept | more


@contextmanager
def serving(command: list[str], port: int, log: Path, **options: Any) -> Iterator[str]:
    """Run a server until the block ends; the base URL once /healthz answers. Fails with its output."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, **options)
    base = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while not healthy(base):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"no server at {base}:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        yield base
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def healthy(base: str) -> bool:
    """Whether a server answers there."""
    try:
        with urllib.request.urlopen(f"{base}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
