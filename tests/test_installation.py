"""`pip install .` is complete: the wheel alone, in an empty environment, serves the product.

And what `alliance serve` says when it cannot start.
"""

import json
import os
import socket
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.cluster import ROOT
from tests.processes import environment, free_port, serving

MANIFEST = "alliance/static/dist/manifest.json"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    pip("wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--wheel-dir", str(directory))
    (built,) = directory.glob("alliance-*.whl")
    return built


def pip(*arguments: str, python: str = sys.executable) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", python]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_wheel_has_all_that_is_not_python(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    manifest = json.loads(zipfile.ZipFile(wheel).read(MANIFEST))
    for built in manifest.values():
        assert f"alliance/static/dist/{built}" in names
    assert "alliance/migrations/env.py" in names
    assert any(name.startswith("alliance/migrations/versions/") for name in names)
    sources = {path.relative_to(ROOT) for path in (ROOT / "alliance" / "translations").rglob("*.po")}
    assert {str(path.with_suffix(".mo")) for path in sources} <= set(names)
    templates = {path.relative_to(ROOT) for path in (ROOT / "alliance").rglob("templates/**/*.html")}
    assert {str(path) for path in templates} <= set(names)


def test_the_wheel_has_nothing_that_belongs_to_the_checkout(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"alliance"}
    assert not [name for name in names if name.startswith("alliance/assets/") or name.endswith(".po")]


def test_it_starts_from_the_wheel_in_an_empty_environment(wheel, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    locked = ["--require-hashes", "-r", str(ROOT / "requirements.txt")]
    pip("install", "--no-compile", *locked, python=python)
    pip("install", "--no-deps", str(wheel), python=python)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    port = free_port()
    command = [str(tmp_path / "venv" / "bin" / "alliance"), "serve", "--port", str(port)]
    env = environment("", tmp_path)
    for name in ("DATABASE_URL", "ALLIANCE_INSTANCE", "ALLIANCE_SECRET_KEY", "PYTHONPATH"):
        env.pop(name, None)
    with serving(command, port, tmp_path / "server.log", env=env, cwd=elsewhere) as base:
        name = json.loads(zipfile.ZipFile(wheel).read(MANIFEST))["zxing_reader.wasm"]
        with urllib.request.urlopen(f"{base}/static/dist/{name}") as answer:
            assert answer.headers["Content-Type"] == "application/wasm"
            assert answer.read(4) == b"\0asm"
    printed = (tmp_path / "server.log").read_text()
    assert f"http://localhost:{port}" in printed
    assert "演示账号" in printed
    assert "Traceback" not in printed
    assert [path.name for path in elsewhere.iterdir()] == ["instance"]


def refused(env: dict[str, str], *arguments: str) -> str:
    """Run `alliance serve`, which must not start, and return the one line it says."""
    command = [sys.executable, "-m", "alliance", "serve", "--no-demo", *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_a_taken_port_gives_one_clear_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        env = environment(f"sqlite:///{tmp_path / 'alliance.db'}", tmp_path, PORT=str(port))
        line = refused(env)
    assert f"端口 {port}" in line
    assert not (tmp_path / "alliance.db").exists()


def test_an_unreachable_database_gives_one_clear_line_without_the_password(tmp_path):
    url = f"postgresql://alliance:geheim-123@127.0.0.1:{free_port()}/alliance"
    line = refused(environment(url, tmp_path), "--port", str(free_port()))
    assert "数据库无法连接" in line
    assert "alliance:***@127.0.0.1" in line
    assert "geheim-123" not in line


@pytest.mark.parametrize(
    "url", ["mysql://root:geheim@localhost/x", "nonsense geheim", "sqlite:////proc/no/x.db"]
)
def test_a_database_url_that_cannot_be_one_gives_one_clear_line(tmp_path, url):
    line = refused(environment(url, tmp_path), "--port", str(free_port()))
    assert "数据库无法连接" in line
    assert "geheim" not in line


def test_a_file_that_is_no_database_gives_one_clear_line(tmp_path):
    (tmp_path / "alliance.db").write_bytes(os.urandom(8192))
    line = refused(environment(f"sqlite:///{tmp_path / 'alliance.db'}", tmp_path), "--port", str(free_port()))
    assert "not a database" in line


def test_production_without_a_secret_gives_one_clear_line(tmp_path):
    env = environment("", tmp_path, ALLIANCE_ENV="production", ALLIANCE_SECRET_KEY="")
    assert "ALLIANCE_SECRET_KEY" in refused(env, "--port", str(free_port()))
