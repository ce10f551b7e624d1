"""Signing in and out: who is known by a phone, and the sessions of an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, delete, exists, or_, select
from sqlalchemy.orm import Session

from alliance.accounts.grants import find_or_create_account, grant
from alliance.accounts.models import Account, Grant, Role, SignIn
from alliance.audit.trail import Actor
from alliance.people.models import Holder


@dataclass(frozen=True)
class Credentials:
    """What there is to check a password against."""

    account_id: int
    password_hash: str | None


@dataclass(frozen=True)
class SignedIn:
    """A live session: whose it is, and in which capacities its owner may act."""

    sign_in_id: UUID
    account_id: int
    phone: str
    name: str
    grants: Sequence[Grant]


def credentials_of(session: Session, phone: str) -> Credentials | None:
    """The credentials of the account with this phone (E.164)."""
    row = session.execute(select(Account.id, Account.password_hash).where(Account.phone == phone)).first()
    return Credentials(*row) if row else None


def may_sign_in(session: Session, phone: str) -> bool:
    """Whether a code for this phone can lead anywhere: it has an account, or stands in a roster."""
    return bool(
        session.scalar(
            select(or_(exists().where(Account.phone == phone), exists().where(Holder.phone == phone)))
        )
    )


def account_of_proven_phone(session: Session, phone: str, at: datetime) -> int | None:
    """The id of the account of somebody who has proven this phone; None when the phone is unknown.

    A holder needs no invitation: the account and its grant are made here.
    """
    # Locked, so that whoever takes the phone from the holder meanwhile finds the grant that is made here.
    named = select(Holder.id, Holder.name).where(Holder.phone == phone)
    holder = session.execute(named.with_for_update(read=True, key_share=True)).first()
    if holder is None:
        return session.scalar(select(Account.id).where(Account.phone == phone))
    account = find_or_create_account(session, phone, holder.name, at)
    grant(session, account, Role.HOLDER, Actor(account.id), at, holder_id=holder.id)
    return account.id


def start(session: Session, account_id: int, user_agent: str, at: datetime, lasts: timedelta) -> UUID:
    """A new session of the account; returns its id."""
    row = SignIn(account_id=account_id, created_at=at, expires_at=at + lasts, user_agent=user_agent[:200])
    session.add(row)
    session.flush()
    return row.id


def end(session: Session, sign_in_id: UUID, at: datetime) -> None:
    """Revoke a session; whoever still has its cookie is signed out at once."""
    row = session.get(SignIn, sign_in_id)
    if row is not None and row.revoked_at is None:
        row.revoked_at = at


def forget_expired(session: Session, at: datetime) -> None:
    """Delete the sessions that have run out."""
    session.execute(delete(SignIn).where(SignIn.expires_at <= at))


def load(session: Session, sign_in_id: UUID, at: datetime) -> SignedIn | None:
    """The session with its account and live grants, in one statement; None when it is over."""
    rows = session.execute(
        select(Account.id, Account.phone, Account.name, Grant)
        .join(SignIn, SignIn.account_id == Account.id)
        .outerjoin(Grant, and_(Grant.account_id == Account.id, Grant.revoked_at.is_(None)))
        .where(SignIn.id == sign_in_id, SignIn.revoked_at.is_(None), SignIn.expires_at > at)
        .order_by(Grant.id)
    ).all()
    if not rows:
        return None
    grants = [row.Grant for row in rows if row.Grant is not None]
    # They outlive the commit or rollback of a request's own work without being read again.
    for found in grants:
        session.expunge(found)
    return SignedIn(sign_in_id, rows[0].id, rows[0].phone, rows[0].name, grants)
