"""Leaving an employer: pass, phones and family end with the employment, in its transaction.

Nothing of theirs has to be touched: what a pass entitles to is asked of the employment (``entitlement.py``),
at the counter and when the status list is made.
"""

from datetime import datetime, timedelta

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from alliance.audit.trail import Actor, record
from alliance.clock import business_date
from alliance.people.employment import change_days, leave
from alliance.people.models import Employment

#: For so long a leaving is listed and can be taken back by a click, and the leaver joins no family.
TAKEN_BACK_WITHIN = timedelta(days=30)


class NotTakenBack(Exception):
    """The person works somewhere else by now, or the 工号 is another's."""


def let_go(session: Session, employment: Employment, by: Actor, at: datetime) -> None:
    """End an employment today; when it has ended already, nothing happens."""
    today = business_date(at)
    if employment.ends_on is not None and employment.ends_on <= today:
        return
    leave(session, employment, today, at)
    _record(session, employment, "employment.leave", by, at)


def take_back(session: Session, employment: Employment, by: Actor, at: datetime) -> None:
    """Undo ``let_go``: the employment goes on as if it had not ended. Raises NotTakenBack."""
    if employment.ends_on is None:
        return
    same_post = and_(
        Employment.enterprise_id == employment.enterprise_id, Employment.staff_no == employment.staff_no
    )
    later = (
        Employment.id != employment.id,
        or_(Employment.ends_on.is_(None), Employment.ends_on > employment.ends_on),
        or_(Employment.holder_id == employment.holder_id, same_post),
    )
    if session.scalar(select(exists().where(*later))):
        raise NotTakenBack
    change_days(session, employment, employment.starts_on, None, at)
    _record(session, employment, "employment.resume", by, at)


def _record(session: Session, employment: Employment, action: str, by: Actor, at: datetime) -> None:
    record(session, by, action, f"holder:{employment.holder_id}", at, enterprise_id=employment.enterprise_id)
