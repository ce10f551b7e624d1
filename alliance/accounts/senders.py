"""How a one-time code reaches its phone."""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Protocol

from alliance.config import Settings
from alliance.people.phones import mask_phone


class CodeSender(Protocol):
    """Hands a code over to whatever delivers it.

    It must return at once: the time an answer takes would otherwise tell whether the phone is known.
    """

    def send(self, phone: str, code: str, at: datetime) -> None:
        """Deliver ``code`` to ``phone`` (E.164)."""


class ConsoleSender:
    """Prints codes where the server's log goes, for an installation without a text-message contract."""

    def send(self, phone: str, code: str, at: datetime) -> None:
        """One line on stderr; the phone is masked."""
        print(f"验证码 {code} → {mask_phone(phone)}", file=sys.stderr, flush=True)


class OutboxSender:
    """Appends codes to a file that only its owner can read, for another program or a test to pick up."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, phone: str, code: str, at: datetime) -> None:
        """One line of JSON: ``{"phone": …, "code": …, "at": …}``."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"phone": phone, "code": code, "at": at.isoformat()}) + "\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)


def sender_for(settings: Settings) -> CodeSender:
    """The sender that the settings name."""
    if settings.code_sender == "outbox":
        return OutboxSender(settings.instance_path / "outbox.jsonl")
    return ConsoleSender()
