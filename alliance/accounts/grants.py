"""Accounts and what they may do: creating, granting, revoking."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
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
    found = live_grant(session, account, role, **scope)
    is_new = found is None
    if found is None:
        found = Grant(account_id=account.id, role=role, granted_at=at, granted_by_id=by.account_id, **scope)
        session.add(found)
        session.flush()
    added = [outlet for outlet in outlets if _add_outlet(session, found, outlet, at)]
    if is_new or added:
        _record(session, found, by, "grant.give", at, [outlet.id for outlet in added])
    return found


def live_grant(session: Session, account: Account, role: Role, **scope: Any) -> Grant | None:
    """The grant of a role in this scope, if the account has it; others who change it wait for us."""
    wanted = select(Grant).filter_by(account_id=account.id, role=role, **scope)
    # Without the lock, an outlet could be added to a grant that is being revoked with its last one.
    return session.scalar(wanted.where(Grant.revoked_at.is_(None)).limit(1).with_for_update())


def revoke(session: Session, grant: Grant, by: Actor, at: datetime) -> None:
    """End a grant at once; revoking twice is revoking once."""
    if grant.revoked_at is None:
        grant.revoked_at = at
        grant.revoked_by_id = by.account_id
        _record(session, grant, by, "grant.revoke", at)


def take_outlet(session: Session, grant: Grant, outlet_id: UUID, by: Actor, at: datetime) -> None:
    """A cashier cashes no more at this outlet, at once; with the last one the grant ends.

    Taking twice is taking once. What he has redeemed there stays his.
    """
    here = (GrantOutlet.grant_id == grant.id, GrantOutlet.outlet_id == outlet_id)
    taken = session.scalars(select(GrantOutlet).where(*here)).one_or_none()
    if taken is None:
        return
    session.delete(taken)
    session.flush()
    if session.scalar(select(exists().where(GrantOutlet.grant_id == grant.id))):
        _record(session, grant, by, "grant.revoke", at, [outlet_id])
    else:
        revoke(session, grant, by, at)


def revoke_of_holder(session: Session, holder_id: int, by: Actor, at: datetime) -> None:
    """Nobody holds this holder's pass any more: the phone it was claimed with is no longer the holder's."""
    live = select(Grant).where(Grant.holder_id == holder_id, Grant.revoked_at.is_(None))
    for held in session.scalars(live):
        revoke(session, held, by, at)


def _add_outlet(session: Session, grant: Grant, outlet: Outlet, at: datetime) -> bool:
    key = {"merchant_id": outlet.merchant_id, "outlet_id": outlet.id, "grant_id": grant.id}
    return insert_or_ignore(session, GrantOutlet, list(key), key | {"granted_at": at})


def _record(
    session: Session, grant: Grant, by: Actor, action: str, at: datetime, outlets: Sequence[UUID] = ()
) -> None:
    """``outlets`` are those that it is about; without any it is about the grant as a whole."""
    record(
        session,
        by,
        action,
        f"grant:{grant.id}",
        at,
        enterprise_id=grant.enterprise_id,
        account=grant.account_id,
        role=str(grant.role),
        **({"outlets": [str(id_) for id_ in outlets]} if outlets else {}),
    )
