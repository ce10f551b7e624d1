"""One-time codes: six digits that prove a phone, for five minutes, once."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.orm import Session

from alliance.accounts.models import OneTimeCode

DIGITS = 6
LIVES_FOR = timedelta(minutes=5)


def issue(session: Session, secret_key: str, phone: str, at: datetime) -> str:
    """A new code for ``phone``; it replaces the ones before it. The store keeps only a keyed digest."""
    session.execute(delete(OneTimeCode).where(OneTimeCode.phone == phone))
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    session.add(
        OneTimeCode(
            phone=phone,
            digest=_digest(secret_key, phone, code),
            sent_at=at,
            expires_at=at + LIVES_FOR,
        )
    )
    return code


def use(session: Session, secret_key: str, phone: str, code: str, at: datetime) -> bool:
    """Spend the code: true exactly once, and only while it lives."""
    spent = session.execute(
        update(OneTimeCode)
        .where(
            OneTimeCode.phone == phone,
            OneTimeCode.digest == _digest(secret_key, phone, code),
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > at,
        )
        .values(used_at=at)
    )
    return cast("CursorResult[Any]", spent).rowcount == 1


def forget_expired(session: Session, at: datetime) -> None:
    """Delete the codes that have run out, spent or not."""
    session.execute(delete(OneTimeCode).where(OneTimeCode.expires_at <= at))


def _digest(secret_key: str, phone: str, code: str) -> bytes:
    # A plain hash of six digits is undone in a second; without the key this one is not.
    return hmac.new(secret_key.encode(), f"code:{phone}:{code}".encode(), hashlib.sha256).digest()
