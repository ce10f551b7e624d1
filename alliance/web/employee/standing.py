"""Where a holder stands: the employer that a pass rests on."""

from datetime import date

from sqlalchemy.orm import Session

from alliance.enterprises.models import Enterprise
from alliance.people.employment import employment_on


def employer_of(session: Session, holder_id: int, day: date) -> str | None:
    """The name of the employer on a day (a dependant has the sponsor's); None for somebody who left."""
    employment = employment_on(session, holder_id, day)
    return session.get_one(Enterprise, employment.enterprise_id).name if employment else None
