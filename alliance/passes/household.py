"""The household (家庭): an employee and the family that shares the employee's entitlement.

An adult joins by a link, with a phone of their own; children and elders are cards on the employee's phone,
and those under 14 have no name. What their passes entitle to is asked of the employee's employment
(``entitlement.py``), so all of them end with it, and nothing has to be touched.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from alliance.accounts.grants import revoke_of_holder
from alliance.audit.trail import Actor, record
from alliance.clock import business_date
from alliance.passes.issue import newest_pass, pass_of, revoke
from alliance.passes.leaving import TAKEN_BACK_WITHIN
from alliance.people.employment import employment_on
from alliance.people.models import DependantRemoval, Employment, Holder, HolderKind, Invitation

#: How long a link can be used.
INVITATION_LIFETIME = timedelta(days=7)
#: Who comes begins anew with everything that an offer grants each person, so a household changes this often.
MOST_REMOVED, REMOVED_WITHIN = 3, timedelta(days=30)
#: Why the pass of somebody who left the household is dead.
LEFT_HOUSEHOLD = "left_household"


class HouseholdFull(Exception):
    """The household has as many dependants and open invitations as the alliance allows."""


class NotEmployed(Exception):
    """The employee has no employment for a family to share."""


class TooManyChanges(Exception):
    """So many have left the household lately that nobody new may come yet."""


class InvitationOver(Exception):
    """The link was used, withdrawn or has expired, or whoever sent it is employed no more."""


class HasPass(Exception):
    """The phone is that of somebody who has a pass already: a person is in one household."""


@dataclass(frozen=True)
class Household:
    """An employee's dependants in the order in which they came, and the invitations that are open."""

    dependants: Sequence[Holder]
    invitations: Sequence[Invitation]

    @property
    def places_taken(self) -> int:
        """How many of the places there are for dependants."""
        return len(self.dependants) + len(self.invitations)


def household_of(session: Session, employee_id: int, at: datetime) -> Household:
    """The household of an employee; two statements."""
    dependants = session.scalars(_dependants(employee_id))
    invitations = session.scalars(
        select(Invitation)
        .where(
            Invitation.sponsor_id == employee_id, Invitation.ended_at.is_(None), Invitation.expires_at > at
        )
        .order_by(Invitation.created_at, Invitation.id)
    )
    return Household(dependants.all(), invitations.all())


def carried_by(session: Session, employee_id: int) -> Sequence[Holder]:
    """The dependants without a phone, whose passes the employee's phone carries."""
    return session.scalars(_dependants(employee_id).where(Holder.phone.is_(None))).all()


def dependant_of(session: Session, employee_id: int, holder_id: int) -> Holder | None:
    """One of the employee's dependants."""
    return session.scalar(_dependants(employee_id).where(Holder.id == holder_id))


def add_dependant(
    session: Session, employee: Holder, name: str, most: int, by: Actor, at: datetime
) -> Holder:
    """A dependant whose pass is carried on the employee's phone; without a name (empty) a child under 14.

    Raises NotEmployed, HouseholdFull (``most`` is how many a household may have), TooManyChanges.
    """
    _take_place(session, employee, most, at)
    made = _add(session, employee.id, name, None, at)
    record(session, by, "household.add", f"holder:{made.id}", at)
    return made


def invite(session: Session, employee: Holder, most: int, by: Actor, at: datetime) -> str:
    """A link's token (22 characters) by which one adult may join, within seven days; shown once.

    Raises as ``add_dependant``.
    """
    _take_place(session, employee, most, at)
    token = secrets.token_urlsafe(16)
    session.add(
        Invitation(
            sponsor_id=employee.id,
            digest=_digest(token),
            created_at=at,
            expires_at=at + INVITATION_LIFETIME,
        )
    )
    record(session, by, "household.invite", f"holder:{employee.id}", at)
    return token


def withdraw(session: Session, invitation: Invitation, by: Actor, at: datetime) -> None:
    """The link leads nowhere from now on; one that is over stays as it ended. Its row has to be locked."""
    if invitation.ended_at is None:
        invitation.ended_at = at
        record(session, by, "household.withdraw_invitation", f"holder:{invitation.sponsor_id}", at)


def find_invitation(session: Session, token: str, at: datetime) -> Invitation:
    """The open invitation of a link, locked: of two who follow it one joins. Raises InvitationOver."""
    found = session.scalar(
        select(Invitation)
        .where(Invitation.digest == _digest(token))
        .with_for_update()
        # The row as it is when the lock is had, not as it was read before.
        .execution_options(populate_existing=True)
    )
    if found is None or found.ended_at is not None or found.expires_at <= at:
        raise InvitationOver
    if employment_on(session, found.sponsor_id, business_date(at)) is None:
        raise InvitationOver
    return found


def has_pass(session: Session, phone: str, at: datetime) -> bool:
    """Whether the phone (E.164) is a holder's, other than of somebody who was employed long ago."""
    holder = session.scalar(select(Holder).where(Holder.phone == phone))
    return holder is not None and not _is_former(session, holder, at)


def join(session: Session, invitation: Invitation, name: str, phone: str, by: Actor, at: datetime) -> Holder:
    """The adult with this phone, which is proven, joins by an open invitation (``find_invitation``).

    A former employee's phone is forgotten there, and is the relative's from now on. Raises HasPass.
    """
    holder = session.scalar(select(Holder).where(Holder.phone == phone).with_for_update())
    if holder is not None:
        if not _is_former(session, holder, at):
            raise HasPass
        revoke_of_holder(session, holder.id, by, at)
        holder.phone = None
        session.flush()
    try:
        with session.begin_nested():
            made = _add(session, invitation.sponsor_id, name, phone, at)
    except IntegrityError:
        # At the same moment by another link, or from a roster.
        raise HasPass from None
    invitation.ended_at, invitation.accepted_by_id = at, made.id
    record(session, by, "household.join", f"holder:{made.id}", at)
    return made


def remove_dependant(session: Session, dependant: Holder, by: Actor, at: datetime) -> None:
    """A dependant leaves the household, sent or by own wish: the pass is dead, the phone forgotten.

    The name stays with what was redeemed. Leaving twice is leaving once.
    """
    session.execute(select(Holder.id).where(Holder.id == dependant.id).with_for_update())
    if session.get(DependantRemoval, dependant.id) is not None:
        return
    session.add(DependantRemoval(holder_id=dependant.id, at=at, by_id=by.account_id))
    revoke(
        session,
        newest_pass(session, dependant.id) or pass_of(session, dependant.id, at),
        LEFT_HOUSEHOLD,
        by,
        at,
    )
    revoke_of_holder(session, dependant.id, by, at)
    # The number may come back as an employee's, or in another household.
    dependant.phone = None
    record(session, by, "household.remove", f"holder:{dependant.id}", at)


def _dependants(employee_id: int) -> Select[Holder]:
    gone = exists().where(DependantRemoval.holder_id == Holder.id)
    return select(Holder).where(Holder.sponsor_id == employee_id, ~gone).order_by(Holder.id)


def _take_place(session: Session, employee: Holder, most: int, at: datetime) -> None:
    # The employee's row is the lock: two who take the last place take turns.
    session.execute(select(Holder.id).where(Holder.id == employee.id).with_for_update())
    if employment_on(session, employee.id, business_date(at)) is None:
        raise NotEmployed
    if household_of(session, employee.id, at).places_taken >= most:
        raise HouseholdFull
    removed = select(func.count()).select_from(DependantRemoval).join(Holder)
    lately = (Holder.sponsor_id == employee.id, DependantRemoval.at > at - REMOVED_WITHIN)
    if (session.scalar(removed.where(*lately)) or 0) >= MOST_REMOVED:
        raise TooManyChanges


def _is_former(session: Session, holder: Holder, at: datetime) -> bool:
    """Somebody whose last employment ended too long ago to be taken back by a click."""
    lasts = or_(Employment.ends_on.is_(None), Employment.ends_on > business_date(at) - TAKEN_BACK_WITHIN)
    is_lately_employed = exists().where(Employment.holder_id == holder.id, lasts)
    return holder.kind == HolderKind.EMPLOYEE and not session.scalar(select(is_lately_employed))


def _add(session: Session, employee_id: int, name: str, phone: str | None, at: datetime) -> Holder:
    made = Holder(kind=HolderKind.DEPENDANT, name=name, phone=phone, sponsor_id=employee_id, created_at=at)
    session.add(made)
    session.flush()
    return made


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
