"""Accounts and what they may do: creating, granting, revoking."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.accounts.models import Account, Grant, GrantOutlet, Role
from alliance.audit.trail import Actor, record
from alliance.enterprises.models import Outlet
from alliance.store import insert_or_ignore


def find_or_create_account(session: Session, phone: str, name: str, at: datetime) -> Account:
    """The account of ``phone`` (E.164); a new one gets ``name`` and no password."""
    insert_or_ignore(session, Account, ["phone"], {"phone": phone, "name": name, "created_at": at})
    return session.scalars(select(Account).where(Account.phone == phone)).one()


def grant(
    session: Session,
    account: Account,
    role: Role,
    by: Actor,
    at: datetime,
    *,
    zone_id: int | None = None,
    enterprise_id: int | None = None,
    holder_id: int | None = None,
    outlets: Iterable[Outlet] = (),
) -> Grant:
    """Let ``account`` act as ``role`` in a scope; granting twice is granting once.

    A cashier's outlets are added to those of the grant he has. The store refuses a scope that does not fit
    the role (IntegrityError).
    """
    scope = {"zone_id": zone_id, "enterprise_id": enterprise_id, "holder_id": holder_id}
    found = session.scalar(
        select(Grant)
        .filter_by(account_id=account.id, role=role, **scope)
        .where(Grant.revoked_at.is_(None))
        .limit(1)
    )
    if found is None:
        found = Grant(account_id=account.id, role=role, granted_at=at, granted_by_id=by.account_id, **scope)
        session.add(found)
        session.flush()
        _record(session, found, by, "grant.give", at)
    for outlet in outlets:
        key = {"merchant_id": outlet.merchant_id, "outlet_id": outlet.id, "grant_id": found.id}
        insert_or_ignore(session, GrantOutlet, list(key), key)
    return found


def revoke(session: Session, grant: Grant, by: Actor, at: datetime) -> None:
    """End a grant at once; revoking twice is revoking once."""
    if grant.revoked_at is None:
        grant.revoked_at = at
        grant.revoked_by_id = by.account_id
        _record(session, grant, by, "grant.revoke", at)


def revoke_of_holder(session: Session, holder_id: int, by: Actor, at: datetime) -> None:
    """Nobody holds this holder's pass any more: the phone it was claimed with is no longer the holder's."""
    live = select(Grant).where(Grant.holder_id == holder_id, Grant.revoked_at.is_(None))
    for held in session.scalars(live):
        revoke(session, held, by, at)


def _record(session: Session, grant: Grant, by: Actor, action: str, at: datetime) -> None:
    record(
        session,
        by,
        action,
        f"grant:{grant.id}",
        at,
        enterprise_id=grant.enterprise_id,
        account=grant.account_id,
        role=str(grant.role),
    )
