"""Using a presentation up: once, and for ever."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, literal, select
from sqlalchemy.orm import Session

from alliance.passes.models import PresentationUse
from alliance.store import dialect_insert, wrote


def use(session: Session, key_id: bytes, counter: int, merchant_id: int, scan_id: UUID, at: datetime) -> bool:
    """Whether (key, counter) is used for the first time here, and by no older code than was used already.

    One statement. That a counter only goes up keeps a picture of an earlier code from being used beside the
    phone itself; between two transactions at the same moment only equal counters exclude each other.
    """
    columns = PresentationUse.__table__.c
    later = exists().where(columns.key_id == key_id, columns.counter > counter)
    values = {
        "key_id": key_id,
        "counter": counter,
        "used_at": at,
        "merchant_id": merchant_id,
        "scan_id": scan_id,
    }
    row = select(*(literal(value, columns[name].type) for name, value in values.items())).where(~later)
    statement = dialect_insert(session, PresentationUse).from_select(list(values), row)
    return wrote(session, statement.on_conflict_do_nothing(index_elements=["key_id", "counter"]))
