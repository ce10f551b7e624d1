"""API tokens: of an outlet (it redeems there), or of the organizer's reports."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from alliance.accounts.models import ApiToken

#: So that a token that leaks into a repository or a log is recognised for what it is.
PREFIX = "alc_"

_WITH_DIGEST = select(ApiToken).where(ApiToken.digest == bindparam("digest"), ApiToken.revoked_at.is_(None))


def create_token(
    session: Session,
    name: str,
    merchant_id: int | None,
    outlet_id: UUID | None,
    zone_id: int | None,
    by_id: int | None,
    at: datetime,
) -> tuple[ApiToken, str]:
    """A new token and its plain text, which is shown once: the store keeps only its digest.

    With merchant and outlet it redeems there; without, it reads reports, of ``zone_id``'s subtree or of
    everything.
    """
    plain = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        digest=_digest(plain),
        name=name,
        merchant_id=merchant_id,
        outlet_id=outlet_id,
        zone_id=zone_id,
        created_at=at,
        created_by_id=by_id,
    )
    session.add(token)
    session.flush()
    return token, plain


def token_for(session: Session, plain: str) -> ApiToken | None:
    """The token with this plain text, unless it was revoked."""
    return session.scalar(_WITH_DIGEST, {"digest": _digest(plain)})


def revoke_token(token: ApiToken, at: datetime) -> None:
    """End a token at once; revoking twice is revoking once."""
    token.revoked_at = token.revoked_at or at


def _digest(plain: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(plain.encode()).digest()
