"""Lists in pages: the newest first, each page beginning where the one before it ended.

A page is found by the moment and id of the last row, not by counting: what arrives meanwhile moves nothing.
"""

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, literal, tuple_

from alliance.web.errors import invalid_field

Row = TypeVar("Row")
#: The moment and id by which a list is sorted.
Place = tuple[datetime, UUID]


def older_than(cursor: str | None, at: Any, id_: Any) -> list[ColumnElement[bool]]:
    """The conditions on the columns ``at`` and ``id_`` that skip the pages before.

    Ends with invalid_request for what is no cursor of ours.
    """
    if cursor is None:
        return []
    moment, last = _read(cursor)
    return [tuple_(at, id_) < tuple_(literal(moment, at.type), literal(last, id_.type))]


def cut(rows: Sequence[Row], limit: int, place: Callable[[Row], Place]) -> tuple[Sequence[Row], str | None]:
    """One page of ``rows``, of which one more than ``limit`` was asked for, and the cursor of the next."""
    page = rows[:limit]
    return page, _write(place(page[-1])) if len(rows) > limit else None


def cut_after(
    rows: Sequence[Row], after: str | None, limit: int, name: Callable[[Row], object]
) -> tuple[Sequence[Row], str | None]:
    """One page of rows that are all at hand, in whatever order: what follows the row named ``after``.

    And the name of its last row, when there is a next page. A row that is gone begins at the beginning.
    """
    names = [str(name(row)) for row in rows]
    start = names.index(after) + 1 if after in names else 0
    end = start + limit
    return rows[start:end], names[end - 1] if end < len(rows) else None


def _write(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place[0].isoformat()}|{place[1]}".encode()).decode()


def _read(cursor: str) -> Place:
    try:
        moment, _bar, id_ = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None:
            raise ValueError
        # As it will be asked for: the ends of the calendar have no moment in UTC.
        return at.astimezone(UTC), UUID(id_)
    except (ValueError, OverflowError):
        invalid_field("cursor", _("不是上一页给出的 next_cursor"))
