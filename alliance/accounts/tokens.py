"""API tokens: of an outlet or a whole merchant (a POS), or of the organizer's reports."""

import hashlib
import secrets
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from alliance.accounts.models import ApiToken
from alliance.audit.trail import Actor, record
from alliance.store import new_id, run

#: So that a token that leaks into a repository or a log is recognised for what it is.
PREFIX = "alc_"
#: ``last_used_at`` is written this often at most.
LAST_USE_IS_TRUE_TO = timedelta(minutes=1)


@dataclass(frozen=True)
class Bearer:
    """What a call has to know of the token that it comes with, revoked or not."""

    id: UUID
    merchant_id: int | None
    outlet_id: UUID | None
    zone_id: int | None
    is_public: bool
    revoked_at: datetime | None
    last_used_at: datetime | None


# Columns, not the entity: every call of a POS begins with this.
_WITH_DIGEST = select(*(getattr(ApiToken, field.name) for field in fields(Bearer))).where(
    ApiToken.digest == bindparam("digest")
)


def create_token(
    session: Session,
    name: str,
    merchant_id: int | None,
    outlet_id: UUID | None,
    zone_id: int | None,
    by: Actor,
    at: datetime,
    *,
    is_public: bool = False,
    id_: UUID | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its plain text, which is shown once: the store keeps only its digest.

    With a merchant it redeems, at ``outlet_id`` or at all the merchant's outlets; without, it reads reports,
    of ``zone_id``'s subtree or of everything, and if it ``is_public`` without small groups. ``id_`` is for a
    page that was made before the token.
    """
    plain = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        id=id_ or new_id(),
        digest=_digest(plain),
        name=name,
        merchant_id=merchant_id,
        outlet_id=outlet_id,
        zone_id=zone_id,
        is_public=is_public,
        created_at=at,
        created_by_id=by.account_id,
    )
    session.add(token)
    session.flush()
    _record(session, token, by, "token.create", at)
    return token, plain


def token_for(session: Session, plain: str) -> Bearer | None:
    """The token with this plain text, revoked or not: whoever asks looks at ``revoked_at``."""
    row = run(session, _WITH_DIGEST, {"digest": _digest(plain)}).one_or_none()
    return None if row is None else Bearer(*tuple(row))


def revoke_token(session: Session, token: ApiToken, by: Actor, at: datetime) -> None:
    """End a token at once; revoking twice is revoking once."""
    if token.revoked_at is None:
        token.revoked_at, token.revoked_by_id = at, by.account_id
        _record(session, token, by, "token.revoke", at)


def note_use(session: Session, token: Bearer, at: datetime) -> bool:
    """Write down that the token was used, unless that was done within the minute; whether it was written.

    For a transaction of its own, after the answer. Tills that share a token never queue for its row: whoever
    finds it taken (PostgreSQL) leaves it to the other.
    """
    stale = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= at - LAST_USE_IS_TRUE_TO)
    free = select(ApiToken.id).where(ApiToken.id == token.id, stale)
    free = free.with_for_update(key_share=True, skip_locked=True)
    written = update(ApiToken).where(ApiToken.id.in_(free)).values(last_used_at=at)
    return session.execute(written.returning(ApiToken.id)).first() is not None


def is_use_worth_noting(token: Bearer, at: datetime) -> bool:
    """Whether ``note_use`` would write, as far as the token that was read at the start can tell."""
    return token.last_used_at is None or token.last_used_at <= at - LAST_USE_IS_TRUE_TO


def _record(session: Session, token: ApiToken, by: Actor, action: str, at: datetime) -> None:
    record(session, by, action, f"token:{token.id}", at, enterprise_id=token.merchant_id)


def _digest(plain: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(plain.encode()).digest()
