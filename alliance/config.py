"""Settings, read once from the environment (prefix ``ALLIANCE_``; ``DATABASE_URL`` and ``PORT`` bare)."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal, Self

from pydantic import AliasChoices, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ConfigurationError(Exception):
    """The environment does not describe a system that can start; the message says what to set."""


class Settings(BaseSettings):
    """How this installation runs.

    ``local`` (the default) makes its own secret under ``instance/`` and may load a demo world;
    ``production`` starts only with every secret given and cookies bound to HTTPS.
    """

    model_config = SettingsConfigDict(env_prefix="ALLIANCE_", extra="ignore", populate_by_name=True)

    environment: Literal["local", "production"] = Field(
        default="local", validation_alias=AliasChoices("ALLIANCE_ENV", "environment")
    )
    instance_path: Path = Field(
        default_factory=lambda: Path.cwd() / "instance",
        validation_alias=AliasChoices("ALLIANCE_INSTANCE", "instance_path"),
    )
    database_url: str = Field(default="", validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    secret_key: str = ""
    port: int = Field(default=8000, ge=1, le=65535, validation_alias=AliasChoices("PORT", "port"))
    #: Where one-time codes go: ``console`` prints them, ``outbox`` appends them to ``instance/outbox.jsonl``.
    code_sender: Literal["console", "outbox"] = "console"
    #: Served over HTTPS: session cookies are marked Secure. Always so in production.
    https: bool = False
    #: How many dependants (家属) an employee may have, cards and open invitations included.
    max_dependants: int = Field(default=5, ge=0, le=20)
    #: How many reverse proxies stand in front; their X-Forwarded headers are believed, nobody else's.
    proxies: int = Field(default=0, ge=0, le=5)
    #: Webhooks may go to any address and port, and over plain HTTP: for trying out, never in production.
    webhook_allow_private: bool = False
    #: What a holder may pay with printed cards in a day, at all merchants together, in 分.
    card_daily_ceiling_fen: int = Field(default=50_000, ge=0)
    #: On which day of a month the worker makes and keeps the report of the month before; 0: never.
    report_day: int = Field(default=3, ge=0, le=28)
    #: How often one API token may call, and one address that shows none; in each worker process.
    api_reads_per_minute: int = Field(default=1200, ge=1)
    api_writes_per_minute: int = Field(default=600, ge=1)
    api_strangers_per_minute: int = Field(default=120, ge=1)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.environment == "production":
            if len(self.secret_key) < 32:
                raise ValueError(
                    "生产环境必须设置 ALLIANCE_SECRET_KEY（至少 32 个字符） / "
                    "ALLIANCE_SECRET_KEY with at least 32 characters is required in production"
                )
            if self.webhook_allow_private:
                raise ValueError(
                    "生产环境不能设置 ALLIANCE_WEBHOOK_ALLOW_PRIVATE / "
                    "ALLIANCE_WEBHOOK_ALLOW_PRIVATE is refused in production"
                )
            self.https = True
        self.instance_path = self.instance_path.resolve()
        if not self.database_url:
            self.database_url = f"sqlite:///{self.instance_path / 'alliance.db'}"
        self.database_url = _complete_url(self.database_url)
        return self


def load_settings() -> Settings:
    """Settings from the environment; in ``local`` a missing secret is made once and kept.

    Raises ConfigurationError with one line a person can act on.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{where}: {first['msg']}" if where else first["msg"]) from None
    if not settings.secret_key:
        settings.secret_key = _kept_secret(settings.instance_path / "secret.key")
    return settings


def _complete_url(url: str) -> str:
    """Name the driver, and make the path of an SQLite file absolute: parts would read it differently."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    file = url.removeprefix("sqlite:///")
    if url.startswith("sqlite:///") and file and not file.startswith(("/", ":", "file:")):
        return f"sqlite:///{Path(file).resolve()}"
    return url


def _kept_secret(path: Path) -> str:
    """The secret in ``path``; made when there is none, whole or not at all: several may start at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with NamedTemporaryFile("w", dir=path.parent) as file:  # readable by its owner only
            file.write(secrets.token_urlsafe(48))
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)
    secret = path.read_text().strip()
    if not secret:
        raise ConfigurationError(f"{path} 是空的，请删除后重新启动 / is empty, delete it and start again")
    return secret
