"""`alliance` itself: fast, and one line for what an operator can put right."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from alliance import store
from alliance.cli import COMMANDS, main
from tests.processes import environment


@pytest.fixture
def alliance(tmp_path, monkeypatch):
    """Run `alliance …` in this process, on the database of that URL."""

    def run(url: str, *arguments: str, stdin: str = ""):
        for name, value in environment(url, tmp_path / "instance").items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(main, arguments, input=stdin)

    return run


def test_help_names_every_command_and_loads_none():
    code = (
        "import sys; from alliance.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('flask', 'sqlalchemy', 'granian', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for name in COMMANDS:
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_of_the_table_is_there(name):
    assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_an_unknown_command_is_told_so():
    done = CliRunner().invoke(main, ["nonsense"])
    assert done.exit_code == 2
    assert "No such command" in done.output


@pytest.mark.parametrize("url", ["mysql://root:geheim@localhost/x", "nonsense geheim"])
@pytest.mark.parametrize("command", [["db", "upgrade"], ["token", "create", "--reports", "--name", "x"]])
def test_a_database_we_do_not_speak_to_gives_one_line(alliance, url, command):
    done = alliance(url, *command)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert "DATABASE_URL" in line
    assert "geheim" not in line


@pytest.mark.parametrize("command", [["db", "upgrade"], ["token", "create", "--reports", "--name", "x"]])
def test_an_unreachable_database_gives_one_line(alliance, command):
    done = alliance("postgresql://alliance:geheim@127.0.0.1:1/x", *command)
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert "数据库无法使用" in line
    assert "geheim" not in line


def test_a_database_without_tables_is_told_how_to_get_them(alliance, empty_database_url):
    done = alliance(empty_database_url, "token", "create", "--reports", "--name", "x")
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert "请先运行 alliance db upgrade" in line


def test_upgrading_makes_them(alliance, empty_database_url):
    assert alliance(empty_database_url, "db", "upgrade").exit_code == 0
    assert alliance(empty_database_url, "db", "upgrade").exit_code == 0
    assert alliance(empty_database_url, "token", "create", "--reports", "--name", "x").exit_code == 0


def test_a_schema_of_an_older_version_is_told_so_too(alliance, empty_database_url):
    store.upgrade(empty_database_url)
    engine = store.make_engine(empty_database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE api_tokens DROP COLUMN revoked_at")
    engine.dispose()
    done = alliance(empty_database_url, "token", "create", "--reports", "--name", "x")
    assert done.exit_code == 1
    assert "请先运行 alliance db upgrade" in done.stderr


def test_production_without_a_secret_gives_one_line(tmp_path):
    weak = {"ALLIANCE_ENV": "production", "ALLIANCE_SECRET_KEY": "short"}
    done = subprocess.run(
        [sys.executable, "-m", "alliance", "db", "upgrade"],
        env=environment(f"sqlite:///{tmp_path / 'x.db'}", tmp_path, **weak),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "ALLIANCE_SECRET_KEY" in line
