"""Settings from the environment."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alliance.config import ConfigurationError, load_settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "ALLIANCE_ENV", "ALLIANCE_SECRET_KEY", "ALLIANCE_WEBHOOK_ALLOW_PRIVATE", "DATABASE_URL", "PORT",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALLIANCE_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.chdir(tmp_path)


def test_local_makes_its_secret_once_and_keeps_it_to_itself(tmp_path: Path) -> None:
    secret = load_settings().secret_key
    assert len(secret) >= 48
    assert load_settings().secret_key == secret
    file = tmp_path / "instance" / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_many_first_starts_agree_on_one_secret() -> None:
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(lambda _: load_settings().secret_key, range(64)))
    assert len(secrets) == 1
    assert "" not in secrets


@pytest.mark.parametrize("secret", [None, "", "too short"])
def test_production_wants_its_secret(monkeypatch: pytest.MonkeyPatch, secret: str | None) -> None:
    monkeypatch.setenv("ALLIANCE_ENV", "production")
    if secret is not None:
        monkeypatch.setenv("ALLIANCE_SECRET_KEY", secret)
    with pytest.raises(ConfigurationError, match="ALLIANCE_SECRET_KEY"):
        load_settings()
    monkeypatch.setenv("ALLIANCE_SECRET_KEY", "x" * 32)
    assert load_settings().https is True


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "70000"), ("PORT", "eighty"), ("ALLIANCE_ENV", "staging")]
)
def test_nonsense_is_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("sqlite:///x.db", "sqlite:///{here}/x.db"),
        ("sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
        ("", "sqlite:///{here}/instance/alliance.db"),
    ],
)
def test_the_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str, meant: str) -> None:
    monkeypatch.setenv("DATABASE_URL", given)
    assert load_settings().database_url == meant.format(here=tmp_path.resolve())


def test_production_sends_webhooks_to_public_addresses_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLIANCE_WEBHOOK_ALLOW_PRIVATE", "1")
    assert load_settings().webhook_allow_private
    monkeypatch.setenv("ALLIANCE_ENV", "production")
    monkeypatch.setenv("ALLIANCE_SECRET_KEY", "x" * 32)
    with pytest.raises(ConfigurationError, match="ALLIANCE_WEBHOOK_ALLOW_PRIVATE"):
        load_settings()
